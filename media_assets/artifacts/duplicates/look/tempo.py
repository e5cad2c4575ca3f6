"""How fast one sound is played against another, told by where its parts are heard.

The lengths of two files say it to some tenths of a percent: a track ends with its pictures, encoders add silence, and
something may have been cut off. After a quarter of a minute that is as much as a short syllable. So places of the first
sound are looked for in the second, each twice as far from the beginning as the one before, and a line is laid through
what was found; what is known by then says where to look for the next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from media_assets.artifacts.duplicates.look.sounds import slowed_bands

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from media_assets.artifacts.duplicates.look.sounds import Bands

_CHUNK_STEPS = 200
"""3.2 s: enough to be found, and so little that a wrong speed does not smear it."""
_REACH_STEPS = 110
_ROUNDS = 2
_EVEN_CHUNKS = 8
_FEWEST_CHUNKS = 3
_LEAST_ALIKE = 0.3
_QUIET_DECIBELS = 40


class Tempo(NamedTuple):
    """Where the steps of a second sound are heard in the first: `offset + speed * step`."""

    speed: float
    """How many times as fast the second is played."""
    offset_steps: float


def fitted(first: Bands, second: Bands, about: Tempo) -> Tempo:
    """The tempo at which two sounds fit best; `about` itself where too little is found of one in the other."""
    for _ in range(_ROUNDS):
        moved = _moved(first, slowed_bands(second, about.speed), about.offset_steps)
        if moved is None:
            return about
        offset, slope = moved
        about = Tempo(about.speed * slope, offset)
    return about


def _moved(first: Bands, second: Bands, offset: float) -> tuple[float, float] | None:
    """The line a + b * step on which steps of the second are heard in the first."""
    start, end = max(0, round(offset)), min(len(first), round(offset) + len(second))
    chunk = min(_CHUNK_STEPS, (end - start) // (_FEWEST_CHUNKS + 1))
    if chunk < _CHUNK_STEPS // 4:
        return None
    line, found = (offset, 1.0), []
    for begin in _begins(start, end - chunk):
        # The place of the middle of the chunk in the second.
        expected = (begin + chunk / 2 - line[0]) / line[1] - chunk / 2
        place, alike = _place(first[begin : begin + chunk], second, round(expected))
        if alike >= _LEAST_ALIKE:
            found.append((place + chunk / 2, begin + chunk / 2))
            line = _line(found) if len(found) >= _FEWEST_CHUNKS else line
    if len(found) < _FEWEST_CHUNKS:
        return None
    return line


def _begins(start: int, last: int) -> list[int]:
    """Steps of the first at which chunks of it begin, from the nearest to the farthest."""
    even = {start + (last - start) * number // _EVEN_CHUNKS for number in range(_EVEN_CHUNKS + 1)}
    near, step = set[int](), _CHUNK_STEPS // 2
    while step < (last - start) // _EVEN_CHUNKS:
        near.add(start + step)
        step *= 2
    return sorted(even | near)


def _place(chunk: Bands, second: Bands, expected: int) -> tuple[float, float]:
    """The step of the second at which a chunk is heard, and how alike both are there."""
    import numpy as np

    earliest = max(0, expected - _REACH_STEPS)
    around = second[earliest : max(0, expected + _REACH_STEPS) + len(chunk)]
    if len(around) <= len(chunk):
        return 0.0, 0.0
    one, other = _above_noise(chunk), _above_noise(around)
    windows = np.lib.stride_tricks.sliding_window_view(other, len(chunk), axis=0)  # places, bands, steps
    one = one - one.mean()
    products = np.einsum("pbs,sb->p", windows, one)
    means, squares = windows.mean(axis=(1, 2)), (windows**2).mean(axis=(1, 2))
    lengths = np.sqrt(np.maximum(squares - means**2, 1e-6) * one.size * float((one**2).sum()))
    alike = products / np.maximum(lengths, 1e-6)
    best = int(alike.argmax())
    return earliest + best + _between(alike, best), float(alike[best])


def _between(scores: NDArray[np.floating], best: int) -> float:
    """The peak of a parabola through three scores, in steps from the best of them."""
    if not 0 < best < len(scores) - 1:
        return 0.0
    before, peak, after = (float(score) for score in scores[best - 1 : best + 2])
    bend = before - 2 * peak + after
    return 0.5 * (before - after) / bend if bend < 0 else 0.0


def _line(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """The line through points that leaves out those that are far from it (Theil and Sen)."""
    from scipy.stats import theilslopes

    across, up = zip(*points, strict=True)
    found = theilslopes(up, across)
    return float(found.intercept), float(found.slope)


def _above_noise(bands: Bands) -> Bands:
    import numpy as np

    found: Bands = np.maximum(bands, bands.max() - _QUIET_DECIBELS)
    return found
