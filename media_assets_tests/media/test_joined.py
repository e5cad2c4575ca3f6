"""Recordings that go on behind the end that they state are read to their end, or refused with the reason."""

from __future__ import annotations

import io
import struct
import wave
from pathlib import Path

import pytest

from media_assets.artifacts.m4a_audio.extract import choose_audio, extract_m4a
from media_assets.artifacts.m4a_audio.settings import AudioSettings
from media_assets.artifacts.m4a_audio.value import AudioTrack
from media_assets.base.errors import BadMedia
from media_assets.media.ffmpeg import FFmpeg
from media_assets.media.probe import probe
from media_assets.media.untrusted import generated
from media_assets.work.work import Work

RATE = 8000


def wav(seconds: float, channels: int = 1) -> bytes:
    content = io.BytesIO()
    with wave.open(content, "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(b"\x10\x27\xf0\xd8" * (round(seconds * RATE) * channels // 2))
    return content.getvalue()


def made(directory: Path, name: str) -> bytes:
    """A second of tone in the format that the name says."""
    path = directory / name
    FFmpeg().run(generated("sine=d=1:sample_rate=8000").output(str(path)), Work(directory))
    return path.read_bytes()


def extract(tmp_path: Path, name: str, content: bytes) -> AudioTrack:
    source = tmp_path / name
    source.write_bytes(content)
    media = probe(source, Work(tmp_path)).media
    assert media is not None
    stream, reason = choose_audio(media, ())
    out = tmp_path / "out.m4a"
    return extract_m4a(FFmpeg(), source, media, stream, reason, out, AudioSettings(), Work(tmp_path))


def with_size(content: bytes, data_bytes: int) -> bytes:
    at = content.index(b"data") + 4
    riff = struct.pack("<I", (36 + data_bytes) & 0xFFFFFFFF)
    return content[:4] + riff + content[8:at] + struct.pack("<I", data_bytes) + content[at + 4 :]


def test_a_wav_whose_size_wrapped_is_read_to_its_end(tmp_path: Path):
    track = extract(tmp_path, "a.wav", with_size(wav(8.5), 2 * RATE * 2))
    assert track.duration_seconds == pytest.approx(8.5, abs=0.2)
    assert "its header states fewer samples than follow" in track.chosen_because


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF])
def test_a_wav_that_was_written_to_a_pipe_is_read_to_its_end(size: int, tmp_path: Path):
    assert extract(tmp_path, "a.wav", with_size(wav(3), size)).duration_seconds == pytest.approx(3, abs=0.2)


@pytest.mark.parametrize("count", [2, 3])
def test_joined_wavs_of_one_format_are_read_to_the_end(count: int, tmp_path: Path):
    track = extract(tmp_path, "a.wav", wav(2) * count)
    assert track.duration_seconds == pytest.approx(2 * count, abs=0.2)
    assert "several WAV files of one format behind each other" in track.chosen_because


def test_joined_wavs_of_two_formats_are_refused(tmp_path: Path):
    with pytest.raises(BadMedia, match="another WAV of another format behind its sound"):
        extract(tmp_path, "a.wav", wav(2) + wav(2, channels=2))


@pytest.mark.parametrize(
    "behind",
    [
        b"LIST" + struct.pack("<I", 20000) + b"INFO" + bytes(19996),
        b"id3 " + struct.pack("<I", 9001) + bytes(9002),
        b"ID3\x04\x00\x00" + bytes(20000),
        bytes(100),
    ],
)
def test_what_follows_the_samples_and_is_no_sound_is_not_heard(behind: bytes, tmp_path: Path):
    track = extract(tmp_path, "a.wav", wav(2) + behind)
    assert track.duration_seconds == pytest.approx(2, abs=0.2)
    assert track.chosen_because == "the only audio track"


@pytest.mark.parametrize("name", ["a.flac", "a.m4a"])
def test_joined_recordings_of_which_only_the_first_would_be_heard_are_refused(name: str, tmp_path: Path):
    with pytest.raises(BadMedia, match=r"holds 2 .*recordings behind each other, of which only the first"):
        extract(tmp_path, name, made(tmp_path, name) * 2)


@pytest.mark.parametrize("name", ["a.mp3", "a.ogg", "a.aac"])
def test_joined_recordings_that_ffmpeg_reads_whole_are_heard_whole(name: str, tmp_path: Path):
    one = made(tmp_path, name)
    assert extract(tmp_path, name, one * 2).duration_seconds == pytest.approx(2, abs=0.4)


def test_what_ends_where_it_says_is_read_as_ever(tmp_path: Path):
    for name in ("a.flac", "a.m4a"):
        assert extract(tmp_path, name, made(tmp_path, name)).duration_seconds == pytest.approx(1, abs=0.1)


def wide(channels: int, sample_bytes: int, behind: bytes = b"") -> bytes:
    """Two seconds of a WAV of another width, with a chunk behind its samples."""
    block = channels * sample_bytes
    form = struct.pack("<HHIIHH", 1, channels, RATE, RATE * block, block, 8 * sample_bytes)
    data = bytes(2 * RATE * block)
    chunks = b"fmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(data)) + data + behind
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


@pytest.mark.parametrize(
    ("one", "count"),
    [
        (wide(1, 3), 2),
        (wide(2, 3), 2),
        (wide(2, 2, b"LIST" + struct.pack("<I", 26) + bytes(26)), 3),
        (wide(1, 2, b"JUNK" + struct.pack("<I", 20000) + bytes(20000)), 2),
    ],
)
def test_joined_wavs_whose_headers_would_be_heard_as_noise_are_refused(one: bytes, count: int, tmp_path: Path):
    with pytest.raises(BadMedia, match="headers between them would be heard as noise"):
        extract(tmp_path, "a.wav", one * count)


def test_the_third_of_joined_wavs_may_not_be_of_another_format_either(tmp_path: Path):
    with pytest.raises(BadMedia, match="another WAV of another format behind its sound"):
        extract(tmp_path, "a.wav", wav(2) * 2 + wav(2, channels=2))


def test_joined_wavs_whose_headers_fit_between_samples_are_read_to_the_end(tmp_path: Path):
    between = b"LIST" + struct.pack("<I", 24) + bytes(24)
    track = extract(tmp_path, "a.wav", wide(2, 2, between) * 2)
    assert track.duration_seconds == pytest.approx(4, abs=0.2)


@pytest.mark.parametrize(("name", "options"), [("a.aiff", {}), ("a.wav", {"rf64": "always"})])
def test_joined_aiff_and_rf64_are_refused(name: str, options: dict[str, str], tmp_path: Path):
    path = tmp_path / name
    FFmpeg().run(generated("sine=d=1:sample_rate=8000").output(str(path), **options), Work(tmp_path))
    one = path.read_bytes()
    assert extract(tmp_path, name, one).duration_seconds == pytest.approx(1, abs=0.1)
    with pytest.raises(BadMedia, match="several recordings behind each other"):
        extract(tmp_path, name, one * 2)
