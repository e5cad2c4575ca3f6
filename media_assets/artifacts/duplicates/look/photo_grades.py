"""How much detail two pictures that show the same really show, measured on some parts of both in full.

What a filter left of a picture: fine waves that one shows where things are, and the other does not. They count where
the waves of both do not go together, for what goes together may have been sharpened; where one has many times as much
as the other, for sharpening and encoding add some; and where they stand out from what is in even places of the same
brightness, for noise is everywhere.

What JPEG left: the waves of its squares of 8×8 pixels in multiples of a step, also after another file was made of it.
The other one is what it was made of where its own waves lie evenly around those multiples: of what was sharpened or
blurred they lie farther away, of what got noise nearer to them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from media_assets.artifacts.duplicates.find.measured import Measured
from media_assets.artifacts.duplicates.look.align import WHOLE, CutOut, resized
from media_assets.artifacts.duplicates.look.grades import measured
from media_assets.artifacts.duplicates.look.views import View

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]
    Grey = NDArray[np.float32]

_PART, _MOST = 512, 1024
"""Pixels to a side of the parts: of the smaller of both, and at most of the larger one."""
_EACH_WAY = 3
"""So many parts are taken along each side, at most."""
_LEAST_SIDE = 96
_MISSED = 0.004
"""Share of a side by which two pictures of one size may seem to miss each other."""
_SIDE = 32
"""Pixels to a side of the squares whose waves are taken."""
_FEWEST_SQUARES = 40
_BANDS = (0.12, 0.2, 0.28, 0.36, 0.44, 0.52, 0.6, 0.68, 0.76, 0.84, 0.92)
"""Shares of the finest wave that a size can show."""
_COARSE = (0.06, 0.3)
"""Waves by which it is told in which squares things are."""
_TONES = 4
_EVEN, _BUSY = 0.2, 0.5
"""Shares of the squares of each brightness in which least and most is to be seen."""
_TOGETHER = 0.5
"""How far waves go together, from 0 to 1, to be the same behind a filter."""
_TIMES, _LOW, _MIDDLE = 20.0, 0, 2
"""So many times as much as the other one shows the finer one of the waves of a band, beyond how many times as much it
shows of those of a low band. What is sharpened, even twice, shows up to 30 times as much, and 2 to 3 times of the low
ones; what was blurred by 1 to 2 pixels, or made smaller by half and enlarged, has lost 20 to 300 times as much."""
_SHARP, _STEEP = ((6, 0.08), (9, 0.025)), 10.0
"""Shares of the energy of middle waves that fine ones and the finest have in a picture that is sharp of itself: 0.085
and 0.027 or more in photos as they are, 0.051 and 0.023 at most where a soft one was sharpened twice, or after coarse
encoding. Of a soft picture no
more is told than that the other lost its middle waves, which no filter that sharpens makes of its low ones."""
_FALLS = 3.0
"""So many times as much energy have low waves as middle ones, at least: 8 to 14 times in photos, 1 to 7 times where
they were sharpened until nothing else is to be seen."""
_CODED = 0.5
"""Squares of levels of 255, per wave: less is the noise of encoding."""
_TIMES_NOISE = 1.5
_LEAST_LOST = 0.4
"""Detail that was lost, as the logarithm to base 2, on average over the bands."""
_GRID = 8
_WAVES = ((0, 1), (1, 0), (1, 1), (0, 2), (2, 0), (1, 2), (2, 1), (2, 2), (0, 3), (3, 0), (1, 3), (3, 1))
_STEPS = range(8, 64)
"""JPEG at a quality of 75 has steps of 5 to 8: it is hardly told by eye, and other rules may decide."""
_FEWEST_VALUES = 60
_IN_STEPS, _OWN_STEPS = 0.7, 0.4
"""How near to multiples of a step the waves lie: 1 on them, 0 anywhere."""
_WITHIN, _NEARLY_ALL, _MOST_NEAR = 0.55, 0.9, 0.62
"""How far, in steps, what was encoded may lie from what came of it; the share that does; and the share within a
quarter, which is half where it lies evenly."""
_FEWEST_WAVES, _MOST_WAVES = 5, 0.5


def measured_in_photos(one: View, other: View, boxes: tuple[CutOut, CutOut]) -> Measured:
    """How fine the detail of both is, and whether one has pixels that show no more.

    Args:
        boxes: What of each both show.
    """
    import numpy as np

    pairs = _parts(one, other, _snapped(one, other, boxes))
    if not pairs:
        return Measured()
    grey = [(_grey(left), _grey(right)) for left, right in pairs]
    as_large = all(left.shape == right.shape for left, right in grey)
    if as_large and (coarser := _coarser_steps(grey)):
        return Measured(finer=coarser)
    enlarged = None
    if not as_large:
        in_bytes = [tuple(np.clip(part.round(), 0, 255).astype(np.uint8) for part in pair) for pair in pairs]
        enlarged = measured([(left, right) for left, right in in_bytes], ([], [])).enlarged
        sizes = [(min(a.shape[1], b.shape[1]), min(a.shape[0], b.shape[0])) for a, b in grey]
        grey = [(resized(a, size), resized(b, size)) for (a, b), size in zip(grey, sizes, strict=True)]
    return Measured(round(_finer(grey), 3), enlarged)


def _snapped(one: View, other: View, boxes: tuple[CutOut, CutOut]) -> tuple[CutOut, CutOut]:
    """All of both, where they have as many pixels and seem to miss each other by few."""
    off = max(abs(edge - end) for box in boxes for edge, end in zip(box, WHOLE, strict=True))
    is_all = (one.rows, one.columns) == (other.rows, other.columns) and off < _MISSED
    return (WHOLE, WHOLE) if is_all else boxes


def _parts(one: View, other: View, boxes: tuple[CutOut, CutOut]) -> list[tuple[Grey, Grey]]:
    """Parts of both that show the same, spread over what they share, as they are stored."""
    shares = [_pixels(view, box) for view, box in zip((one, other), boxes, strict=True)]
    wide, high = (min(pair) for pair in zip(*shares, strict=True))
    times = max(max(pair) / max(1.0, min(pair)) for pair in zip(*shares, strict=True))
    side = min(_PART, int(_MOST / times)) // _GRID * _GRID
    if min(wide, high, side) < _LEAST_SIDE:
        return []
    size = min(wide, side), min(high, side)
    sizes = [(round(size[0] * own / wide), round(size[1] * tall / high)) for own, tall in shares]
    found = []
    for top in _begins(high, side):
        for left in _begins(wide, side):
            part = CutOut(left / wide, top / high, (left + size[0]) / wide, (top + size[1]) / high)
            one_part, other_part = (
                _cut(view, box.part(part), pixels) for view, box, pixels in zip((one, other), boxes, sizes, strict=True)
            )
            found.append((one_part, other_part))
    return found


def _pixels(view: View, box: CutOut) -> tuple[float, float]:
    return (box.right - box.left) * view.columns, (box.bottom - box.top) * view.rows


def _begins(size: float, side: int) -> list[float]:
    """Where parts begin along a side; on the grid of JPEG, where a picture begins on it."""
    count = min(_EACH_WAY, max(1, int(size / side)))
    if count == 1:
        return [max(0.0, (size - side) / 2) // _GRID * _GRID]
    return [(size - side) * place / (count - 1) // _GRID * _GRID for place in range(count)]


def _cut(view: View, box: CutOut, size: tuple[int, int]) -> Grey:
    """So many pixels (width, height) from where a box begins: all parts of a picture have as many."""
    columns, rows = min(size[0], view.columns), min(size[1], view.rows)
    left = min(max(0, round(box.left * view.columns)), view.columns - columns)
    top = min(max(0, round(box.top * view.rows)), view.rows - rows)
    return view.part(slice(top, top + rows), slice(left, left + columns))


def _grey(part: Grey) -> Grey:
    import numpy as np

    grey: Grey = part @ np.array([0.299, 0.587, 0.114], np.float32)
    return grey


# ----------------------------------------------------------------------------------------------- what filters left


def _finer(pairs: Sequence[tuple[Grey, Grey]]) -> float:
    """See `Measured.finer`."""
    import numpy as np

    one, other = (np.concatenate([_squares(pair[side]) for pair in pairs]) for side in (0, 1))
    if len(one) < _FEWEST_SQUARES or len(one) != len(other):
        return 0.0
    even, busy = _even_and_busy(one, other)
    waves, other_waves = _waves(one), _waves(other)
    crossed = abs((waves[busy] * other_waves[busy].conj()).mean(axis=0)) ** 2
    energy, other_energy = abs(waves) ** 2, abs(other_waves) ** 2
    apart = 1 - crossed / (energy[busy].mean(axis=0) * other_energy[busy].mean(axis=0) + 1e-9)
    bands = _bands()
    noise = [[float(each[even][:, band].mean()) for band in bands] for each in (energy, other_energy)]
    shown = [[float(each[busy][:, band].mean()) for band in bands] for each in (energy, other_energy)]
    is_apart = [bool(apart[band].mean() > 1 - _TOGETHER) for band in bands]
    lost = _lost(shown[0], shown[1], noise, is_apart), _lost(shown[1], shown[0], noise[::-1], is_apart)
    return 0.0 if min(lost) or max(lost) < _LEAST_LOST else lost[0] - lost[1]


def _lost(more: list[float], less: list[float], noise: list[list[float]], is_apart: list[bool]) -> float:
    """How much of the detail of one the other has lost, as the logarithm to base 2, on average over the bands."""
    times = [one / max(other, _CODED) for one, other in zip(more, less, strict=True)]
    detail_in = [one - floor for one, floor in zip(more, noise[0], strict=True)]
    is_sharp = all(detail_in[band] > share * detail_in[_MIDDLE] for band, share in _SHARP)
    is_natural = detail_in[_LOW] > _FALLS * detail_in[_MIDDLE]
    if not (is_sharp and is_natural) and times[_MIDDLE] < _STEEP * times[_LOW]:
        return 0.0
    everywhere = max(1.0, times[_LOW])
    total = 0.0
    for one, other, floor, other_floor, counts in zip(more, less, *noise, is_apart, strict=True):
        detail, left = max(0.0, one - floor), max(0.0, other - other_floor) + _CODED
        if counts and detail > _TIMES * everywhere * left and detail - left > _TIMES_NOISE * (floor - other_floor):
            total += math.log2(detail / left)
    return total / len(more)


def _squares(grey: Grey) -> Grey:
    rows, columns = (size // _SIDE for size in grey.shape)
    inside = grey[: rows * _SIDE, : columns * _SIDE]
    squares: Grey = inside.reshape(rows, _SIDE, columns, _SIDE).swapaxes(1, 2).reshape(-1, _SIDE, _SIDE)
    return squares


def _even_and_busy(one: Grey, other: Grey) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The squares in which least is to be seen, and those in which most is, of each brightness."""
    import numpy as np

    coarse = (_radius() > _COARSE[0]) & (_radius() < _COARSE[1])
    seen = np.minimum(*((abs(_waves(each)[:, coarse]) ** 2).mean(axis=1) for each in (one, other)))
    even, busy = [], []
    for tone in np.array_split(np.argsort(one.mean(axis=(1, 2)), kind="stable"), _TONES):
        ordered = tone[np.argsort(seen[tone], kind="stable")]
        even.append(ordered[: max(2, int(_EVEN * len(ordered)))])
        busy.append(ordered[int(_BUSY * len(ordered)) :])
    return np.concatenate(even), np.concatenate(busy)


