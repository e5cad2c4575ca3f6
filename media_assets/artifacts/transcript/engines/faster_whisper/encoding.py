"""What Whisper's encoder makes of pieces of sound that are decoded together: of one after the other on a CPU.

At each of its layers, the encoder holds how each moment of a piece relates to each other: 54 MB a piece, twice. On a
CPU, several at once take as long as one after the other, and what comes out is the same.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ctranslate2
    import faster_whisper
    import numpy as np


def encode_one_by_one(model: faster_whisper.WhisperModel) -> None:
    """Have a model that runs on the CPU encode piece by piece whatever it is given."""
    if model.model.device == "cpu":
        model.encode = partial(_encoded, model.encode)


def _encoded(encode: Callable[[np.ndarray], ctranslate2.StorageView], features: np.ndarray) -> ctranslate2.StorageView:
    """What `encode` gives for all pieces at once.

    Args:
        features: (pieces, bands, frames), or of one piece (bands, frames).
    """
    import ctranslate2
    import numpy as np

    if features.ndim == 2 or len(features) == 1:
        return encode(features)
    parts = [np.asarray(encode(piece)) for piece in features]
    return ctranslate2.StorageView.from_array(np.concatenate(parts))
