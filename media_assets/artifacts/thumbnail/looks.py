"""Which frame makes a good poster: not black, not flat, not blurred, and like the rest of the video.

All is measured on a small grey copy, so that size and noise of the original matter little.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL import Image

_SIDE = 256
"""Pixels of the longer side of the copy."""
_DARK = 32
"""Luma, of 255, up to which a pixel counts as black (video black is 16, and fades and noise lie above)."""
_DARK_SHARE = 0.85
_BRIGHT_SHARE = 0.95
_FLAT = 10.0
"""Standard deviation of the luma below which nothing can be seen."""
_BLURRED = 0.5
"""A frame is blurred when it has less than this share of the sharpness that is usual among the usable ones."""
_BINS = 32


@dataclass(frozen=True)
class FrameLook:
    """What was measured of one frame."""

    dark_share: float
    bright_share: float
    contrast: float
    """Standard deviation of the luma."""
    sharpness: float
    """Mean strength of the edges (Laplacian of the luma)."""
    histogram: tuple[float, ...]
    """Shares of the colours' levels, for red, green and blue."""

    @property
    def usable(self) -> bool:
        """Whether there is something to be seen."""
        return self.dark_share < _DARK_SHARE and self.bright_share < _BRIGHT_SHARE and self.contrast >= _FLAT


def look_at(image: Image.Image) -> FrameLook:
    """Measure a decoded picture."""
    import numpy as np
    from PIL import Image

    small = image.convert("RGB")
    small.thumbnail((_SIDE, _SIDE), Image.Resampling.BOX)
    colours: np.ndarray[Any, Any] = np.asarray(small)
    grey = np.asarray(small.convert("L"), dtype=np.float64)
    histogram = np.concatenate([np.histogram(colours[..., c], _BINS, (0, 256))[0] for c in range(3)])
    return FrameLook(
        dark_share=float((grey <= _DARK).mean()),
        bright_share=float((grey >= 255 - _DARK).mean()),
        contrast=float(grey.std()),
        sharpness=_sharpness(grey),
        histogram=tuple(float(value) for value in histogram / grey.size),
    )


def _sharpness(grey: Any) -> float:
    """Mean of the absolute Laplacian (four neighbours); 0 for pictures too small to have edges."""
    import numpy as np

    if min(grey.shape) < 3:
        return 0.0
    inner = grey[1:-1, 1:-1]
    return float(np.abs(4 * inner - grey[:-2, 1:-1] - grey[2:, 1:-1] - grey[1:-1, :-2] - grey[1:-1, 2:]).mean())


def best(looks: Sequence[FrameLook]) -> tuple[int, str]:
    """The index of the frame to take, and why.

    Of the sharp frames the one is taken whose colours are nearest to their mean, which is how FFmpeg's filter
    `thumbnail` chooses: title cards, flashes and static are unlike the rest. The earliest of equals wins.
    """
    import statistics

    usable = [number for number, look in enumerate(looks) if look.usable]
    if not usable:
        number = max(range(len(looks)), key=lambda n: (looks[n].contrast, -n))
        return number, f"all {len(looks)} frames looked at are black or flat; the one with most contrast"
    usual = statistics.median(looks[number].sharpness for number in usable)
    sharp = [number for number in usable if looks[number].sharpness >= _BLURRED * usual]
    bins = len(looks[0].histogram)
    mean = [statistics.fmean(looks[number].histogram[b] for number in sharp) for b in range(bins)]

    def distance(number: int) -> float:
        return sum((value - usual) ** 2 for value, usual in zip(looks[number].histogram, mean, strict=True))

    chosen = min(sharp, key=lambda number: (round(distance(number), 9), number))
    passed = [
        f"{count} {what}"
        for count, what in ((len(looks) - len(usable), "black or flat"), (len(usable) - len(sharp), "blurred"))
        if count
    ]
    left_out = f"; left out {' and '.join(passed)}" if passed else ""
    return chosen, f"the most typical of {len(sharp)} sharp frames{left_out}"
