"""Half transparent marks in videos: one place that stays where it is, through which everything below shines alike.

There each pixel is a mix of what is below and of one colour, `through * below + (1 - through) * colour`, with the same
numbers at every moment. (Of the colours below less may shine through than of the brightness: ffmpeg's `drawbox` mixes
each colour value of a 4:2:0 picture four times.) A thing in the room covers what is behind it and follows no such rule.
So the same is laid over the other video, and the look decides on the result as on any frames: also below the mark.

A shadow follows the rule with black for the colour, and a patch of light nearly does with white. Where what is below
changes, the rule is proved. Where it does not, only a box that lies along an edge of the picture is a mark, and only
if something moves elsewhere: before a camera that sees nothing move it cannot be told from light and shadow.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from media_assets.artifacts.duplicates.look.align import resized
from media_assets.artifacts.duplicates.look.marks import rule_of
from media_assets.artifacts.duplicates.look.tones import is_drawing, planes_of, rgb_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]
    Plane = NDArray[np.float32]
    Mask = NDArray[np.bool_]

_FEWEST = 3
"""Moments; a rule that holds at fewer may do so by chance."""
_WIDTH = 320
_LEAST_CHANGE = 9.0
_MOST_AREA = 0.15
_LEAST_PIXELS = 60
_GAP = 6
"""Pixels over which a mark goes on where it has by chance the colour of what is below."""
_EDGE = 3
"""Pixels at the edge of a mark that encoding mixes with what is beside it."""
_THROUGH = (0.2, 0.93)
_STRUCTURE = 6.0
"""Deviation of what is below, of 255, from which it can be seen to shine through."""
_UNEXPLAINED = 0.5
"""Share of the deviation of what shines through that the rule may leave unexplained."""
_ALIKE = 0.85
_TOLERANCE = 8.0
_ROUNDS = 3
_FITTED = 4000
_CHANGING = 24.0
_MOVING = 0.01
"""Share of a picture that has to change from moment to moment for a box at its edge to be a mark."""
_MOVING_BELOW = 0.25
"""Share of what is below a mark that changes, from which on it may be anywhere and of any shape."""
_BOX = 0.85
"""Share of the smallest upright box around it that a mark fills to be one."""
_FROM_EDGE = 0.15


class Veil(NamedTuple):
    """A half transparent mark."""

    mask: Mask
    """Where it surely is, on a picture of _WIDTH pixels."""
    edge: Mask
    """Where it ends."""
    through: Plane
    """Share of the brightness and of the two colour differences below that shines through."""
    added: Plane
    """What is added to these: the colour of the mark as far as it covers."""

    def over(self, frame: Pixels) -> Pixels:
        """A frame with the mark laid over it."""
        import numpy as np

        mixed = rgb_of(self.through * planes_of(frame) + self.added)
        return np.where(_at(self.mask | self.edge, frame), np.clip(mixed, 0, 255), frame).astype(np.uint8)

    def with_edge_of(self, frame: Pixels, veiled: Pixels) -> Pixels:
        """The frame that has the mark, its edge taken from the one over which `over` has laid it."""
        import numpy as np

        rows, columns, _ = frame.shape
        edge = np.clip(resized(veiled.astype(np.float32), (columns, rows)), 0, 255)
        return np.where(_at(self.edge, frame), edge, frame).astype(np.uint8)


def veil_over(covered: Sequence[Pixels], other: Sequence[Pixels]) -> Veil | None:
    """The half transparent mark that the first video has and the second has not; None where there is none.

    Args:
        covered, other: Frames that show the same moments, upright and without bars.
    """
    import numpy as np

    if len(covered) < _FEWEST or any(is_drawing(planes_of(frame)) for frame in other):
        return None
    size = _WIDTH, max(16, round(_WIDTH * covered[0].shape[0] / covered[0].shape[1]))
    one, below = (np.stack([resized(planes_of(frame), size) for frame in each]) for each in (covered, other))
    # A moment of which the two frames are a little apart differs in other places too.
    apart = np.median(np.abs(one - below).max(axis=-1), axis=0)
    noise = float(np.median(apart))
    place = _place(apart > max(_LEAST_CHANGE, 4 * noise))
    if place is None:
        return None
    inside, edge = place
    rule = _rule(below[:, inside].astype(np.float64), one[:, inside].astype(np.float64), 3 * noise + _TOLERANCE)
    if rule is None:
        return None
    through, added = rule
    moving = np.ptp(below, axis=0).max(axis=-1) > _CHANGING
    is_proved = float(moving[inside].mean()) >= _MOVING_BELOW
    if is_proved or (float(moving[~(inside | edge)].mean()) >= _MOVING and _is_box_at_edge(inside)):
        return Veil(inside, edge, through, added)
    return None


def _is_box_at_edge(mask: Mask) -> bool:
    """Whether a mark is an upright box near an edge of the picture."""
    import numpy as np

    spans = [(np.flatnonzero(mask.any(axis=axis)), mask.shape[1 - axis]) for axis in (1, 0)]
    ends = [min(int(taken[0]), size - 1 - int(taken[-1])) / size for taken, size in spans]
    box = np.prod([int(taken[-1] - taken[0]) + 1 for taken, _ in spans])
    return bool(min(ends) <= _FROM_EDGE and mask.sum() >= _BOX * box)


def _place(differs: Mask) -> tuple[Mask, Mask] | None:
    """The inside and the edge of the one place that differs."""
    import numpy as np
    from scipy.ndimage import binary_closing, binary_dilation, binary_erosion, binary_fill_holes, binary_opening, label

    padded = np.pad(binary_opening(differs), _GAP)
    whole = binary_fill_holes(binary_closing(padded, iterations=_GAP))[_GAP:-_GAP, _GAP:-_GAP]
    parts, count = label(whole)
    if not count:
        return None
    sizes = np.bincount(parts.ravel())[1:]
    mask = parts == 1 + int(sizes.argmax())
    if not _LEAST_PIXELS <= mask.sum() <= _MOST_AREA * mask.size:
        return None
    inside = binary_erosion(mask, iterations=_EDGE, border_value=1)
    return (inside, binary_dilation(mask, iterations=_EDGE) & ~inside) if inside.sum() >= _LEAST_PIXELS else None


def _rule(below: NDArray[np.float64], covered: NDArray[np.float64], tolerance: float) -> tuple[Plane, Plane] | None:
    """What shines through and what is added, if nearly all pixels of all moments follow that.

    Args:
        below, covered: Moments, pixels, planes.
    """
    import numpy as np

    below, covered = below.reshape(-1, 3), covered.reshape(-1, 3)
    x, y = below[:, 0], covered[:, 0]
    step = max(1, len(x) // _FITTED)
    through = rule_of(x[::step], y[::step], tolerance).through
    level = float(np.median(y - through * x))
    for _ in range(_ROUNDS):
        follows = np.abs(y - through * x - level) <= tolerance
        if follows.mean() < _ALIKE or float(x[follows].std()) < _STRUCTURE:
            return None
        through, level = np.polyfit(x[follows], y[follows], 1)
    left = (y - through * x - level)[follows]
    if not _THROUGH[0] < through < _THROUGH[1] or float(left.std()) > _UNEXPLAINED * through * float(x[follows].std()):
        return None
    colours = [each[follows, 1:] - each[follows, 1:].mean(axis=0) for each in (below, covered)]
    of_colours = float(np.clip((colours[0] * colours[1]).sum() / max(1.0, float((colours[0] ** 2).sum())), 0, 1))
    shares = np.array([through, of_colours, of_colours], np.float32)
    return shares, np.median((covered - shares * below)[follows], axis=0).astype(np.float32)


def _at(mask: Mask, frame: Pixels) -> Mask:
    """A mask in the size of a frame, for all its colours."""
    import numpy as np

    rows, columns, _ = frame.shape
    inside: Mask = resized(mask.astype(np.float32), (columns, rows))[..., None] > 0.5
    return inside
