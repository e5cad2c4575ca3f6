"""The first and the last moment of a recording are heard, whatever its container says of delays and remainders."""

from __future__ import annotations

import struct
from pathlib import Path

import av
import numpy as np
import pytest

from media_assets_tests import sample_media as media
from media_assets_tests.artifacts.m4a_audio.test_extract import extract

SECONDS = 1.35


def said_at_both_ends(path: Path, rate: int, *arguments: str) -> Path:
    """A tone for the first and the last 60 ms, and nothing between."""
    word, length = round(0.06 * rate), round(SECONDS * rate)
    sound = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(length) / rate)
    sound[word : length - word] = 0
    raw = path.with_suffix(".raw")
    raw.write_bytes(sound.astype("<f4").tobytes())
    media.ffmpeg("-f", "f32le", "-ar", rate, "-ac", 1, "-i", raw, *arguments, path)
    return path


def number(value: int) -> bytes:
    """A number of CAF's packet table: seven bits a byte, the highest bit while more follow."""
    return b"".join(
        bytes([value >> 7 * at & 127 | 128 * (at > 0)]) for at in reversed(range(max(1, -(-value.bit_length() // 7))))
    )


def caf(path: Path, source: Path, kind: bytes, rate: int, packet_samples: int, priming: int, cookie: bytes) -> Path:
    """The packets of a file in CAF as Apple writes it, which says how much of the first and last is no sound."""
    with av.open(str(source)) as container:
        packets = [bytes(packet) for packet in container.demux(audio=0) if packet.size]
    valid = round(SECONDS * rate)
    table = struct.pack(">qqii", len(packets), valid, priming, len(packets) * packet_samples - priming - valid)
    chunks = {
        b"desc": struct.pack(">d4sIIIII", rate, kind, 0, 0, packet_samples, 1, 0),
        b"kuki": cookie,
        b"pakt": table + b"".join(number(len(packet)) for packet in packets),
        b"data": b"\0\0\0\0" + b"".join(packets),
    }
    parts = [name + struct.pack(">q", len(data)) + data for name, data in chunks.items() if data]
    path.write_bytes(b"caff\0\1\0\0" + b"".join(parts))
    return path


def setup_of(path: Path) -> bytes:
    with av.open(str(path)) as container:
        return bytes(container.streams.audio[0].codec_context.extradata or b"")


def aac_cookie(setup: bytes) -> bytes:
    """An elementary stream descriptor, ISO/IEC 14496-1, 7.2.6.5."""

    def descriptor(tag: int, body: bytes) -> bytes:
        return bytes([tag, 0x80, 0x80, 0x80, len(body)]) + body

    decoder = descriptor(4, b"\x40\x14\0\0\0" + struct.pack(">II", 64000, 64000) + descriptor(5, setup))
    return descriptor(3, b"\0\0\0" + decoder + descriptor(6, b"\2"))


def check(path: Path, late_seconds: float = 0.0) -> None:
    """Both words are heard, and it plays as long as the source, as far as its format tells."""
    track, result = extract(path)
    loud = np.flatnonzero(np.abs(media.samples(result)) > 0.15) / media.SAMPLE_RATE
    assert loud[0] == pytest.approx(late_seconds, abs=0.005)
    assert loud[-1] == pytest.approx(SECONDS + late_seconds, abs=0.01)
    assert track.duration_seconds == pytest.approx(SECONDS + late_seconds, abs=0.04)


@pytest.mark.parametrize("rate", [44100, 48000])
def test_the_end_of_alac_in_caf_is_heard(rate: int, tmp_path: Path):
    check(said_at_both_ends(tmp_path / "a.caf", rate, "-c:a", "alac"))


def test_the_end_of_flac_in_caf_that_states_a_remainder_is_heard(tmp_path: Path):
    flac = said_at_both_ends(tmp_path / "a.flac", 44100)
    setup = setup_of(flac)
    cookie = struct.pack(">I", len(setup) + 16) + b"dfLa\0\0\0\0\x80\0\0\x22" + setup
    check(caf(tmp_path / "a.caf", flac, b"flac", 44100, 4096, 0, cookie))


@pytest.mark.thorough
def test_both_ends_of_aac_and_opus_in_caf_are_heard(tmp_path: Path):
    aac = said_at_both_ends(tmp_path / "a.m4a", 44100, "-c:a", "aac")
    check(caf(tmp_path / "a.caf", aac, b"aac ", 44100, 1024, 1024, aac_cookie(setup_of(aac))))
    opus = said_at_both_ends(tmp_path / "o.ogg", 48000, "-c:a", "libopus")
    check(caf(tmp_path / "o.caf", opus, b"opus", 48000, 960, 312, b""))


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("name", "codec", "late_samples"),
    [
        ("a.mp3", "libmp3lame", 0),
        ("a.mp4", "libopus", 0),
        ("a.webm", "libopus", 0),
        ("a.m4a", "aac", 0),
        ("a.m4a", "alac", 0),
        ("a.mka", "aac", 0),
        ("a.aac", "aac", 1024),  # streams say nothing of the delay of their encoder
        ("a.ts", "aac", 1024),
    ],
)
def test_both_ends_are_heard_in_any_container(name: str, codec: str, late_samples: int, tmp_path: Path):
    check(said_at_both_ends(tmp_path / name, 48000, "-c:a", codec), late_samples / 48000)
