"""Which language is spoken when: a window is cut into pieces, and what a model takes each for is weighed.

A model that is asked for the language of music, noise or silence names one all the same. Seen with `base`: of music
Shona at 0.59, of noise Nynorsk at 0.61, of silence Welsh at 0.34; of two seconds of speech any, of ten the right one
at 0.5 to 0.95. So an answer counts for a piece alone, and less of speech has to be answered more surely; what is
unsure goes with the nearest piece that is sure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from media_assets.artifacts.transcript.hearing.guards import total
from media_assets.artifacts.transcript.hearing.utterances import place
from media_assets.artifacts.transcript.hearing.windows import (
    SAMPLE_BYTES,
    SAMPLE_RATE,
    Heard,
    Window,
    quietest_moment,
)
from media_assets.artifacts.transcript.value import LanguageStretch, seconds_by_language

Span = tuple[int, int]
"""From one sample to before another."""

_SHORTEST = 10 * SAMPLE_RATE
_LONGEST = 30 * SAMPLE_RATE
"""Whisper looks at 30 s at once."""
_LAST = 5 * SAMPLE_RATE
_DOUBTFUL = 0.7
"""Below this two languages may have met in a piece. Seen with `base`: 0.39 of 8 s English and 11 s French."""
_SURE = ((10.0, 0.5), (5.0, 0.7), (2.0, 0.85))
"""From so many seconds of speech on, a probability of so much is sure. 0.5 is faster-whisper's own threshold."""


@dataclass(frozen=True)
class Piece:
    """A part of a window that is taken to be in one language."""

    start_sample: int
    end_sample: int
    speech: tuple[Span, ...]
    """Where in the window somebody speaks; the whole piece, where that is not known."""

    @property
    def speech_seconds(self) -> float:
        return sum(end - start for start, end in self.speech) / SAMPLE_RATE


def pieces(window: Window, speech: Sequence[Span] | None) -> list[Piece]:
    """The window in pieces of 10 to 30 s that end in the longest pause there is; the last may be shorter.

    Args:
        speech: Where somebody speaks, in order; None: not known, and pieces end where it is quietest.
    """
    cuts = [0]
    while (rest := window.samples - cuts[-1]) > _SHORTEST + _LAST:
        earliest, latest = cuts[-1] + _SHORTEST, min(cuts[-1] + _LONGEST, window.samples - _LAST)
        cut = None if speech is None else _longest_pause(speech, earliest, latest)
        if cut is None and rest <= _LONGEST:
            break
        cuts.append(cut or _quietest(window, earliest, latest))
    cuts.append(window.samples)
    return [Piece(start, end, _within(speech, start, end)) for start, end in pairwise(cuts)]


def asked_about(
    found: Sequence[Piece], ask: Callable[[Piece], Mapping[str, float]], *, among: Sequence[str]
) -> tuple[list[Piece], list[Mapping[str, float]]]:
    """The pieces, with the probability of every language for each. Where the answer is doubtful two languages may have
    met, and the parts before and behind the longest pause are asked about, and taken if that makes one sure.

    Args:
        found: From `pieces`.
        ask: Gives the probabilities; none where nobody speaks.
        among: The languages of which it is one; empty: any.
    """
    told: list[tuple[Piece, Mapping[str, float]]] = []
    for piece in found:
        answer = ask(piece)
        parts: list[tuple[Piece, Mapping[str, float]]] = []
        if answer and max(answer.values()) < _DOUBTFUL:
            parts = [(part, ask(part)) for part in _halves(piece)]
        sure = any((one := _told(part, heard, among)) and one.is_sure for part, heard in parts)
        told += parts if sure else [(piece, answer)]
    return [piece for piece, _ in told], [answer for _, answer in told]


def stretches(
    asked: Sequence[Piece], answers: Sequence[Mapping[str, float]], *, among: Sequence[str], known: str | None
) -> list[LanguageStretch]:
    """The languages of the pieces, in seconds from the start of the window; pieces with the same one after the other
    are one stretch.

    Args:
        asked: The pieces of a window, in order.
        answers: For each, the probability of every language; empty where nobody speaks.
        among: The languages of which it is one; empty: any.
        known: The last language of which the model was sure in the windows before.

    Returns:
        Nothing where nobody speaks.
    """
    told = [_told(piece, answer, among) for piece, answer in zip(asked, answers, strict=True)]
    if not any(told):
        return []
    sure = {index: one for index, one in enumerate(told) if one and one.is_sure}
    if not sure:
        language = known if known and (not among or known in among) else _likeliest(asked, answers, among)
        heard = [answer.get(language, 0.0) for answer in answers if answer]
        return [_stretch(asked[0], asked[-1], language, max(heard))]
    found: list[LanguageStretch] = []
    for piece in asked:
        nearest = min(sure, key=lambda other: _distance(piece, asked[other]))
        found.append(_stretch(piece, piece, sure[nearest].language, sure[nearest].probability))
    return merged(found)


def last_sure(asked: Sequence[Piece], answers: Sequence[Mapping[str, float]], *, among: Sequence[str]) -> str | None:
    """The last language of which the model was sure; see `stretches`."""
    told = [_told(piece, answer, among) for piece, answer in zip(asked, answers, strict=True)]
    return next((one.language for one in reversed(told) if one and one.is_sure), None)


