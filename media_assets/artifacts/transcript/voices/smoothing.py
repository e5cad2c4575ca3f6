"""Which voice each piece is of: the likeliest path through all, for people take no turns every half second."""

from __future__ import annotations

from typing import TYPE_CHECKING

from media_assets.artifacts.transcript.voices.embedding import Pieces

if TYPE_CHECKING:
    import numpy as np

_WEIGHT_OF_LIKENESS = 20.0
_PRICE_OF_TURN = 3.0
"""What it costs that another one speaks where nobody has paused: as much as 0.15 of likeness of one piece."""
_PRICE_BEHIND_PAUSE = 1.5
"""What it costs where somebody has."""


def likeliest_voices(pieces: Pieces, middles: np.ndarray) -> np.ndarray:
    """The number of a voice for each piece (Viterbi's algorithm).

    Args:
        middles: (voices, UNITS), each of length 1.
    """
    import numpy as np

    count, voices = len(pieces), len(middles)
    scores = (pieces.embeddings @ middles.T.astype(np.float32)).astype(np.float64) * _WEIGHT_OF_LIKENESS
    prices = np.where(np.diff(pieces.regions) == 0, _PRICE_OF_TURN, _PRICE_BEHIND_PAUSE)
    came_from = np.zeros((count, voices), np.int32)
    stay = np.arange(voices)
    best = scores[0]
    for number in range(1, count):
        leader = int(best.argmax())
        turned = best[leader] - prices[number - 1]
        came_from[number] = np.where(best >= turned, stay, leader)
        best = np.maximum(best, turned) + scores[number]
    path = np.zeros(count, np.int64)
    path[-1] = int(best.argmax())
    for number in range(count - 1, 0, -1):
        path[number - 1] = came_from[number, path[number]]
    return path
