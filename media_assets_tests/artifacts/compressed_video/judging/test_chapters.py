"""Chapters as only Matroska has them, and those with odd times: kept, named as lost, or the video is left as it is."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from media_assets.media.matroska_chapters import UnreadChapters, unread_chapters
from media_assets.media.probe import probe
from media_assets.work.work import Work
from media_assets_tests import matroska
from media_assets_tests import sample_media as media
from media_assets_tests.artifacts.compressed_video.clips import FAT, QUICK, compress, result, scene
from media_assets_tests.artifacts.m4a_audio.test_extract import extract
from media_assets_tests.matroska import atom, edition


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clip of two seconds with sound."""
    path = tmp_path_factory.mktemp("chapters") / "plain.mkv"
    sound = ("-f", "lavfi", "-i", "sine=duration=2")
    media.ffmpeg(*scene("motion", "160x90"), *sound, *FAT, "-c:a", "aac", media.file_url(path))
    return path


A, B = atom(1, 0, 1, "A"), atom(2, 1, 2, "B")
UNREAD = {
    "within others": (
        [edition(atom(1, 0, 2, "A", atom(3, 0, 1, "A.1", atom(4, 0, 0.5, "A.1.1")), atom(5, 1, 2, "A.2")))],
        "3 chapters within other chapters",
    ),
    "two editions": (
        [edition(A, B), edition(atom(3, 0, 2, "All"))],
        "the division of its chapters into 2 editions (1 of 3 chapters)",
    ),
    "hidden": ([edition(A, atom(2, 1, 2, "B", matroska.HIDDEN))], "that 1 chapter of it is hidden"),
    "two languages": (
        [edition(A, atom(2, 1, 2, "B", matroska.display("Zwei", "ger")))],
        "the titles of 1 chapter in further languages",
    ),
}


@pytest.mark.thorough
@pytest.mark.parametrize("kind", UNREAD)
def test_what_ffmpeg_does_not_read_of_chapters_is_named(kind: str, plain: Path, tmp_path: Path):
    editions, phrase = UNREAD[kind]
    source = matroska.with_chapters(plain, tmp_path / "a.mkv", *editions)
    done = compress(source)
    assert result(done)
    assert done.value.losses == (phrase,)
    track, _ = extract(source)
    assert f"lost: {phrase}" in str(track.chapters_said)


OTHERWISE = {
    "another order": ([edition(matroska.ORDERED, B, A)], "play parts of it in another order, or leave some out"),
    "a part": ([edition(matroska.ORDERED, A)], "leave out its end"),
    "of other files": (
        [edition(matroska.ORDERED, A, atom(2, 1, 2, "B", matroska.OTHER_FILE))],
        "play parts of other files",
    ),
    "the default edition": (
        [edition(A, B), edition(matroska.DEFAULT, matroska.ORDERED, B)],
        "play parts of it in another order, or leave some out",
    ),
}


@pytest.mark.parametrize("kind", OTHERWISE)
def test_a_video_that_its_chapters_play_otherwise_is_left_as_it_is(kind: str, plain: Path, tmp_path: Path):
    editions, clause = OTHERWISE[kind]
    source = matroska.with_chapters(plain, tmp_path / "a.mkv", *editions)
    done = compress(source)
    assert done.value.reason == f"left as it is: its ordered chapters {clause}, and a result would lose that"
    track, _ = extract(source)
    assert f"its ordered chapters {clause}, and the sound is that from its beginning" in str(track.chapters_said)


@pytest.mark.thorough
def test_ordered_chapters_that_play_all_of_it_change_nothing(plain: Path, tmp_path: Path):
    done = compress(matroska.with_chapters(plain, tmp_path / "a.mkv", edition(matroska.ORDERED, A, B)))
    assert result(done)
    assert done.value.losses == ()


@pytest.mark.thorough
@pytest.mark.parametrize("kind", ["late", "gap", "overlap"])
def test_chapters_that_end_elsewhere_are_kept_or_it_is_said(kind: str, plain: Path, tmp_path: Path):
    chapters = {
        "late": [atom(1, 0, 1, "A"), atom(2, 1, 9, "B")],  # ends behind the end of the file
        "gap": [atom(1, 0, 0.5, "A"), atom(2, 1, 2, "B")],
        "overlap": [atom(1, 0, 1.5, "A"), atom(2, 1, 2, "B")],
    }[kind]
    done = compress(matroska.with_chapters(plain, tmp_path / "a.mkv", edition(*chapters)))
    made = probe(result(done), Work(tmp_path)).media
    assert made is not None
    assert [chapter.title for chapter in made.chapters] == ["A", "B"]
    ends = "when 1 chapter ends (in mp4 each lasts until the next)"
    assert done.value.losses == (() if kind == "late" else (ends,))


@pytest.mark.parametrize("content", [b"", b"\x45\xb9", b"\xff" * 40, matroska.element(0x45B9, b"\xb6\x8f" + b"\0" * 9)])
def test_damaged_chapters_tell_nothing(content: bytes, plain: Path, tmp_path: Path):
    source, work = matroska.with_chapters(plain, tmp_path / "a.mkv", content), Work(tmp_path)
    told = probe(source, work).media
    assert told is not None
    assert unread_chapters(source, told, work) == UnreadChapters()


@pytest.mark.thorough
@pytest.mark.parametrize(("ending", "lost"), [("mkv", ()), ("mp4", ("of chapters the tag artist",))])
def test_what_chapters_say_beside_their_titles_is_kept_or_named(
    ending: Literal["mkv", "mp4"], lost: tuple[str, ...], plain: Path, tmp_path: Path
):
    chapter = ["[CHAPTER]", "TIMEBASE=1/1000", "START=0", "END=2000", "title=A", "artist=Somebody"]
    (tmp_path / "chapters.txt").write_text("\n".join([";FFMETADATA1", *chapter, ""]))
    source = tmp_path / "a.mkv"
    media.ffmpeg("-i", plain, "-i", tmp_path / "chapters.txt", "-map_chapters", 1, "-c", "copy", media.file_url(source))
    done = compress(source, QUICK.model_copy(update={"container": ending}))
    assert result(done)
    assert done.value.losses == lost
