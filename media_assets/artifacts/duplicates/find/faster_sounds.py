"""Sounds that were played faster or slower with their pitch: what chords and pitches their prints say is another.

Of two that hold the same from end to end, prints lie over each other when one is stretched to the length of the other,
and still agree more than those of others do. Measured on music, bands and speech at 0.95 to 1.05 of their speed: 25 to
38 % of the bits differ; of others 41 % and more. So it is a guess, of which listening decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from media_assets.artifacts.duplicates.find import audio_prints
from media_assets.artifacts.duplicates.find.audio_prints import IndexedPrint
from media_assets.artifacts.duplicates.find.evidence import Evidence
from media_assets.artifacts.duplicates.find.index import Candidate

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

USUAL_SPEEDS = (25 / 23.976, 25 / 24, 1.05, 1 / 0.95)
LEAST, MOST = 0.01, 0.065
"""How much faster or slower one may be played."""
_MOST_ERROR_USUAL, _MOST_ERROR = 0.385, 0.33
"""Share of different bits, where the lengths say that the speed is a usual one, and elsewhere."""
_AS_USUAL = 0.0015
_MOST_SAMPLED_ERROR = 0.41
_ITEMS = 64
_REACH = 6
_MOST_FOUND = 8


def guessed_error(first: Evidence, slowed: Evidence, speed: float) -> float | None:
    """The share of bits that differ where a second sound, brought to the length of the first, may be the same at
    another pitch; None where it is another.

    Args:
        speed: How many times as fast the second is played.
    """
    prints = IndexedPrint(first.sound), IndexedPrint(slowed.sound)
    laid = audio_prints.best_overlay(*prints, list(range(-_REACH, _REACH + 1)), _MOST_ERROR_USUAL)
    is_usual = any(abs(one - speed) < _AS_USUAL for usual in USUAL_SPEEDS for one in (usual, 1 / usual))
    return laid.error if laid and laid.error <= (_MOST_ERROR_USUAL if is_usual else _MOST_ERROR) else None


class FasterSounds:
    """Files that are sound alone, by as many values of each print, at equal shares of its length.

    Args:
        files: Places of them among all, ascending.
    """

    def __init__(self, files: Sequence[int], evidence: Sequence[Evidence]) -> None:
        import numpy as np

        known = [
            one for one in files if evidence[one].seconds and len(evidence[one].sound) >= audio_prints.FEWEST_ITEMS
        ]
        known.sort(key=lambda one: evidence[one].seconds)
        self._files = np.array(known, np.intp)
        self._seconds = np.array([evidence[one].seconds for one in known])
        self._values = np.array([_spread(evidence[one].sound) for one in known], np.uint32).reshape(-1, _ITEMS)
        self._places = {file: place for place, file in enumerate(known)}

    def candidates(self, file: int) -> Iterator[Candidate]:
        """The files behind one in order that may be the same at another speed, the likeliest first."""
        import numpy as np

        place = self._places.get(file)
        if place is None:
            return
        found: list[tuple[float, int]] = []
        for slowest, fastest in ((1 - MOST, 1 - LEAST), (1 + LEAST, 1 + MOST)):
            begin, end = np.searchsorted(self._seconds, self._seconds[place] * np.array([slowest, fastest]))
            near = np.arange(begin, end)[self._files[begin:end] > file]
            errors = np.bitwise_count(self._values[near] ^ self._values[place]).mean(axis=1) / 32
            likely = errors <= _MOST_SAMPLED_ERROR
            found += zip(errors[likely].tolist(), self._files[near[likely]].tolist(), strict=True)
        for _, other in sorted(found)[:_MOST_FOUND]:
            yield Candidate(other, None)


def _spread(sound: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Values in the middle of equal parts of a print."""
    import numpy as np

    places = (np.arange(_ITEMS) + 0.5) * len(sound) / _ITEMS
    return sound[places.astype(np.intp)]
