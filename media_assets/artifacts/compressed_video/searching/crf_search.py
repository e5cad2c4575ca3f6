"""Finding the smallest file that is good enough, with few trials. Knows numbers only.

What VMAF lacks to 100 grows by about the same factor with each unit of an encoder's CRF: its logarithm is nearly a
straight line. So each trial is put where a line or a parabola through the nearest trials meets the target.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import log, prod

from media_assets.artifacts.compressed_video.planning.encoders import Scale

_FLATTEST = 3.0
"""The curve is taken to be at least a third as steep as usual."""
_LEAST_LACK = 0.2
_WASTE = 0.02
"""Share by which the result may be larger than the best there is."""
_MAY_CREEP = 3
"""After so many trials on one side of the target the gap is halved."""
_SMALL_MOVE = 8
"""After two trials that lie nearer to each other than the gap by this factor, the gap is halved too."""
_AIM = 0.4
"""Where in the tolerance the next trial is aimed at: a little on the safe side."""


@dataclass(frozen=True)
class Point:
    """A trial."""

    crf: float
    margin: float
    """How far above the target (below: negative) it came out, in VMAF."""
    size: float
    """Size of what it made, in whatever unit."""


def search(
    measure: Callable[[float], tuple[float, float]],
    scale: Scale,
    target: float,
    tolerance: float,
) -> Point | None:
    """The highest CRF found whose margin is not negative; None when even the lowest is not good enough.

    It ends when the margin is within the tolerance, when the next step of the scale is known to be too much, or when a
    trial that was not good enough is hardly smaller than one that was: the best lies between them.

    Args:
        measure: Makes a trial and gives its margin and its size.
        scale: The grid, and what is usual.
        target: VMAF that is wanted.
        tolerance: VMAF that may be given away.
    """
    good: Point | None = None
    bad: Point | None = None
    points: list[Point] = []
    crf = _on_grid(scale.guess, scale)
    while True:
        point = Point(crf, *measure(crf))
        points.append(point)
        if point.margin >= 0:
            good = point
        else:
            bad = point
        if good is not None and (
            good.margin <= tolerance or good.crf >= scale.high or (bad is not None and _close(good, bad, scale))
        ):
            return good
        if bad is not None and bad.crf <= scale.low:
            return None
        crf = _next(good, bad, points, scale, target, tolerance)


def _close(good: Point, bad: Point, scale: Scale) -> bool:
    return bad.crf - good.crf < 1.5 * scale.step or good.size <= bad.size * (1 + _WASTE)


def _creeps(trials: list[Point], gap: float) -> bool:
    """Whether trials all came out on one side of the target and lie within so much."""
    crfs = [point.crf for point in trials]
    return len({point.margin >= 0 for point in trials}) == 1 and max(crfs) - min(crfs) <= gap


def _next(
    good: Point | None, bad: Point | None, points: list[Point], scale: Scale, target: float, tolerance: float
) -> float:
    """Where to try next; strictly between what is known to be good and what is known to be bad."""
    low = scale.low if good is None else good.crf + scale.step
    high = scale.high if bad is None else bad.crf - scale.step
    wanted = _where(
        _lack(_AIM * tolerance, target), {_lack(point.margin, target): point.crf for point in points}, scale
    )
    if good is not None and bad is not None:
        # A curve with a cliff leads the trials to creep up to it from one side.
        gap = bad.crf - good.crf
        if (
            _creeps(points[-_MAY_CREEP:], gap)
            or _creeps(points[-2:], gap / _SMALL_MOVE)
            or not good.crf < wanted < bad.crf
        ):
            wanted = (good.crf + bad.crf) / 2
    return min(max(_on_grid(wanted, scale), low), high)


def _lack(margin: float, target: float) -> float:
    """Logarithm of what a score lacks to 100."""
    return log(max(_LEAST_LACK, 100 - target - margin))


def _where(lack: float, known: dict[float, float], scale: Scale) -> float:
    """The CRF at which so much is lacking.

    Args:
        lack: As `_lack` gives it.
        known: CRF by what was lacking.
        scale: Knows the usual growth.
    """
    near = sorted(known, key=lambda other: abs(other - lack))[:3]
    if len(near) == 1:
        return known[near[0]] + (lack - near[0]) / scale.growth
    if not min(near) <= lack <= max(near):
        # Beyond all trials a parabola may turn back, and a flat line leads far away.
        growth = (near[1] - near[0]) / (known[near[1]] - known[near[0]])
        return known[near[0]] + (lack - near[0]) / max(growth, scale.growth / _FLATTEST)
    return sum(known[one] * prod((lack - other) / (one - other) for other in near if other != one) for one in near)


def _on_grid(crf: float, scale: Scale) -> float:
    steps = round((crf - scale.low) / scale.step)
    return min(max(scale.low + steps * scale.step, scale.low), scale.high)
