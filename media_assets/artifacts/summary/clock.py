"""Times as people and language models write them: h:mm:ss."""

from __future__ import annotations

import re

_CLOCK = re.compile(r"\[?\s*(?:(?P<hours>\d{1,4}):)?(?P<minutes>\d{1,4}):(?P<seconds>\d{2})(?:[.,]\d+)?\s*\]?")


def to_clock(seconds: float) -> str:
    """`h:mm:ss`, rounded down so that the time named is never after the moment meant; negative times count as 0."""
    whole = max(0, int(seconds))
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def from_clock(text: str) -> int | None:
    """Seconds of `h:mm:ss` or `m:ss`, with or without brackets; fractions are dropped. None for anything else."""
    match = _CLOCK.fullmatch(text.strip())
    if match is None:
        return None
    return int(match["hours"] or 0) * 3600 + int(match["minutes"]) * 60 + int(match["seconds"])
