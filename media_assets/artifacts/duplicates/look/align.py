"""Laying two pictures over each other: which box of the first the second shows, to a fraction of a pixel.

A copy may be scaled, stretched to another shape, or cut at its edges. The box is found on small pictures by normalised
cross-correlation (Lewis 1995) over scales, and refined on larger ones by the Gauss-Newton steps of Lucas and Kanade
(1981) with robust weights, so that what differs does not pull at it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Grey = NDArray[np.float32]

_SMALL = 96
"""Longer side of the pictures on which boxes are searched."""
_LEVELS = (128, 400, 1000)
"""Longer sides of the pictures on which a box is refined."""
_STEPS = 3
_SCALES = 30
_LEAST_SIDE = 0.74
"""Least share of a side that a cut leaves."""
SURE = 0.985
"""Correlation of whole pictures at which no cut is searched for."""
_BETTER = 0.004
_TUKEY = 4.685
_FITTED = 60_000
"""Pixels to which a box is fitted, about."""


class CutOut(NamedTuple):
    """A box of one picture, as shares of its width and height; beyond 0 and 1 lies what the picture does not show."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def area(self) -> float:
        return (self.right - self.left) * (self.bottom - self.top)

    def part(self, inner: CutOut) -> CutOut:
        """A box that is told in shares of this one, in shares of the picture."""
        width, height = self.right - self.left, self.bottom - self.top
        return CutOut(
            self.left + width * inner.left,
            self.top + height * inner.top,
            self.left + width * inner.right,
            self.top + height * inner.bottom,
        )


WHOLE = CutOut(0.0, 0.0, 1.0, 1.0)


def find_box(outer: Grey, inner: Grey) -> tuple[CutOut, float]:
    """The box of the outer picture that the inner one shows best, and the correlation there.

    The whole is taken unless a part fits clearly better.
    """
    whole = refined(outer, inner, WHOLE, _LEVELS[:1])
    best, value = whole, correlation(outer, inner, whole, _LEVELS[0])
    if value >= SURE:
        return whole, value
    for box in _cuts(outer, inner):
        fine = refined(outer, inner, box, _LEVELS[:1])
        found = correlation(outer, inner, fine, _LEVELS[0])
        if found > value + _BETTER:
            best, value = fine, found
    return best, value


def _cuts(outer: Grey, inner: Grey) -> list[CutOut]:
    """The likeliest boxes for an inner picture that was cut out, and perhaps scaled evenly."""
    import numpy as np

    rows, columns = outer.shape
    factor = _SMALL / max(rows, columns)
    small = resized(outer, (max(8, round(columns * factor)), max(8, round(rows * factor))))
    shape = inner.shape[1] / columns, inner.shape[0] / rows
    most = min(1 / shape[0], 1 / shape[1])
    found: list[tuple[float, CutOut]] = []
    for scale in np.geomspace(_LEAST_SIDE, 1.0, _SCALES):
        size = round(small.shape[1] * shape[0] * most * scale), round(small.shape[0] * shape[1] * most * scale)
        if min(size) < 16:
            continue
        scores = _correlations(small, resized(inner, size))
        top, left = np.unravel_index(int(scores.argmax()), scores.shape)
        x, y = float(left) / small.shape[1], float(top) / small.shape[0]
        box = CutOut(x, y, x + size[0] / small.shape[1], y + size[1] / small.shape[0])
        found.append((float(scores.max()), box))
    found.sort(key=lambda one: -one[0])
    return [box for _, box in found[:2]]


def _correlations(picture: Grey, part: Grey) -> Grey:
    """The correlation at every place of the part in the picture."""
    import numpy as np
    from scipy.signal import fftconvolve

    rows, columns = part.shape
    if rows > picture.shape[0] or columns > picture.shape[1]:
        return np.zeros((1, 1), np.float32)
    template = part - part.mean()
    norm = float(np.sqrt((template**2).sum())) or 1.0
    products = fftconvolve(picture, template[::-1, ::-1], mode="valid")
    sums, squares = _box_sums(picture, rows, columns), _box_sums(picture**2, rows, columns)
    deviation = np.sqrt(np.maximum(squares - sums**2 / template.size, 1e-3))
    scores: Grey = (products / (deviation * norm)).astype(np.float32)
    return scores


