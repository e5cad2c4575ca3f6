"""Pieces of a second and a half that somebody speaks in, each with its embedding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from media_assets.artifacts.transcript.voices.mel import FRAME_SAMPLES, level_gains, mel_frames
from media_assets.artifacts.transcript.voices.network import SOUNDS_AT_ONCE, VoiceNetwork
from media_assets.artifacts.transcript.voices.processors import one_processor_a_product

if TYPE_CHECKING:
    import numpy as np

PIECE_FRAMES = 160
"""1.6 s: what the network was trained on."""
STEP_FRAMES = 40
"""A piece begins 0.4 s after the one before, or a little earlier."""


@dataclass(frozen=True)
class Pieces:
    """Pieces in order of time. Times are frames of 10 ms from the start of the recording."""

    starts: np.ndarray
    ends: np.ndarray
    """What each stands for: the pieces of a region share it without gap or overlap."""
    regions: np.ndarray
    """The number of the region that each lies in."""
    heard: np.ndarray
    """How many frames the network has heard of each; fewer than `PIECE_FRAMES` where a region is shorter."""
    embeddings: np.ndarray
    """(pieces, UNITS), each of length 1."""

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def frames(self) -> np.ndarray:
        counts: np.ndarray = self.ends - self.starts
        return counts


def no_pieces() -> Pieces:
    import numpy as np

    from media_assets.artifacts.transcript.voices.weights import UNITS

    none = np.zeros(0, np.int64)
    return Pieces(none, none, none, none, np.zeros((0, UNITS), np.float32))


def joined(parts: Sequence[Pieces]) -> Pieces:
    """The pieces of several parts of a recording, one after the other."""
    import numpy as np

    if not parts:
        return no_pieces()
    regions, first = [], 0
    for part in parts:
        regions.append(part.regions + first)
        first += int(part.regions[-1]) + 1 if len(part) else 0
    return Pieces(
        np.concatenate([part.starts for part in parts]),
        np.concatenate([part.ends for part in parts]),
        np.concatenate(regions),
        np.concatenate([part.heard for part in parts]),
        np.concatenate([part.embeddings for part in parts]),
    )


def pieces_of(
    audio: np.ndarray,
    regions: Sequence[tuple[int, int]],
    network: VoiceNetwork,
    *,
    first_frame: int = 0,
    threads: int = 1,
    progress: Callable[[float], None] = lambda _: None,
) -> Pieces:
    """Cut what is spoken into pieces, and let the network hear them.

    Args:
        audio: Mono, from -1 to 1, 32 bit, at 16,000 samples a second.
        regions: `speech_regions` of it.
        first_frame: The frame that the audio begins with in its recording.
        progress: Called with the fraction that is done; what it raises ends the work.
    """
    import numpy as np

    frames = mel_frames(audio)
    places = [
        (number, *place)
        for number, (start, end) in enumerate(regions)
        for place in _places(start // FRAME_SAMPLES, min(-(-end // FRAME_SAMPLES), len(frames)))
    ]
    if not places:
        return no_pieces()
    numbers, begins, counts, starts, ends = (np.array(column) for column in zip(*places, strict=True))
    squares = _squares(audio, len(frames))
    gains = level_gains((squares[begins + counts] - squares[begins]) / (counts * FRAME_SAMPLES))
    offsets = np.arange(PIECE_FRAMES)

    def hear(at: int) -> np.ndarray:
        part = slice(at, at + SOUNDS_AT_ONCE)
        # A short one is heard again and again until the time is full.
        taken = begins[part, None] + offsets % counts[part, None]
        power = np.square(gains[part]).astype(np.float32)
        return network.embed(frames[taken] * power[:, None, None])

    embeddings: list[np.ndarray] = []
    batches = range(0, len(places), SOUNDS_AT_ONCE)
    with one_processor_a_product(), ThreadPoolExecutor(threads) as pool:
        for at in range(0, len(batches), threads):
            progress(at / len(batches))
            embeddings += pool.map(hear, batches[at : at + threads])
    return Pieces(starts + first_frame, ends + first_frame, numbers, counts, np.concatenate(embeddings))


def _squares(audio: np.ndarray, frames: int) -> np.ndarray:
    """The sum of the squares of all samples before each frame, and before the end."""
    import numpy as np

    whole = len(audio) // FRAME_SAMPLES
    each = np.square(audio[: whole * FRAME_SAMPLES].reshape(whole, FRAME_SAMPLES)).sum(axis=1, dtype=np.float64)
    rest = np.square(audio[whole * FRAME_SAMPLES :]).sum(dtype=np.float64)
    return np.concatenate(([0.0], np.cumsum([*each, rest])[:frames]))


def _places(start: int, end: int) -> list[tuple[int, int, int, int]]:
    """The pieces of a region: from which frame how many are heard, and from which to before which each stands."""
    length = end - start
    if length <= PIECE_FRAMES:
        return [(start, length, start, end)] if length > 0 else []
    count = -(-(length - PIECE_FRAMES) // STEP_FRAMES) + 1
    begins = [start + round(number * (length - PIECE_FRAMES) / (count - 1)) for number in range(count)]
    middles = [begin + PIECE_FRAMES // 2 for begin in begins]
    edges = [start, *((a + b) // 2 for a, b in pairwise(middles)), end]
    return [(begin, PIECE_FRAMES, first, last) for begin, first, last in zip(begins, edges, edges[1:], strict=False)]
