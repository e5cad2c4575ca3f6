"""Marks that were laid over a picture: watermarks and stamps, told from things that are in the picture.

A mark is something that one of both has and the other has not. Where both carry something at the same place and it
differs, captions or dates say, these are two pictures. Two signs are taken for a mark. Through one that is half
transparent shines what is below: the marked pixels are those of the other picture, all flattened and lifted alike. And
one that is opaque is one short line of thin strokes of one colour, in a corner of a photo: a date, a name. A longer
line is a caption, which says something that the copy without it does not. Anything else that covers something is
another picture, as far as this can tell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from media_assets.artifacts.duplicates.look.differences import Differences

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from media_assets.artifacts.duplicates.look.tones import Planes

    Mask = NDArray[np.bool_]

_MOST_AREA = 0.4
"""Share of a picture that marks may cover."""
_LEAST_CHANGE = 9.0
_HALO = 0.3
_TOLERANCE = 14.0
_RIDGE = 0.65
"""Share of the greatest change around a pixel from which on it is inside a stroke and not at its edge."""
_OPAQUE = 0.4
"""Share of what is below that shines through, up to which a mark counts as opaque: of thin strokes encoding mixes the
edges with what is beside them."""
_CLEAR = 0.93
_ALIKE = 0.62
"""Share of the pixels inside strokes that have to follow one rule."""
_STRUCTURE = 6.0
"""Deviation of the brightness below a mark, of 255, from which it can be seen to shine through."""
_TOGETHER = 0.75
_FEWEST_STROKES = 4
_THIN = 0.22
"""Half the width of a stroke, as a share of the height of the line of text."""
_TALLEST = 0.14
"""Height of an opaque line of text, as a share of that of the picture."""
_AT_EDGE = 0.24
_WIDEST = 0.4
"""Length of an opaque line of text, as a share of the width of the picture."""
_BESIDE = 1.6
"""How far from the left or right edge it is at most, in its own heights, and 0.02 of the width."""
_BETWEEN_LINES = 0.06
"""Share of the height of a text that is empty between two lines of it, at least."""
_SAME_COLOUR = 30.0
_BEFORE = 0.1
_STROKE = 22.0
"""How far, of 255, a stroke stands out from what is around it, at least."""
_STROKES = 0.03
"""Share of what changed from which on the strokes of another text are one."""
_WAS_TEXT = 0.85
"""Share of what changed from which on it was strokes before. Below marks it is a quarter in photos, and three quarters
in small frames of a film; of letters that lose a part, 0.98.
"""
_GOES_ON = 0.08
"""The same for strokes of the colour of a mark that both have around it."""
_THICKEST = 41
_SPECK = 0.03
"""Share of the largest part of a mark, below which a part says nothing of its shape."""
_PAIRS = 400
_APART = 8
"""Pixels by which strokes are thickened to join those of one thing."""
_OF_BRIGHTNESS = 0.2
"""How much of a change of colour has to be one of brightness too: red over grey as bright makes 0.4, a thing in another
hue 0.1."""
_SOME_ALIKE = 0.3
"""Share of the pixels of each thing that follow the rule of a mark."""
_OTHER_SHADE = 45.0
"""Difference of the colours, without their brightness, at which two things are no one mark."""


class MixRule(NamedTuple):
    """What a mark does to the brightness of what is below it."""

    through: float
    """Share of it that shines through."""
    colour: float
    """Brightness of the mark."""
    share: float
    """Share of the pixels that follow the rule."""


class PlacedMark(NamedTuple):
    """What one of two pictures has over it."""

    on: int
    """Which of the two, 0 or 1."""
    place: str
    """Where, in words."""
    covers: bool
    """Whether nothing shines through: what it says may be more than who made the picture, and is lost with it."""


def mark_of(one: Planes, other: Planes, found: Differences, *, of_video: bool = False) -> PlacedMark | None:
    """The mark that one of the two pictures has and the other has not; None where that is not all that differs.

    Args:
        of_video: Whether they are frames of videos: of these a half transparent shape that is no line of text can be
            told from light and shadow by many moments alone, see `veils`.
    """
    if found.everywhere or float(found.mask.mean()) > _MOST_AREA:
        return None
    for on, plain, marked in ((1, one, other), (0, other, one)):
        kind = _kind_on(plain, marked, found, of_video)
        if kind:
            return PlacedMark(on, place_of(found.mask), kind == "covers")
    return None


def place_of(mask: Mask) -> str:
    """Where something is in a picture, in words."""
    import numpy as np

    rows, columns = np.nonzero(mask)
    height, width = mask.shape
    across = ("left", "middle", "right")[min(2, int(3 * columns.mean() / width))]
    down = ("top", "middle", "bottom")[min(2, int(3 * rows.mean() / height))]
    return "middle" if across == down == "middle" else f"{down} {across}"


def _kind_on(plain: Planes, marked: Planes, found: Differences, of_video: bool) -> Literal["through", "covers"] | None:
    """What kind of mark the second picture has where the two differ; None where it is none."""
    import numpy as np
    from scipy.ndimage import maximum_filter

    change = np.abs(plain - marked).max(axis=-1) * found.mask
    # Around strong edges encoding leaves a halo, which would join the letters.
    halo = _HALO * float(np.percentile(change[found.mask], 98))
    changed = change > max(_LEAST_CHANGE, 4 * found.noise, halo)
    inside = changed & (change >= _RIDGE * maximum_filter(change, 7))
    if inside.sum() < 12:
        return None
    x, y = plain[..., 0][inside].astype(np.float64), marked[..., 0][inside].astype(np.float64)
    if not _changes_brightness(plain[inside], marked[inside]):
        return None
    tolerance = 3 * found.noise + _TOLERANCE
    rule = rule_of(x, y, tolerance)
    if rule.share < _ALIKE or not _is_one_thing(plain, marked, inside, rule, tolerance):
        return None
    line = _line_of_text(changed)
    is_through = rule.through > _OPAQUE
    if is_through and float(y.std()) > float(x.std()):
        return None  # the other way round: it is the first that has it
    if line is None:
        is_mark = is_through and not of_video and _shines_through(plain, marked, inside)
        return "through" if is_mark and not _is_written_on(plain, marked, changed, rule, tolerance) else None
    # Of text that was there before in another wording both have strokes.
    colour = np.median(marked[inside], axis=0)
    strokes = _strokes(plain, changed, found.noise)
    covered = changed & strokes
    if covered.sum() > _WAS_TEXT * changed.sum():
        return None  # a part of the letters of the first is missing in the second
    if _was_other_text(plain, marked, covered, colour, rule, tolerance) > _STROKES * changed.sum():
        return None
    if is_through and float(x.std()) > max(_STRUCTURE, 2 * found.noise):
        return "through"
    before = np.abs(plain[inside] - colour).max(axis=-1) < _SAME_COLOUR
    if not line.is_short_in_corner or float(before.mean()) >= _BEFORE:
        return None
    return None if _goes_on(plain, marked, changed, strokes, colour) else "covers"


def _changes_brightness(plain: Planes, marked: Planes) -> bool:
    """Whether pixels became brighter or darker, and not of another colour alone: then it is another thing.

    Args:
        plain, marked: The same pixels of both.
    """
    import numpy as np

    apart = np.abs(plain - marked).reshape(-1, 3)
    return float(np.median(apart[:, 0])) > _OF_BRIGHTNESS * float(np.median(apart[:, 1:].max(axis=1)))


def rule_of(x: NDArray[np.float64], y: NDArray[np.float64], tolerance: float) -> MixRule:
    """The rule that most pixels follow: the commonest line through pairs of them (after Theil and Sen)."""
    import numpy as np

    best = MixRule(0.0, 0.0, 0.0)
    pairs = np.random.default_rng(0).integers(0, len(x), (_PAIRS, 2))
    apart = x[pairs[:, 0]] - x[pairs[:, 1]]
    slopes = np.where(np.abs(apart) > _STRUCTURE, (y[pairs[:, 0]] - y[pairs[:, 1]]) / np.where(apart, apart, 1.0), 0.0)
    for first, slope in zip(pairs[:, 0], slopes, strict=True):
        if not -0.05 <= slope <= _CLEAR:
            continue
        colour = (y[first] - slope * x[first]) / (1 - slope)
        share = float((np.abs(y - slope * (x - x[first]) - y[first]) < tolerance).mean())
        if -30 <= colour <= 285 and share > best.share:
            best = MixRule(float(slope), float(colour), share)
    return best


def _is_one_thing(plain: Planes, marked: Planes, inside: Mask, rule: MixRule, tolerance: float) -> bool:
    """Whether the rule holds wherever the two differ: elsewhere the other picture may have something over it."""
    import numpy as np
    from scipy.ndimage import binary_dilation, label

    expected = rule.through * plain[..., 0] + (1 - rule.through) * rule.colour
    follows = inside & (np.abs(marked[..., 0] - expected) < tolerance)
    groups, count = label(binary_dilation(inside, iterations=_APART), np.ones((3, 3)))
    sizes, followed = (np.bincount(groups[mask], minlength=count + 1)[1:] for mask in (inside, follows))
    large = sizes >= max(12.0, _SPECK * float(inside.sum()))
    if (followed[large] < _SOME_ALIKE * sizes[large]).any():
        return False
    shades = (marked[..., 1:] - rule.through * plain[..., 1:]) / (1 - rule.through)
    usual = np.median(shades[inside], axis=0)
    of_each = [np.median(shades[inside & (groups == number)], axis=0) for number in np.flatnonzero(large) + 1]
    return all(np.abs(shade - usual).max() < _OTHER_SHADE for shade in of_each)


def _shines_through(plain: Planes, marked: Planes, inside: Mask) -> bool:
    """Whether the fine structure below can be seen in what covers it."""
    import numpy as np
    from scipy.ndimage import binary_erosion, uniform_filter

    core = binary_erosion(inside, iterations=2)
    if core.sum() < 60:
        return False
    fine = [(plane[..., 0] - uniform_filter(plane[..., 0], 5))[core].astype(np.float64) for plane in (plain, marked)]
    slope = float((fine[0] * fine[1]).sum() / max(1e-6, float((fine[0] ** 2).sum())))
    together = float(np.corrcoef(*fine)[0, 1]) if min(one.std() for one in fine) > 0.5 else 0.0
    return together > _TOGETHER and _OPAQUE < slope < 1.0


def _is_written_on(plain: Planes, marked: Planes, changed: Mask, rule: MixRule, tolerance: float) -> bool:
    """Whether there is something opaque on a half transparent shape: words on a band."""
    import numpy as np
    from scipy.ndimage import binary_opening

    from_colour = [np.abs(plane - rule.colour) for plane in (plain[..., 0], marked[..., 0])]
    covers_more = from_colour[1] < rule.through * from_colour[0] - tolerance
    is_beyond = from_colour[1] > from_colour[0] + tolerance
    written = binary_opening(changed & (covers_more | is_beyond), np.ones((2, 2)))
    return bool(written.sum() > max(12, _STROKES * changed.sum()))


def _strokes(picture: Planes, changed: Mask, noise: float) -> Mask:
    """Where a picture has thin things, no thicker than what changed, that are brighter or darker than all around, or of
    another colour: orange on grey may be as bright."""
    import numpy as np
    from scipy.ndimage import distance_transform_edt, grey_closing, grey_opening

    thickness = float(np.percentile(distance_transform_edt(changed)[changed], 98))
    side = min(_THICKEST, 2 * round(2 * thickness) + 3)
    box = (side, side, 1)
    stands_out = np.maximum(picture - grey_opening(picture, box), grey_closing(picture, box) - picture).max(axis=-1)
    strokes: Mask = stands_out > _STROKE + 4 * noise
    return strokes


def _was_other_text(
    plain: Planes,
    marked: Planes,
    strokes: Mask,
    colour: NDArray[np.float32],
    rule: MixRule,
    tolerance: float,
) -> int:
    """How many pixels of strokes that the one had there became less like the mark of the other."""
    import numpy as np

    if rule.through > _OPAQUE:
        before, after = (np.abs(plane[strokes][:, 0] - rule.colour) for plane in (plain, marked))
    else:
        before, after = (np.abs(plane[strokes] - colour).max(axis=-1) for plane in (plain, marked))
    return int((after > before + tolerance).sum())


def _goes_on(plain: Planes, marked: Planes, changed: Mask, strokes: Mask, colour: NDArray[np.float32]) -> bool:
    """Whether both have strokes of the colour of a mark in it and around it: a word more in a line, an 8 for a 3."""
    import numpy as np
    from scipy.ndimage import binary_dilation

    rows, columns = (np.flatnonzero(changed.any(axis=axis)) for axis in (1, 0))
    reach = int(rows[-1] - rows[0]) + 1
    around = np.zeros_like(changed)
    around[
        max(0, rows[0] - reach // 2) : rows[-1] + reach // 2 + 1,
        max(0, columns[0] - 2 * reach) : columns[-1] + 2 * reach + 1,
    ] = True
    both = np.maximum(*(np.abs(plane - colour).max(axis=-1) for plane in (plain, marked))) < _SAME_COLOUR
    alike = both & strokes & around & ~binary_dilation(changed)
    return bool(alike.sum() > _GOES_ON * changed.sum())


class _Line(NamedTuple):
    is_short_in_corner: bool
    """Whether it is one line in a corner, neither tall nor long."""


def _line_of_text(changed: Mask) -> _Line | None:
    """Whether it looks like a line of text: several thin strokes of one height, side by side."""
    import numpy as np
    from scipy.ndimage import distance_transform_edt, find_objects, label

    parts, _ = label(changed, np.ones((3, 3)))
    sizes = np.bincount(parts.ravel())[1:]
    kept = np.flatnonzero(sizes >= max(4.0, _SPECK * float(sizes.max()))) + 1
    boxes = [found for number, found in enumerate(find_objects(parts), 1) if number in set(kept.tolist())]
    top, bottom = min(one[0].start for one in boxes), max(one[0].stop for one in boxes)
    left, right = min(one[1].start for one in boxes), max(one[1].stop for one in boxes)
    height, total = bottom - top, changed.shape[0]
    tall = [one for one in boxes if one[0].stop - one[0].start > 0.35 * height]
    thickest = float(distance_transform_edt(np.isin(parts, kept)).max())
    if right - left < 2.5 * height or len(tall) < _FEWEST_STROKES or thickest > max(1.6, _THIN * height):
        return None
    filled = np.isin(parts, kept)[top:bottom].any(axis=1)
    gap = max((len(empty) for empty in "".join(".#"[row] for row in filled.astype(int)).split("#")), default=0)
    is_at_edge = top > (1 - _AT_EDGE) * total or bottom < _AT_EDGE * total
    margin = min(left, changed.shape[1] - right)
    is_in_corner = is_at_edge and margin <= _BESIDE * height + 0.02 * changed.shape[1]
    is_short = right - left <= _WIDEST * changed.shape[1] and height <= _TALLEST * total
    return _Line(is_in_corner and is_short and gap <= _BETWEEN_LINES * height)
