"""Tones and colours of one picture fitted to another: what a copy may have been given in the whole.

A copy may be brighter, flatter, more or less colourful, a little warmer, softer, or grey. What it may not: have other
colours. So the fit is one of few numbers, each within bounds; a drawing of few colours, which any numbers would fit,
gets next to none. Where all that has a colour is one thing before a grey wall, a copy that is more colourful is the
same as the thing in another colour; so there nothing is allowed for that, nor for a grey copy.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Planes = NDArray[np.float32]
    SameTones = Callable[[Planes, Planes], tuple[Planes, Planes]]

_GREY = 6.0
"""Distance from grey (of 255) below which a picture has no colours."""
_FEW_COLOURS = 0.8
_COLOURED = 6.0
"""Distance from grey, of 255, from which on a pixel has a colour."""
_ONE_HUE = 0.12
"""How far colours are spread beside the line from grey through most of them, as a share of how far along it: things of
one colour have 0.09 at most, photographs of which much is grey 0.2 and more."""
_GROUND = 0.35
"""Share of a picture without a colour, from which on there is a ground that shows how colourful all of it is."""
_FIT_PIXELS = 30_000
_FEWEST_TONES = 200
"""Pixels, and how far their brightness is spread, that a line needs without the paper and the ink of a drawing."""
_LEAST_SPREAD = 15.0


class Bounds(NamedTuple):
    """How far a copy's tones may be from those of the original."""

    gain: tuple[float, float]
    offset: float
    mixing: float
    """Grey copies: how much of the colours may have gone into the brightness."""
    saturation: tuple[float, float]
    tint: float


_AS_COLOURFUL = (0.95, 1.05)
"""Saturation of copies where nothing tells a change of it from a thing in another colour."""
_PHOTO = Bounds((0.6, 1.6), 70.0, 0.6, (0.3, 1.8), 14.0)
_DRAWING = Bounds((0.86, 1.16), 16.0, 0.05, (0.7, 1.3), 6.0)


def planes_of(pixels: NDArray[np.uint8] | NDArray[np.float32]) -> Planes:
    """Brightness and the two colour differences (BT.601) of red, green and blue."""
    return _planes(pixels.astype("float32"))


def _planes(rgb: Planes) -> Planes:
    import numpy as np

    matrix = np.array(
        [[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]], dtype=np.float32
    )
    planes: Planes = rgb @ matrix.T
    return planes


