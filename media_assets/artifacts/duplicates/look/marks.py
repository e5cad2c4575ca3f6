"""Marks that were laid over a picture: watermarks and stamps, told from things that are in the picture.

Two signs are taken for a mark. Through one that is half transparent shines what is below: the marked pixels are those
of the other picture, all flattened and lifted alike. And one that is opaque is a line of thin strokes of one colour, at
the edge of a photo: a date, a name. Anything else that covers something is another picture, as far as this can tell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

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
_OPAQUE = 0.2
"""Share of what is below that shines through, up to which a mark counts as opaque."""
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
_SAME_COLOUR = 30.0
_BEFORE = 0.1
_SPECK = 0.03
"""Share of the largest part of a mark, below which a part says nothing of its shape."""
_PAIRS = 400


class MixRule(NamedTuple):
    """What a mark does to the brightness of what is below it."""

    through: float
    """Share of it that shines through."""
    colour: float
    """Brightness of the mark."""
    share: float
    """Share of the pixels that follow the rule."""


def is_marked(one: Planes, other: Planes, found: Differences) -> bool:
    """Whether all that differs is a mark that one of the two pictures has and the other has not."""
    if found.everywhere or float(found.mask.mean()) > _MOST_AREA:
        return False
    return _is_mark_on(one, other, found) or _is_mark_on(other, one, found)


def _is_mark_on(plain: Planes, marked: Planes, found: Differences) -> bool:
    import numpy as np
    from scipy.ndimage import maximum_filter

    change = np.abs(plain - marked).max(axis=-1) * found.mask
    # Around strong edges encoding leaves a halo, which would join the letters.
    halo = _HALO * float(np.percentile(change[found.mask], 98))
    changed = change > max(_LEAST_CHANGE, 4 * found.noise, halo)
    inside = changed & (change >= _RIDGE * maximum_filter(change, 7))
    if inside.sum() < 12:
        return False
    x, y = plain[..., 0][inside].astype(np.float64), marked[..., 0][inside].astype(np.float64)
    rule = rule_of(x, y, 3 * found.noise + _TOLERANCE)
    if rule.share < _ALIKE:
        return False
    line = _line_of_text(changed)
    if line is None:
        return rule.through > _OPAQUE and _shines_through(plain, marked, inside)
    if rule.through > _OPAQUE and float(x.std()) > max(_STRUCTURE, 2 * found.noise):
        return True
    # Of text that was there before in another wording both have strokes of that colour.
    colour = np.median(marked[inside], axis=0)
    before = np.abs(plain[inside] - colour).max(axis=-1) < _SAME_COLOUR
    return line.at_edge and float(before.mean()) < _BEFORE


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


class _Line(NamedTuple):
    at_edge: bool
    """Whether it is near the upper or the lower edge and not tall."""


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
    is_at_edge = top > (1 - _AT_EDGE) * total or bottom < _AT_EDGE * total
    return _Line(is_at_edge and height <= _TALLEST * total)
