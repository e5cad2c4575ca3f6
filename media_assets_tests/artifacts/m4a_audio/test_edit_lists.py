"""Sound of which an edit list plays some stretches, in its own order and at its own time."""

from __future__ import annotations

import struct
from pathlib import Path

import av
import numpy as np
import pytest

from media_assets.media.isobmff import Box, boxes, boxes_inside
from media_assets.media.probe import probe
from media_assets.work.work import Work
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


def edited(
    path: Path, edits: list[tuple[float, float | None]], codec: str = "aac", speeds: dict[int, float] | None = None
) -> Path:
    """A tone that is 440 Hz in its first 2 s and 880 Hz in the next 2 s, of which only so much is played.

    Args:
        edits: How long each lasts and where it begins, in seconds; None for nothing.
        speeds: Of the edits with these numbers.
    """
    tone = f"aevalsrc='0.3*sin(2*PI*t*440*(1+floor(t/2)))':d=4:s={RATE}"
    chapters = path.with_suffix(".txt")
    chapters.write_text(
        ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/10\nSTART=0\nEND=22\ntitle=one\n"
        "[CHAPTER]\nTIMEBASE=1/10\nSTART=22\nEND=30\ntitle=two\n"
    )
    media.ffmpeg(
        *("-f", "lavfi", "-i", tone, "-i", chapters, "-map", "0:a", "-c:a", codec),
        *("-movie_timescale", "1000", "-use_editlist", "1", path),
    )
    outer = inside(path, b"moov", b"trak", b"edts")
    delay = DELAY if codec == "aac" else 0
    list_ = b"".join(
        struct.pack(
            *(">IiI", round(seconds * 1000), -1 if begin is None else delay + round(begin * RATE)),
            round((speeds or {}).get(number, 1.0) * (1 << 16)),
        )
        for number, (seconds, begin) in enumerate(edits)
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


def pitches(path: Path) -> list[float]:
    """What is heard in the middle of each second, in hertz; 0 for silence."""
    sound = media.samples(path)
    middles = [sound[round((second + 0.3) * RATE) :][: round(0.4 * RATE)] for second in range(round(sound.size / RATE))]
    return [media.pitch_hertz(middle) if np.abs(middle).max() > 0.01 else 0.0 for middle in middles]


ONE_PAUSE = "its edit list has pauses (1 ×, 1.0 s in all, the first at 1.0 s): silence stands there"


@pytest.mark.parametrize(
    ("edits", "heard", "codec"),
    [
        ([(1.0, 0.0), (1.0, None), (1.0, 3.0)], [440, 0, 880], "aac"),
        ([(0.5, None), (1.0, 2.0), (0.5, None), (0.5, None), (1.0, 0.0)], [880, 0, 440], "aac"),
        ([(1.0, 0.0), (1.0, None), (1.0, 3.0)], [440, 0, 880], "pcm_s16le"),
        pytest.param([(1.0, 2.0), (1.0, None)], [880, 0], "aac", marks=pytest.mark.thorough),
        pytest.param([(1.0, 2.0), (1.0, None), (1.0, 2.0)], [880, 0, 880], "alac", marks=pytest.mark.thorough),
    ],
)
def test_a_pause_in_an_edit_list_is_silence_and_that_is_said(
    edits: list[tuple[float, float | None]], heard: list[int], codec: str, tmp_path: Path
):
    track, result = extract(edited(tmp_path / "a.mov", edits, codec))
    assert pitches(result) == pytest.approx(heard, abs=10)
    assert ONE_PAUSE in track.chosen_because
    assert track.duration_seconds == pytest.approx(len(heard), abs=0.06)


@pytest.mark.thorough
def test_a_pause_longer_than_the_recording_is_as_long_as_it_says(tmp_path: Path):
    track, result = extract(edited(tmp_path / "a.m4a", [(1.0, 0.0), (6.0, None), (1.0, 3.0)]))
    assert pitches(result) == pytest.approx([440, 0, 0, 0, 0, 0, 0, 880], abs=10)
    assert "(1 ×, 6.0 s in all, the first at 1.0 s)" in track.chosen_because


def test_a_stretch_at_no_speed_is_a_pause(tmp_path: Path):
    source = edited(tmp_path / "a.m4a", [(1.0, 0.0), (1.0, 1.0), (1.0, 3.0)], speeds={1: 0.0})
    track, result = extract(source)
    assert pitches(result) == pytest.approx([440, 0, 880], abs=10)
    assert ONE_PAUSE in track.chosen_because


def test_a_stretch_at_another_speed_is_named(tmp_path: Path):
    track, _ = extract(edited(tmp_path / "a.m4a", [(1.0, 0.0), (1.0, 2.0)], speeds={1: 2.0}))
    assert "its edit list plays stretches at another speed (1 ×), which ffmpeg cannot" in track.chosen_because


def test_a_chapter_behind_a_pause_keeps_its_time(tmp_path: Path):
    track, result = extract(edited(tmp_path / "a.m4a", [(1.0, 0.0), (1.0, None), (1.0, 3.0)]))
    found = probe(result, Work(tmp_path)).media
    assert found is not None
    assert [chapter.start_seconds for chapter in found.chapters] == pytest.approx([0.0, 2.2], abs=0.01)
    assert track.chapters_said is None


@pytest.mark.parametrize("edits", [[(1.0, 0.0), (1.0, 3.0)], [(1.0, 2.5), (1.0, 0.5)]])
def test_what_is_put_together_from_pieces_has_no_sound_but_theirs(
    edits: list[tuple[float, float | None]], tmp_path: Path
):
    _, result = extract(edited(tmp_path / "a.m4a", edits))
    with av.open(str(result)) as container:
        assert sum(frame.samples for frame in container.decode(audio=0)) / RATE == pytest.approx(2.0, abs=0.05)