def _box_sums(picture: Grey, rows: int, columns: int) -> NDArray[np.float64]:
    import numpy as np

    total = np.pad(picture.astype(np.float64).cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    sums: NDArray[np.float64] = (
        total[rows:, columns:] - total[:-rows, columns:] - total[rows:, :-columns] + total[:-rows, :-columns]
    )
    return sums


def refined(outer: Grey, inner: Grey, box: CutOut, levels: tuple[int, ...] = _LEVELS) -> CutOut:
    """The box moved and stretched until the two fit best."""
    for side in levels:
        factor = min(1.0, side / max(inner.shape))
        size = max(8, round(inner.shape[1] * factor)), max(8, round(inner.shape[0] * factor))
        target = resized(inner, size)
        for _ in range(_STEPS):
            box, moved = _step(outer, target, box)
            if moved < 0.02:
                break
        if factor == 1.0:
            break
    return box


def _step(outer: Grey, target: Grey, box: CutOut) -> tuple[CutOut, float]:
    """One step of Gauss and Newton; the box after it, and how far its edges moved, in pixels of the target."""
    import numpy as np

    rows, columns = target.shape
    warped = boxed(outer, box, (columns, rows))
    down, across = np.gradient(warped)
    x = np.linspace(-1, 1, columns, dtype=np.float32)[None, :]
    y = np.linspace(-1, 1, rows, dtype=np.float32)[:, None]
    inner = (slice(2, -2), slice(2, -2))
    # Six numbers need no more pixels than that; an odd step does not stay in some columns.
    every = max(1, target.size // _FITTED) | 1
    parts: list[Any] = [across, across * x, down, down * y, warped, np.ones_like(warped)]
    design = np.stack([part[inner].ravel()[::every] for part in parts], axis=1).astype(np.float64)
    wanted = target[inner].ravel()[::every].astype(np.float64)
    weights = np.ones(len(wanted))
    solution: NDArray[np.floating] = np.zeros(6)
    for _ in range(3):
        weighted = design * weights[:, None]
        solution = np.linalg.lstsq(weighted.T @ design + np.eye(6) * 1e-6, weighted.T @ wanted, rcond=None)[0]
        left = np.abs(design @ solution - wanted)
        scale = float(np.median(left)) * 1.4826 + 0.5
        weights = np.maximum(0.0, 1 - (left / (_TUKEY * scale)) ** 2) ** 2
    gain = solution[4] if abs(solution[4]) > 0.2 else 1.0
    moves = np.clip(solution[:4] / gain, -2.0, 2.0)
    width, height = box.right - box.left, box.bottom - box.top
    dx, grow_x, dy, grow_y = moves[0] / columns, moves[1] / columns, moves[2] / rows, moves[3] / rows
    return (
        CutOut(
            box.left + width * (dx - grow_x),
            box.top + height * (dy - grow_y),
            box.right + width * (dx + grow_x),
            box.bottom + height * (dy + grow_y),
        ),
        float(np.abs(moves).max()),
    )


def correlation(outer: Grey, inner: Grey, box: CutOut, side: int) -> float:
    """How alike the inner picture and the box of the outer one are, at a longer side of so many pixels."""
    import numpy as np

    factor = min(1.0, side / max(inner.shape))
    size = max(8, round(inner.shape[1] * factor)), max(8, round(inner.shape[0] * factor))
    one, other = boxed(outer, box, size), resized(inner, size)
    one, other = one - one.mean(), other - other.mean()
    return float((one * other).sum() / np.sqrt(float((one**2).sum() * (other**2).sum()) + 1e-6))


def resized(picture: Grey, size: tuple[int, int]) -> Grey:
    """A picture of one or more channels in another size (width, height); averages where it gets smaller."""
    return boxed(picture, WHOLE, size)


def boxed(picture: Grey, box: CutOut, size: tuple[int, int], kernel: str = "BICUBIC") -> Grey:
    """What a box of a picture shows, in some size; beyond the edges the edge goes on.

    Args:
        kernel: Pillow's name of how pixels are put together.
    """
    import numpy as np
    from PIL import Image

    rows, columns = picture.shape[:2]
    edges = (box.left * columns, box.top * rows, box.right * columns, box.bottom * rows)
    pad = max(0, int(np.ceil(max(-edges[0], -edges[1], edges[2] - columns, edges[3] - rows, 0))))
    if pad:
        widths = ((pad, pad), (pad, pad), *((0, 0),) * (picture.ndim - 2))
        picture = np.pad(picture, widths, mode="edge")
        edges = (edges[0] + pad, edges[1] + pad, edges[2] + pad, edges[3] + pad)
    planes = [picture] if picture.ndim == 2 else [picture[..., channel] for channel in range(picture.shape[2])]
    taken = [
        np.asarray(Image.fromarray(np.ascontiguousarray(plane)).resize(size, Image.Resampling[kernel], box=edges))
        for plane in planes
    ]
    return taken[0] if picture.ndim == 2 else np.stack(taken, axis=-1)
