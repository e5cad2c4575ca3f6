"""Chapters in M4A: all of them, or the difference said."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from media_assets.media.probe import probe
from media_assets.work.work import Work
from media_assets_tests import sample_media as media
from media_assets_tests.artifacts.m4a_audio.test_extract import extract


def chaptered(folder: Path, chapters: Sequence[tuple[int, int, str]]) -> Path:
    """A recording of 3 s with chapters of (start, end, title), in milliseconds."""
    lines = [";FFMETADATA1"]
    for start, end, title in chapters:
        lines += [
            "[CHAPTER]",
            "TIMEBASE=1/1000",
            f"START={start}",
            f"END={end}",
            *([f"title={title}"] if title else []),
        ]
    (folder / "chapters.txt").write_text("\n".join(lines) + "\n")
    tone, source = media.tone(folder / "tone.wav", 3.0), folder / "source.mka"
    media.ffmpeg("-i", tone, "-i", folder / "chapters.txt", "-map", 0, "-map_chapters", 1, "-c:a", "aac", source)
    return source


def titles(path: Path) -> list[str]:
    found = probe(path, Work(path.parent)).media
    assert found is not None
    return [chapter.title for chapter in found.chapters]


@pytest.mark.parametrize("count", [300, *(pytest.param(n, marks=pytest.mark.thorough) for n in (255, 256, 1000))])
def test_all_chapters_are_kept_and_what_old_players_show_is_said(count: int, tmp_path: Path):
    source = chaptered(tmp_path, [(2 * n, 2 * n + 2, f"Part {n}") for n in range(count)])
    track, result = extract(source)
    assert titles(result) == titles(source) == [f"Part {n}" for n in range(count)]
    assert track.chapters_said == (
        None
        if count == 255
        else f"all {count} are in the chapter track; players that read only the `chpl` list show the first 255"
    )


def test_titles_that_are_too_long_for_one_list_are_whole_in_the_other(tmp_path: Path):
    source = chaptered(tmp_path, [(0, 1000, "ä" * 200), (1000, 3000, "日" * 90)])
    track, result = extract(source)
    assert titles(result) == ["ä" * 200, "日" * 90]
    assert track.chapters_said == "titles above 255 bytes are cut off in the `chpl` list only"


@pytest.mark.parametrize(
    ("chapters", "said"),
    [
        ([(0, 1000, "a"), (1000, 2000, ""), (2000, 3000, "c")], "have other titles"),
        ([(0, 1000, "a"), (1000, 2000, "b"), (2000, 3000, "c")], None),
        ([(0, 2000, "a"), (1000, 3000, "b")], None),
        ([(0, 1000, "a"), (0, 2000, "b"), (2000, 3000, "c")], None),
        ([(0, 1000, "a"), (1000, 2000, "b"), (5000, 6000, "c")], None),
    ],
)
def test_a_difference_of_chapters_is_said(chapters: list[tuple[int, int, str]], said: str | None, tmp_path: Path):
    track, _ = extract(chaptered(tmp_path, chapters))
    assert track.chapters_said is None if said is None else said in (track.chapters_said or "")
