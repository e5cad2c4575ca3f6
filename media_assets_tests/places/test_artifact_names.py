"""What files of artifacts are called in folders where they lie side by side."""

from __future__ import annotations

import pytest

from media_assets.places.artifact_names import name_in_folder, suffix_of


@pytest.mark.parametrize(
    ("name", "language", "suffix"),
    [
        ("transcript.srt", "", ".srt"),
        ("transcript.srt", "en", ".en.srt"),
        ("transcript.de.srt", "", ".de.srt"),
        ("transcript.de.srt", "de", ".de.srt"),
        ("transcript.pt-BR.vtt", "", ".pt-BR.vtt"),
        ("transcript.v2.srt", "en", ".en.srt"),
        ("audio.m4a", "", ".m4a"),
        ("summary.de.md", "", ".summary.de.md"),
        ("translation.json", "", ".translation.json"),
    ],
)
def test_captions_bear_their_language_and_other_files_their_names(name: str, language: str, suffix: str) -> None:
    assert suffix_of(name, language) == suffix


def test_captions_in_several_languages_have_names_of_their_own_in_a_folder() -> None:
    names = {name_in_folder("talks:talk.mp4", f"transcript.{language}.srt") for language in ("de", "fr", "pt-BR")}
    assert len(names) == 3
    assert all(name.startswith("talk") and name.endswith(".srt") for name in names)
