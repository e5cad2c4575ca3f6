"""Frames that do not come at even times: phones, screen recordings, clocks that jump."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from media_assets_tests.artifacts.compressed_video.clips import compress, result, times

TICKS = 90_000
"""Of the clock, in each second."""


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