def _waves(squares: Grey) -> NDArray[np.complex64]:
    import numpy as np

    line = np.hanning(_SIDE + 1)[:_SIDE]
    window = np.outer(line, line).astype(np.float32)
    waves = np.fft.rfft2((squares - squares.mean(axis=(1, 2), keepdims=True)) * window)
    found: NDArray[np.complex64] = (waves / np.sqrt((window**2).sum())).astype(np.complex64)
    return found


def _radius() -> NDArray[np.float64]:
    import numpy as np

    radius: NDArray[np.float64] = np.hypot(np.fft.fftfreq(_SIDE)[:, None], np.fft.rfftfreq(_SIDE)[None]) / 0.5
    return radius


def _bands() -> list[NDArray[np.bool_]]:
    radius = _radius()
    return [(radius >= low) & (radius < high) for low, high in pairwise(_BANDS)]


# -------------------------------------------------------------------------------------------------- what JPEG left


def _coarser_steps(pairs: Sequence[tuple[Grey, Grey]]) -> float:
    """See `Measured.finer`, where one was made of the other by JPEG; 0 where neither was."""
    import numpy as np

    one, other = (np.concatenate([_coefficients(pair[side]) for pair in pairs]) for side in (0, 1))
    return _made_coarser(one, other) or 0.0 - _made_coarser(other, one)


