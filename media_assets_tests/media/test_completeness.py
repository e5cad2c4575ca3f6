"""Damaged files publish nothing, and files that only look odd are no damaged ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from media_assets.artifacts.m4a_audio.extract import choose_audio, extract_m4a
from media_assets.artifacts.m4a_audio.settings import AudioSettings
from media_assets.artifacts.m4a_audio.value import AudioTrack
from media_assets.base.errors import BadMedia
from media_assets.media.ffmpeg import FFmpeg
from media_assets.media.probe import probe
from media_assets.work.work import Work
from media_assets_tests import sample_media as media

SECONDS = 3.0
VIDEO_FRONT = ("-c:a", "aac", "-movflags", "+faststart")
# Encoders of noise in small frames, so that a tenth of a file is many of them.
SOURCES: dict[str, Callable[[Path], Path]] = {
    "wav": lambda folder: media.noise(folder / "s.wav", SECONDS),
    "flac": lambda folder: media.noise(folder / "s.flac", SECONDS),
    "mp3": lambda folder: media.noise(folder / "s.mp3", SECONDS),
    "mp3 of variable bit rate": lambda folder: media.noise(folder / "s.mp3", SECONDS, "-q:a", "4"),
    "adts": lambda folder: media.noise(folder / "s.aac", SECONDS),
    "opus": lambda folder: media.noise(folder / "s.opus", SECONDS),
    "vorbis": lambda folder: media.noise(folder / "s.ogg", SECONDS),
    "webm": lambda folder: media.noise(folder / "s.webm", SECONDS),
    "wma": lambda folder: media.noise(folder / "s.wma", SECONDS),
    "m4a, index in front": lambda folder: media.noise(folder / "s.m4a", SECONDS, "-movflags", "+faststart"),
    "mp4, index in front": lambda folder: media.video(folder / "s.mp4", SECONDS, *VIDEO_FRONT),
    "mkv": lambda folder: media.video(folder / "s.mkv", SECONDS, "-c:a", "aac"),
    "avi": lambda folder: media.video(folder / "s.avi", SECONDS),
    "flv": lambda folder: media.video(folder / "s.flv", SECONDS),
    "ts": lambda folder: media.video(folder / "s.ts", SECONDS, "-c:a", "aac"),
}


def extract(source: Path) -> AudioTrack:
    work = Work(source.parent)
    found = probe(source, work).media
    assert found is not None
    stream, reason = choose_audio(found, ())
    result = source.parent / "result.m4a"
    return extract_m4a(FFmpeg(), source, found, stream, reason, result, AudioSettings(), work).track


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    made: dict[str, Path] = {}

    def make(source: str) -> Path:
        if source not in made:
            made[source] = SOURCES[source](tmp_path_factory.mktemp("original"))
        return made[source]

    return make


@pytest.mark.parametrize("source", SOURCES)
def test_a_whole_file_is_taken_for_whole(source: str, original: Callable[[str], Path]):
    assert extract(original(source)).duration_seconds == pytest.approx(SECONDS, abs=0.12)


@pytest.mark.parametrize("keep", [0.4, 0.85])
@pytest.mark.parametrize("source", SOURCES)
def test_a_file_that_was_cut_off_publishes_nothing(
    source: str, keep: float, original: Callable[[str], Path], tmp_path: Path
):
    data = original(source).read_bytes()
    cut = tmp_path / original(source).name
    cut.write_bytes(data[: int(len(data) * keep) // 4 * 4 + 1])
    with pytest.raises(BadMedia):
        extract(cut)


@pytest.mark.parametrize("source", sorted(SOURCES.keys() - {"wav"}))  # any bytes are sound to wav
def test_a_file_that_is_corrupt_in_its_middle_publishes_nothing(
    source: str, original: Callable[[str], Path], tmp_path: Path
):
    data = bytearray(original(source).read_bytes())
    middle, length = len(data) // 2, len(data) // 6
    data[middle : middle + length] = bytes(length)
    corrupt = tmp_path / original(source).name
    corrupt.write_bytes(data)
    with pytest.raises(BadMedia):
        extract(corrupt)


@pytest.mark.parametrize("source", ["mp3", "flac", "webm", "mkv", "mp4, index in front", "m4a, index in front"])
def test_the_error_names_both_durations(source: str, original: Callable[[str], Path], tmp_path: Path):
    data = original(source).read_bytes()
    cut = tmp_path / original(source).name
    cut.write_bytes(data[: len(data) // 2])
    with pytest.raises(BadMedia, match=r"should last [23]\.\d\d s, and only [012]\.\d\d s are there.*fetch it again"):
        extract(cut)


# ------------------------------------------------------------------------------------------------- odd, not damaged


@pytest.mark.thorough
def test_sound_that_is_shorter_than_the_video_is_whole(tmp_path: Path):
    tone = media.tone(tmp_path / "tone.wav", 1.0)
    for ending in ("mp4", "mkv", "flv", "avi"):
        film = tmp_path / f"film.{ending}"
        picture = ("-f", "lavfi", "-i", "testsrc2=size=64x64:rate=25:duration=3")
        # bitexact: Matroska without the durations of its tracks
        media.ffmpeg(*picture, "-i", tone, "-map", 0, "-map", 1, "-c:a", "libmp3lame", "-fflags", "+bitexact", film)
        assert extract(film).duration_seconds == pytest.approx(1.0, abs=0.12), ending


@pytest.mark.parametrize(("container", "codec"), [("wav", "pcm_s16le"), ("webm", "libopus"), ("flac", "flac")])
def test_what_was_recorded_to_a_stream_states_no_duration_and_is_whole(container: str, codec: str, tmp_path: Path):
    noise = media.noise(tmp_path / "noise.wav", 2.0)
    recorded = tmp_path / f"recorded.{container}"
    recorded.write_bytes(media.ffmpeg("-i", noise, "-c:a", codec, "-f", container, "pipe:1"))
    assert extract(recorded).duration_seconds == pytest.approx(2.0, abs=0.05)


@pytest.mark.parametrize("quality", [("-b:a", "64k"), ("-q:a", "4")], ids=["constant", "variable"])
def test_an_mp3_without_a_header_is_whole(quality: tuple[str, str], tmp_path: Path):
    mp3 = media.noise(tmp_path / "old.mp3", 2.0, *quality, "-write_xing", "0")
    assert extract(mp3).duration_seconds == pytest.approx(2.0, abs=0.12)


def test_zeros_among_the_frames_of_an_mp3_without_a_header_are_damage(tmp_path: Path):
    mp3 = media.noise(tmp_path / "old.mp3", 2.0, "-write_xing", "0")
    data = bytearray(mp3.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 2000] = bytes(2000)
    mp3.write_bytes(data)
    with pytest.raises(BadMedia, match="parts of it cannot be decoded"):
        extract(mp3)


TAGS = {
    "ID3v1": b"TAG" + b"An old song".ljust(125, b"\0"),
    "lyrics": b"LYRICSBEGININD0000200LYR00500" + b"la la la " * 50 + b"000479LYRICS200",
    "padding": bytes(4000),
}


@pytest.mark.parametrize("tag", TAGS)
@pytest.mark.parametrize("ending", ["mp3", "flac", "aac"])
def test_what_stands_behind_the_sound_is_no_damage(ending: str, tag: str, tmp_path: Path):
    song = media.noise(tmp_path / f"song.{ending}", 2.0)
    song.write_bytes(song.read_bytes() + TAGS[tag])
    assert extract(song).duration_seconds == pytest.approx(2.0, abs=0.12)


def test_a_podcast_that_was_put_together_from_mp3_files_is_whole(tmp_path: Path):
    parts = [media.noise(tmp_path / f"{name}.mp3", 1.5, "-metadata", f"title={name}").read_bytes() for name in "abc"]
    (tmp_path / "podcast.mp3").write_bytes(b"".join(parts))
    assert extract(tmp_path / "podcast.mp3").duration_seconds == pytest.approx(4.5, abs=0.2)


def test_a_broadcast_that_was_joined_in_the_middle_is_whole(tmp_path: Path):
    broadcast = media.video(tmp_path / "broadcast.ts", 3.0, "-c:a", "aac")
    data = broadcast.read_bytes()
    (tmp_path / "joined.ts").write_bytes(data[188 * (len(data) // 188 // 3) :])
    assert 1.0 < extract(tmp_path / "joined.ts").duration_seconds < 2.7
