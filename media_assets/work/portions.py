"""Progress of work in several steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from media_assets.work.work import Work


def portions(work: Work, weights: Sequence[float]) -> tuple[Work, ...]:
    """The same work once for each step, whose progress fills the step's share of the whole."""
    total = sum(weights) or 1.0
    ends = [sum(weights[: number + 1]) / total for number in range(len(weights))]
    return tuple(
        replace(work, report=_within(work.report, start, end))
        for start, end in zip([0.0, *ends[:-1]], ends, strict=True)
    )


def _within(report: Callable[[float], None], start: float, end: float) -> Callable[[float], None]:
    return lambda fraction: report(start + (end - start) * fraction)
