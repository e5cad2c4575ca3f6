"""The look at two pictures in the size in which they are stored: a figure of a large page is legible there alone.

How they lie over each other is known from small pictures of both. They are compared tile by tile, each as it is first,
and where it seems to differ laid over the other more exactly, so that memory is bounded and the time grows with the
pixels. What differs in a photo may be a mark that was too faint in the small one: it is looked at once more as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from media_assets.artifacts.duplicates.look.align import CutOut, refined
from media_assets.artifacts.duplicates.look.differences import (
    Differences,
    deep_differences,
    differences,
)
from media_assets.artifacts.duplicates.look.figures import TOO_COARSE, figures
from media_assets.artifacts.duplicates.look.marks import PlacedMark, mark_of
from media_assets.artifacts.duplicates.look.pictures import Finding, Laying, SeenPair, as_soft, where
from media_assets.artifacts.duplicates.look.tones import planes_of
from media_assets.artifacts.duplicates.look.views import View
from media_assets.base.interruption import ask

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from media_assets.artifacts.duplicates.look.tones import Planes

    Mask = NDArray[np.bool_]

_TILE = 1024
_MARGIN = 32
"""Pixels around a tile that are looked at with it."""
_LARGER = 1.05
"""So much larger than the small pictures have they to be, for their details to be another look."""
_LESS = 0.97
"""Share of what is needed that a picture which was made smaller has to offer."""
_SNAP_PIXELS = 0.6
_MOST_MOVED = 3.0
"""Pixels by which a tile may lie off the place that the small pictures say."""
_SOFT = 1.0
"""Radius of softness from which on next to nothing is lost when both are made smaller by half."""
_SAMPLED_TILES = 5
_COARSE = 4
"""Pixels to a side of the squares in which what differs is gathered."""
_MEDIUM = 3000
_AROUND_MARK = 0.012
"""Share of a side by which what differs may lie off a mark."""
_MORE_PIXELS, _RESAMPLED = 1.15, 1.6
"""Factors by which differences have to be larger than on small pictures, pixel by pixel and in another size:
among so many pixels more have large differences by chance."""
_MOST_USUAL = 5.5
_AROUND = CutOut(-0.02, -0.02, 1.02, 1.02)
"""A tile with what is around it."""
_KERNELS = ("BICUBIC", "BOX")


class _Pair(NamedTuple):
    """Two pictures that lie over each other, and the size (width, height) in which they are compared."""

    outer: View
    inner: View
    laying: Laying
    outer_box: CutOut
    """What both show, as shares of the whole of each."""
    inner_box: CutOut
    size: tuple[int, int]

    @property
    def is_deep(self) -> bool:
        return self.outer.is_deep and self.inner.is_deep

    @property
    def is_resampled(self) -> bool:
        """Whether a pixel of the one is not one of the other."""
        sizes = (_pixels(self.outer, self.outer_box), _pixels(self.inner, self.inner_box))
        return any(abs(side - own) > 0.01 for pixels in sizes for side, own in zip(self.size, pixels, strict=True))

    @property
    def factor(self) -> float:
        """See _RESAMPLED."""
        return _RESAMPLED if self.is_resampled else _MORE_PIXELS

    @property
    def most_usual(self) -> float:
        """Difference of brightness that encoding makes: at the edges of small print it is much, though not so much."""
        return _MOST_USUAL if self.laying.drawn and not self.is_resampled else 255.0

    def planes(self, part: CutOut, size: tuple[int, int], kernel: str = "BICUBIC") -> tuple[Planes, Planes]:
        """Both in a part of what they share, in their own tones."""
        first = planes_of(self.outer.patch(self.outer_box.part(part), size, kernel))
        return first, planes_of(self.inner.patch(self.inner_box.part(part), size))


def look_at_details(
    one: View, other: View, small: tuple[tuple[int, int], tuple[int, int]], found: SeenPair
) -> SeenPair:
    """The finding of a look at small pictures, or another one where their details say otherwise.

    Args:
        small: Rows and columns of the small pictures.
        found: What was seen on them; they are the same by it, but for a mark, or one was cut.
    """
    laying = found.laying
    if laying is None or found.finding.verdict == "different":
        return found
    pair = _laid_over(one, other, small, laying)
    compared_side = max(max(shape) for shape in small)
    if not _says_more(pair, compared_side):
        return found
    wanting = next((view for view in (pair.outer, pair.inner) if view.is_reduced), None)
    if wanting is not None and _offers_less(pair, wanting):
        return SeenPair(Finding("different", "not looked at in detail: it has too many pixels", was_seen=False), laying)
    pair = _sharp(pair, compared_side)
    return _verdict(pair, found) if _says_more(pair, compared_side) else found


def shown_by_both(
    one: View, other: View, small: tuple[tuple[int, int], tuple[int, int]], laying: Laying
) -> tuple[CutOut, CutOut]:
    """What of each both show, as shares of it; see `look_at_details`."""
    pair = _laid_over(one, other, small, laying)
    return (pair.inner_box, pair.outer_box) if laying.whole else (pair.outer_box, pair.inner_box)


def _laid_over(one: View, other: View, small: tuple[tuple[int, int], tuple[int, int]], laying: Laying) -> _Pair:
    boxes = [_between(inside, shape) for inside, shape in zip(laying.inside, small, strict=True)]
    views = (one, other) if laying.whole == 0 else (other, one)
    whole_box, inner_box = boxes if laying.whole == 0 else reversed(boxes)
    return _snapped(*views, laying, whole_box.part(laying.box), inner_box)


def _says_more(pair: _Pair, compared_side: int) -> bool:
    """Whether a look in detail may say more: on pages, for a figure."""
    return max(pair.size) > _LARGER * compared_side or pair.is_deep or pair.laying.drawn


def _between(inside: tuple[slice, slice], shape: tuple[int, int]) -> CutOut:
    """The part of a picture between its bars, as shares of it."""
    rows, columns = (
        (part.indices(size)[0] / size, part.indices(size)[1] / size) for part, size in zip(inside, shape, strict=True)
    )
    return CutOut(columns[0], rows[0], columns[1], rows[1])


def _pixels(view: View, box: CutOut) -> tuple[float, float]:
    return (box.right - box.left) * view.columns, (box.bottom - box.top) * view.rows


def _snapped(outer: View, inner: View, laying: Laying, outer_box: CutOut, inner_box: CutOut) -> _Pair:
    """Both in the size of the smaller one; pixel by pixel where they seem to have as many."""
    inner_box = _on_grid(inner, inner_box)
    wide, high = _pixels(inner, inner_box)
    outer_wide, outer_high = _pixels(outer, outer_box)
    if abs(outer_wide - wide) < _SNAP_PIXELS and abs(outer_high - high) < _SNAP_PIXELS:
        left, top = round(outer_box.left * outer.columns), round(outer_box.top * outer.rows)
        right, bottom = left + round(wide), top + round(high)
        on_grid = CutOut(left / outer.columns, top / outer.rows, right / outer.columns, bottom / outer.rows)
        return _Pair(outer, inner, laying, on_grid, inner_box, (round(wide), round(high)))
    factor = min(1.0, outer_wide / wide, outer_high / high)
    size = max(8, round(wide * factor)), max(8, round(high * factor))
    return _Pair(outer, inner, laying, outer_box, inner_box, size)


def _on_grid(view: View, box: CutOut) -> CutOut:
    return CutOut(
        round(box.left * view.columns) / view.columns,
        round(box.top * view.rows) / view.rows,
        round(box.right * view.columns) / view.columns,
        round(box.bottom * view.rows) / view.rows,
    )


def _offers_less(pair: _Pair, view: View) -> bool:
    """Whether the other one has more details of what both show than one that was made smaller."""
    box, other, other_box = (
        (pair.outer_box, pair.inner, pair.inner_box)
        if view is pair.outer
        else (pair.inner_box, pair.outer, pair.outer_box)
    )
    return other.is_reduced or _pixels(view, box)[0] < _LESS * _pixels(other, other_box)[0]


def _sharp(pair: _Pair, least_side: int) -> _Pair:
    """The pair in a size in which both are sharp: one may have been enlarged, and says no more than it did before."""
    while max(pair.size) > _LARGER * least_side:
        busiest = max(_sampled(pair), key=lambda tile: float(tile[1][..., 0].std()))
        first, second = pair.laying.tones(*busiest)
        softness = max(as_soft(first, second)[1], as_soft(second, first)[1])
        if softness < _SOFT:
            return pair
        pair = pair._replace(size=(round(pair.size[0] / 2), round(pair.size[1] / 2)))
    return pair


def _sampled(pair: _Pair) -> Iterator[tuple[Planes, Planes]]:
    tiles = list(_tiles(pair.size))
    for tile in tiles[:: max(1, len(tiles) // _SAMPLED_TILES)]:
        yield pair.planes(_shares(tile, pair.size), _size(tile))


_Tile = tuple[slice, slice]


def _tiles(size: tuple[int, int]) -> Iterator[_Tile]:
    """Rows and columns of the tiles of a picture, each with what is around it."""
    rows, columns = (
        [slice(max(0, at - _MARGIN), min(side, at + _TILE + _MARGIN)) for at in range(0, side, _TILE)]
        for side in reversed(size)
    )
    for down in rows:
        for across in columns:
            yield down, across


def _size(tile: _Tile) -> tuple[int, int]:
    return tile[1].stop - tile[1].start, tile[0].stop - tile[0].start


def _shares(tile: _Tile, size: tuple[int, int]) -> CutOut:
    rows, columns = tile
    return CutOut(columns.start / size[0], rows.start / size[1], columns.stop / size[0], rows.stop / size[1])


def _verdict(pair: _Pair, found: SeenPair) -> SeenPair:
    """What the tiles say."""
    import numpy as np

    width, height = (-(-side // _COARSE) for side in pair.size)
    differing, marked = np.zeros((height, width), bool), _known_mark(found, (height, width))
    new: tuple[PlacedMark, Mask] | None = None
    for tile in _tiles(pair.size):
        ask()
        differs, words = _differing(pair, tile)
        rows, columns = np.nonzero(differs)
        differing[(rows + tile[0].start) // _COARSE, (columns + tile[1].start) // _COARSE] = True
        if not (differing & ~marked).any():
            continue
        if not pair.laying.drawn and new is None and (new := _mark_of_medium_size(pair, marked.shape)):
            marked |= new[1]
        if (differing & ~marked).any():
            words = words or f"{where(differing & ~marked)}, seen in full detail"
            return found._replace(finding=found.finding._replace(verdict="different", reason=words))
    if new is None or found.finding.verdict == "marked":
        return found
    on = 1 - new[0].on if pair.laying.whole else new[0].on
    finding = found.finding._replace(verdict="marked", place=new[0].place, marked=on, covers=new[0].covers)
    return found._replace(finding=finding)


def _differing(pair: _Pair, tile: _Tile) -> tuple[Mask, str]:
    """Where the two differ in a tile, and in words why, where that is not all."""
    import numpy as np

    part, size = _shares(tile, pair.size), _size(tile)
    first, second = pair.planes(part, size)
    if np.array_equal(first, second):
        return np.zeros(first.shape[:2], bool), ""
    if pair.is_deep and (finer := _finer(pair, first, second)).any():
        return finer, ""
    first, second = pair.laying.tones(first, second)
    found = _mask(differences(first, second, drawn=pair.laying.drawn, factor=pair.factor, most_usual=pair.most_usual))
    if not found.any() and not pair.laying.drawn:
        return found, ""
    laid = _laid_exactly(pair, part, size)
    if found.any():
        first, _ = as_soft(*laid)
        second, _ = as_soft(laid[1], first)
        exactly = differences(first, second, drawn=pair.laying.drawn, factor=pair.factor, most_usual=pair.most_usual)
        found &= _mask(exactly)
    if found.any() or not pair.laying.drawn:
        return found, ""
    in_figures = figures(laid[0][..., 0], laid[1][..., 0])
    return in_figures.mask, "" if in_figures.is_told else TOO_COARSE


def _finer(pair: _Pair, first: Planes, second: Planes) -> Mask:
    """Where pictures of 16 bits differ by little: as they are, or in the same tones."""
    found = deep_differences(first, second, is_resampled=pair.is_resampled)
    if not found.any():
        return found
    in_tones = pair.laying.tones(first, second)
    return found & deep_differences(*in_tones, is_resampled=pair.is_resampled)


def _mask(found: Differences) -> Mask:
    return found.mask | found.everywhere


def _laid_exactly(pair: _Pair, part: CutOut, size: tuple[int, int]) -> tuple[Planes, Planes]:
    """The tile in one tone, with the first laid over the second to a fraction of a pixel, as sharp as it."""
    import numpy as np

    second = pair.planes(part, size)[1]
    surrounding = planes_of(pair.outer.patch(pair.outer_box.part(part).part(_AROUND), _scaled(size)))
    inside = _inverse(_AROUND)
    moved = refined(surrounding[..., 0], second[..., 0], inside, (max(size),))
    off = max(abs(edge - before) for edge, before in zip(moved, inside, strict=True)) * max(_scaled(size))
    place = part.part(_AROUND.part(moved)) if off <= _MOST_MOVED else part
    tried = []
    for kernel in _KERNELS:
        first = planes_of(pair.outer.patch(pair.outer_box.part(place), size, kernel))
        tried.append(pair.laying.tones(first, second))
    return min(tried, key=lambda both: float(np.abs(both[0][..., 0] - both[1][..., 0]).mean()))


def _scaled(size: tuple[int, int]) -> tuple[int, int]:
    """The size of what is around a tile, too."""
    more = _AROUND.right - _AROUND.left
    return round(size[0] * more), round(size[1] * more)


def _inverse(around: CutOut) -> CutOut:
    """A box as a part of another that lies around it."""
    more = around.right - around.left
    low, high = -around.left / more, (1 - around.left) / more
    return CutOut(low, low, high, high)


def _known_mark(found: SeenPair, shape: tuple[int, int]) -> Mask:
    import numpy as np

    return _grown(found.mask, shape) if found.mask is not None else np.zeros(shape, bool)


def _grown(mask: Mask, shape: tuple[int, int]) -> Mask:
    """A mask in another shape, and a little more than it."""
    import numpy as np
    from scipy.ndimage import maximum_filter

    rows, columns = (np.arange(now) * before // now for now, before in zip(shape, mask.shape, strict=True))
    around = 2 * max(2, round(_AROUND_MARK * max(shape))) + 1
    grown: Mask = maximum_filter(mask[np.ix_(rows, columns)], around)
    return grown


def _mark_of_medium_size(pair: _Pair, shape: tuple[int, int]) -> tuple[PlacedMark, Mask] | None:
    """A mark that was not seen on the small pictures, and where it is; None where what is there is none."""
    factor = min(1.0, _MEDIUM / max(pair.size))
    size = max(8, round(pair.size[0] * factor)), max(8, round(pair.size[1] * factor))
    first, second = pair.laying.tones(*pair.planes(CutOut(0.0, 0.0, 1.0, 1.0), size))
    first, _ = as_soft(first, second)
    second, _ = as_soft(second, first)
    found = differences(first, second, drawn=False)
    mark = mark_of(first, second, found) if found.mask.any() else None
    return None if mark is None else (mark, _grown(found.mask, shape))
