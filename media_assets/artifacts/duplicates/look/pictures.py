"""The verdict on two pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from media_assets.artifacts.duplicates.look import align
from media_assets.artifacts.duplicates.look.align import CutOut, boxed, find_box, refined, resized
from media_assets.artifacts.duplicates.look.differences import Differences, differences
from media_assets.artifacts.duplicates.look.marks import mark_of, place_of
from media_assets.artifacts.duplicates.look.mirrors import may_be_another_when_turned
from media_assets.artifacts.duplicates.look.tones import in_same_tones, is_drawing, planes_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from media_assets.artifacts.duplicates.look.tones import Planes

    Pixels = NDArray[np.uint8]

Verdict = Literal["same", "marked", "cut", "different"]

_DARK = 32
_THINNEST_BAR = 0.02
_KERNELS = ("BICUBIC", "BOX", "LANCZOS", "BILINEAR")
_COMPARED = 100_000
_SOFTER = (0.6, 1.0, 1.6, 2.6)
_LEAST_AREA = 0.6
_OUTSIDE = 0.0015
"""Share of a side by which the edges of two pictures may miss each other."""
_OUTSIDE_PIXELS = 1.6
_LEAST_ALIKE = 0.6
TURNED = "mirrored or turned, which can be another thing in a drawing"


class Finding(NamedTuple):
    """What a look at two pictures found."""

    verdict: Verdict
    reason: str
    cut: float = 1.0
    """Share of the larger one that the smaller one shows."""
    whole: int = 0
    """Which of the two shows more, 0 or 1, where one was cut."""
    was_seen: bool = True
    """False where they could not be looked at."""
    speed: float = 1.0
    """How many times as fast the second is played by its sound."""
    place: str = ""
    """Where a mark is, in words."""
    marked: int = 1
    """Which of the two has it, 0 or 1."""
    covers: bool = False
    """Whether nothing shines through the mark."""


def look_at(one: Pixels, other: Pixels, orientation: int = 0) -> Finding:
    """Whether two pictures are the same: in other sizes, encodings, tones, with a mark over it, or cut at the edges.

    Args:
        one, other: Rows, columns and red, green, blue.
        orientation: How the second is turned against the first; an index of `codes.ORIENTATIONS`.
    """
    one, other = without_bars(upright(one, orientation)), without_bars(other)
    if orientation and may_be_another_when_turned(one, other):
        return Finding("different", TURNED)
    laid = _lay(one, other)
    if isinstance(laid, Finding):
        return laid
    first, second, cut, whole = laid
    drawn = is_drawing(first) or is_drawing(second)
    first, second = in_same_tones(first, second)
    first = _as_soft(first, second)
    second = _as_soft(second, first)
    found = differences(first, second, drawn=drawn)
    if found.everywhere:
        return Finding("different", "they differ everywhere", cut, whole)
    if not found.mask.any():
        return Finding("cut" if cut < 1 else "same", "", cut, whole)
    if not drawn and (mark := mark_of(first, second, found)) is not None:
        # The larger one was laid first.
        on = 1 - mark.on if whole else mark.on
        return Finding("marked", "", cut, whole, place=mark.place, marked=on, covers=mark.covers)
    return Finding("different", _where(found), cut, whole)


def upright(pixels: Pixels, orientation: int) -> Pixels:
    """See `codes.turned`, for pictures with colours."""
    if orientation & 4:
        pixels = pixels.swapaxes(0, 1)
    if orientation & 2:
        pixels = pixels[::-1]
    return pixels[:, ::-1] if orientation & 1 else pixels


def without_bars(pixels: Pixels) -> Pixels:
    """The picture between black bars on whatever sides; as it is where next to nothing would be left."""
    return pixels[inside_bars(pixels)]


def inside_bars(pixels: Pixels) -> tuple[slice, slice]:
    """The rows and columns of `without_bars`."""
    import numpy as np

    brightest = pixels.max(axis=-1)
    edges = []
    for axis in (1, 0):
        bright = np.flatnonzero(np.percentile(brightest, 98, axis=axis) >= _DARK)
        size = brightest.shape[1 - axis]
        first, last = (int(bright[0]), int(bright[-1]) + 1) if bright.size else (0, size)
        thinnest = _THINNEST_BAR * size
        edges.append(slice(first if first > thinnest else 0, last if size - last > thinnest else size))
    rows, columns = edges
    is_most = pixels[rows, columns].size > 0.3 * pixels.size
    return (rows, columns) if is_most else (slice(None), slice(None))


def _lay(one: Pixels, other: Pixels) -> tuple[Planes, Planes, float, int] | Finding:
    """Both in one size, laid over each other, which share of the larger one both show, and which the larger one is."""
    first, second = planes_of(one), planes_of(other)
    box, alike = find_box(first[..., 0], second[..., 0])
    whole = 0
    if alike < align.SURE:
        reverse, more = find_box(second[..., 0], first[..., 0])
        if more > alike + 0.002:
            first, second, box, alike, whole = second, first, reverse, more, 1
    if alike < _LEAST_ALIKE:
        return Finding("different", "they do not show the same")
    box = refined(first[..., 0], second[..., 0], box, (400, 1000))
    rows, columns = first.shape[:2]
    outside = _outside(box, columns, rows)
    if outside:
        return Finding("different", outside)
    if box.area < _LEAST_AREA:
        return Finding("different", "one is a small part of the other")
    width, height = (box.right - box.left) * columns, (box.bottom - box.top) * rows
    factor = min(1.0, width / second.shape[1], height / second.shape[0])
    size = max(8, round(second.shape[1] * factor)), max(8, round(second.shape[0] * factor))
    target = resized(second, size) if factor < 1 else second
    layers = (boxed(first, box, size, kernel) for kernel in _KERNELS)
    nearest = min(layers, key=lambda layer: _apart(layer[..., 0], target[..., 0]))
    cut = min(1.0, box.area)
    return nearest, target, cut if cut < 0.985 else 1.0, whole


def _outside(box: CutOut, columns: int, rows: int) -> str:
    """Why two pictures that overlap are two, in words: each shows what the other does not."""
    for low, high, size in ((box.left, box.right, columns), (box.top, box.bottom, rows)):
        beyond = max(-low, high - 1) * size
        if beyond > max(_OUTSIDE_PIXELS, _OUTSIDE * size):
            return "each shows something at the edge that the other does not"
    return ""


def _apart(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    import numpy as np

    step = max(1, int((one.size / _COMPARED) ** 0.5))
    apart = one[::step, ::step] - other[::step, ::step]
    return float(np.abs(apart - np.median(apart)).mean())


def _as_soft(one: Planes, other: Planes) -> Planes:
    """The first picture, made softer where that brings it nearer to the second: copies are often blurred."""
    from scipy.ndimage import gaussian_filter

    best, least = one, _apart(one[..., 0], other[..., 0])
    for radius in _SOFTER:
        softer = gaussian_filter(one, (radius, radius, 0))
        apart = _apart(softer[..., 0], other[..., 0])
        if apart > 0.97 * least:
            break
        best, least = softer, apart
    return best


def _where(found: Differences) -> str:
    return f"they differ in {found.mask.mean():.1%} of the picture ({place_of(found.mask)})"
