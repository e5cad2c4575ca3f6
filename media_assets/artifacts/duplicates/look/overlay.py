"""Which boxes of two videos show the same, told from a few frames: between bars, and where one was cut at its edges."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from media_assets.artifacts.duplicates.look.align import SURE, WHOLE, CutOut, find_box, refined
from media_assets.artifacts.duplicates.look.matching import inside_common_bars
from media_assets.artifacts.duplicates.look.pictures import upright
from media_assets.artifacts.duplicates.look.tones import grey_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]
    Grey = NDArray[np.float32]

_LEVELS = (128, 400)
_TRIED = 3
_LEAST_AREA = 0.5


class Boxes(NamedTuple):
    """The boxes of two videos that show the same, as their files have them."""

    first: CutOut
    second: CutOut


def boxes_of(
    first: Sequence[Sequence[Pixels]],
    second: Sequence[Sequence[Pixels]],
    matches: Sequence[Sequence[tuple[int, int]]],
    orientation: int,
) -> Boxes:
    """The boxes, from bursts of both with their bars.

    Args:
        matches: The frames of each burst that show the same.
        orientation: How the frames of the first are to be turned to lie as those of the second.
    """
    inside = [inside_common_bars(bursts) for bursts in (first, second)]
    pairs = [
        (grey_of(upright(one[match[0][0]][inside[0]], orientation)), grey_of(other[match[0][1]][inside[1]]))
        for one, other, match in zip(first, second, matches, strict=True)
        if match
    ]
    cut, other_cut = _cuts(pairs[:_TRIED])
    return Boxes(
        _shares(inside[0], first).part(_unturned(cut, orientation)), _shares(inside[1], second).part(other_cut)
    )


def _cuts(pairs: Sequence[tuple[Grey, Grey]]) -> tuple[CutOut, CutOut]:
    """The boxes of both that the other shows too, by the pair that fits best."""
    best, boxes = 0.0, (WHOLE, WHOLE)
    for one, other in pairs:
        for outer, inner, is_turned in ((one, other, False), (other, one, True)):
            if is_turned and best >= SURE:
                break
            box, alike = find_box(outer, inner)
            if alike <= best + 0.002 or box.area < _LEAST_AREA:
                continue
            best = alike
            found = _shared(refined(outer, inner, box, _LEVELS))
            boxes = (found[1], found[0]) if is_turned else found
    return boxes


def _shared(box: CutOut) -> tuple[CutOut, CutOut]:
    """What the outer one and the inner one have in common, when the inner one shows a box of the outer one."""
    outer = CutOut(max(0.0, box.left), max(0.0, box.top), min(1.0, box.right), min(1.0, box.bottom))
    width, height = box.right - box.left, box.bottom - box.top
    inner = CutOut(
        (outer.left - box.left) / width,
        (outer.top - box.top) / height,
        (outer.right - box.left) / width,
        (outer.bottom - box.top) / height,
    )
    return outer, inner


def _unturned(box: CutOut, orientation: int) -> CutOut:
    """A box of a picture that was turned, in the picture as it was; see `codes.turned`."""
    left, top, right, bottom = box
    if orientation & 1:
        left, right = 1 - right, 1 - left
    if orientation & 2:
        top, bottom = 1 - bottom, 1 - top
    return CutOut(top, left, bottom, right) if orientation & 4 else CutOut(left, top, right, bottom)


def _shares(inside: tuple[slice, slice], bursts: Sequence[Sequence[Pixels]]) -> CutOut:
    frame = next((frame for burst in bursts for frame in burst), None)
    if frame is None:
        return WHOLE
    (rows, columns), (height, width) = inside, frame.shape[:2]
    top, bottom, _ = rows.indices(height)
    left, right, _ = columns.indices(width)
    return CutOut(left / width, top / height, right / width, bottom / height)
