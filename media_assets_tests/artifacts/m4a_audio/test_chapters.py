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


NAMED = "{} without a title are named `Chapter n`, by their number"
ENDS = "{} end at other times, since in M4A each lasts until the next begins"
BEGINS = "{} begin at other times, since in M4A the first begins with the sound"


@pytest.mark.parametrize(
    ("chapters", "named", "said"),
    [
        ([(0, 1000, "a"), (1000, 2000, ""), (2000, 3000, "c")], ["a", "Chapter 2", "c"], [NAMED.format(1)]),
        ([(0, 1000, ""), (1000, 2000, "b"), (2000, 3000, " ")], ["Chapter 1", "b", "Chapter 3"], [NAMED.format(2)]),
        ([(0, 1000, ""), (1000, 3000, "")], ["Chapter 1", "Chapter 2"], [NAMED.format(2)]),
        ([(0, 1000, "a"), (1000, 2000, "b"), (2000, 3000, "c")], ["a", "b", "c"], []),
        ([(0, 2000, "a"), (1000, 3000, "b")], ["a", "b"], [ENDS.format(1)]),
        (
            [(0, 500, "a"), (1000, 1500, "b"), (2000, 3000, "")],
            ["a", "b", "Chapter 3"],
            [NAMED.format(1), ENDS.format(2)],
        ),
        ([(500, 1000, "a"), (1000, 3000, "b")], ["a", "b"], [BEGINS.format(1)]),
        ([(0, 1000, "a"), (0, 2000, "b"), (2000, 3000, "c")], ["a", "b", "c"], [ENDS.format(1)]),
    ],
)
def test_a_difference_of_chapters_is_said(
    chapters: list[tuple[int, int, str]], named: list[str], said: list[str], tmp_path: Path
):
    track, result = extract(chaptered(tmp_path, chapters))
    assert titles(result) == named
    assert track.chapters_said == ("; ".join(said) or None)


def test_chapters_before_the_sound_are_named_as_left_out_and_the_others_keep_their_titles(tmp_path: Path):
    chapters = chaptered(tmp_path, [(0, 400, "before"), (400, 1500, ""), (1500, 3500, "last")])
    source = tmp_path / "late.mkv"
    picture = ("-f", "lavfi", "-i", "color=s=160x90:d=3.5:r=10")
    media.ffmpeg(*picture, "-itsoffset", "0.5", "-i", tmp_path / "tone.wav", "-i", chapters, *LATE, source)
    track, result = extract(source)
    assert titles(result) == ["Chapter 1", "last"]
    assert track.chapters_said == ("1 of 3 end before the sound begins, and were left out; " + NAMED.format(1))


LATE = ("-map", 0, "-map", 1, "-map_chapters", 2, "-c:a", "flac", "-c:v", "libx264")


@pytest.mark.parametrize("count", [3, pytest.param(300, marks=pytest.mark.thorough)])
def test_chapters_of_an_mp3_begin_when_they_say_behind_the_delay_of_its_encoder(count: int, tmp_path: Path):
    length = 3000 // count
    names = [f"a=b; #{number} \\ ä" for number in range(count)]
    chaptered(tmp_path, [(n * length, (n + 1) * length, name) for n, name in enumerate(names)][1:])
    source = tmp_path / "a.mp3"
    media.ffmpeg("-i", tmp_path / "tone.wav", "-i", tmp_path / "chapters.txt", "-map", 0, "-map_chapters", 1, source)
    before, after = (probe(path, Work(tmp_path)).media for path in (source, extract(source)[1]))
    assert before is not None and after is not None and before.start_seconds > 0.02
    assert [chapter.title for chapter in after.chapters] == [chapter.title for chapter in before.chapters]
    begins = [chapter.start_seconds for chapter in before.chapters]
    assert [chapter.start_seconds for chapter in after.chapters][1:] == pytest.approx(begins[1:], abs=0.001)


@pytest.mark.parametrize("ending", ["flac", "ogg", pytest.param("opus", marks=pytest.mark.thorough)])
def test_a_chapter_in_comments_whose_name_stands_before_its_time_keeps_it(ending: str, tmp_path: Path):
    named = [("001NAME", "One"), ("001", "00:00:00.000"), ("003NAME", "Three"), ("002", "00:00:01.000"),
             ("003", "00:00:02.500"), ("002NAME", "Two")]  # fmt: skip
    tags = [text for number, value in named for text in ("-metadata", f"CHAPTER{number}={value}")]
    source = media.tone(tmp_path / f"a.{ending}", 3.0, *tags)
    _, result = extract(source)
    found = probe(result, Work(tmp_path)).media
    assert found is not None
    assert [chapter.title for chapter in found.chapters] == ["One", "Two", "Three"]
    assert [chapter.start_seconds for chapter in found.chapters] == pytest.approx([0.0, 1.0, 2.5], abs=0.01)
