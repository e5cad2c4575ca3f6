"""The search for the highest CRF that is good enough, on curves as encoders have them."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from media_assets.artifacts.compressed_video.planning.encoders import Scale
from media_assets.artifacts.compressed_video.searching.crf_search import search

SCALE = Scale(low=10, high=45, step=0.25, guess=24, growth=0.16)
TOLERANCE = 0.1


def curve(knee: float, width: float) -> Callable[[float], float]:
    """VMAF over CRF: flat near 100, then falling ever faster."""
    return lambda crf: 100 / (1 + math.exp((crf - knee) / width))


def size(crf: float) -> float:
    """Halved by six units, as with x264."""
    return float(1e6 * 2 ** (-crf / 6))


CURVES = [curve(knee, width) for knee in (24, 30, 36, 44, 52) for width in (3, 4.5, 7)]


@pytest.mark.parametrize("target", [80, 93, 95, 97])
@pytest.mark.parametrize("vmaf", CURVES)
def test_the_best_of_the_grid_or_one_within_the_tolerance_is_found_in_few_trials(
    vmaf: Callable[[float], float], target: float
):
    trials: list[float] = []

    def measure(crf: float) -> tuple[float, float]:
        trials.append(crf)
        return vmaf(crf) - target, size(crf)

    found = search(measure, SCALE, target, TOLERANCE)
    grid = [SCALE.low + number * SCALE.step for number in range(int((SCALE.high - SCALE.low) / SCALE.step) + 1)]
    enough = [crf for crf in grid if vmaf(crf) >= target]
    assert len(trials) == len(set(trials)) <= 6
    if not enough:
        assert found is None
        return
    assert found is not None
    assert found.margin >= 0
    assert found.margin <= TOLERANCE or found.size <= 1.02 * size(enough[-1])


def test_few_trials_are_usual():
    counts = []
    for vmaf in CURVES:
        trials: list[float] = []

        def measure(
            crf: float, vmaf: Callable[[float], float] = vmaf, trials: list[float] = trials
        ) -> tuple[float, float]:
            trials.append(crf)
            return vmaf(crf) - 95, size(crf)

        search(measure, SCALE, 95, TOLERANCE)
        counts.append(len(trials))
    assert sum(counts) / len(counts) <= 4.5


def test_a_curve_with_a_kink_ends_too():
    found = search(lambda crf: (3.0 if crf < 31.2 else -20.0, size(crf)), SCALE, 95, TOLERANCE)
    assert found is not None
    assert found.crf == 31.0


def test_when_even_the_lowest_is_not_enough_there_is_none():
    assert search(lambda crf: (-crf, size(crf)), SCALE, 95, TOLERANCE) is None


def test_when_everything_is_good_the_highest_is_taken():
    found = search(lambda crf: (100.0 - crf, size(crf)), SCALE, 95, TOLERANCE)
    assert found is not None
    assert found.crf == SCALE.high


def test_a_cliff_is_found_in_few_trials():
    trials: list[float] = []

    def measure(crf: float) -> tuple[float, float]:
        trials.append(crf)
        return (4.9 - crf / 100 if crf < 29.4 else -15.0), size(crf)

    found = search(measure, SCALE, 95, TOLERANCE)
    assert found is not None
    assert found.crf == 29.25
    assert len(trials) <= 9


def test_it_ends_where_a_higher_crf_saves_nothing():
    trials: list[float] = []

    def measure(crf: float) -> tuple[float, float]:
        trials.append(crf)
        return 30 - crf, 1000 - crf

    found = search(measure, SCALE, 95, TOLERANCE)
    assert found is not None
    assert found.margin >= 0
    assert len(trials) <= 3
