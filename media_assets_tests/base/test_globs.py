"""Globs on the paths of a source."""

from __future__ import annotations

import pytest

from media_assets.base.errors import Fatal
from media_assets.base.globs import PathFilter


@pytest.mark.parametrize(
    ("glob", "accepted", "refused"),
    [
        ("**", ["a.mp4", "a/b/c.mp4", "new\nline", "b\udce4r"], []),
        ("*", ["a.mp4", "new\nline.mp4"], ["a/b.mp4"]),
        ("*.mp4", ["a.mp4", "A.MP4", ".mp4", "b\udce4r.mp4"], ["a.mp4.part", "a/b.mp4", "amp4"]),
        ("**/*.mp4", ["a.mp4", "a/b.mp4", "a/b/c.mp4"], ["a.mov"]),
        ("talks/**", ["talks/a.mp4", "talks/x/a.mp4"], ["talks", "old talks/a.mp4", "x/talks/a.mp4"]),
        ("./talks/*", ["talks/a.mp4"], ["talks/x/a.mp4"]),
        ("**/talks/**", ["talks/a", "x/talks/a", "x/y/talks/z/a"], ["xtalks/a"]),
        ("**.mp4", ["a.mp4", "a/b.mp4"], ["a.mov"]),
        ("a?c", ["abc", "a.c"], ["ac", "a/c", "abbc"]),
        ("[ab]c", ["ac", "BC"], ["cc", "[ab]c"]),
        ("[!ab]c", ["cc"], ["ac"]),
        ("a[", ["a["], ["a"]),
        ("(a|b).{mp4}$", ["(a|b).{mp4}$"], ["a.mp4"]),
    ],
)
def test_a_glob_accepts_and_refuses(glob: str, accepted: list[str], refused: list[str]) -> None:
    wanted = PathFilter((glob,), ())
    assert [path for path in (*accepted, *refused) if wanted.accepts(path)] == accepted


def test_a_path_is_wanted_when_one_glob_includes_it_and_none_excludes_it() -> None:
    wanted = PathFilter(("*.mp4", "*.mov"), ("draft*", "**/x"))
    assert wanted.accepts("a.mov")
    assert not wanted.accepts("draft 1.mp4")
    assert not wanted.accepts("a.mp3")


def test_nothing_is_wanted_without_a_glob() -> None:
    assert not PathFilter((), ()).accepts("a.mp4")


@pytest.mark.parametrize("glob", ["[z-a].mp4"])
def test_a_glob_that_means_nothing_is_refused_by_name(glob: str) -> None:
    with pytest.raises(Fatal, match=r"\[z-a\]\.mp4"):
        PathFilter((glob,), ())


@pytest.mark.parametrize("glob", ["*" * 2000 + "x", "**/" * 2000 + "x", "**" * 500 + "/x"])
def test_stars_that_are_repeated_take_no_longer(glob: str) -> None:
    found = PathFilter((glob,), ())
    assert not found.accepts("a/" * 100 + "y")
    assert found.accepts("a/" * 100 + "x")
