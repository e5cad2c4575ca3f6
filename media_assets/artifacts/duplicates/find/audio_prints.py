"""Fingerprints of sound: Chromaprint's, as ffmpeg's muxer writes them, and how two of them are laid over each other.

A fingerprint is a row of 32 bit values, one for each 0.124 s and about the 2 s around it. Values of the same sound
differ in a few bits, those of different sounds in half of them (Haitsma and Kalker, 2002; their limit is 0.35).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from media_assets.artifacts.duplicates.find.codes import packed
from media_assets.artifacts.duplicates.values import AudioPrint

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ITEM_SECONDS = 1365 / 11025
"""Chromaprint's step: frames of 4096 samples at 11025 Hz that overlap by two thirds."""
ITEM_BYTES = 4
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

    changes = np.flatnonzero(values[1:] != values[:-1])
    if len(changes) + 1 >= len(values):
        return np.ones(len(values), bool)
    edges = np.concatenate(([-1], changes, [len(values) - 1]))
    lengths = edges[1:] - edges[:-1]
    return np.repeat(lengths <= _STEADY, lengths)


class IndexedPrint:
    """A fingerprint with what is found out of it once, however often it is laid over another."""

    def __init__(self, values: NDArray[np.uint32]) -> None:
        self.values = values
        self.audible = audible(values)


def offsets(one: IndexedPrint, other: IndexedPrint) -> list[int]:
    """The likeliest items of the first at which the second starts, best first: those that make most values equal."""
    import numpy as np

    first, second = one.values, other.values
    first_at, second_at = np.flatnonzero(one.audible), np.flatnonzero(other.audible)
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


def best_overlay(first: IndexedPrint, second: IndexedPrint, tried: list[int], max_error: float) -> Overlay | None:
    """The second laid over the first with the least error, each offset tried also one item earlier and later.

    None when too little is heard in both at once.
    """
    shifts = {shift + step for shift in tried for step in (-1, 0, 1)}
    found = [(bits.mean(), shift, bits) for shift in shifts if (bits := _wrong_bits(first, second, shift)) is not None]
    if not found:
        return None
    error, offset, bits = min(found, key=lambda one: one[0])
    start, end = _common(first, second, offset)
    return Overlay(offset, end - start, float(error) / _BITS, _agreement(bits, max_error))


def _common(first: IndexedPrint, second: IndexedPrint, offset: int) -> tuple[int, int]:
    """The items of the first that both have."""
    return max(0, offset), min(len(first.values), offset + len(second.values))


def _wrong_bits(first: IndexedPrint, second: IndexedPrint, offset: int) -> NDArray[np.uint8] | None:
    """How many bits differ in each item that is heard in both."""
    import numpy as np

    start, end = _common(first, second, offset)
    if end - start < FEWEST_ITEMS:
        return None
    one, other = slice(start, end), slice(start - offset, end - offset)
    heard = first.audible[one] & second.audible[other]
    wrong: NDArray[np.uint8] = np.bitwise_count(first.values[one] ^ second.values[other])[heard]
    return wrong if len(wrong) >= FEWEST_ITEMS else None


def _agreement(bits: NDArray[np.uint8], max_error: float) -> float:
    """The share of the blocks whose own error is small enough."""
    import numpy as np

    edges = np.arange(0, len(bits) - _BLOCK // 2, _BLOCK)
    lengths = np.append(edges[1:], len(bits)) - edges
    return float((np.add.reduceat(bits, edges, dtype=np.int64) <= max_error * _BITS * lengths).mean())
