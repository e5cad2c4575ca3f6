"""What a server of audio transcriptions answers, checked, and turned into what was said when.

Servers differ in what they leave out. What is there has to be of the right form; what is absent is done without.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from functools import partial
from itertools import chain
from typing import Any

from pydantic import BaseModel, ConfigDict

from media_assets.artifacts.transcript.engines.openai.piece import SentPiece
from media_assets.artifacts.transcript.hearing.guards import objection
from media_assets.artifacts.transcript.hearing.prompting import PROMPT_ECHO
from media_assets.artifacts.transcript.hearing.settings import GuardSettings
from media_assets.artifacts.transcript.hearing.utterances import Utterance
from media_assets.artifacts.transcript.value import Word

_BEHIND_SECONDS = 60.0
_MOST_LETTERS_PER_SECOND = 50.0


class _Part(BaseModel):
    model_config = ConfigDict(allow_inf_nan=False)


class AnsweredWord(_Part):
    word: str
    start: float
    end: float | None = None
    probability: float | None = None
    """Told by servers that run faster-whisper; OpenAI tells none."""


class AnsweredSegment(_Part):
    text: str
    start: float
    end: float | None = None
    avg_logprob: float | None = None
    no_speech_prob: float | None = None
    words: list[AnsweredWord] | None = None


class _SpokenToken(_Part):
    logprob: float


class _Usage(_Part):
    seconds: float | None = None


class SpeechAnswer(_Part):
    """The answer to one request. `segments` is None where the server gives text alone."""

    text: str
    language: str | None = None
    language_probability: float | None = None
    """0 to 1; told by some servers, such as that of whisper.cpp."""
    segments: list[AnsweredSegment] | None = None
    words: list[AnsweredWord] | None = None
    """Words of all segments; OpenAI gives them so."""
    logprobs: list[_SpokenToken] | None = None
    usage: _Usage | None = None


def in_seconds(answer: SpeechAnswer, duration_seconds: float) -> SpeechAnswer | None:
    """The answer with times that were milliseconds; None where they are seconds.

    They are milliseconds where they reach far behind the end, a thousandth of them does not, and what is said fits
    into a thousandth of what it lasts.
    """
    segments = answer.segments or []
    last = max((time for part in segments for time in (part.start, part.end) if time is not None), default=0.0)
    lasting = sum(part.end - part.start for part in segments if part.end is not None) or last
    letters = sum(len(part.text) for part in segments)
    behind = last > 2 * duration_seconds + _BEHIND_SECONDS
    if not behind or last / 1000 > duration_seconds + 1 or letters / _MOST_LETTERS_PER_SECOND > lasting / 1000:
        return None
    divided = answer.model_copy(deep=True)
    parts: list[AnsweredSegment | AnsweredWord] = [*(divided.segments or ()), *(divided.words or ())]
    for part in chain(parts, *(one.words or () for one in divided.segments or ())):
        part.start /= 1000
        part.end = None if part.end is None else part.end / 1000
    return divided


def timed_utterances(
    answer: SpeechAnswer, guards: GuardSettings, piece: SentPiece
) -> tuple[list[Utterance], dict[str, int]]:
    """What the guards leave of the segments, and how many each guard took out."""
    segments = answer.segments or []
    kept: list[Utterance] = []
    dropped: Counter[str] = Counter()
    for segment, words in zip(segments, _words_of(segments, answer.words or []), strict=True):
        end = piece.duration_seconds if segment.end is None else segment.end
        guard = _objection(segment.text, guards, piece, segment.avg_logprob, segment.no_speech_prob, segment.start, end)
        if guard is None:
            kept.append(_utterance(segment, words))
        else:
            dropped[guard] += 1
    return kept, dict(dropped)


def untimed_utterances(
    answer: SpeechAnswer, guards: GuardSettings, piece: SentPiece
) -> tuple[list[Utterance], dict[str, int]]:
    """The text as one utterance, where the piece is louder than silence, or what guard took it out."""
    logprobs = [token.logprob for token in answer.logprobs or []]
    average = sum(logprobs) / len(logprobs) if logprobs else None
    guard = _objection(answer.text, guards, piece, average, None, 0.0, piece.duration_seconds)
    if guard is not None:
        return [], {guard: 1}
    return [Utterance(answer.text, *piece.sounding, _confidence(average))], {}


def _objection(
    text: str,
    guards: GuardSettings,
    piece: SentPiece,
    logprob: float | None,
    no_speech: float | None,
    start_seconds: float,
    end_seconds: float,
) -> str | None:
    """A guard whose measure the server does not give has no objection."""
    told: dict[str, Any] = {
        "average_log_probability": 0.0 if logprob is None else logprob,
        "no_speech_probability": 0.0 if no_speech is None else no_speech,
        "guards": guards,
    }
    if guard := objection(text, **told):
        return guard
    nobody = partial(piece.nobody_speaks, start_seconds, end_seconds)
    return PROMPT_ECHO if piece.prompt.is_echo(text, **told, nobody_speaks=nobody) else None


def _words_of(segments: Sequence[AnsweredSegment], words: Sequence[AnsweredWord]) -> list[list[AnsweredWord]]:
    """The words of each segment: its own, else those whose middle lies behind its start and before the next's."""
    found = [list(segment.words or []) for segment in segments]
    if any(found) or not segments:
        return found
    order = sorted(range(len(segments)), key=lambda index: segments[index].start)
    starts = [segments[index].start for index in order]
    for word in words:
        middle = (word.start + (word.start if word.end is None else word.end)) / 2
        found[order[max(0, bisect_right(starts, middle) - 1)]].append(word)
    return found


def _utterance(segment: AnsweredSegment, words: Sequence[AnsweredWord]) -> Utterance:
    confidence = _confidence(segment.avg_logprob)
    return Utterance(
        text=segment.text,
        start_seconds=segment.start,
        end_seconds=segment.end,
        confidence=confidence,
        words=tuple(
            Word(
                text=word.word,
                start_seconds=word.start,
                end_seconds=word.end,
                confidence=confidence if word.probability is None else word.probability,
            )
            for word in words
        ),
    )


def _confidence(average_log_probability: float | None) -> float:
    """0 where the server gives no measure."""
    return 0.0 if average_log_probability is None else math.exp(min(0.0, average_log_probability))
