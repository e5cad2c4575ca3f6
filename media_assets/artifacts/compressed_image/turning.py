"""How points and rectangles move when a picture is turned upright."""

from __future__ import annotations

from dataclasses import dataclass

SIDEWAYS = (5, 6, 7, 8)
"""Values of the EXIF orientation that swap width and height."""


@dataclass(frozen=True)
class Turn:
    """What is done with a picture."""

    orientation: int
    """EXIF's, 1 to 8, of the picture as it is stored."""
    stored: tuple[int, int]
    """Width and height in pixels as it is stored."""
    result: tuple[int, int]
    """Width and height in pixels of the result, which is upright."""

    @property
    def upright(self) -> tuple[int, int]:
        """Width and height of the picture when it is turned, before it is scaled."""
        return self.stored[::-1] if self.orientation in SIDEWAYS else self.stored


def point(orientation: int, x: float, y: float) -> tuple[float, float]:
    """Where a point of the stored picture is in the upright one; shares of width and height."""
    return {
        2: (1 - x, y),
        3: (1 - x, 1 - y),
        4: (x, 1 - y),
        5: (y, x),
        6: (1 - y, x),
        7: (1 - y, 1 - x),
        8: (y, 1 - x),
    }.get(orientation, (x, y))


def rectangle(orientation: int, x: float, y: float, width: float, height: float) -> tuple[float, float, float, float]:
    """A rectangle by its upper left corner, in the upright picture."""
    one, other = point(orientation, x, y), point(orientation, x + width, y + height)
    left, top = min(one[0], other[0]), min(one[1], other[1])
    return left, top, abs(one[0] - other[0]), abs(one[1] - other[1])