def joined(parts: Sequence[Heard], languages: Sequence[LanguageStretch], sure: str | None) -> Heard:
    """What was heard in the stretches of a window, each with times from its own start, as of the whole window."""
    segments = tuple(
        segment
        for part, stretch in zip(parts, languages, strict=True)
        for segment in place(
            part.segments,
            offset_seconds=stretch.start_seconds,
            duration_seconds=stretch.end_seconds - stretch.start_seconds,
        )
    )
    seconds = seconds_by_language(segments, languages)
    return Heard(
        segments=segments,
        language=max(seconds, key=lambda code: seconds[code], default=None),
        languages=tuple(languages),
        sure_language=sure,
        dropped=total([part.dropped for part in parts]),
        lacking=total([part.lacking for part in parts]),
        dropped_seconds=sum(part.dropped_seconds for part in parts),
        speech_seconds=sum(part.speech_seconds for part in parts),
    )


def merged(found: Sequence[LanguageStretch]) -> list[LanguageStretch]:
    """Stretches of one language one after the other as one, as probable as they are on average."""
    joined: list[list[LanguageStretch]] = []
    for stretch in found:
        if joined and joined[-1][-1].language == stretch.language:
            joined[-1].append(stretch)
        else:
            joined.append([stretch])
    return [
        LanguageStretch(
            start_seconds=group[0].start_seconds,
            end_seconds=group[-1].end_seconds,
            language=group[0].language,
            probability=_mean_probability(group),
        )
        for group in joined
    ]


@dataclass(frozen=True)
class _Told:
    language: str
    probability: float
    is_sure: bool


def is_sure(probability: float, speech_seconds: float) -> bool:
    """Whether a language that a model names with this probability is the one that is spoken."""
    return any(speech_seconds >= seconds and probability >= enough for seconds, enough in _SURE)


def _told(piece: Piece, answer: Mapping[str, float], among: Sequence[str]) -> _Told | None:
    probabilities = _of(answer, among)
    if not probabilities:
        return None
    language = max(probabilities, key=lambda code: probabilities[code])
    return _Told(language, answer[language], is_sure(probabilities[language], piece.speech_seconds))


def _of(answer: Mapping[str, float], among: Sequence[str]) -> dict[str, float]:
    """The probabilities of the languages in question, which are all that there are."""
    if not among:
        return dict(answer)
    found = {code: answer[code] for code in among if code in answer}
    total = sum(found.values())
    return {code: probability / total for code, probability in found.items()} if total else found


def _likeliest(asked: Sequence[Piece], answers: Sequence[Mapping[str, float]], among: Sequence[str]) -> str:
    sums: defaultdict[str, float] = defaultdict(float)
    for piece, answer in zip(asked, answers, strict=True):
        for code, probability in _of(answer, among).items():
            sums[code] += probability * piece.speech_seconds
    return max(sums, key=lambda code: sums[code])


def _distance(piece: Piece, other: Piece) -> int:
    return max(other.start_sample - piece.end_sample, piece.start_sample - other.end_sample)


def _stretch(first: Piece, last: Piece, language: str, probability: float) -> LanguageStretch:
    return LanguageStretch(
        start_seconds=round(first.start_sample / SAMPLE_RATE, 3),
        end_seconds=round(last.end_sample / SAMPLE_RATE, 3),
        language=language,
        probability=round(min(1.0, probability), 3),
    )


def _mean_probability(group: Sequence[LanguageStretch]) -> float | None:
    told = [(one.end_seconds - one.start_seconds, one.probability) for one in group if one.probability is not None]
    seconds = sum(length for length, _ in told)
    return round(sum(length * probability for length, probability in told) / seconds, 3) if seconds else None


def _longest_pause(speech: Sequence[Span], earliest: int, latest: int) -> int | None:
    """The middle of the longest pause that ends between two samples, or begins there."""
    pauses = [
        (max(before[1], earliest), min(after[0], latest))
        for before, after in pairwise(((0, 0), *speech, (latest, latest)))
        if before[1] < latest and after[0] > earliest
    ]
    start, end = max(pauses, key=lambda pause: pause[1] - pause[0], default=(0, 0))
    return (start + end) // 2 if end > start else None


def _quietest(window: Window, earliest: int, latest: int) -> int:
    part = window.pcm[: latest * SAMPLE_BYTES]
    return quietest_moment(part, earliest, latest)


def _halves(piece: Piece) -> list[Piece]:
    cut = _longest_pause(piece.speech, piece.start_sample + _LAST, piece.end_sample - _LAST)
    if cut is None or len(piece.speech) < 2:
        return []
    bounds = ((piece.start_sample, cut), (cut, piece.end_sample))
    return [Piece(start, end, _within(piece.speech, start, end)) for start, end in bounds]


def _within(speech: Sequence[Span] | None, start: int, end: int) -> tuple[Span, ...]:
    if speech is None:
        return ((start, end),)
    return tuple((max(start, one), min(end, other)) for one, other in speech if one < end and other > start)
