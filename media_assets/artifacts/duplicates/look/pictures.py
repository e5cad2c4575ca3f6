"""The verdict on two pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from media_assets.artifacts.duplicates.find.measured import Measured
from media_assets.artifacts.duplicates.look import align
from media_assets.artifacts.duplicates.look.align import WHOLE, CutOut, boxed, correlation, find_box, refined, resized
from media_assets.artifacts.duplicates.look.differences import Differences, differences
from media_assets.artifacts.duplicates.look.hues import in_other_colours
from media_assets.artifacts.duplicates.look.marks import mark_of, place_of
from media_assets.artifacts.duplicates.look.mirrors import is_on_black, may_be_another_when_turned
from media_assets.artifacts.duplicates.look.motion import FramesBeside, MotionRange, range_around, without_motion
from media_assets.artifacts.duplicates.look.tones import brightest_of, is_drawing, planes_of, tones_between

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from media_assets.artifacts.duplicates.look.tones import Planes, SameTones

    Pixels = NDArray[np.uint8]
    Grey = NDArray[np.float32]

Verdict = Literal["same", "marked", "cut", "different"]

_DARK = 32
_THINNEST_BAR = 0.02
_KERNELS = ("BICUBIC", "BOX", "LANCZOS", "BILINEAR")
_COMPARED = 100_000
_SOFTER = (0.6, 1.0, 1.6, 2.6)
_MIXED = 2
"""Pixels at the edge of what was cut out, or has a frame, whose colours are those of both sides."""
_LEAST_AREA = 0.6
_OUTSIDE = 0.0015
"""Share of a side by which the edges of two pictures may miss each other."""
_OUTSIDE_PIXELS = 1.6
_LEAST_ALIKE = 0.6
_OTHER, _SMALL_PART = "they do not show the same", "one is a small part of the other"
_BEYOND = "each shows something at the edge that the other does not"
APART = frozenset((_OTHER, _SMALL_PART, _BEYOND))
"""What is said of two pictures that do not lie over each other."""
_COARSE_SIDE = 128
_FITS_AS_WELL = 0.01
"""Correlation by which another frame of two videos may be less alike, for it to lie as those before it."""
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
    better: int | None = None
    """Which of the two is to be kept for what it shows, 0 or 1, where that is not told by what was cut."""
    better_because: str = ""
    measured: Measured = Measured()
    """How much two videos show."""


class Laying(NamedTuple):
    """How two pictures lie over each other."""

    box: CutOut
    """What of the larger one the other shows, both without their bars."""
    whole: int
    """Which of the two is the larger one."""
    inside: tuple[tuple[slice, slice], tuple[slice, slice]]
    """The rows and columns between the bars of each."""
    drawn: bool
    tones: SameTones
    """Takes the larger one first."""
    softness: float
    """Radius in pixels by which one was softer than the other."""
    alike: float
    """Correlation of the two when so laid, coarsely."""


class SeenPair(NamedTuple):
    """A finding and what it was seen on."""

    finding: Finding
    laying: Laying | None = None
    """None where they do not lie over each other."""
    mask: NDArray[np.bool_] | None = None
    """Where a mark is."""


def look_at(one: Pixels, other: Pixels, orientation: int = 0, beside: FramesBeside | None = None) -> Finding:
    """Whether two pictures are the same: in other sizes, encodings, tones, with a mark over it, or cut at the edges.

    Args:
        one, other: Rows, columns and red, green, blue.
        orientation: How the second is turned against the first; an index of `codes.ORIENTATIONS`.
        beside: What two videos show around these frames; upright, of one size with each.
    """
    return seen(upright(one, orientation), other, is_turned=orientation != 0, beside=beside).finding


def seen(
    one: Pixels,
    other: Pixels,
    *,
    is_turned: bool = False,
    beside: FramesBeside | None = None,
    known: Laying | None = None,
) -> SeenPair:
    """See `look_at`, for pictures of which both are upright.

    Args:
        is_turned: Whether the first was turned for that.
        beside: See `look_at`.
        known: How other frames of the same two videos lie over each other; another way is searched only where these
            do not fit so.
    """
    inside = inside_bars(one), inside_bars(other)
    on_black = is_turned and all(is_on_black(*each) for each in zip((one, other), inside, strict=True))
    one, other = one[inside[0]], other[inside[1]]
    if is_turned and (on_black or may_be_another_when_turned(one, other)):
        return SeenPair(Finding("different", TURNED))
    placed = _placed(planes_of(one), planes_of(other), known if known and known.inside == inside else None)
    laid = _laid(placed)
    if isinstance(laid, Finding):
        return SeenPair(laid)
    first, second = laid
    box, whole = placed.box, placed.whole
    cut = _share(box)
    drawn = is_drawing(first) or is_drawing(second)
    tones = tones_between(first, second, drawn=drawn)
    first, second = tones(first, second)
    first, softness = as_soft(first, second)
    second, softness_of_second = as_soft(second, first)
    if cut < 1:
        first = _with_edge_of(first, second)
    laying = Laying(box, whole, inside, drawn, tones, max(softness, softness_of_second), placed.alike)
    found = _found(first, second, drawn=drawn, of_video=beside is not None)
    if found.mask.any() and not found.everywhere and beside is not None:
        first = without_motion(first, second, *_ranges(one, other, beside, laying, first.shape[1::-1]))
        found = _found(first, second, drawn=drawn, of_video=True)
    if found.everywhere:
        return SeenPair(Finding("different", "they differ everywhere", cut, whole), laying)
    if not found.mask.any():
        return SeenPair(Finding("cut" if cut < 1 else "same", "", cut, whole), laying)
    if not drawn and (mark := mark_of(first, second, found, of_video=beside is not None)) is not None:
        # The larger one was laid first.
        on = 1 - mark.on if whole else mark.on
        marked = Finding("marked", "", cut, whole, place=mark.place, marked=on, covers=mark.covers)
        return SeenPair(marked, laying, found.mask)
    return SeenPair(Finding("different", where(found.mask), cut, whole), laying)


def _found(first: Planes, second: Planes, *, drawn: bool, of_video: bool) -> Differences:
    """What differs between two pictures that lie over each other, in the same tones."""
    found = differences(first, second, drawn=drawn)
    return found._replace(mask=found.mask | in_other_colours(first, second, of_video=of_video))


def _with_edge_of(first: Planes, second: Planes) -> Planes:
    """A part of a picture with its edge taken from the other: encoding mixes it with what the other does not show."""
    import numpy as np

    inner = (slice(_MIXED, -_MIXED), slice(_MIXED, -_MIXED))
    result: Planes = np.array(second, np.float32)
    result[inner] = first[inner]
    return result


def _share(box: CutOut) -> float:
    """How much of the larger picture a box shows, where it is less than all."""
    return cut if (cut := min(1.0, box.area)) < 0.985 else 1.0


def upright(pixels: Pixels, orientation: int) -> Pixels:
    """See `codes.turned`, for pictures with colours."""
    if orientation & 4:
        pixels = pixels.swapaxes(0, 1)
    if orientation & 2:
        pixels = pixels[::-1]
    return pixels[:, ::-1] if orientation & 1 else pixels


def inside_bars(pixels: Pixels) -> tuple[slice, slice]:
    """The rows and columns between black bars on whatever sides; all where next to nothing would be left."""
    import numpy as np

    brightest = brightest_of(pixels)
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


def _ranges(
    one: Pixels, other: Pixels, beside: FramesBeside, laying: Laying, size: tuple[int, int]
) -> tuple[MotionRange, MotionRange]:
    """How much every place changes around two frames, laid over each other as they are, the larger one first."""
    ranges = [
        range_around(planes_of(frame), [planes_of(each[inside]) for each in frames])
        for frame, frames, inside in ((one, beside.one, laying.inside[0]), (other, beside.other, laying.inside[1]))
    ]
    first, second = ranges[::-1] if laying.whole else ranges
    return (
        MotionRange(*(boxed(planes, laying.box, size) for planes in first)),
        MotionRange(*(resized(planes, size) for planes in second)),
    )


class _Placed(NamedTuple):
    """Two pictures, the larger one first, and which part of it both show."""

    outer: Planes
    inner: Planes
    box: CutOut
    alike: float
    whole: int
    """Which of the two the larger one is."""


def _placed(one: Planes, other: Planes, known: Laying | None) -> _Placed:
    """How two pictures lie over each other, if they show the same."""
    if known is not None:
        outer, inner = (other, one) if known.whole else (one, other)
        alike = correlation(outer[..., 0], inner[..., 0], known.box, _COARSE_SIDE)
        if alike >= min(align.SURE, known.alike - _FITS_AS_WELL):
            box = refined(outer[..., 0], inner[..., 0], known.box, (400, 1000))
            return _Placed(outer, inner, box, alike, known.whole)
    box, alike = find_box(one[..., 0], other[..., 0])
    whole = 0
    if alike < align.SURE:
        reverse, more = find_box(other[..., 0], one[..., 0])
        if more > alike + 0.002:
            one, other, box, alike, whole = other, one, reverse, more, 1
    if alike >= _LEAST_ALIKE:
        box = _all_or(refined(one[..., 0], other[..., 0], box, (400, 1000)), one[..., 0], other[..., 0])
    return _Placed(one, other, box, alike, whole)


def _laid(placed: _Placed) -> tuple[Planes, Planes] | Finding:
    """What both show, in one size, the larger one first."""
    first, second, box = placed.outer, placed.inner, placed.box
    if placed.alike < _LEAST_ALIKE:
        return Finding("different", _OTHER)
    rows, columns = first.shape[:2]
    outside = _outside(box, columns, rows)
    if outside:
        return Finding("different", outside)
    if box.area < _LEAST_AREA:
        return Finding("different", _SMALL_PART)
    width, height = (box.right - box.left) * columns, (box.bottom - box.top) * rows
    factor = min(1.0, width / second.shape[1], height / second.shape[0])
    size = max(8, round(second.shape[1] * factor)), max(8, round(second.shape[0] * factor))
    target = resized(second, size) if size != second.shape[1::-1] else second
    layers = (boxed(first, box, size, kernel) for kernel in _KERNELS)
    return min(layers, key=lambda layer: _apart(layer[..., 0], target[..., 0])), target


def _all_or(box: CutOut, outer: Grey, inner: Grey) -> CutOut:
    """The whole of the outer picture where that fits better than a box: in one that is long and narrow, lines of text
    are a grey in which a small picture can lie by a line or more off its place."""
    if max(abs(edge - end) for edge, end in zip(box, WHOLE, strict=True)) <= _OUTSIDE:
        return box
    uncut = refined(outer, inner, WHOLE, (1000,))
    return max((uncut, box), key=lambda each: correlation(outer, inner, each, 1000))


def _outside(box: CutOut, columns: int, rows: int) -> str:
    """Why two pictures that overlap are two, in words: each shows what the other does not."""
    for low, high, size in ((box.left, box.right, columns), (box.top, box.bottom, rows)):
        beyond = max(-low, high - 1) * size
        if beyond > max(_OUTSIDE_PIXELS, _OUTSIDE * size):
            return _BEYOND
    return ""


def _apart(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    import numpy as np

    step = max(1, int((one.size / _COMPARED) ** 0.5))
    apart = one[::step, ::step] - other[::step, ::step]
    return float(np.abs(apart - np.median(apart)).mean())


def as_soft(one: Planes, other: Planes) -> tuple[Planes, float]:
    """The first picture, made softer where that brings it nearer to the second, and by which radius in pixels: copies
    are often blurred."""
    from scipy.ndimage import gaussian_filter

    least, softness = _apart(one[..., 0], other[..., 0]), 0.0
    for radius in _SOFTER:
        apart = _apart(gaussian_filter(one[..., 0], radius), other[..., 0])
        if apart > 0.97 * least:
            break
        least, softness = apart, radius
    return (gaussian_filter(one, (softness, softness, 0)) if softness else one), softness


def where(mask: NDArray[np.bool_]) -> str:
    """Where two pictures differ, in words."""
    share = float(mask.mean())
    much = f"{share:.1%}" if share >= 0.0005 else "less than 0.1%"
    return f"they differ in {much} of the picture ({place_of(mask)})"
