"""What moves in a video explains differences at one instant: a coarse copy shows it a little earlier, later or softer.

A place at which somebody passes shows what is behind and what passes within a few frames, and anything between the two
in a copy that was encoded coarsely or has other frames. So at every place the range of what is shown around the instant
is taken of both videos; a difference counts as far as one of the two shows what is beyond the range of the other. What
only one of them shows is beyond the range of the other, however short it is there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from media_assets.artifacts.duplicates.look.tones import Planes

    Pixels = NDArray[np.uint8]

_NEAR = 3
"""Pixels over which a range goes on: between two frames things pass."""


class FramesBeside(NamedTuple):
    """What two videos show shortly before and behind an instant."""

    one: Sequence[Pixels]
    other: Sequence[Pixels]


class MotionRange(NamedTuple):
    """How much darker and brighter (0 or less, 0 or more) every place becomes around an instant."""

    lowest: Planes
    highest: Planes


def range_around(frame: Planes, beside: Sequence[Planes]) -> MotionRange:
    """The range of what is shown around a frame, against the frame itself."""
    import numpy as np
    from scipy.ndimage import maximum_filter, minimum_filter

    lowest, highest = frame, frame
    for each in beside:
        lowest, highest = np.minimum(lowest, each), np.maximum(highest, each)
    size = (_NEAR, _NEAR, 1)
    return MotionRange(minimum_filter(lowest - frame, size), maximum_filter(highest - frame, size))


def without_motion(one: Planes, other: Planes, moved: MotionRange, moved_other: MotionRange) -> Planes:
    """The first frame with what movement explains taken from the second.

    Args:
        one, other: Laid over each other and in the same tones.
        moved, moved_other: The range of each.
    """
    import numpy as np

    apart = one - other
    beyond_other = apart - np.clip(apart, moved_other.lowest, moved_other.highest)
    beyond_one = apart + np.clip(-apart, moved.lowest, moved.highest)
    # Either video may be the one that shows something the other does not.
    left: Planes = np.where(np.abs(beyond_other) >= np.abs(beyond_one), beyond_other, beyond_one)
    return other + left
