"""Where two videos are looked at: at places spread over what they share, and where their fingerprints agree least.

A look at every frame would decode both files whole. What happens in one clip of a fixed camera and not in the other
shows in how much the pictures move, which the index knows for the whole of both, so the look goes there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from media_assets.artifacts.duplicates.find.codes import NO_PICTURE, oriented
from media_assets.artifacts.duplicates.find.compare import Likeness
from media_assets.artifacts.duplicates.find.evidence import Evidence, evidence_of
from media_assets.artifacts.duplicates.look.frames import ClipWindow
from media_assets.artifacts.duplicates.look.timing import slack_seconds
from media_assets.artifacts.duplicates.values import DedupRow

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SPREAD = (0.1, 0.3, 0.5, 0.7, 0.9)
"""Shares of the first file's length, so that in all its pairs it is read at the same places."""
_SUSPECTS = 3
_MOST = 6
_TRIED = 64
_APART_SECONDS = 0.7
"""Places nearer to each other show the same."""
_BURST_SECONDS = 0.36
"""The burst of one file: so long that a copy with few frames per second has one of these."""
_MOTION_UNIT, _BITS_UNIT = 8.0, 4.0


class Moment(NamedTuple):
    """The same short time in both files; one window is wider, for the offset is not known to a frame."""

    seconds: float
    """Its middle, in the first file."""
    first: ClipWindow
    second: ClipWindow


def moments(first: DedupRow, second: DedupRow, likeness: Likeness) -> list[Moment]:
    """Where to look, the places where fingerprints agree least first."""
    one, other = evidence_of(first), evidence_of(second)
    lengths = (
        first.duration_seconds or one.picture_seconds,
        second.duration_seconds or other.picture_seconds,
    )
    offset, speed = likeness.offset_seconds, likeness.speed
    begin, end = max(0.0, offset), min(lengths[0], offset + speed * lengths[1])
    places = [place for place in _suspects(one, other, likeness) if begin <= place.seconds <= end]
    for share in _SPREAD:
        seconds = round(share * lengths[0], 2)
        if begin <= seconds <= end and _is_apart(seconds, places):
            places.append(_Place(seconds, more_in_second=False))
    places = places[:_MOST] or [_Place((begin + end) / 2, more_in_second=False)]
    slack = slack_seconds(one.interval_seconds, other.interval_seconds, lengths[0], speed * lengths[1])
    return [_moment(place, (place.seconds - offset) / speed, slack) for place in places]


class _Place(NamedTuple):
    seconds: float
    """Seconds of the first file."""
    more_in_second: bool
    """Whether more happens there in the second: then that is what has to be found in the first, for among enough
    frames there is always one in which nothing happens."""


def _moment(place: _Place, in_second: float, slack: float) -> Moment:
    wider = (slack, 0.0) if place.more_in_second else (0.0, slack)
    return Moment(place.seconds, _window(place.seconds, wider[0]), _window(in_second, wider[1]))


def _window(middle: float, slack: float) -> ClipWindow:
    """A burst around a place, and so much more on both sides."""
    start = max(0.0, middle - _BURST_SECONDS / 2 - slack)
    return ClipWindow(round(start, 3), round(max(_BURST_SECONDS, middle + _BURST_SECONDS / 2 + slack - start), 3))


def _suspects(one: Evidence, other: Evidence, likeness: Likeness) -> list[_Place]:
    """Where the two agree least, and where most moves in either."""
    import numpy as np

    if not one.interval_seconds or not other.interval_seconds:
        return []
    step = max(one.interval_seconds, other.interval_seconds)
    codes, motion = _at_steps(one, oriented(one.codes, one.algorithm, likeness.orientation), step)
    other_codes, other_motion = _at_steps(other, other.codes, step)
    own = np.arange(len(codes)) * step
    places = np.round((own - likeness.offset_seconds) / likeness.speed / step).astype(np.intp)
    at = np.flatnonzero((places >= 0) & (places < len(other_codes)))
    if not at.size:
        return []
    around = np.clip(places[at][:, None] + np.array([-1, 0, 1]), 0, len(other_codes) - 1)
    more = motion[at] < other_motion[places[at]]
    moved = np.abs(motion[at][:, None] - other_motion[around]).min(axis=1) / _MOTION_UNIT
    bits = np.bitwise_count(codes[at][:, None] ^ other_codes[around]).min(axis=1) / _BITS_UNIT
    seen = (codes[at] != NO_PICTURE) | (other_codes[around] != NO_PICTURE).any(axis=1)
    chosen: list[_Place] = []
    most_moved = np.maximum(motion[at], other_motion[places[at]])
    for scores, most in ((moved + bits, _SUSPECTS - 1), (most_moved, _SUSPECTS)):
        _choose(chosen, np.where(seen, scores, -1.0), at * step, more, most)
    return chosen


def _at_steps(
    evidence: Evidence, codes: NDArray[np.uint64], step: float
) -> tuple[NDArray[np.uint64], NDArray[np.float64]]:
    """Codes and motion; a frame in the middle of what moves has motion before and behind it."""
    import numpy as np

    stride = max(1, round(step / evidence.interval_seconds))
    motion = evidence.motion.astype(np.float64)
    motion = (motion + np.append(motion[1:], motion[-1:])) / 2
    return codes[::stride], motion[::stride]


def _choose(
    chosen: list[_Place],
    scores: NDArray[np.floating],
    seconds: NDArray[np.floating],
    more: NDArray[np.bool_],
    most: int,
) -> None:
    """Add the places with the highest scores, until there are enough."""
    import numpy as np

    for index in np.argsort(-scores, kind="stable")[:_TRIED]:
        if len(chosen) >= most or scores[index] <= 0:
            return
        if _is_apart(float(seconds[index]), chosen):
            chosen.append(_Place(float(seconds[index]), bool(more[index])))


def _is_apart(seconds: float, places: Sequence[_Place]) -> bool:
    return all(abs(seconds - place.seconds) >= _APART_SECONDS for place in places)
