"""Opaque logos in videos: what covers the same place at an edge all the time, while what is below changes.

In one video the place does not change at all, and in the other nearly all of it does: nothing that stands in a room is
before all scenes. Of a camera that does not move nobody can tell a logo from a new thing in the room, a parcel or a
parked car: nothing changes below it, so none is taken for one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from media_assets.artifacts.duplicates.look.align import resized
from media_assets.artifacts.duplicates.look.marks import place_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]
    Mask = NDArray[np.bool_]

_FEWEST = 4
"""Moments, of which at least three show other scenes."""
_WIDTH = 320
_STILL = 12.0
"""Range of brightness over the moments, of 255, up to which a place stands still; encoding leaves some."""
_CHANGING = 24.0
_DIFFERS = 12.0
_SCENES = 0.3
"""Share of the picture that changes from moment to moment in the video below a logo."""
_BELOW = 0.6
"""The same of the place that a logo covers."""
_STANDS = 0.8
"""Share of a logo that has to stand still, without its edge."""
_MOST_AREA = 0.12
_LEAST_PIXELS = 24
_FROM_EDGE = 0.12
"""How far from an edge of the picture a logo ends at most, as a share of its side."""


class Bare(NamedTuple):
    """A video without its logo."""

    frames: list[Pixels]
    place: str
    """Where the logo is, in words."""
    mask: Mask
    """What it covers, with a margin, in a small picture."""


def without_logo(covered: Sequence[Pixels], other: Sequence[Pixels]) -> Bare | None:
    """The frames of one video with what a logo covers taken from the other; None where there is no logo.

    Args:
        covered, other: Frames that show the same moments, upright and without bars.
    """
    import numpy as np
    from scipy.ndimage import binary_dilation, binary_erosion

    if len(covered) < _FEWEST:
        return None
    size = _WIDTH, max(16, round(_WIDTH * covered[0].shape[0] / covered[0].shape[1]))
    one, below = (np.stack([_resized(frame, size) for frame in frames]) for frames in (covered, other))
    changing = np.ptp(below, axis=0).max(axis=-1) > _CHANGING
    if float(changing.mean()) < _SCENES:
        return None
    apart = np.median(np.abs(one - below).max(axis=-1), axis=0)
    noise = float(np.median(apart))
    place = _place(apart > max(_DIFFERS, 4 * noise))
    if place is None or not _is_at_edge(place):
        return None
    # The colours of its edge are mixed with those beside it, by up to four pixels.
    smaller = (binary_erosion(place, iterations=count) for count in (4, 2))
    inside = next((each for each in smaller if each.any()), place)
    still = np.ptp(one, axis=0).max(axis=-1) < _STILL + 2 * noise
    if still[inside].mean() < _STANDS or changing[inside].mean() < _BELOW:
        return None
    mask = binary_dilation(place, iterations=4)
    frames = [filled(frame, under, mask) for frame, under in zip(covered, other, strict=True)]
    return Bare(frames, place_of(place), mask)


def _place(differs: Mask) -> Mask | None:
    """The one place of some size that always differs."""
    import numpy as np
    from scipy.ndimage import binary_closing, binary_fill_holes, binary_opening, label

    padded = np.pad(differs, 3)
    closed = binary_fill_holes(binary_closing(padded, iterations=3))[3:-3, 3:-3]
    parts, count = label(binary_opening(closed, iterations=2))
    if not count:
        return None
    sizes = np.bincount(parts.ravel())[1:]
    place: Mask = parts == 1 + int(sizes.argmax())
    return place if _LEAST_PIXELS <= place.sum() <= _MOST_AREA * place.size else None


def _is_at_edge(place: Mask) -> bool:
    import numpy as np

    ends = []
    for axis in (1, 0):
        taken, size = np.flatnonzero(place.any(axis=axis)), place.shape[1 - axis]
        ends.append(min(int(taken[0]), size - 1 - int(taken[-1])) / size)
    return bool(min(ends) <= _FROM_EDGE)


def _resized(frame: Pixels, size: tuple[int, int]) -> NDArray[np.float32]:
    import numpy as np

    return resized(frame.astype(np.float32), size)


def filled(frame: Pixels, under: Pixels, mask: Mask) -> Pixels:
    """A frame with what a logo covers taken from another, see `Bare.mask`."""
    import numpy as np

    rows, columns, _ = frame.shape
    inside = resized(mask.astype(np.float32), (columns, rows)) > 0.5
    filled = np.where(inside[..., None], np.clip(_resized(under, (columns, rows)), 0, 255).astype(np.uint8), frame)
    return filled.astype(np.uint8)