def _coefficients(grey: Grey) -> Grey:
    from scipy.fft import dctn

    rows, columns = (size // _GRID for size in grey.shape)
    inside = grey[: rows * _GRID, : columns * _GRID] - 128
    squares = inside.reshape(rows, _GRID, columns, _GRID).swapaxes(1, 2).reshape(-1, _GRID, _GRID)
    found: Grey = dctn(squares, axes=(1, 2), norm="ortho")
    return found


def _made_coarser(fine: Grey, coarse: Grey) -> float:
    """How many times as coarse the second is, as the logarithm to base 2; 0 where it was not made of the first."""
    import numpy as np

    told, asked = [], 0
    for row, column in _WAVES:
        before, after = fine[:, row, column], coarse[:, row, column]
        step = next((each for each in reversed(_STEPS) if _in_steps(after, each) > _IN_STEPS), 0)
        asked += bool(step) or (abs(after) > _STEPS[0]).sum() >= _FEWEST_VALUES
        if not step or _in_steps(before, step) > _OWN_STEPS:
            continue
        shown = abs(after) > 0.6 * step
        off = abs(before - after)[shown] / step
        if (off <= _WITHIN).mean() >= _NEARLY_ALL and (off <= 0.25).mean() <= _MOST_NEAR:
            told.append(step / max(1.0, _STEPS[0] / 2))
    if asked < _FEWEST_WAVES or len(told) < _MOST_WAVES * asked:
        return 0.0
    return round(float(np.log2(np.median(told))), 3)


def _in_steps(values: Grey, step: int) -> float:
    """How near values that are not nearly 0 lie to multiples of a step, from 0 to 1; 0 where these are too few."""
    import numpy as np

    shown = values[abs(values) > 0.6 * step]
    return float(abs(np.exp(2j * np.pi * shown / step).mean())) if len(shown) >= _FEWEST_VALUES else 0.0
