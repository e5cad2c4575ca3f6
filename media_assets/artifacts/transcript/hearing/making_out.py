"""Whether a model made out what was said, told by its own confidence.

A model that knows one language hears its words in any other too, or loops and is cut short by the guards. Seen with
`tiny.en`: of English its words had a confidence of 0.85 to 0.96; where noise brought that to 0.76, a fifth of them were
wrong, at 0.6 four fifths. Of six other languages, and of English played backwards, what the guards let pass had 0.41
to 0.59.
"""

from __future__ import annotations

from collections.abc import Sequence

from media_assets.artifacts.transcript.hearing.windows import Heard

_MIN_CONFIDENCE = 0.65
_MIN_SPEECH_SECONDS = 3.0
_MIN_SPEECH_SHARE = 0.05
"""A share of the recording. Voice activity detection takes a second of a minute of music for speech."""
_MIN_HEARD_SHARE = 0.1
"""A share of the speech: less is as good as nothing. Pauses between single words make up most of it at times."""


def is_made_out(windows: Sequence[Heard], duration_seconds: float) -> bool:
    """False when somebody speaks, and little or nothing that the model heard of it can be believed.

    Args:
        windows: What was heard, after the guards.
    """
    speech = sum(window.speech_seconds for window in windows)
    if speech < max(_MIN_SPEECH_SECONDS, _MIN_SPEECH_SHARE * duration_seconds):
        return True
    segments = [segment for window in windows for segment in window.segments]
    lengths = [segment.end_seconds - segment.start_seconds for segment in segments]
    sure = sum(length * segment.confidence for length, segment in zip(lengths, segments, strict=True))
    heard = sum(lengths) + sum(window.dropped_seconds for window in windows)
    return sure >= _MIN_CONFIDENCE * max(heard, _MIN_HEARD_SHARE * speech)
