"""Codes of one language, however they are written."""

from __future__ import annotations

from itertools import combinations

import pytest

from media_assets.base.languages import same_language


@pytest.mark.parametrize(
    "codes",
    [
        ("de", "deu", "ger", "de-AT", "DE_at", "GER"),
        ("fr", "fra", "fre", "fr-CA"),
        ("zh", "zho", "chi", "zh-Hans", "zh_TW"),
        ("cs", "ces", "cze"),
        ("el", "ell", "gre"),
        ("haw", "haw-US"),
        ("English", "english"),
        ("", ""),
        ("x\udce4", "x\udce4"),
    ],
)
def test_codes_of_one_language_are_the_same(codes: tuple[str, ...]) -> None:
    assert all(same_language(one, other) for one, other in combinations(codes, 2))


def test_codes_of_several_languages_are_not() -> None:
    codes = (
        "de",
        "dan",
        "nld",
        "en",
        "enm",
        "nb",
        "nn",
        "no",
        "sr",
        "hr",
        "bs",
        "zh",
        "yue",
        "und",
        "mis",
        "",
        "German",
    )
    assert not any(same_language(one, other) for one, other in combinations(codes, 2))
