"""What two pictures or videos really show, measured on what was decoded, whatever their headers claim."""

from __future__ import annotations

from typing import NamedTuple

_IN_COLOUR, _WITHOUT_COLOUR = 3.0, 1.0
"""See `Measured.colours`. Grey pictures have 0, toned ones 0.1 to 0.6; photos of people, streets and food 7 to 30."""


class Measured(NamedTuple):
    """What `look.grades` measured; by default nothing that tells the two apart."""

    finer: float = 0.0
    """How many times as much fine detail the first shows as the second, as the logarithm to base 2: 1 for twice as
    much, -1 for half; 0 also where they differ as by a filter that sharpens or softens."""
    enlarged: int | None = None
    """Which of the two, 0 or 1, has more pixels that show no more than those of the other."""
    fresh: tuple[float, float] = (0.0, 0.0)
    """Share of the frames of each that are not the one before again, nor a mixture of their neighbours; 0 where that
    was not measured, for nothing moves or nobody looked."""
    framed: tuple[float, float] = (1.0, 1.0)
    """Share of the picture of each that lies inside a frame, or between bars, of one colour that the other has not."""
    colours: tuple[float, float] = (0.0, 0.0)
    """How far the colours of each lie from one tone for each brightness, in levels of 255; 0 also where nobody
    looked."""

    @property
    def in_colour(self) -> int | None:
        """Which of the two, 0 or 1, has colours where the other is grey, or toned in one; None where neither is."""
        less, more = sorted(self.colours)
        return self.colours.index(more) if less <= _WITHOUT_COLOUR and more >= _IN_COLOUR else None
