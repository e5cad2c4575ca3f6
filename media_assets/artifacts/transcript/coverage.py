"""How much of the speech in a recording has text, measured while the transcript is made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from media_assets.artifacts.transcript.value import Transcript
from media_assets.artifacts.transcript.voices.value import Diarization

_NEAR_SECONDS = 0.5
"""Engines let a segment begin a little late and end a little early."""
_SAME_SPEECH_SECONDS = 2.0
"""Voice activity detection takes what has shorter pauses for one piece of speech (faster-whisper's default)."""

Stretch = tuple[float, float]


def speech_coverage(said: Transcript, voices: Diarization | None) -> dict[str, float]:
    """Figures of the coverage; none where nobody looked for speech.

    Args:
        said: The transcript.
        voices: Who speaks when, where that was told: then it is known which speech has no text.

    Returns:
        `speech_seconds`, `speech_with_text_seconds`; with `voices` also where the longest speech without text is, as
        `untold_from_seconds` and `untold_to_seconds`, if there is any.
    """
    if voices is not None:
        return _by_voices(said, [(turn.start_seconds, turn.end_seconds) for turn in voices.turns])
    if said.speech_seconds is None:
        return {}
    with_text = sum(end - start for start, end in _joined(_texts(said), _SAME_SPEECH_SECONDS))
    return {
        "speech_seconds": round(said.speech_seconds, 3),
        "speech_with_text_seconds": round(min(with_text, said.speech_seconds), 3),
    }


def _by_voices(said: Transcript, turns: Sequence[Stretch]) -> dict[str, float]:
    texts = _joined(_texts(said), 2 * _NEAR_SECONDS)
    near = [(start - _NEAR_SECONDS, end + _NEAR_SECONDS) for start, end in texts]
    untold = [gap for turn in turns for gap in _without(turn, near)]
    speech = sum(end - start for start, end in turns)
    figures = {
        "speech_seconds": round(speech, 3),
        "speech_with_text_seconds": round(speech - sum(end - start for start, end in untold), 3),
    }
    if untold:
        start, end = max(untold, key=lambda gap: gap[1] - gap[0])
        figures |= {"untold_from_seconds": round(start, 3), "untold_to_seconds": round(end, 3)}
    return figures


def _texts(said: Transcript) -> list[Stretch]:
    return [(segment.start_seconds, segment.end_seconds) for segment in said.segments]


def _joined(stretches: Iterable[Stretch], pause_seconds: float) -> list[Stretch]:
    """Stretches with shorter pauses as one."""
    joined: list[Stretch] = []
    for start, end in sorted(stretches):
        if joined and start - joined[-1][1] < pause_seconds:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def _without(whole: Stretch, taken: Sequence[Stretch]) -> list[Stretch]:
    """What is left of a stretch. Those that are taken are in order and do not overlap."""
    left, position = [], whole[0]
    for start, end in taken:
        if end <= position or start >= whole[1]:
            continue
        if start > position:
            left.append((position, start))
        position = end
    return [*left, (position, whole[1])] if position < whole[1] else left
