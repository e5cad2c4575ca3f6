"""Where somebody speaks, as voice activity detection hears it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from media_assets.artifacts.transcript.hearing.activity import speech_stretches
from media_assets.artifacts.transcript.hearing.windows import SAMPLE_BYTES, SAMPLE_RATE, Window

if TYPE_CHECKING:
    import numpy as np

_SHORTEST_PAUSE_MILLISECONDS = 500
_OPENING_SECONDS = 10.0
_LOOKED_AT_SECONDS = 30.0
"""Whisper tells the language of a piece by its first 30 s."""


def speech_in(audio: np.ndarray) -> list[tuple[int, int]]:
    """From which sample to before which somebody speaks, in order, with 0.4 s around it.

    Args:
        audio: Mono, from -1 to 1, at 16,000 samples a second.
    """
    return speech_stretches(audio, min_silence_duration_ms=_SHORTEST_PAUSE_MILLISECONDS)


def is_pause(speech: Sequence[tuple[int, int]], start_seconds: float, end_seconds: float | None) -> bool:
    """Whether nobody speaks in a stretch.

    Args:
        speech: What `speech_in` found.
        end_seconds: None where it is not known: then the stretch goes on to the end.
    """
    first = start_seconds * SAMPLE_RATE
    last = math.inf if end_seconds is None else end_seconds * SAMPLE_RATE
    return not any(start < last and first < end for start, end in speech)


def parted_from_opening(window: Window) -> Sequence[Window]:
    """A long window in two, before the first speech, where that follows a long opening: music has no language.

    The opening stays a part of its own, for what activity detection takes for music may be sung.
    """
    if window.duration_seconds <= _LOOKED_AT_SECONDS:
        return (window,)
    speech = speech_in(window.audio())
    first = next((start for start, end in speech if end - start >= SAMPLE_RATE), 0)
    if first < _OPENING_SECONDS * SAMPLE_RATE:
        return (window,)
    size = first * SAMPLE_BYTES
    return (
        Window(window.start_sample, window.pcm[:size]),
        Window(window.start_sample + first, window.pcm[size:]),
    )
