"""Where the chosen track is silent and another is not, that is taken, and it is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from media_assets.artifacts.m4a_audio.silent_tracks import choose_heard
from media_assets.media.probe import probe
from media_assets.work.work import Work
from media_assets_tests import sample_media as media

SILENT, LOUD, LATE = (
    "anullsrc=d=3:r=16000",
    "sine=d=3:sample_rate=16000",
    "sine=d=3:sample_rate=16000,volume='gt(t,2)':eval=frame",
)


def recording(path: Path, sounds: list[str], *arguments: str) -> Path:
    """A clip with a track of each sound."""
    inputs = [text for sound in sounds for text in ("-f", "lavfi", "-i", sound)]
    maps = [text for number in range(len(sounds)) for text in ("-map", str(number))]
    media.ffmpeg(*inputs, *maps, "-t", "3", *arguments, path)
    return path


def chosen(path: Path, languages: tuple[str, ...] = ()) -> tuple[int, str]:
    work = Work(path.parent)
    found = probe(path, work).media
    assert found is not None
    stream, reason = choose_heard(path, found, languages, (), work)
    return stream.index, reason


@pytest.mark.parametrize(
    ("name", "codec"), [("a.mp4", "aac"), ("a.mkv", "pcm_u8"), ("b.mkv", "libopus"), ("a.mov", "pcm_s24le")]
)
def test_a_microphone_behind_a_silent_track_is_heard(name: str, codec: str, tmp_path: Path):
    source = recording(tmp_path / name, [SILENT, SILENT, LATE], "-c:a", codec)
    assert chosen(source) == (2, "audio track 3, the first that is not silent from its beginning to its end")


def test_a_silent_track_in_the_wanted_language_gives_way_to_one_that_is_heard(tmp_path: Path):
    language = ("-metadata:s:a:0", "language=deu", "-metadata:s:a:1", "language=eng")
    assert chosen(recording(tmp_path / "a.mka", [SILENT, LOUD], *language), ("de",))[0] == 1
    assert chosen(recording(tmp_path / "b.mka", [LATE, LOUD], *language), ("de",))[0] == 0


def test_what_is_silent_in_all_tracks_is_said(tmp_path: Path):
    index, reason = chosen(recording(tmp_path / "a.mp4", [SILENT, SILENT], "-c:a", "aac"))
    assert index == 0
    assert reason.endswith(", and all are silent")


def test_one_silent_track_alone_is_taken_as_ever(tmp_path: Path):
    assert chosen(recording(tmp_path / "a.mp4", [SILENT], "-c:a", "aac")) == (0, "the only audio track")
