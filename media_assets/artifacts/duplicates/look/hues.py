"""Things in another colour: a dress in moss for one in olive, a mug in mint for one in sage.

Such colours are as near to each other as those that encoding makes of one at a single place. Over a larger area
encoding averages out, and the colour of a thing does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from media_assets.artifacts.duplicates.look.differences import averaged
from media_assets.artifacts.duplicates.look.tones import has_one_hue

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from media_assets.artifacts.duplicates.look.tones import Planes

    Mask = NDArray[np.bool_]
    Plane = NDArray[np.float32]

_AREA = 31
"""Pixels."""
_LEAST = 4.8
"""Difference of the mean colour, of 255, beside what is usual in the picture and what is going on at the place. In JPEG
at quality 10, WebP at 20, copies of a quarter of the size and in other tones up to 4.4; of things in a near colour 5.1
to 20."""
_LEAST_OF_FRAMES = 5.6
"""The same in frames of videos: at crf 36 up to 4.7."""
_OF_ONE_HUE = 0.75
"""The same share of both where all that has a colour has one: JPEG at quality 15 makes up to 3.4 there, and rust and
cinnamon differ by 4."""
_OF_USUAL, _OF_ACTIVITY = 0.5, 0.2
"""How much of the usual difference, and of how far the colours at the place are apart, is explained."""


def in_other_colours(one: Planes, other: Planes, *, of_video: bool = False) -> Mask:
    """Where two pictures that lie over each other, in the same tones, have other colours."""
    import numpy as np
    from scipy.ndimage import binary_dilation

    apart = np.hypot(*(averaged(one[..., colour] - other[..., colour], _AREA) for colour in (1, 2)))
    least = (_LEAST_OF_FRAMES if of_video else _LEAST) * (_OF_ONE_HUE if has_one_hue(one) else 1)
    if min(apart.shape) < 3 * _AREA or float(apart.max()) < least:
        return np.zeros(apart.shape, bool)
    activity = np.minimum(_activity(one), _activity(other))
    explained = 1 + _OF_USUAL * float(np.median(apart)) + _OF_ACTIVITY * activity
    found: Mask = apart > least * explained
    return binary_dilation(found, iterations=_AREA // 4) if found.any() else found


def _activity(picture: Planes) -> Plane:
    """How far the colours around each place are apart."""
    import numpy as np

    window = 2 * _AREA + 1
    squares = [
        averaged(picture[..., colour] ** 2, window) - averaged(picture[..., colour], window) ** 2 for colour in (1, 2)
    ]
    found: Plane = np.sqrt(np.maximum(squares[0], 0) + np.maximum(squares[1], 0))
    return found
