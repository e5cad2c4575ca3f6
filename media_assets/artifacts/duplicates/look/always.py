"""What differs between two videos all the time, by little: one digit of a small clock before a camera that never moves.

At a single instant that drowns in noise and in what encoding makes. Over many instants both average out, and what
stands still does not. What another size, sharpness or contrast makes of the average is the same all around a place,
and is taken away; strokes that lie elsewhere are left. Where both averages have strokes and what is left is about as
much as these, they have other ones; where one of them has none it has to be far more than is left where as much is
going on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from media_assets.artifacts.duplicates.look.differences import Yardstick, averaged

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Plane = NDArray[np.float32]
    Mask = NDArray[np.bool_]

_STROKES, _AROUND = 5, 15
"""Pixels within which the strokes of a small digit lie, and within which a change of size or sharpness is the same."""
_USUAL_SIDE = 3
_EDGE = 3
"""Pixels at the edges that are not judged: what lies beyond is not known."""
_LEAST = 2.7
"""Root of the mean square of what is left, of 255: in true copies at crf 36 and 40 up to 5 is left where much is
going on,
of a digit of 7 pixels in white on a light ground 3.1."""
_TIMES, _FLOOR = 2.5, 0.4
"""So many times what is usual where both have strokes. In true copies it is at most 2.4, and 2.1 but for bars and
changed sides; with another digit 2.8 to 14."""
_FAR_TIMES = 6.0
"""So many times where one of them has none."""
_HAS_STROKES, _SHARE = 3.0, 0.45
"""From how much contrast on there are strokes, and the share of it that is left where they are others: 0.5 and more,
and 0.4 at most in a copy of another size."""
_SURPLUS = 1.0
"""Added to the squares: where nothing is going on, nothing is explained."""
_FEWEST = 12
"""Instants of which the average says something."""


class Always:
    """The average of what two videos show, laid over each other and in the same tones."""

    def __init__(self) -> None:
        self._sums: tuple[Plane, Plane] | None = None
        self._count = 0

    def add(self, one: NDArray[np.uint8], other: NDArray[np.uint8]) -> None:
        """Add the brightness of both at one instant."""
        import numpy as np

        if self._sums is None:
            self._sums = np.zeros(one.shape, np.float32), np.zeros(one.shape, np.float32)
        for total, plane in zip(self._sums, (one, other), strict=True):
            total += plane
        self._count += 1

    def differs(self) -> Mask | None:
        """Where they differ all the time; None where they do not."""
        import numpy as np

        if self._sums is None or self._count < _FEWEST:
            return None
        one, other = (total / np.float32(self._count) for total in self._sums)
        if _contrast(_fine(other - one)).max() <= _LEAST:
            return None
        left = _contrast(_unexplained(one, other))
        strokes = np.minimum(_contrast(_fine(one)), _contrast(_fine(other)))
        found: Mask = (left > _LEAST) & (left > _SHARE * strokes)
        found[:_EDGE] = found[-_EDGE:] = False
        found[:, :_EDGE] = found[:, -_EDGE:] = False
        if found.any():
            usual = Yardstick(one, other, _USUAL_SIDE).usual(left) + _FLOOR
            found &= left > np.where(strokes > _HAS_STROKES, _TIMES, _FAR_TIMES) * usual
        return found if found.any() else None


def _unexplained(one: Plane, other: Plane) -> Plane:
    """What no filter over three by three pixels makes of their mean in the difference, as fine as strokes.

    Such a filter moves a picture by less than a pixel, blurs and sharpens it, and changes its contrast. The one that
    fits best is found around each place.
    """
    import numpy as np

    both, apart = (one + other) / 2, _fine(other - one)
    shapes = [_fine(np.roll(both, (down, right), (0, 1))) for down in (-1, 0, 1) for right in (-1, 0, 1)]
    products = np.empty((*apart.shape, len(shapes), len(shapes)), np.float32)
    wanted = np.empty((*apart.shape, len(shapes), 1), np.float32)
    for row, shape in enumerate(shapes):
        wanted[..., row, 0] = averaged(shape * apart, _AROUND)
        for column in range(row + 1):
            products[..., row, column] = products[..., column, row] = averaged(shape * shapes[column], _AROUND)
    products += np.float32(_SURPLUS) * np.eye(len(shapes), dtype=np.float32)
    weights = np.linalg.solve(products, wanted)[..., 0]
    for row, shape in enumerate(shapes):
        apart -= weights[..., row] * shape
    return apart


def _fine(plane: Plane) -> Plane:
    """What a plane has beyond its mean around each place."""
    return plane - averaged(plane, _STROKES)


def _contrast(fine: Plane) -> Plane:
    """How much that is at each place: the root of its mean square."""
    import numpy as np

    found: Plane = np.sqrt(np.maximum(averaged(fine**2, _STROKES), 0))
    return found
