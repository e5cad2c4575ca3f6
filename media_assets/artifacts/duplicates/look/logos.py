"""Logos in videos: what covers the same place all the time, while what is below moves on in the other video.

Of a camera that does not move nobody can tell a logo from a new thing in the room: nothing changes below it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from media_assets.artifacts.duplicates.look.align import resized

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]

_FEWEST = 4
"""Moments, of which at least three show other scenes."""
_WIDTH = 320
_STILL = 8.0
"""Range of brightness over the moments, of 255, up to which a place stands still."""
_CHANGING = 24.0
_SCENES = 0.6
"""Share of the picture that changes from moment to moment in the video below a logo."""
_MOST_AREA = 0.12
_LEAST_PIXELS = 24


def without_logo(covered: Sequence[Pixels], other: Sequence[Pixels]) -> list[Pixels] | None:
    """The frames of one video with what a logo covers taken from the other; None where there is no logo.

    Args:
        covered, other: Frames that show the same moments, upright and without bars.
    """
    import numpy as np
    from scipy.ndimage import binary_closing, binary_dilation, binary_opening

    if len(covered) < _FEWEST:
        return None
    size = _WIDTH, max(16, round(_WIDTH * covered[0].shape[0] / covered[0].shape[1]))
    one, below = (np.stack([_resized(frame, size) for frame in frames]) for frames in (covered, other))
    changing = np.ptp(below, axis=0).max(axis=-1) > _CHANGING
    if float(changing.mean()) < _SCENES:
        return None
    still = np.ptp(one, axis=0).max(axis=-1) < _STILL + float(np.median(np.abs(one - below)))
    mask = binary_opening(binary_closing(still & changing, iterations=3), iterations=2)
    if not _LEAST_PIXELS <= mask.sum() <= _MOST_AREA * mask.size:
        return None
    mask = binary_dilation(mask, iterations=4)
    return [_filled(frame, under, mask) for frame, under in zip(covered, other, strict=True)]


def _resized(frame: Pixels, size: tuple[int, int]) -> NDArray[np.float32]:
    import numpy as np

    return resized(frame.astype(np.float32), size)


def _filled(frame: Pixels, under: Pixels, mask: NDArray[np.bool_]) -> Pixels:
    import numpy as np

    rows, columns, _ = frame.shape
    inside = resized(mask.astype(np.float32), (columns, rows)) > 0.5
    filled = np.where(inside[..., None], np.clip(_resized(under, (columns, rows)), 0, 255).astype(np.uint8), frame)
    return filled.astype(np.uint8)
