"""Whether a picture has colours: a grey one has none, and one that is toned (sepia) has one for each brightness."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from media_assets.artifacts.duplicates.look.align import resized

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]

_SIDE = 160
"""Longer side in which it is measured: noise, and the coarse colours of JPEG, are mixed away."""
_TONES = 16
"""Steps of brightness of which each may have a colour of its own."""
_MOST_FRAMES = 8
"""So many frames of a video are looked at, about."""


def colours_of(frames: Sequence[Pixels]) -> float:
    """How far the colours lie from one tone for each brightness, in levels of 255: of the most colourful frame.

    Args:
        frames: Rows, columns and red, green, blue.
    """
    some = frames[:: max(1, len(frames) // _MOST_FRAMES)]
    return round(max(map(_colours_in, some), default=0.0), 2)


def _colours_in(frame: Pixels) -> float:
    import numpy as np

    rows, columns = frame.shape[:2]
    factor = min(1.0, _SIDE / max(rows, columns))
    small = resized(frame.astype(np.float32), (max(1, round(columns * factor)), max(1, round(rows * factor))))
    pixels = small.reshape(-1, 3)
    brightness = pixels @ np.array([0.299, 0.587, 0.114], np.float32)
    apart = np.stack([pixels[:, 2] - brightness, pixels[:, 0] - brightness], axis=1)
    order = np.argsort(brightness, kind="stable")
    squares = 0.0
    for tone in np.array_split(apart[order], _TONES):
        if len(tone):
            squares += float(((tone - tone.mean(axis=0)) ** 2).sum())
    return float((squares / (2 * len(pixels))) ** 0.5)
