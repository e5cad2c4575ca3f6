"""Pictures that are another thing when they are mirrored or turned: drawings, signs, letters, X-rays.

Of a photo the mirror image shows the same. An arrow to the left is none to the right, `b` is neither `d` nor `q`, and
an X-ray shows the other hand. Drawings are told by few colours, or by flat areas with hard edges and little between.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from media_assets.artifacts.duplicates.look.tones import is_drawing, is_grey, planes_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]

_FLAT = 3
"""Range of the 3 × 3 pixels around one, of 255, up to which it is in a flat area, or in an even gradient."""
_HARD = 40
"""The same, from which on there is an edge."""
_MOST_BETWEEN = 0.4
"""Share of a drawing that is neither; encoding leaves some around edges."""
_LEAST_FLAT = 0.42
_LEAST_EDGES = 0.004
_BLACK = 24.0
_ON_BLACK = 0.25
"""Share of a grey picture that is black, as it is around what an X-ray shows."""


def may_be_another_when_turned(one: Pixels, other: Pixels) -> bool:
    """Whether two pictures, of which one is mirrored or turned, may be of two things though they look alike."""
    planes = planes_of(one), planes_of(other)
    if any(is_drawing(each) for each in planes):
        return True
    return all(_is_drawn(each) for each in (one, other)) or all(
        is_grey(each) and float((each[..., 0] < _BLACK).mean()) > _ON_BLACK for each in planes
    )


def _is_drawn(pixels: Pixels) -> bool:
    from scipy.ndimage import maximum_filter, minimum_filter

    size = (3, 3, 1)
    span = (maximum_filter(pixels, size).astype("int16") - minimum_filter(pixels, size)).max(axis=-1)
    flat, edges = float((span <= _FLAT).mean()), float((span >= _HARD).mean())
    return flat >= _LEAST_FLAT and edges >= _LEAST_EDGES and 1 - flat - edges <= _MOST_BETWEEN
