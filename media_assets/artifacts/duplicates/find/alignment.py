"""Two videos laid over each other in time, frame by frame, at the offset at which they agree best."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from media_assets.artifacts.duplicates.find.codes import NO_PICTURE, oriented
from media_assets.artifacts.duplicates.find.evidence import Evidence

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_FRAMES_VOTING = 256
_VOTED_SHIFTS = 6
_MOVED_SHIFTS = 3
_DIFFERENT_BITS = 16
_AS_GOOD = 0.95
"""Share of the best agreement from which an offset is as good as the best: before a camera that stands still many are,
and among those the movement decides."""
_AS_LONG_SECONDS = 0.1
"""Containers round how long a video is, by a frame or so."""
_MOVING = 3.0
"""Deviation of the motion profile, in its own units, below which nothing moves that could be compared."""
_FEWEST_MOTIONS = 8
_RARELY = 0.2
_LEAST_EVENT, _MOST_EVENT, _TIMES_NOISE = 2.0, 48.0, 4.0
"""What stands out, and how much of it counts, in units of the motion profile, and in its usual deviations."""


class Pictures(NamedTuple):
    """How the pictures of two videos agree."""

    offset_seconds: float
    """The second of the first file at which the second file starts."""
    overlap_seconds: float
    compared: int
    """Frames of the common part that show something in one at least."""
    agreeing: int
    shown: float
    """Share of the common part in which there is something to see."""
    scenes: int
    """Different pictures among those that agree; not counted beyond 3."""
    motion: float | None
    """Correlation of the two motion profiles; None when nothing moves."""


class _Laid(NamedTuple):
    shift: int
    at: NDArray[np.intp]
    """Frames of the sparse one in the common part."""
    places: NDArray[np.intp]
    """Frames of the dense one at the same times."""
    agree: NDArray[np.bool_]
    blank: NDArray[np.bool_]
    """Where neither shows anything."""


def lay_pictures(
    first: Evidence, second: Evidence, orientation: int, tried_seconds: Sequence[float], max_bits: int
) -> Pictures | None:
    """Lay the pictures of the second over those of the first; None when there is nothing to compare.

    Args:
        orientation: How the second is turned against the first.
        tried_seconds: Offsets that the sound suggests.
        max_bits: So many bits of two frames that agree may differ.
    """
    turned_first = oriented(first.codes, first.algorithm, orientation)
    # `sparse` has the longer steps; `stride` steps of `dense` make one of them.
    swapped = second.interval_seconds > first.interval_seconds
    sparse, dense = (second.codes, turned_first) if swapped else (turned_first, second.codes)
    moves = (second.motion, first.motion) if swapped else (first.motion, second.motion)
    step = min(first.interval_seconds, second.interval_seconds)
    stride = round(max(first.interval_seconds, second.interval_seconds) / step)
    sign = 1 if swapped else -1
    shifts = [sign * round(seconds / step) for seconds in tried_seconds]
    shifts += [0, len(dense) - len(sparse) * stride, *_voted_shifts(sparse, dense, stride, max_bits)]
    if stride == 1:
        shifts += _moved_shifts(*moves)
    laid = [_lay(sparse, dense, stride, shift, max_bits) for shift in dict.fromkeys(shifts)]
    best, motion = _best([one for one in laid if one is not None and not one.blank.all()], *moves, stride)
    if best is None:
        return None
    as_long = first.seconds > 0 and abs(first.seconds - second.seconds) <= _AS_LONG_SECONDS
    if as_long and 0 < abs(best.shift) <= stride:
        best = _nearer(next((one for one in laid if one is not None and one.shift == 0), best), best, sparse, dense)
    offset = sign * best.shift * step
    compared = int((~best.blank).sum())
    return Pictures(
        offset_seconds=offset,
        overlap_seconds=min(first.picture_seconds, second.picture_seconds + offset) - max(0.0, offset),
        compared=compared,
        agreeing=int(best.agree.sum()),
        shown=compared / len(best.at),
        scenes=_scenes(sparse[best.at][best.agree]),
        motion=motion,
    )


class MotionOverlay(NamedTuple):
    """How the movement of two videos goes together."""

    offset_seconds: float
    """The second of the first file at which the second file starts."""
    correlation: float


def lay_motion(first: Evidence, second: Evidence) -> MotionOverlay | None:
    """Lay the movement of the second over that of the first; None where nothing moves, or both were not taken at the
    same steps."""
    import numpy as np

    if first.interval_seconds != second.interval_seconds:
        return None
    found: list[tuple[float, int]] = []
    for shift in (0, len(second.motion) - len(first.motion), *_moved_shifts(first.motion, second.motion)):
        places = np.arange(len(first.motion)) + shift
        at = np.flatnonzero((places >= 0) & (places < len(second.motion)))
        correlation = _motion_correlation(first.motion[at], second.motion, places[at])
        if correlation is not None:
            found.append((correlation, -shift))
    if not found:
        return None
    correlation, steps = max(found)
    return MotionOverlay(steps * first.interval_seconds, correlation)


def _best(
    laid: Sequence[_Laid], sparse: NDArray[np.uint8], dense: NDArray[np.uint8], stride: int
) -> tuple[_Laid | None, float | None]:
    most = max((int(one.agree.sum()) for one in laid), default=0)
    best: tuple[_Laid | None, float | None] = (None, None)
    for one in laid:
        if int(one.agree.sum()) < _AS_GOOD * most:
            continue
        motion = _motion_correlation(sparse[one.at], dense, one.places) if stride == 1 else None
        if best[0] is None or (motion or 0.0) > (best[1] or 0.0):
            best = one, motion
    return best


def _nearer(one: _Laid, other: _Laid, sparse: NDArray[np.uint64], dense: NDArray[np.uint64]) -> _Laid:
    """The first of two at which as many frames agree, where the frames at the same times differ in no more bits: with
    frames a step away both agree, and both move as much.
    """
    import numpy as np

    apart = [float(np.bitwise_count(sparse[laid.at] ^ dense[laid.places]).mean()) for laid in (one, other)]
    return one if one.agree.sum() >= other.agree.sum() and apart[0] <= apart[1] else other


def _voted_shifts(sparse: NDArray[np.uint64], dense: NDArray[np.uint64], stride: int, max_bits: int) -> list[int]:
    """Shifts (in steps of the dense one) at which the most frames agree."""
    import numpy as np

    at = np.flatnonzero(sparse != NO_PICTURE)
    at = at[:: max(1, -(-len(at) // _FRAMES_VOTING))]
    alike = (np.bitwise_count(sparse[at, None] ^ dense[None, :]) <= max_bits) & (dense != NO_PICTURE)
    rows, columns = np.nonzero(alike)
    if not rows.size:
        return []
    votes = np.bincount(columns - at[rows] * stride + len(sparse) * stride)
    best = np.argsort(-votes, kind="stable")[:_VOTED_SHIFTS]
    return [int(shift) - len(sparse) * stride for shift in best if votes[shift]]


def _moved_shifts(sparse: NDArray[np.uint8], dense: NDArray[np.uint8]) -> list[int]:
    """Shifts at which the movement goes together best: the peaks of the cross-correlation."""
    import numpy as np
    from scipy.signal import correlate

    if not len(sparse) or not len(dense):
        return []
    one, other = sparse - sparse.mean(), dense - dense.mean()
    found = correlate(other, one, mode="full", method="fft")
    return [int(place) - len(one) + 1 for place in np.argsort(-found, kind="stable")[:_MOVED_SHIFTS]]


def _lay(sparse: NDArray[np.uint64], dense: NDArray[np.uint64], stride: int, shift: int, max_bits: int) -> _Laid | None:
    """Frame by frame at one shift; None when nothing is in common.

    A frame is compared with three of the other file, because trimming moves the steps at which frames are taken.
    """
    import numpy as np

    places = np.arange(len(sparse)) * stride + shift
    at = np.flatnonzero((places >= 0) & (places < len(dense)))
    if not at.size:
        return None
    places = places[at]
    around = np.clip(places[:, None] + np.array([-1, 0, 1]), 0, len(dense) - 1)
    others, own = dense[around], sparse[at]
    bits = np.bitwise_count(others ^ own[:, None]).astype(np.int16)
    bits[others == NO_PICTURE] = 64
    blank = (own == NO_PICTURE) & (others == NO_PICTURE).any(axis=1)
    agree = (own != NO_PICTURE) & (bits.min(axis=1) <= max_bits)
    return _Laid(shift, at, places, agree, blank)


def _scenes(codes: NDArray[np.uint64]) -> int:
    """How many different pictures there are, up to 3."""
    import numpy as np

    scenes = 0
    while codes.size and scenes < 3:
        scenes += 1
        codes = codes[np.bitwise_count(codes ^ codes[0]) > _DIFFERENT_BITS]
    return scenes


def _motion_correlation(sparse: NDArray[np.uint8], dense: NDArray[np.uint8], places: NDArray[np.intp]) -> float | None:
    """How much the movement of both goes together; None when there is none to speak of.

    By rank (Spearman), because a cut outweighs all movement; or by what stands out, where it rarely does: before an
    empty place most ranks are those of noise, which every encoding changes.
    """
    import numpy as np

    if len(places) < _FEWEST_MOTIONS or sparse.std() < _MOVING:
        return None
    own = _ranks(sparse)
    others = (dense[np.clip(places + step, 0, len(dense) - 1)] for step in (-1, 0, 1))
    moving = [one for one in others if one.std() >= _MOVING]
    return max((max(float(own @ _ranks(one)), _events_correlation(sparse, one)) for one in moving), default=None)


def _events_correlation(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> float:
    """How much what rarely happens goes together; 0 where it is not rare in both."""
    import numpy as np

    one, other = _standing_out(first), _standing_out(second)
    rare = [0 < np.count_nonzero(events) <= _RARELY * len(events) for events in (one, other)]
    return float(one @ other / np.sqrt((one @ one) * (other @ other))) if all(rare) else 0.0


def _standing_out(motion: NDArray[np.uint8]) -> NDArray[np.float64]:
    """What moves beyond the noise, up to a bound: a cut outweighs no movement."""
    import numpy as np

    usual = float(np.median(motion))
    noise = float(np.median(abs(motion - usual)))
    above: NDArray[np.float64] = np.clip(motion - usual - max(_LEAST_EVENT, _TIMES_NOISE * noise), 0, _MOST_EVENT)
    return above


def _ranks(values: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The ranks of bytes, equal ones with the mean of theirs, as a vector around 0 of length 1."""
    import numpy as np

    counts = np.bincount(values, minlength=256)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[values]
    ranks -= (len(values) + 1) / 2
    vector: NDArray[np.float64] = ranks / np.sqrt(ranks @ ranks)
    return vector
