"""What differs between two pictures that lie over each other, and is more than encoding explains.

How large the differences are that encoding makes is asked of the pictures themselves: they grow with how much is going
on at a place, and are spread over the whole. So the yardstick of a place is what is found at all places where as much
is going on, and what stands out from it, over an area, is another thing in the picture. Pictures that differ
everywhere by more than copies do are different as a whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from media_assets.artifacts.duplicates.look.tones import Planes

    Plane = NDArray[np.float32]


class _Scale(NamedTuple):
    """Over which area differences are averaged, and from where on they count."""

    side: int
    """Pixels."""
    least: float
    """Least difference of brightness, of 255."""
    least_colour: float
    most_usual_colour: float = 255.0
    """How much of a difference of colours may be usual at such an area, however much is going on there."""


_MEAN_COLOUR = 0.8
"""The mean colour of an area 15 pixels wide is changed by encoding by up to 16 of 255 where something moves at crf 40,
and by 15 of small things in JPEG; a thing in another hue of the same brightness differs by 17 and more."""
_SCALES = (_Scale(3, 26.0, 60.0), _Scale(7, 9.0, 16.0), _Scale(15, 6.5, 11.0, _MEAN_COLOUR))
_DRAWN_SCALES = (_Scale(3, 32.0, 60.0), _Scale(7, 6.5, 12.0), _Scale(15, 5.0, 9.0, _MEAN_COLOUR))
_TIMES = 8.5
"""So many times what is usual at such places has a difference to be."""
_COLOUR_TIMES = 11.0
"""Colours are stored more coarsely."""
_FLOOR = 0.8
_BINS = 16
_LONELY = 0.75
"""Share of the bins, from the most even on, of which none may show more than all others: encoding changes most where
most is going on."""
_SAMPLED = 60_000
_USUAL = 80
_DEVIATION = 1.28
"""The 80th percentile of the absolute of a normal value, in its standard deviations."""
_MOST_NOISE = 0.3
"""Share of what is going on at places that may differ in a copy, at the scale of 7 pixels."""
_MOST_COLOUR_NOISE = 9.0
_MOST_USUAL_COLOUR = 3.0
"""Difference of a colour, of 255, at even places, above which it is no trace of encoding."""
_STILL = 6.0
"""Deviation of brightness, of 255, below which a place counts as even."""


_EQUAL_LEVELS = 1.5
"""Levels of 16 bits."""
_MOSTLY = 0.5
_NOISE_SIDE = 7
_QUIET = 1.0
"""Mean difference of brightness, of 255."""
_DEEP_SIDE = 5
_LEAST_LEVELS = 3.0
_EVEN_SIDE = 15
_LEAST_EVEN = 0.8
"""Difference of brightness, of 255: more than rounding to 8 bits makes."""
_OF_ACTIVITY = 0.25
"""Share of what is going on at a place that another size or encoding may change."""


class Differences(NamedTuple):
    """What differs."""

    everywhere: bool
    """Whether the pictures differ in the whole by more than copies do."""
    mask: NDArray[np.bool_]
    """Where something differs that stands out."""
    noise: float
    """Usual difference of brightness, of 255, at the scale of 3 pixels."""


def differences(
    one: Planes, other: Planes, *, drawn: bool, factor: float = 1.0, most_usual: float = 255.0
) -> Differences:
    """What differs between two pictures of one size and in the same tones.

    Args:
        drawn: Whether they are drawings or pages, in which little is going on.
        factor: By how much differences have to be larger than they usually have.
        most_usual: What encoding makes of brightness at most, of 255.
    """
    import numpy as np
    from scipy.ndimage import binary_dilation

    mask = np.zeros(one.shape[:2], bool)
    if factor > 1 and _is_quiet(one, other, _DRAWN_SCALES if drawn else _SCALES, factor):
        return Differences(False, mask, 0.0)
    everywhere, noise = False, 0.0
    for scale in _DRAWN_SCALES if drawn else _SCALES:
        if scale.side * 5 > min(mask.shape):
            continue
        yardstick: Yardstick | None = None
        found = np.zeros_like(mask)
        for channel in range(3):
            apart = np.abs(averaged(one[..., channel] - other[..., channel], scale.side))
            times, least = (_TIMES, scale.least) if channel == 0 else (_COLOUR_TIMES, scale.least_colour)
            is_noise = scale.side == 3 and channel == 0
            large = apart > factor * least
            if not (is_noise or scale.side == _NOISE_SIDE or large.any()):
                continue
            yardstick = yardstick or Yardstick(one[..., 0], other[..., 0], scale.side)
            activity = yardstick.activity
            usual = np.minimum(yardstick.usual(apart), most_usual)
            if channel > 0:
                # A figure in another colour makes that the usual difference of all that is even.
                most = np.minimum(_MOST_USUAL_COLOUR + _MOST_NOISE * activity, scale.most_usual_colour)
                usual = np.minimum(usual, most)
            found |= large & (apart > factor * times * usual + times * _FLOOR)
            if is_noise:
                noise = float(usual.mean())
            if scale.side == _NOISE_SIDE:
                share = float((usual / (activity + _STILL)).mean()) if channel == 0 else 0.0
                everywhere |= share > _MOST_NOISE or (channel > 0 and float(usual.mean()) > _MOST_COLOUR_NOISE)
        if found.any():
            mask |= binary_dilation(found, iterations=scale.side // 2)
    return Differences(everywhere, mask, noise)


def _is_quiet(one: Planes, other: Planes, scales: tuple[_Scale, ...], factor: float) -> bool:
    """Whether so little differs that what is usual need not be known: a look at many pixels is quick then."""
    import numpy as np

    for scale in reversed(scales):
        for channel in range(3):
            apart = np.abs(averaged(one[..., channel] - other[..., channel], scale.side))
            if float(apart.max()) > factor * (scale.least_colour if channel else scale.least):
                return False
            if scale.side == _NOISE_SIDE and float(apart.mean()) > _QUIET:
                return False
    return True


def deep_differences(one: Planes, other: Planes, *, is_resampled: bool) -> NDArray[np.bool_]:
    """Where two pictures of 16 bits differ by less than 8 bits can tell.

    Those that are mostly equal, level by level, differ wherever they are not. Of others only what is even can be told.
    """
    import numpy as np

    levels = np.abs(one - other).max(axis=-1) * np.float32(65535 / 255)
    if not is_resampled and float((levels < _EQUAL_LEVELS).mean()) >= _MOSTLY:
        found: NDArray[np.bool_] = averaged(levels, _DEEP_SIDE) > _LEAST_LEVELS
        return found
    yardstick = Yardstick(one[..., 0], other[..., 0], _EVEN_SIDE)
    apart = np.abs(averaged(one[..., 0] - other[..., 0], _EVEN_SIDE))
    usual = yardstick.usual(apart)
    return (apart > _LEAST_EVEN) & (apart > _TIMES * usual) & (apart > _OF_ACTIVITY * yardstick.activity)


def averaged(plane: Plane, side: int) -> Plane:
    from scipy.ndimage import uniform_filter

    found: Plane = uniform_filter(plane, side, mode="nearest")
    return found


def _activity(one: Plane, other: Plane, side: int) -> Plane:
    """How much is going on at each place, in the picture that has more of it there."""
    import numpy as np

    window = 2 * side + 1
    found: list[Plane] = []
    for plane in (one, other):
        mean = averaged(plane, window)
        found.append(np.sqrt(np.maximum(averaged(plane**2, window) - mean**2, 0)))
    # In the one that has less: what is new in one of them does not excuse itself.
    least: Plane = np.minimum(*found)
    return least


def _sample(plane: Plane) -> Plane:
    """Enough of the values of a plane to know how they are spread."""
    step = max(1, int((plane.size / _SAMPLED) ** 0.5))
    return plane[::step, ::step].ravel()


class Yardstick:
    """What is usual at places where as much is going on, at one scale."""

    def __init__(self, one: Plane, other: Plane, side: int) -> None:
        import numpy as np

        self.activity = _activity(one, other, side)
        sample = _sample(self.activity)
        self._edges = np.quantile(sample, np.linspace(0, 1, _BINS + 1))
        bins = np.searchsorted(self._edges[1:-1], sample, "right").astype(np.uint8)
        ends = np.bincount(bins, minlength=_BINS).cumsum()
        self._bins = np.split(np.argsort(bins, kind="stable"), ends[:-1])
        """Which of the sampled places are in each."""

    def usual(self, apart: Plane) -> Plane:
        """The usual difference at every place."""
        import numpy as np

        flat = _sample(apart)
        levels = [_percentile(flat[places], _USUAL) / _DEVIATION if places.size else 0.0 for places in self._bins]
        # What only one of them shows may fill most of what is as even as the place where it lies.
        highest = int(np.argmax(levels))
        if highest < _LONELY * _BINS:
            levels[highest] = max(levels[:highest] + levels[highest + 1 :])
        middles = (self._edges[1:] + self._edges[:-1]) / 2
        usual: Plane = np.interp(self.activity, middles, np.maximum.accumulate(levels)).astype(np.float32)
        return usual


def _percentile(values: NDArray[np.float32], percent: int) -> float:
    """What numpy's function of that name gives, without what it asks of all that it may be given."""
    import numpy as np

    place = percent / 100 * (len(values) - 1)
    below = int(place)
    above = min(below + 1, len(values) - 1)
    parted = np.partition(values, (below, above))
    return float(parted[below] + (parted[above] - parted[below]) * (place - below))
