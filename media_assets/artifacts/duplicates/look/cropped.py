"""What two videos both show, where one may be cut at its edges: only so do their frames lie over each other.

The mean of all that was read of each is compared: what stands still is in it, whichever frames belong together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from media_assets.artifacts.duplicates.look.align import SURE, CutOut, find_box, resized
from media_assets.artifacts.duplicates.look.tones import grey_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]
    Bursts = list[list[Pixels]]
    Grey = NDArray[np.float32]

_SIDE = 128
_LEAST_ALIKE = 0.8
_WHOLE = 0.985
"""Share of the area from which nothing was cut."""
_BETTER = 0.002


def in_common(first: Bursts, second: Bursts) -> tuple[Bursts, Bursts]:
    """The frames of both, coarsely: of one that shows more than the other only what the other shows."""
    one, other = _mean(first), _mean(second)
    if one is None or other is None:
        return first, second
    box, alike = find_box(one, other)
    reverse, more = find_box(other, one) if alike < SURE else (box, 0.0)
    if max(alike, more) < _LEAST_ALIKE:
        return first, second
    if more > alike + _BETTER:
        return first, _parts(second, reverse)
    return _parts(first, box), second


def _mean(bursts: Bursts) -> Grey | None:
    """The mean of all bursts, each counted once; None where nothing was read."""
    import numpy as np

    read = [burst for burst in bursts if burst]
    if not read:
        return None
    rows, columns = read[0][0].shape[:2]
    factor = min(1.0, _SIDE / max(rows, columns))
    size = max(8, round(columns * factor)), max(8, round(rows * factor))
    means = [np.stack([grey_of(frame) for frame in burst]).mean(axis=0) for burst in read]
    mean: Grey = np.stack([resized(each, size) for each in means]).mean(axis=0)
    return mean


def _parts(bursts: Bursts, box: CutOut) -> Bursts:
    if box.area >= _WHOLE:
        return bursts
    return [[_part(frame, box) for frame in burst] for burst in bursts]


def _part(frame: Pixels, box: CutOut) -> Pixels:
    rows, columns = frame.shape[:2]
    across = slice(max(0, round(box.left * columns)), min(columns, round(box.right * columns)))
    return frame[max(0, round(box.top * rows)) : min(rows, round(box.bottom * rows)), across]
