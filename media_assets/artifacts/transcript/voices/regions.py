"""Where somebody speaks, finely: with shorter pauses than a transcript needs, for in a pause another may take over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from media_assets.artifacts.transcript.hearing.activity import speech_stretches

if TYPE_CHECKING:
    import numpy as np

_SPEECH_FROM = 0.4
_SILENCE_BELOW = 0.25
_SHORTEST_PAUSE_MILLISECONDS = 200
_SHORTEST_SPEECH_MILLISECONDS = 150
_AROUND_MILLISECONDS = 60


def speech_regions(audio: np.ndarray) -> list[tuple[int, int]]:
    """From which sample to before which somebody speaks, in order.

    Args:
        audio: Mono, from -1 to 1, 32 bit, at 16,000 samples a second.
    """
    return speech_stretches(
        audio,
        threshold=_SPEECH_FROM,
        neg_threshold=_SILENCE_BELOW,
        min_silence_duration_ms=_SHORTEST_PAUSE_MILLISECONDS,
        min_speech_duration_ms=_SHORTEST_SPEECH_MILLISECONDS,
        speech_pad_ms=_AROUND_MILLISECONDS,
    )
