"""How much two videos differ at every instant, block by block, and at which instants that is least to be explained.

Of every block the greatest difference at any of its places is taken, against all instants of the other video that are
as near as the frame rates leave open. Encoding makes differences too: more where there is much to see or where it
moves, and at the same places all the time. So a difference is told in multiples of what such a block usually has. This
finds the instants worth a look in full detail; whether they differ decides that look.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from media_assets.artifacts.duplicates.look.streams import Instant

    Plane = NDArray[np.uint8]
    Blocks = NDArray[np.float32]

_SIDE = 8
_BIN_SECONDS = 0.4
_APART_SECONDS = 0.3
_FLOOR = 4.0
_OF_CONTRAST, _OF_MOTION = 0.08, 0.3
_COLOUR = 1.5
"""Weight of a difference of colours, which are stored flatter."""
_TONES = 32
_TIMES_NOISE = 3.2
"""So many times what 99 of 100 blocks have at most a difference has to be, to be worth a look: of copies that were
encoded coarsely no instant is like any other in all details."""
_AS_MUCH, _ROUNDING = 0.95, 1e-3
"""Share of the greatest difference that counts as much: the last such instant is looked at, for what moves has come to
rest then and explains less."""
_LEAST, _ALWAYS_LOOKED_AT = 1.2, 8.0
"""Differences below and above which that does not matter."""


class Tones(NamedTuple):
    """What became of the brightness and of the colours of one video in the other."""

    brightness: NDArray[np.uint8]
    """The new brightness by the old one."""
    colours: tuple[int, int]
    """What is added to both."""


class Excess(NamedTuple):
    """An instant at which the two differ by more than they usually do."""

    seconds: float
    """The second of the first video."""
    times: float
    """How many times what is usual."""
    row: float
    column: float
    """Where, as shares of the picture."""


def tones_between(pairs: Sequence[tuple[Instant, Instant]]) -> Tones:
    """How the second of each pair is to be changed to have the tones of the first."""
    import numpy as np

    one = np.concatenate([pair[0].brightness[::3, ::3].ravel() for pair in pairs])
    other = np.concatenate([pair[1].brightness[::3, ::3].ravel() for pair in pairs])
    step = 256 // _TONES
    counts = np.bincount(other // step, minlength=_TONES)
    sums = np.bincount(other // step, weights=one, minlength=_TONES)
    means = np.bincount(other // step, weights=other, minlength=_TONES)
    known = counts >= max(8, counts.sum() // 2000)
    if not known.any():
        return Tones(np.arange(256, dtype=np.uint8), (0, 0))
    levels, wanted = means[known] / counts[known], np.maximum.accumulate(sums[known] / counts[known])
    # Where there are no pixels to tell, they are as far apart as where there are.
    levels = np.concatenate([[levels[0] - 300], levels, [levels[-1] + 300]])
    wanted = np.concatenate([[wanted[0] - 300], wanted, [wanted[-1] + 300]])
    curve = np.clip(np.round(np.interp(np.arange(256), levels, wanted)), 0, 255).astype(np.uint8)
    added = [
        round(float(np.mean([pair[0][plane].mean() - pair[1][plane].mean() for pair in pairs]))) for plane in (1, 2)
    ]
    return Tones(curve, (added[0], added[1]))


def in_tones(instant: Instant, tones: Tones) -> Instant:
    """An instant in the tones of the other video."""
    import numpy as np

    blue, red = (
        np.clip(plane.astype(np.int16) + added, 0, 255).astype(np.uint8)
        for plane, added in zip(instant[1:], tones.colours, strict=True)
    )
    return instant._replace(brightness=tones.brightness[instant.brightness], blue=blue, red=red)


def apart(one: Instant, other: Instant) -> Blocks:
    """The greatest difference in every block."""
    import numpy as np

    found = _greatest(_absolute(one.brightness, other.brightness), _SIDE).astype(np.float32)
    for plane in (1, 2):
        colour = _greatest(_absolute(one[plane], other[plane]), _SIDE // 2)
        found = np.maximum(found, _COLOUR * colour)
    return found


def _absolute(one: Plane, other: Plane) -> Plane:
    import numpy as np

    return np.maximum(one, other) - np.minimum(one, other)


def _greatest(plane: Plane, side: int) -> Plane:
    """The greatest of every block; halved again and again, for numpy is slow along an axis as short as a block."""
    import numpy as np

    while side > 1:
        plane = np.maximum(plane[::2], plane[1::2])
        plane = np.maximum(plane[:, ::2], plane[:, 1::2])
        side //= 2
    return plane


def expected(one: Instant, before: tuple[Instant, Instant], other: Instant) -> Blocks:
    """How much of a difference encoding may make in every block, about.

    Args:
        one, other: One instant in both videos.
        before: The same a little earlier.
    """
    import numpy as np

    contrast = np.minimum(_contrast(one), _contrast(other)).astype(np.float32)
    moved = np.minimum(_moved(one, before[0]), _moved(other, before[1])).astype(np.float32)
    return _FLOOR + _OF_CONTRAST * contrast + _OF_MOTION * moved


def _contrast(one: Instant) -> Plane:
    """The range of brightness in every block."""
    return _greatest(one.brightness, _SIDE) - (255 - _greatest(255 - one.brightness, _SIDE))


def _moved(one: Instant, before: Instant) -> Plane:
    return _greatest(_absolute(one.brightness, before.brightness), _SIDE)


class Course:
    """The differences over the whole time, of every short while the greatest in each block."""

    def __init__(self) -> None:
        self._bins: dict[int, tuple[NDArray[np.float16], NDArray[np.float32]]] = {}

    def add(self, seconds: float, ratio: Blocks) -> None:
        """Add an instant.

        Args:
            ratio: What differs in every block, in multiples of what is to be expected.
        """
        import numpy as np

        key = int(seconds / _BIN_SECONDS)
        if key not in self._bins:
            self._bins[key] = (np.zeros(ratio.shape, np.float16), np.zeros(ratio.shape, np.float32))
        most, when = self._bins[key]
        when[ratio >= np.maximum(_AS_MUCH * most, _ROUNDING)] = seconds
        np.maximum(most, ratio, out=most, casting="same_kind")

    def greatest(self, briefly: int, most: int) -> list[Excess]:
        """The instants with the greatest differences, the greatest first.

        Args:
            briefly: So many at which a place differs that does not do so all the time, at most.
            most: So many at which a place differs more than others, at most.
        """
        import numpy as np

        if not self._bins:
            return []
        keys = sorted(self._bins)
        ratios = np.stack([self._bins[key][0] for key in keys]).astype(np.float32)
        usual = np.median(ratios, axis=0)
        then = np.median(ratios, axis=(1, 2), keepdims=True)
        least = min(_ALWAYS_LOOKED_AT, max(_LEAST, _TIMES_NOISE * float(np.percentile(ratios, 99))))
        found: list[Excess] = []
        for scores, count in ((ratios / (0.5 + usual) / (0.5 + then), briefly), (ratios, most)):
            flat = scores.reshape(len(keys), -1)
            peaks, wanted = flat.max(axis=1), len(found) + count
            for place in np.argsort(-peaks, kind="stable"):
                if len(found) >= wanted:
                    break
                row, column = divmod(int(flat[place].argmax()), ratios.shape[2])
                seconds = float(self._bins[keys[place]][1][row, column])
                if ratios[place, row, column] < least or any(_is_near(seconds, taken) for taken in found):
                    continue
                at = (row + 0.5) / ratios.shape[1], (column + 0.5) / ratios.shape[2]
                found.append(Excess(seconds, float(peaks[place]), *at))
        return found


def _is_near(seconds: float, other: Excess) -> bool:
    return abs(seconds - other.seconds) < _APART_SECONDS
