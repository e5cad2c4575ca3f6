"""Frames that do not come at even times: phones, screen recordings, clocks that jump."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from media_assets_tests import sample_media as media
from media_assets_tests.artifacts.compressed_video.clips import FAT, QUICK, compress, result, scene, times

TICKS = 90_000
"""Of the clock, in each second."""

SAMPLED = QUICK.model_copy(update={"samples": 2, "sample_seconds": 0.5})


def film(path: Path, seconds: np.ndarray) -> Path:
    """A clip with a frame at each of these times."""
    noise = np.random.default_rng(3)
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=25, options={"preset": "ultrafast", "crf": "12"})
        stream.width, stream.height, stream.pix_fmt = 160, 90, "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, TICKS)
        for number, second in enumerate(seconds):
            picture = noise.integers(0, 40, (90, 160, 3), dtype=np.uint8)
            picture[:, :, 0] += ((np.arange(160) + 3 * number) % 200).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = round(second * TICKS), Fraction(1, TICKS)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def jittered() -> np.ndarray:
    """As phones write it: uneven steps, three frames dropped, one repeated half a millisecond later."""
    seconds: np.ndarray = np.cumsum(np.random.default_rng(1).uniform(0.015, 0.07, 50))
    seconds = np.delete(seconds, [10, 11, 30]) - seconds[0]
    seconds[40] = seconds[39] + 0.0005
    return seconds


def jumping() -> np.ndarray:
    seconds: np.ndarray = np.arange(40) / 25
    seconds[20:] += 3
    return seconds


def slow() -> np.ndarray:
    """A screen on which little happens: frames in a burst, then one a second."""
    seconds: np.ndarray = np.concatenate([np.arange(20) / 60, 1 + np.arange(4)])
    return seconds


@pytest.mark.thorough
@pytest.mark.parametrize("container", ["mp4", "mkv"])
@pytest.mark.parametrize("clock", [jittered, jumping, slow])
def test_each_frame_is_shown_when_it_was(clock, container: str, tmp_path: Path):
    source = film(tmp_path / f"source.{container}", clock())
    assert times(result(compress(source))) == pytest.approx(times(source), abs=0.001)


def retimed(path: Path, ticks: list[int]) -> Path:
    """A clip in Matroska with a frame at each of these milliseconds, which may be equal."""
    even = film(path.with_name("even.mkv"), np.arange(len(ticks)) / 25)
    with av.open(str(even)) as before, av.open(str(path), "w") as out:
        stream = out.add_stream_from_template(before.streams.video[0])
        packets = [packet for packet in before.demux(video=0) if packet.size]
        for packet, tick in zip(packets, ticks, strict=True):
            packet.pts = packet.dts = tick
            packet.time_base, packet.duration, packet.stream = Fraction(1, 1000), 40, stream
            out.mux(packet)
    return path


@pytest.mark.thorough
@pytest.mark.parametrize(
    "ticks",
    [
        [0, 40, 80, 80, *range(160, 1600, 40)],
        [number * 40 for number in range(20) for _ in range(2)],
        [min(number, 20) * 40 for number in range(30)] + list(range(1200, 1600, 40)),
    ],
    ids=["two at once", "pairs", "ten at once"],
)
def test_frames_that_come_at_once_are_kept(ticks: list[int], tmp_path: Path):
    source = retimed(tmp_path / "source.mkv", ticks)
    assert len(set(times(source))) < len(ticks)
    compressed = compress(source)
    assert len(times(result(compressed))) == len(ticks)
    assert compressed.value.losses == ()


@pytest.mark.thorough
@pytest.mark.parametrize(
    "ticks",
    [[0, 40, *[80] * 60, *range(2480, 3000, 40)], [0, 40, *[80] * 50, *[120] * 50, *range(3000, 3400, 40)]],
    ids=["sixty at once", "fifty twice"],
)
def test_frames_that_came_at_once_and_are_lost_are_named(ticks: list[int], tmp_path: Path):
    source = retimed(tmp_path / "source.mkv", ticks)
    compressed = compress(source)
    missing = len(ticks) - len(times(result(compressed)))
    assert missing > 0
    assert compressed.value.losses == (
        f"{missing} of {len(ticks)} frames, which were shown at the same time as others",
    )


@pytest.mark.thorough
@pytest.mark.parametrize("offset", [0.0, 1.0, 5000.0], ids=["again", "overlapping", "later"])
@pytest.mark.parametrize("swapped", [False, True])
def test_parts_of_a_transport_stream_follow_each_other_whatever_their_clocks_say(
    swapped: bool, offset: float, tmp_path: Path
):
    whole = tmp_path / "whole.mp4"
    sound = ("-f", "lavfi", "-i", "sine=duration=2:sample_rate=48000", "-c:a", "aac")
    media.ffmpeg(*scene("motion", "160x90"), *sound, *FAT, whole)
    parts = []
    for number, late in enumerate((0.0, offset)):
        part = tmp_path / f"{number}.ts"
        media.ffmpeg("-i", whole, "-c", "copy", "-output_ts_offset", str(late), part)
        parts.append(part.read_bytes())
    source = tmp_path / "source.ts"
    source.write_bytes(b"".join(parts[::-1] if swapped else parts))
    compressed = compress(source, SAMPLED)
    shown = times(result(compressed))
    assert np.diff(shown) == pytest.approx(np.full(99, 0.04), abs=0.002)
    assert compressed.value.vmaf_of == "samples"
    assert compressed.value.vmaf is not None
    assert compressed.value.vmaf.worst_second > 85


@pytest.mark.thorough
@pytest.mark.parametrize("ending", ["ts", "mpg"])
def test_where_sound_begins_before_the_picture_samples_are_compared_with_the_same_frames(ending: str, tmp_path: Path):
    source = tmp_path / f"source.{ending}"
    late = ("-itsoffset", "0.63", *scene("motion", "160x90", 3.0))
    codec = FAT if ending == "ts" else ("-c:v", "mpeg2video", "-q:v", "2")
    media.ffmpeg(*late, "-f", "lavfi", "-i", "sine=duration=4:sample_rate=48000", "-c:a", "mp2", *codec, source)
    compressed = compress(source, SAMPLED)
    assert compressed.value.vmaf_of == "samples"
    assert compressed.value.vmaf is not None
    assert compressed.value.vmaf.worst_second > 85
