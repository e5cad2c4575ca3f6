"""Files that have a size and hold nothing, or not much."""

from __future__ import annotations

import os
import struct
from contextlib import nullcontext
from pathlib import Path

import pytest

from media_assets.artifacts.drive_file.asset import _require_filled
from media_assets.base.errors import BadMedia
from media_assets.base.holes import stored_bytes
from media_assets.config.opening import open_library
from media_assets.config.settings import Settings
from media_assets.media.info import MediaInfo, MediaKind, Stream
from media_assets.media.probe import Probe
from media_assets.pipeline.settings import LimitSettings
from media_assets.pipeline.status import State
from media_assets.pipeline.time_limits import limit_of_source
from media_assets.places.folder.settings import FolderSource
from media_assets_tests import sample_media as media
from media_assets_tests.real_library import RealLibrary

SIZE = 50_000_000_000


def hollow(path: Path, size: int = SIZE) -> Path:
    with path.open("wb") as file:
        file.truncate(size)
    if stored_bytes(path) == size:
        pytest.skip("this file system has no holes")
    return path


def unfilled_mp4(path: Path, hole_bytes: int) -> Path:
    """A good mp4 with a box of nothing between its head and its index."""
    content = media.video(path).read_bytes()
    moov = content.index(b"moov") - 4
    with path.open("wb") as file:
        file.write(content[:moov])
        file.write(struct.pack(">I4sQ", 1, b"mdat", 16 + hole_bytes))
        file.seek(hole_bytes, os.SEEK_CUR)
        file.write(content[moov:])
    return path


def test_what_is_stored_is_counted_without_holes(tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    whole.write_bytes(b"x" * 100_000)
    assert stored_bytes(whole) == 100_000
    sparse = hollow(tmp_path / "sparse")
    assert stored_bytes(sparse) == 0
    with sparse.open("r+b") as file:
        file.seek(20_000_000_000)
        file.write(b"x" * 1_000_000)
    assert 1_000_000 <= stored_bytes(sparse) < 1_100_000


def test_room_that_was_set_aside_is_no_hole(tmp_path: Path) -> None:
    if not hasattr(os, "posix_fallocate"):
        pytest.skip("this system has no such call")
    path = tmp_path / "reserved"
    with path.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, 1_000_000)
    assert stored_bytes(path) == 1_000_000


@pytest.mark.parametrize("cache", [False, True])
def test_a_hole_earns_a_file_no_time(tmp_path: Path, cache: bool) -> None:
    hollow(tmp_path / "x.mp4")
    source = FolderSource(path=tmp_path, cache=cache)
    library = open_library(Settings(sources={"media": source}, state_dir=tmp_path / "state"))
    entry = library.entry("media:x.mp4")
    assert entry.size_bytes == SIZE
    assert limit_of_source(library.stored_bytes(entry), Settings.usual_tuning()["drive_file"], LimitSettings()) == 300


@pytest.mark.thorough
@pytest.mark.parametrize("cache", [False, True])
def test_downloads_that_were_never_filled_are_red_at_once_and_the_others_are_done(tmp_path: Path, cache: bool) -> None:
    library = RealLibrary(tmp_path, sources={"media": {"path": "media", "cache": cache}})
    hollow(library.media / "zeros.mp4")
    unfilled_mp4(library.media / "unfilled.mp4", 2_000_000_000_000)
    media.tone(library.media / "tone.wav", 1.0)
    status = library.process(stage="drive_file")
    assert status.grid["media:zeros.mp4"]["drive_file"] is State.FAILED
    assert status.grid["media:unfilled.mp4"]["drive_file"] is State.FAILED
    assert status.grid["media:tone.wav"]["drive_file"] is State.DONE
    said = str(status.failures)
    assert "it begins with zeros alone" in said
    assert "2000.0 GB of it are holes" in said


@pytest.mark.parametrize(("codec", "refused"), [("h264", True), ("aac", True), ("pcm_s16le", False)])
def test_silence_that_is_stored_as_holes_is_no_broken_download(codec: str, refused: bool) -> None:
    stream = Stream(index=0, type="audio", codec=codec)
    found = Probe(MediaKind.AUDIO, "audio/x", MediaInfo(container="mov", streams=(stream,)))
    with pytest.raises(BadMedia, match="are holes") if refused else nullcontext():
        _require_filled(found, 10**9)
