"""Whether two copies of a page may differ in one figure, told by what a figure would change.

`differences` asks whether something stands out. Of small print in a copy of another size nothing does: a change of size
and an encoder alter every letter. So here the question is turned round. What one copy is of the other by its size, its
sharpness and its place, a filter of 5 × 5 pixels fitted to all letters explains (least squares). Where what is left is
as much as another figure would leave, there may be one: then the two are not the same, be it that one figure differs or
that the letters are too small or too coarse to tell.

What a figure leaves was measured on one page each of nine kinds (invoice, its scan, receipt, spreadsheet, table, form,
chat, dark list, long screenshot) and its likes with another figure, in halves and quarters as PNG, WebP
and JPEG of 40 and 70. That nothing is told of letters two pixels high came from one more spreadsheet.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Plane = NDArray[np.float32]
    Mask = NDArray[np.bool_]

TOO_COARSE = "the letters of one are too small or too coarse to tell whether a figure differs"
_REACH = 2
"""Pixels around one that the filter looks at."""
_FITTED = 40_000
_FEWEST = 400
"""Pixels of letters that a filter and a yardstick need."""
_RIDGE = 4.0
_ACTIVE = 30.0
_SIDE = 3
"""Pixels, of the squares over which what is left is averaged: about a stroke of a small letter."""
_AROUND = 15
_CONTRAST = 30.0
"""Range of brightness, of 255, from which on there are letters."""
_LEAST_CONTRAST = 50.0
_LEAST = 9.0
"""Brightness, of 255, less of which is no stroke."""
_TIMES = 2.1
"""So many times what 99 of 100 places of letters have left: copies have 1.8 at most."""
_OF_FIGURE = 0.4
"""Share of what a figure leaves that has to be left for that."""
_TIMES_USUAL = 3.0
"""What stands out by so much is a figure; less, and nobody can tell."""

_TALLEST = 25
"""Pixels; larger letters are never too small."""
_INK, _INK_CONTRAST = 0.4, 40.0
_LINE_ACROSS, _LINE_DOWN = 40, 30
_GAP = 7
"""Pixels between letters of one word, at most."""
_LONG, _SURELY_LONG = 1.5, 3.0
_SHORTEST = 6
_SOLID = 0.92
"""Share of a box that a rule fills, and words do not."""
_TURNED = 2
_FEWEST_WORDS = 5
_LEAST_TEXT = 0.05
"""Share of what is not even that words are: of a chart 0.07, of a page 0.4, of a silhouette 0.04."""
_SMALL_PRINT = 0.03
"""Share of the length of all words that is left out as too small to be words."""
_RIPPLES = 0.3


class Figures(NamedTuple):
    """Where figures may differ."""

    mask: Mask
    is_told: bool
    """Whether one differs for sure, rather than that nobody can tell."""


def figures(one: Plane, other: Plane) -> Figures:
    """Where two pages may have other figures.

    Args:
        one, other: Their brightness, in one size, laid over each other exactly and in the same tones.
    """
    import numpy as np

    nothing = Figures(np.zeros(one.shape, bool), is_told=True)
    if float(_spread(one - other).max()) < _LEAST:
        return nothing
    fitted, target = min((_as_filtered(*both) for both in ((one, other), (other, one))), key=_left_in_the_mean)
    contrast = np.maximum(_range(fitted), _range(target))
    letters = contrast > _CONTRAST
    letters[:_SIDE] = letters[-_SIDE:] = letters[:, :_SIDE] = letters[:, -_SIDE:] = False
    if letters.sum() < _FEWEST:
        return nothing
    heights = [height_of_words(page) for page in (fitted, target)]
    if None in heights:
        return nothing
    left = _spread(fitted - target)
    share = left / np.maximum(contrast, _LEAST_CONTRAST)
    # What seems to be small print in one alone is what an encoder left.
    of_figure = _left_by_a_figure(max(height for height in heights if height is not None))
    usual, most = (float(np.percentile(left[letters], share)) for share in (95, 99))
    as_much = share > of_figure
    stands_out = (share > _OF_FIGURE * of_figure) & (left > _TIMES * most)
    mask = letters & (left > _LEAST) & (as_much | stands_out)
    return Figures(mask, is_told=bool(mask.any()) and float(left[mask].max()) > _TIMES_USUAL * usual)


def _left_by_a_figure(height: float) -> float:
    """The least that another figure leaves, as a share of the contrast, by the height of the letters in pixels: between
    3 and 8, or 5 and 6, it is less than a stroke, and of letters of two pixels next to nothing."""
    if height >= 8:
        return 0.4
    return 0.03 * height if height < 3 else min(0.33, 0.08 * height - 0.04)


def _spread(plane: Plane) -> Plane:
    import numpy as np
    from scipy.ndimage import uniform_filter

    spread: Plane = np.sqrt(np.maximum(uniform_filter(plane**2, _SIDE), 0))
    return spread


def _range(plane: Plane) -> Plane:
    from scipy.ndimage import maximum_filter, minimum_filter

    around: Plane = maximum_filter(plane, _AROUND) - minimum_filter(plane, _AROUND)
    return around


def _left_in_the_mean(both: tuple[Plane, Plane]) -> float:
    import numpy as np

    return float(np.abs(both[0] - both[1]).mean())


def _as_filtered(one: Plane, other: Plane) -> tuple[Plane, Plane]:
    """The first, filtered so that its letters come nearest to those of the second; and the second."""
    import numpy as np
    from scipy.ndimage import correlate, uniform_filter

    side = 2 * _REACH + 1
    active = uniform_filter(one**2, side) - uniform_filter(one, side) ** 2 > _ACTIVE
    inner = (slice(_REACH, -_REACH),) * 2
    rows, columns = (places + _REACH for places in np.nonzero(active[inner]))
    if len(rows) < _FEWEST:
        return one, other
    every = max(1, len(rows) // _FITTED) | 1
    rows, columns = rows[::every], columns[::every]
    steps = range(-_REACH, _REACH + 1)
    around = [one[rows + down, columns + across] for down in steps for across in steps]
    design = np.stack([*around, np.full(len(rows), 255.0, np.float32)], axis=1).astype(np.float64)
    products = design.T @ design + np.eye(side**2 + 1) * _RIDGE * len(rows)
    *taps, level = np.linalg.solve(products, design.T @ other[rows, columns].astype(np.float64))
    filtered: Plane = correlate(one, np.reshape(taps, (side, side)).astype(np.float32), mode="nearest")
    return filtered + np.float32(255 * level), other


def height_of_words(page: Plane) -> float | None:
    """How tall the smaller words of a page are, in pixels; None where it has none that might be too small.

    They are told without being read: ink that lies side by side, upright or turned by 90°.
    """
    import numpy as np

    upright, turned = _words(page), _words(page.T)
    # Rules of a table and the strokes of letters look like some words in the other direction.
    words = turned if _length(turned) > _TURNED * _length(upright) else upright
    for least in (2, 1):
        chosen = sorted(word for word in words if word[0] >= least)
        area = sum(height * width for height, width in chosen)
        if len(chosen) >= _FEWEST_WORDS and area >= _LEAST_TEXT * float((_range(page) > _CONTRAST).sum()):
            lengths = np.cumsum([width for _, width in chosen])
            return float(chosen[int(np.searchsorted(lengths, _SMALL_PRINT * lengths[-1]))][0])
    return None


def _length(words: Sequence[tuple[int, int]]) -> int:
    return sum(width for height, width in words if height > 1 and width >= _SURELY_LONG * height)


def _words(page: Plane) -> list[tuple[int, int]]:
    """The heights and widths of words."""
    import numpy as np
    from scipy.ndimage import (
        binary_closing,
        binary_opening,
        find_objects,
        grey_closing,
        grey_opening,
        label,
        maximum_filter,
        minimum_filter,
    )

    found: list[tuple[int, int]] = []
    size = (_TALLEST, _TALLEST)
    # Around what is far darker, an encoder leaves ripples.
    least = np.maximum(_INK_CONTRAST, _RIPPLES * (maximum_filter(page, size) - minimum_filter(page, size)))
    for stands_out in (grey_closing(page, size) - page, page - grey_opening(page, size)):
        contrast = maximum_filter(stands_out, 15)
        ink = (stands_out > _INK * contrast) & (contrast > least)
        for line in ((1, _LINE_ACROSS), (_LINE_DOWN, 1)):
            ink &= ~binary_opening(ink, np.ones(line))
        padded = np.pad(ink, _GAP)
        words, _ = label(binary_closing(padded, np.ones((1, _GAP))))
        for down, across in find_objects(words):
            height, width = down.stop - down.start, across.stop - across.start
            is_rule = width >= _SURELY_LONG * height and float(padded[down, across].mean()) > _SOLID
            if width >= max(_SHORTEST, _LONG * height) and not is_rule:
                found.append((height, width))
    return found
