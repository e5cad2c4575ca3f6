"""Recordings in which nothing was recorded are no damaged ones, and what was cut off is none of them."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from media_assets.artifacts.compressed_video.compress import compress_video
from media_assets.artifacts.compressed_video.settings import VideoCompressionSettings
from media_assets.artifacts.duplicates.find.pictures import fingerprint
from media_assets.artifacts.duplicates.settings import FingerprintSettings
from media_assets.artifacts.m4a_audio.extract import choose_audio
from media_assets.artifacts.thumbnail.make import make_thumbnails
from media_assets.artifacts.thumbnail.settings import ThumbnailSettings
from media_assets.base.errors import BadMedia, NotApplicable
from media_assets.media.emptiness import empty_container
from media_assets.media.ffmpeg import FFmpeg
from media_assets.media.info import MediaKind
from media_assets.media.probe import probe
from media_assets.work.work import Work
from media_assets_tests import sample_media as media

NOTHING = "noise=drop=1"
SOUND = [
    *(("mkv", codec) for codec in ("aac", "libopus", "mp2")),
    *(("mka", "flac"), ("webm", "libopus"), ("m4a", "aac"), ("mp4", "aac"), ("mov", "aac"), ("3gp", "aac")),
    *(("ogg", "libvorbis"), ("opus", "libopus")),
]
PICTURE = [
    *(("mkv", "libx264"), ("webm", "libvpx"), ("mp4", "libx264"), ("mov", "libx264"), ("3gp", "libx264")),
    ("ogg", "libtheora"),
]


def sound(path: Path, codec: str) -> Path:
    return media.tone(path, 1.0, "-ac", "1", "-c:a", codec, "-bsf:a", NOTHING)


def picture(path: Path, codec: str) -> Path:
    return media.silent_video(path, 1.0, "-pix_fmt", "yuv420p", "-c:v", codec, "-bsf:v", NOTHING)


def is_empty(content: bytes) -> bool:
    return empty_container(io.BytesIO(content), content[:4096]) is not None


@pytest.mark.parametrize(("ending", "codec"), [*SOUND, *PICTURE])
def test_a_recording_without_a_packet_has_no_sound_and_is_not_damaged(ending: str, codec: str, tmp_path: Path):
    make = sound if (ending, codec) in SOUND else picture
    path = make(tmp_path / f"empty.{ending}", codec)
    found = probe(path, Work(tmp_path))
    assert (found.kind, found.media and found.media.streams) == (MediaKind.AUDIO, ())
    assert found.media is not None
    with pytest.raises(NotApplicable, match="has no audio stream"):
        choose_audio(found.media, ())


@pytest.mark.parametrize(
    ("ending", "codec"), [("mkv", "aac"), ("mp4", "aac"), ("webm", "libopus"), ("ogg", "libvorbis")]
)
def test_what_was_cut_off_anywhere_is_not_empty(ending: str, codec: str, tmp_path: Path):
    whole = media.noise(tmp_path / f"whole.{ending}", 1.0, "-c:a", codec).read_bytes()
    found = [length for length in range(len(whole)) if is_empty(whole[:length])]
    # The headers of Ogg are whole pages, and no page tells that others follow.
    assert all(ending == "ogg" and whole[length:].startswith(b"OggS") for length in found), found
    empty = sound(tmp_path / f"empty.{ending}", codec).read_bytes()
    assert is_empty(empty)
    if ending != "ogg":
        assert not any(is_empty(empty[:length]) for length in range(len(empty)))
    assert not is_empty(empty + b"\0" * 100), "a download that was never filled"


def test_an_index_that_tells_of_nothing_beside_content_is_damaged(tmp_path: Path):
    path = sound(tmp_path / "a.m4a", "aac")
    path.write_bytes(path.read_bytes() + (1008).to_bytes(4, "big") + b"mdat" + b"\x01" * 1000)
    with pytest.raises(BadMedia, match="nothing in it can be recognised"):
        probe(path, Work(tmp_path))
    path.write_bytes(b"\0\0\0\x18ftypisom" + bytes(12) + b"\0\0\0\x08moov")  # an index without a header
    with pytest.raises(BadMedia, match="nothing in it can be recognised"):
        probe(path, Work(tmp_path))


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("ending", "video", "audio"),
    [("mkv", "libx264", "aac"), ("webm", "libvpx", "libopus"), ("avi", "mpeg4", "mp2"), ("ts", "libx264", "mp2")],
)
def test_an_empty_video_track_has_no_picture_and_is_not_damaged(
    ending: str, video: str, audio: str, tmp_path: Path
) -> None:
    path, work = tmp_path / f"film.{ending}", Work(tmp_path)
    media.video(path, 1.0, "-c:v", video, "-c:a", audio, "-bsf:v", NOTHING)
    found = probe(path, work)
    assert found.media is not None and found.media.audio_streams
    with pytest.raises(NotApplicable, match="has a video track without a picture in it"):
        make_thumbnails(FFmpeg(), path, found.kind, found.media, ThumbnailSettings(), work)
    with pytest.raises(NotApplicable, match=r"no moving picture|has a video track without a picture in it"):
        compress_video(FFmpeg(), path, found.media, path.stat().st_size, 0.0, VideoCompressionSettings(), work)
    assert fingerprint(FFmpeg(), path, found.kind, found.media, FingerprintSettings(), work)[0] is None
