"""What faster-whisper says of a segment, as utterances; a word without a time, a NaN or a missing text costs no more
than itself."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from media_assets.artifacts.transcript.hearing.guards import tokens
from media_assets.artifacts.transcript.hearing.mending import usable_segments, utterance_of, without_ends
from media_assets.artifacts.transcript.hearing.prompting import HeardPrompt
from media_assets.artifacts.transcript.hearing.utterances import Utterance

if TYPE_CHECKING:
    import faster_whisper.transcribe

_NONE = float("nan")
"""Stands for a probability that is missing where there always is one."""


def utterances_of(
    segments: Sequence[faster_whisper.transcribe.Segment], prompt: HeardPrompt | None = None
) -> tuple[list[Utterance], dict[str, int]]:
    """The segments as utterances, with plain floats for what are NumPy's, and how much of what had to be done without.

    Segments without any time follow each other from the start.

    Args:
        prompt: What they were heard with.
    """
    told = frozenset(tokens(prompt.text)) if prompt else frozenset()
    lacking: Counter[str] = Counter()
    found = list(usable_segments([_answered(segment, told) for segment in segments], lacking, untimed_too=True))
    lacking += without_ends(found)
    return [_utterance(segment) for segment in found], dict(lacking)


def _answered(segment: faster_whisper.transcribe.Segment, told: frozenset[str]) -> dict[str, Any]:
    words = [
        {"word": word.word, "start": word.start, "end": word.end, "probability": _probability(word, segment, told)}
        for word in segment.words or ()
    ]
    return {
        "text": segment.text,
        "start": segment.start,
        "end": segment.end,
        "avg_logprob": segment.avg_logprob,
        "words": words,
    }


def _probability(
    word: faster_whisper.transcribe.Word, segment: faster_whisper.transcribe.Segment, told: frozenset[str]
) -> float:
    """How sure the model is of a word. faster-whisper measures that without the prompt, by which alone the model may
    have known a name: of such a word, it is as sure as of its segment."""
    if word.probability is None:
        return _NONE
    if told and segment.avg_logprob is not None and told.issuperset(tokens(word.word or "")):
        return max(float(word.probability), math.exp(min(0.0, segment.avg_logprob)))
    return float(word.probability)


def _utterance(segment: dict[str, Any]) -> Utterance:
    log_probability = segment["avg_logprob"]
    confidence = 0.0 if log_probability is None else math.exp(min(0.0, log_probability))
    return utterance_of(segment, confidence)
