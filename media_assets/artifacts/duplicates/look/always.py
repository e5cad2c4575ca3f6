"""What differs between two videos all the time, by little: one digit of a small clock before a camera that never moves.

At a single instant that drowns in noise and in what encoding makes. Over many instants both average out, and what
stands still does not: a difference of thin strokes is left, far above what is left where as much is going on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from media_assets.artifacts.duplicates.look.differences import Yardstick, averaged

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Plane = NDArray[np.float32]
    Mask = NDArray[np.bool_]

_SIDE = 3
"""Pixels over which a difference is averaged: the width of a stroke of a small digit and its edges."""
_LEAST = 10.0
"""Difference of brightness, of 255. At even places coarse encoding leaves 7."""
_TIMES, _FLOOR = 6.5, 0.4
"""So many times what is usual: 5.0 was the most in true copies at crf 28, and at crf 36 where it is not even."""
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
        apart = np.abs(averaged(one - other, _SIDE))
        found: Mask = apart > _LEAST
        if found.any():
            found &= apart > _TIMES * (Yardstick(one, other, _SIDE).usual(apart) + _FLOOR)
        return found if found.any() else None
