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
_ALONG_BAR = 0.3
"""Share of the line along a bar that is not black: a film fills it (0.5 and more, if dark), a hand ends in a finger."""
_BESIDE_EDGE = 0.01
"""Share of a side by which that line lies within the edge, which encoding makes soft."""


def may_be_another_when_turned(one: Pixels, other: Pixels) -> bool:
    """Whether two pictures, of which one is mirrored or turned, may be of two things though they look alike."""
    planes = planes_of(one), planes_of(other)
    if any(is_drawing(each) for each in planes):
        return True
    return all(_is_drawn(each) for each in (one, other)) or all(
        is_grey(each) and float((each[..., 0] < _BLACK).mean()) > _ON_BLACK for each in planes
    )


def is_on_black(pixels: Pixels, inside: tuple[slice, slice]) -> bool:
    """Whether a grey picture shows something on black, as an X-ray does, rather than fills what is between its bars.

    Args:
        inside: The rows and columns that are not black up to an edge of the picture; see `pictures.inside_bars`.
    """
    planes = planes_of(pixels)
    if not is_grey(planes) or float((planes[..., 0] < _BLACK).mean()) <= _ON_BLACK:
        return False
    lit = planes[..., 0] >= _BLACK
    return _ends_in_little(lit, *inside) or _ends_in_little(lit.T, *reversed(inside))


def _ends_in_little(lit: NDArray[np.bool_], rows: slice, columns: slice) -> bool:
    """Whether next to nothing is lit where the black above or below begins."""
    first, last, _ = rows.indices(len(lit))
    within = max(2, round(_BESIDE_EDGE * len(lit)))
    lines = [first + within] * (first > 0) + [last - 1 - within] * (last < len(lit))
    return any(float(lit[line, columns].mean()) < _ALONG_BAR for line in lines)


def _is_drawn(pixels: Pixels) -> bool:
    from scipy.ndimage import maximum_filter, minimum_filter

    size = (3, 3, 1)
    span = (maximum_filter(pixels, size).astype("int16") - minimum_filter(pixels, size)).max(axis=-1)
    flat, edges = float((span <= _FLAT).mean()), float((span >= _HARD).mean())
    return flat >= _LEAST_FLAT and edges >= _LEAST_EDGES and 1 - flat - edges <= _MOST_BETWEEN
