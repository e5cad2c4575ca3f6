"""What an engine heard becomes transcript segments: ordered, with sound times, and short enough to be read.

Engines may give utterances out of order, without ends, or reaching beyond the audio. What begins behind its end was
not heard in it and is left out; nothing else is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from media_assets.artifacts.transcript.value import TranscriptSegment, Word

_SPOKEN_CHARACTERS_PER_SECOND = 15.0
"""About 150 English words per minute; only used for an utterance that comes without any end."""
_SHORTEST_SECONDS = 0.001
"""Times are stored in milliseconds."""


@dataclass(frozen=True)
class Utterance:
    """Something an engine heard. Times, those of the words too, are seconds from the start of what it was given."""

    text: str
    start_seconds: float
    end_seconds: float | None
    confidence: float
    """0 to 1; stands for the whole when there are no words."""
    words: tuple[Word, ...] = ()


def to_segments(utterances: Iterable[Utterance], duration_seconds: float) -> tuple[TranscriptSegment, ...]:
    """The utterances as segments in order of time, all within 0 and `duration_seconds`.

    Args:
        utterances: Those without text are left out.
        duration_seconds: Length of what the engine was given.
    """
    spoken = sorted((u for u in utterances if u.text.strip()), key=lambda u: u.start_seconds)
    following = [*(u.start_seconds for u in spoken[1:]), duration_seconds]
    segments = (_segment(u, start) for u, start in zip(spoken, following, strict=False))
    return place(segments, offset_seconds=0.0, duration_seconds=duration_seconds)


def place(
    segments: Iterable[TranscriptSegment], *, offset_seconds: float, duration_seconds: float
) -> tuple[TranscriptSegment, ...]:
    """The segments moved by `offset_seconds` and cut to the `duration_seconds` from there, in order of time.

    A segment that an engine puts behind the end was said all the same: it is shown in the last moment.
    """
    first = max(0.0, offset_seconds)
    last = offset_seconds + duration_seconds
    placed = (_within(segment, offset_seconds, first, last) for segment in segments) if last > first else ()
    # By their starts alone: what begins together stays in the order of speech.
    return tuple(sorted(placed, key=lambda s: s.start_seconds))


def mean_confidence(words: Iterable[Word], otherwise: float) -> float:
    """Mean over the words, or the engine's own measure when there are none; always from 0 to 1."""
    values = [word.confidence for word in words]
    return _probability(sum(values) / len(values) if values else otherwise)


def _segment(utterance: Utterance, following_start: float) -> TranscriptSegment:
    words = _ordered(utterance.words)
    start = utterance.start_seconds
    return TranscriptSegment(
        start_seconds=start,
        end_seconds=_end(utterance, words, following_start),
        text=" ".join(utterance.text.split()),
        confidence=mean_confidence(words, utterance.confidence),
        words=words,
    )


def _ordered(words: tuple[Word, ...]) -> tuple[Word, ...]:
    return tuple(
        word.model_copy(update={"text": word.text.strip(), "confidence": _probability(word.confidence)})
        for word in sorted(words, key=lambda word: word.start_seconds)
        if word.text.strip()
    )


def _end(utterance: Utterance, words: tuple[Word, ...], following_start: float) -> float:
    """The engine's end, else that of the last word, else as long as the text takes to say."""
    candidates = [utterance.end_seconds, *(word.end_seconds for word in reversed(words))]
    for end in candidates:
        if end is not None and math.isfinite(end) and end > utterance.start_seconds:
            return end
    start = max([utterance.start_seconds, *(word.start_seconds for word in words)])
    guess = start + len(utterance.text) / _SPOKEN_CHARACTERS_PER_SECOND
    return min(guess, following_start) if following_start > start else guess


def _within(segment: TranscriptSegment, offset: float, first: float, last: float) -> TranscriptSegment:
    latest = max(first, last - _SHORTEST_SECONDS)
    start = round(min(max(first, segment.start_seconds + offset), latest), 3)
    end = round(min(last, max(segment.end_seconds + offset, start + _SHORTEST_SECONDS)), 3)
    words = tuple(_word_within(word, offset, start, end) for word in segment.words)
    return segment.model_copy(update={"start_seconds": start, "end_seconds": end, "words": _without_overlap(words)})


def _word_within(word: Word, offset: float, first: float, last: float) -> Word:
    start = round(min(max(first, word.start_seconds + offset), last), 3)
    end = word.end_seconds
    if end is not None:
        end = round(min(end + offset, last), 3) if math.isfinite(end) else None
    return word.model_copy(update={"start_seconds": start, "end_seconds": end if end and end > start else None})


def _without_overlap(words: tuple[Word, ...]) -> tuple[Word, ...]:
    """A word ends when the next begins, at the latest."""
    if not words:
        return ()
    shortened = []
    for word, following in pairwise(words):
        end = word.end_seconds
        if end is not None and end > following.start_seconds > word.start_seconds:
            word = word.model_copy(update={"end_seconds": following.start_seconds})
        shortened.append(word)
    return (*shortened, words[-1])


def _probability(value: float) -> float:
    return min(1.0, max(0.0, value)) if math.isfinite(value) else 0.0
