"""How long two recordings play, less the black and the silence that was added to their ends."""

from __future__ import annotations

from typing import Literal

from media_assets.artifacts.duplicates.find.codes import NO_PICTURE, unpacked
from media_assets.artifacts.duplicates.values import DedupRow
from media_assets.media.info import MediaKind

_SAME_LENGTH, _SAME_LENGTH_SECONDS = 0.02, 1.0
"""Encoders and edits of containers make recordings that little longer."""
_HEARD_SECONDS = 0.55
"""So much longer a copy may seem to be heard at each end: it is measured in halves of a second."""
_LEAST_SECONDS, _LEAST_SILENCE_SECONDS = 0.4, 0.8
"""Less black, and less silence of sound alone, comes from where frames, packets and those halves begin."""


def plays(second: DedupRow, first: DedupRow) -> Literal["as much", "less", "more"]:
    """How much a recording plays against another that plays the same, at the same speed. Nothing is no more."""
    one, other = lengths(first, second)
    raw = first.duration_seconds or 0.0, second.duration_seconds or 0.0
    if _as_long(one, other) or _as_long(*raw):
        return "as much"
    return "more" if other > one else "less"


def lengths(first: DedupRow, second: DedupRow) -> tuple[float, float]:
    """Seconds that each plays, less those of nothing at its ends that the other has not."""
    added = added_seconds(first, second)
    return (first.duration_seconds or 0.0) - sum(added[0]), (second.duration_seconds or 0.0) - sum(added[1])


def added_seconds(first: DedupRow, second: DedupRow) -> tuple[tuple[float, float], tuple[float, float]]:
    """How many seconds of nothing to see or hear each has, before and behind what both show, that the other has not.

    Nothing is blank in pictures, and silent: one that plays longer is heard for no longer. Where it is not known for
    how long something is heard, nothing counts as added.
    """
    heard = _heard_seconds(first), _heard_seconds(second)
    if MediaKind.IMAGE in (first.kind, second.kind) or heard[0] is None or heard[1] is None:
        return (0.0, 0.0), (0.0, 0.0)
    if first.frames is None or second.frames is None:
        longer = (first.duration_seconds or 0.0) - (second.duration_seconds or 0.0)
        # Of sound alone it is not known at which end it is silent.
        more = [(0.0, seconds if seconds >= _LEAST_SILENCE_SECONDS else 0.0) for seconds in (longer, -longer)]
    else:
        one, other = _blank(first), _blank(second)
        more = [_more(one, other), _more(other, one)]
    longer_heard = heard[0] - heard[1]
    return _if_silent(more[0], longer_heard), _if_silent(more[1], -longer_heard)


def _if_silent(more: tuple[float, float], heard_seconds: float) -> tuple[float, float]:
    ends = sum(seconds > 0 for seconds in more)
    return more if heard_seconds <= max(1, ends) * _HEARD_SECONDS else (0.0, 0.0)


def _as_long(one: float, other: float) -> bool:
    return abs(one - other) <= max(_SAME_LENGTH_SECONDS, _SAME_LENGTH * max(one, other))


def _more(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    more = [left - right for left, right in zip(one, other, strict=True)]
    before, behind = (seconds if seconds >= _LEAST_SECONDS else 0.0 for seconds in more)
    return before, behind


def _heard_seconds(row: DedupRow) -> float | None:
    if row.has_sound is False:
        return 0.0
    return None if row.heard is None else row.heard * (row.duration_seconds or 0.0)


def _blank(row: DedupRow) -> tuple[float, float]:
    """Seconds at both ends in which nothing is shown; none where nothing is shown at all."""
    import numpy as np

    assert row.frames is not None
    shown = np.flatnonzero(unpacked(row.frames.codes, "<u8") != NO_PICTURE)
    if not shown.size or not row.frames.interval_seconds:
        return 0.0, 0.0
    count = len(unpacked(row.frames.codes, "<u8"))
    step = row.frames.interval_seconds
    return float(shown[0]) * step, float(count - 1 - shown[-1]) * step