def grey_of(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The mean of red, green and blue; colour by colour, for numpy is slow along an axis of three."""
    import numpy as np

    red, green, blue = (pixels[..., colour] for colour in range(3))
    grey: NDArray[np.float32] = (red.astype(np.float32) + green + blue) / np.float32(3)
    return grey


def brightest_of(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The greatest of red, green and blue; see `grey_of`."""
    import numpy as np

    brightest: NDArray[np.uint8] = np.maximum(np.maximum(pixels[..., 0], pixels[..., 1]), pixels[..., 2])
    return brightest


def is_drawing(planes: Planes) -> bool:
    """Whether nearly all of a picture has a few colours: a page, a logo, a silhouette, a diagram."""
    import numpy as np

    step = max(1, int((planes.size / (3 * _FIT_PIXELS)) ** 0.5))
    cells = np.round((planes[::step, ::step] + 128 * np.array([0, 1, 1])) / 12).astype(np.int64)
    names = cells[..., 0] * 10_000 + cells[..., 1] * 100 + cells[..., 2]
    _, counts = np.unique(names, return_counts=True)
    return float(np.sort(counts)[-6:].sum() / counts.sum()) >= _FEW_COLOURS


def is_grey(planes: Planes) -> bool:
    """Whether next to nothing has a colour; compression leaves traces of some."""
    import numpy as np

    return float(np.percentile(np.abs(planes[::3, ::3, 1:]).max(axis=-1), 99)) < _GREY


def has_one_hue(picture: Planes) -> bool:
    """Whether all that has a colour has one, and much has none: a thing before a grey wall."""
    import numpy as np

    colours = picture[::3, ::3, 1:].reshape(-1, 2).astype(np.float64)
    coloured = colours[np.hypot(*colours.T) > _COLOURED]
    if not 0 < len(coloured) < (1 - _GROUND) * len(colours):
        return False
    beside, along = np.linalg.eigvalsh(coloured.T @ coloured)
    return float(beside) < _ONE_HUE**2 * float(along)


def tones_between(one: Planes, other: Planes, *, drawn: bool) -> SameTones:
    """What brings two pictures, and parts of them, to the tones of one of them.

    Of a page whose paper has become whiter than white nobody can tell how bright it was, so it is the other that is
    brought to its tones.

    Args:
        drawn: Whether one of them `is_drawing`.
    """
    fit = _fit(one, other, drawn=drawn)

    def forward(first: Planes, second: Planes) -> tuple[Planes, Planes]:
        return fit(first, second), second

    if not drawn:
        return forward
    fit_back = _fit(other, one, drawn=drawn)

    def backward(first: Planes, second: Planes) -> tuple[Planes, Planes]:
        return first, fit_back(second, first)

    def left(fitted_so: SameTones) -> float:
        first, second = fitted_so(one, other)
        return _left(first[..., 0], second[..., 0])

    return min((forward, backward), key=left)


def _left(one: Planes, other: Planes) -> float:
    """How far two are apart, as a share of what is in them: in a flatter picture all differences are smaller."""
    import numpy as np

    return float(np.abs(one - other).mean()) / max(1.0, float(one.std()))


def _fit(one: Planes, other: Planes, *, drawn: bool) -> Callable[[Planes, Planes], Planes]:
    """What gives the first picture, and parts of it that are laid over such of the second, the tones of the second."""
    import numpy as np

    bounds = _DRAWING if drawn else _PHOTO
    one_hue = has_one_hue(one) or has_one_hue(other)
    if one_hue:
        bounds = bounds._replace(saturation=_AS_COLOURFUL)
    # A figure in black is no grey copy of the same in navy; of a drawing nobody can tell the two apart.
    grey = not drawn and not one_hue and is_grey(other) != is_grey(one)
    step = max(1, int(np.sqrt(one.shape[0] * one.shape[1] / _FIT_PIXELS)))
    a, b = (
        one[::step, ::step].reshape(-1, 3).astype(np.float64),
        other[::step, ::step].reshape(-1, 3).astype(np.float64),
    )
    if grey:
        return _fit_of_grey(one, other, (a, b), step, bounds)
    curve = _curve(a[:, 0], b[:, 0], bounds, drawn=drawn)
    saturation, *tints = _saturation(a[:, 1:], b[:, 1:], bounds)

    def in_tones(first: Planes, _second: Planes) -> Planes:
        result = np.zeros_like(first)
        result[..., 0] = curve.of(first[..., 0])
        result[..., 1:] = first[..., 1:] * saturation + np.array(tints, np.float32)
        return _shown(result)

    return in_tones


def _fit_of_grey(
    one: Planes, other: Planes, sampled: tuple[NDArray[np.float64], NDArray[np.float64]], step: int, bounds: Bounds
) -> Callable[[Planes, Planes], Planes]:
    """See `_fit`, where one of the two is a grey copy."""
    import numpy as np

    a, b = sampled
    if is_grey(one):
        # The colours of the second went into the brightness of the first: that is undone on the second's side.
        mixed = _mixing(b, a[:, 0], bounds)

        def without_colours(first: Planes, second: Planes) -> NDArray[np.float32]:
            return first[..., 0] - (second[..., 1:] @ mixed[1:3]).astype(np.float32)

        taken = without_colours(one, other)[::step, ::step].ravel().astype(np.float64)
        curve = _curve(taken, b[:, 0], bounds, drawn=False)

        def with_colours(first: Planes, second: Planes) -> Planes:
            result = np.array(second, np.float32)
            result[..., 0] = curve.of(without_colours(first, second))
            return result

        return with_colours
    mixed = _mixing(a, b[:, 0], bounds)

    def in_grey(first: Planes, _second: Planes) -> Planes:
        result = np.zeros_like(first)
        result[..., 0] = np.clip(first[..., 0] * mixed[0] + first[..., 1:] @ mixed[1:3] + mixed[3], 0, 255)
        return result

    return in_grey


def rgb_of(planes: Planes) -> Planes:
    """Red, green and blue of brightness and the two colour differences; see `planes_of`."""
    import numpy as np

    red = planes[..., 0] + 1.402 * planes[..., 2]
    green = planes[..., 0] - 0.344136 * planes[..., 1] - 0.714136 * planes[..., 2]
    blue = planes[..., 0] + 1.772 * planes[..., 1]
    return np.stack([red, green, blue], axis=-1)


def _shown(planes: Planes) -> Planes:
    """What is left of brightness and colours where a screen shows no more of them."""
    import numpy as np

    rgb = rgb_of(planes)
    if float(rgb.min()) >= 0 and float(rgb.max()) <= 255:
        return planes
    return _planes(np.clip(rgb, 0, 255))


def _robust(design: NDArray[np.float64], wanted: NDArray[np.float64]) -> NDArray[np.floating]:
    import numpy as np

    weights = np.ones(len(wanted))
    solution: NDArray[np.floating] = np.zeros(design.shape[1])
    for _ in range(5):
        weighted = design * weights[:, None]
        solution = np.linalg.solve(weighted.T @ design + np.eye(design.shape[1]) * 1e-3, weighted.T @ wanted)
        left = np.abs(design @ solution - wanted)
        scale = float(np.median(left)) * 1.4826 + 1.0
        weights = np.maximum(0.0, 1 - (left / (5 * scale)) ** 2) ** 2
    return solution


class _ToneCurve(NamedTuple):
    """What became of the brightness."""

    gain: float
    offset: float
    bend: float = 0.0
    """How much more the middle was lifted: about what a gamma does."""

    def of(self, brightness: NDArray[np.floating]) -> NDArray[np.floating]:
        return self.gain * brightness + self.offset + self.bend * _middle(brightness)


def _middle(brightness: NDArray[np.floating]) -> NDArray[np.floating]:
    """1 in the middle between black and white, and 0 at both."""
    return 4 * brightness * (255 - brightness) / 255**2


def _curve(one: NDArray[np.float64], other: NDArray[np.float64], bounds: Bounds, *, drawn: bool) -> _ToneCurve:
    """Gain and offset. What is black or white in the second was clipped perhaps, and is left out; in a drawing it is
    its paper and its ink, and without them there may be one tone left, through which any line goes. So there both are
    tried, and what fits the whole better is taken."""
    import numpy as np

    inside = (other > 6) & (other < 249)
    if not drawn:
        if inside.sum() < 0.1 * len(one):
            inside[:] = True
        return _line(one[inside], other[inside], bounds)
    curves = [_line(one, other, bounds)]
    if inside.sum() >= _FEWEST_TONES and float(one[inside].std()) > _LEAST_SPREAD:
        curves.append(_bent(one[inside], other[inside], bounds))
    return min(curves, key=lambda curve: float(np.abs(np.clip(curve.of(one), 0, 255) - other).mean()))


def _line(one: NDArray[np.float64], other: NDArray[np.float64], bounds: Bounds) -> _ToneCurve:
    import numpy as np

    # Errors are in both, so a line through the cloud and not the regression, which is flatter.
    more, _ = _robust(np.stack([one, np.ones(len(one))], axis=1), other - one)
    return _within(1 + more, 0.0, one, other, bounds)


def _bent(one: NDArray[np.float64], other: NDArray[np.float64], bounds: Bounds) -> _ToneCurve:
    import numpy as np

    more, _, bend = _robust(np.stack([one, np.ones(len(one)), _middle(one)], axis=1), other - one)
    return _within(1 + more, float(np.clip(bend, -bounds.offset, bounds.offset)), one, other, bounds)


def _within(
    gain: float, bend: float, one: NDArray[np.float64], other: NDArray[np.float64], bounds: Bounds
) -> _ToneCurve:
    import numpy as np

    gain = float(np.clip(gain, *bounds.gain))
    level = float(np.median(other - _ToneCurve(gain, 0.0, bend).of(one)))
    return _ToneCurve(gain, float(np.clip(level, -bounds.offset, bounds.offset)), bend)


def _mixing(colours: NDArray[np.float64], grey: NDArray[np.float64], bounds: Bounds) -> NDArray[np.float32]:
    import numpy as np

    found = _robust(np.concatenate([colours, np.ones((len(colours), 1))], axis=1), grey)
    found[0] = np.clip(found[0], *bounds.gain)
    found[1:3] = np.clip(found[1:3], -bounds.mixing, bounds.mixing)
    found[3] = np.clip(np.median(grey - colours @ found[:3]), -bounds.offset, bounds.offset)
    return found.astype(np.float32)


def _saturation(one: NDArray[np.float64], other: NDArray[np.float64], bounds: Bounds) -> tuple[float, float, float]:
    import numpy as np

    first, second = one - np.median(one, axis=0), other - np.median(other, axis=0)
    products, squares = float((first * second).sum()), float((first**2).sum())
    saturation = float(np.clip(products / squares if squares > len(one) else 1.0, *bounds.saturation))
    tints = np.clip(np.median(other - saturation * one, axis=0), -bounds.tint, bounds.tint)
    return saturation, float(tints[0]), float(tints[1])
