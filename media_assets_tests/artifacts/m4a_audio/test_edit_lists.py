"""Sound of which an edit list plays some stretches, in its own order and at its own time."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from media_assets.media.isobmff import Box, boxes, boxes_inside
from media_assets_tests import sample_media as media
from media_assets_tests.artifacts.m4a_audio.test_extract import extract

RATE = media.SAMPLE_RATE
DELAY = 1024
"""Samples of an encoder before the first of the sound."""


def inside(path: Path, *names: bytes) -> list[Box]:
    """A box and those it is in, outermost first."""
    with path.open("rb") as file:
        found = [next(box for box in boxes(file) if box.type == names[0])]
        for name in names[1:]:
            found.append(next(box for box in boxes_inside(file, found[-1]) if box.type == name))
    return found


def edited(path: Path, edits: list[tuple[float, float | None]]) -> Path:
    """A tone that is 440 Hz in its first 2 s and 880 Hz in the next 2 s, of which only so much is played.

    Args:
        edits: How long each lasts and where it begins, in seconds; None for nothing.
    """
    tone = f"aevalsrc='0.3*sin(2*PI*t*440*(1+floor(t/2)))':d=4:s={RATE}"
    media.ffmpeg("-f", "lavfi", "-i", tone, "-c:a", "aac", "-movie_timescale", "1000", path)
    outer = inside(path, b"moov", b"trak", b"edts")
    list_ = b"".join(
        struct.pack(">IiI", round(seconds * 1000), -1 if begin is None else DELAY + round(begin * RATE), 1 << 16)
        for seconds, begin in edits
    )
    body = struct.pack(">I4sII", 16 + len(list_), b"elst", 0, len(edits)) + list_
    new = struct.pack(">I4s", 8 + len(body), b"edts") + body
    data, old = bytearray(path.read_bytes()), outer[-1]
    data[old.start : old.start + old.size] = new
    for box in outer[:-1]:
        data[box.start : box.start + 4] = struct.pack(">I", box.size + len(new) - old.size)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("edits", "pitches"),
    [
        pytest.param([(2.0, 1.0)], [440, 880], marks=pytest.mark.thorough),
        ([(1.0, 2.5), (1.0, 0.5)], [880, 440]),
        pytest.param([(1.0, 0.0), (1.0, 3.0)], [440, 880], marks=pytest.mark.thorough),
        ([(1.5, None), (1.0, 1.0), (1.0, 2.0)], [440, 880]),
    ],
)
def test_what_an_edit_list_plays_is_heard_in_its_order(
    edits: list[tuple[float, float | None]], pitches: list[int], tmp_path: Path
):
    track, result = extract(edited(tmp_path / "a.m4a", edits))
    assert track.duration_seconds == pytest.approx(2.0, abs=0.05)
    sound = media.samples(result)
    for second, pitch in enumerate(pitches):
        middle = sound[round((second + 0.3) * RATE) : round((second + 0.7) * RATE)]
        assert media.pitch_hertz(middle) == pytest.approx(pitch, abs=10)
