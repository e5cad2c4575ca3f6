"""Fingerprints of sound: Chromaprint's, as ffmpeg's muxer writes them, and how two of them are laid over each other.

A fingerprint is a row of 32 bit values, one for each 0.124 s and about the 2 s around it. Values of the same sound
differ in a few bits, those of different sounds in half of them (Haitsma and Kalker, 2002; their limit is 0.35).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from media_assets.engines.duplicates.codes import packed
from media_assets.models_duplicates import AudioPrint

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ITEM_SECONDS = 1365 / 11025
"""Chromaprint's step: frames of 4096 samples at 11025 Hz that overlap by two thirds."""
PRINT_OPTIONS = {"format": "chromaprint", "fp_format": "raw", "algorithm": 1, "ac": 1, "ar": 11025}
FEWEST_ITEMS = 24
"""Some 3 s; less is no evidence."""
_BLOCK = 16
_STEADY = 8
"""A value that is repeated more often in a row is silence or a steady tone."""
_OFFSETS_TRIED = 4
_BITS = 32


class Overlay(NamedTuple):
    """Two prints laid over each other as well as they fit."""

    offset: int
    """Item of the first at which the second starts."""
    items: int
    """How many items they share in time."""
    error: float
    """Share of different bits where both have something to hear."""
    agreement: float
    """Share of the blocks of 2 s whose own error is small enough."""


def audio_print(path: Path) -> AudioPrint | None:
    """What the muxer wrote; None when the sound was too short or there was nothing to hear."""
    import numpy as np

    values = np.fromfile(path, "<u4")
    if np.count_nonzero(audible(values)) < FEWEST_ITEMS:
        return None
    return AudioPrint(algorithm="chromaprint-1", item_seconds=ITEM_SECONDS, values=packed(values))


def audible(values: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Where a print says something: not in silence or a steady tone, where its values stay the same."""
    import numpy as np

    if not values.size:
        return np.zeros(0, bool)
    starts = np.concatenate([[0], np.flatnonzero(values[1:] != values[:-1]) + 1])
    lengths = np.diff(starts, append=len(values))
    return np.repeat(lengths <= _STEADY, lengths)


def offsets(first: NDArray[np.uint32], second: NDArray[np.uint32]) -> list[int]:
    """The likeliest items of the first at which the second starts, best first: those that make most values equal."""
    import numpy as np

    first_at, second_at = np.flatnonzero(audible(first)), np.flatnonzero(audible(second))
    order = np.argsort(first[first_at], kind="stable")
    values, places = first[first_at][order], first_at[order]
    left = np.searchsorted(values, second[second_at], "left")
    right = np.searchsorted(values, second[second_at], "right")
    counts = np.minimum(right - left, _STEADY)
    steps = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    found = places[np.repeat(left, counts) + steps] - np.repeat(second_at, counts)
    if not found.size:
        return []
    shifts, votes = np.unique(found, return_counts=True)
    best = np.argsort(-votes, kind="stable")[:_OFFSETS_TRIED]
    return [int(shift) for shift in shifts[best]]


def overlay(first: NDArray[np.uint32], second: NDArray[np.uint32], offset: int, max_error: float) -> Overlay | None:
    """Lay the second over the first; None when too little is heard in both at once."""
    import numpy as np

    start, end = max(0, offset), min(len(first), offset + len(second))
    if end - start < FEWEST_ITEMS:
        return None
    one, other = first[start:end], second[start - offset : end - offset]
    heard = audible(one) & audible(other)
    if np.count_nonzero(heard) < FEWEST_ITEMS:
        return None
    wrong = np.bitwise_count(one ^ other)[heard] / _BITS
    edges = np.arange(0, len(wrong) - _BLOCK // 2, _BLOCK)
    blocks = np.add.reduceat(wrong, edges) / np.diff(edges, append=len(wrong))
    return Overlay(offset, end - start, float(wrong.mean()), float((blocks <= max_error).mean()))


def best_overlay(
    first: NDArray[np.uint32], second: NDArray[np.uint32], tried: list[int], max_error: float
) -> Overlay | None:
    """The overlay with the least error, each offset also one item earlier and later."""
    shifts = {shift + step for shift in tried for step in (-1, 0, 1)}
    found = [laid for shift in shifts if (laid := overlay(first, second, shift, max_error)) is not None]
    return min(found, key=lambda laid: laid.error, default=None)
