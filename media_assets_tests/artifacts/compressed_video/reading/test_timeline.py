"""When frames are shown, and which pieces stand for the whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from media_assets.artifacts.compressed_video.reading.timeline import (
    FrameWindow,
    Timeline,
    choose_windows,
    read_timeline,
    seek_seconds,
)
from media_assets.work.work import Work
from media_assets_tests.artifacts.compressed_video.clips import clip, times


def timeline(sizes: list[int], rate: int = 10) -> Timeline:
    return Timeline(np.arange(len(sizes)) / rate, np.array(sizes), len(sizes) / rate)


def test_frames_are_in_the_order_they_are_shown(tmp_path: Path):
    source = clip(tmp_path / "source.mp4", "-preset", "medium", "-bf", "3", seconds=1.0)
    found = read_timeline(source, 0, Work(tmp_path))
    assert list(found.seconds) == pytest.approx(times(source))
    assert found.duration_seconds == pytest.approx(1.0)
    assert found.frame_rate == pytest.approx(25)
    assert found.bit_rate == pytest.approx(source.stat().st_size * 8, rel=0.05)


def test_a_short_file_is_taken_whole():
    assert choose_windows(timeline([100] * 300), samples=10, sample_seconds=2.0) == (FrameWindow(0, 300),)
    assert len(choose_windows(timeline([100] * 301), samples=10, sample_seconds=2.0)) > 1


def test_pieces_are_spread_over_a_file_and_do_not_overlap():
    sizes = np.random.default_rng(1).integers(50, 150, 6000)
    windows = [w for w in choose_windows(timeline(list(sizes)), samples=6, sample_seconds=2.0) if not w.hardest]
    assert [window.first * 6 // 6000 for window in windows] == [0, 1, 2, 3, 4, 5]
    assert all(window.end - window.first == 20 for window in windows)


def test_the_pieces_are_as_hard_as_the_file_and_the_hardest_one_is_added():
    """A tenth of each part has ten times the bytes of the rest; one piece has a hundred times."""
    sizes = ([100] * 900 + [1000] * 100) * 4
    sizes[2900:2950] = [10_000] * 50
    found = timeline(sizes)
    windows = choose_windows(found, samples=4, sample_seconds=4.0)
    hardest = [window for window in windows if window.hardest]
    assert len(hardest) == 1
    assert hardest[0].first < 2950 and hardest[0].end > 2900
    means = [found.sizes[window.first : window.end].mean() for window in windows if not window.hardest]
    assert all(mean < 1000 for mean in means)


def test_cuts_lie_between_frames():
    start, length = seek_seconds(timeline([1] * 100), FrameWindow(10, 20))
    assert 0.9 < start < 1.0
    assert 1.9 < start + length < 2.0
