"""Whether what a summarizer returned can be a summary.

What does not belong here: whether it is a good one (each engine's own checks).
"""

from __future__ import annotations

import math

from media_assets.artifacts.summary.value import Summary
from media_assets.work.engine_result import nonsense, of_type

_TOLERANCE_SECONDS = 1.0
"""A recording may play for a little longer than its container says."""


def checked_summary(returned: object, engine: object, name: str, *, last_seconds: float) -> Summary:
    """What a summarizer returned, once it is seen to be possible.

    Args:
        engine: The summarizer.
        name: What library.yaml calls it.
        last_seconds: When the recording ends.

    Raises:
        FaultOfCode: it is no summary.
        BadResult: its numbers or times are none.
    """
    summary = of_type(returned, Summary, engine, name)
    starts = [chapter.start_seconds for chapter in summary.chapters]
    if not all(math.isfinite(start) and start >= 0 for start in starts):
        raise nonsense(engine, name, "a chapter with a time that is none")
    if starts != sorted(starts):
        raise nonsense(engine, name, "chapters that are not in order of time")
    if starts and starts[-1] > last_seconds + _TOLERANCE_SECONDS:
        raise nonsense(engine, name, "a chapter that begins behind the end of the recording")
    if not (math.isfinite(summary.usage.cost_usd or 0.0) and (summary.usage.cost_usd or 0.0) >= 0):
        raise nonsense(engine, name, "a cost that is no amount")
    if not (summary.title.strip() or summary.abstract.strip()):
        raise nonsense(engine, name, "neither a title nor an abstract")
    return summary
