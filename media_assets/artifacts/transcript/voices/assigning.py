"""Who says each word of a transcript: turns that were heard in the sound, and words that an engine has timed.

Neither is exact to a tenth of a second. So a word is not simply given to whoever speaks at its time: of all ways to
part the words among the voices that one is taken in which the fewest seconds of words lie in a turn of another, where
a change costs little behind a sentence or at a pause, and as much as half a second or more within a sentence.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from media_assets.artifacts.transcript.hearing.utterances import mean_confidence
from media_assets.artifacts.transcript.value import Speaker, Transcript, TranscriptSegment, Word
from media_assets.artifacts.transcript.voices.value import Diarization, SpokenTurn, Voice
from media_assets.base.writing import CLAUSE_MARKS, CLOSING_MARKS, SENTENCE_MARKS

_BEHIND_SENTENCE = 0.05
"""What a change costs there, in seconds of words that lie in a turn of another."""
_BEHIND_CLAUSE = 0.35
_AT_PAUSE = 0.15
_WITHIN_SENTENCE = 0.6
_PAUSE_SECONDS = 0.3
_FARTHEST_SECONDS = 3.0
"""A voice that is not heard within this is not taken for the one that says a word."""
_SHARE_OF_DISTANCE = 0.2
"""A second between a word and the nearest turn of a voice costs as much as so many seconds in another's turn."""
_GUESSED_SECONDS = 0.3
"""How long a word is taken to be whose end the engine did not say."""
_SENTENCE_END = re.compile(rf"[{re.escape(SENTENCE_MARKS)}][{re.escape(CLOSING_MARKS)}]*$")
_CLAUSE_END = re.compile(rf"[{re.escape(CLAUSE_MARKS)}][{re.escape(CLOSING_MARKS)}]*$")


@dataclass(frozen=True)
class AssignedTranscript:
    """A transcript whose words have speakers, and the voices of these. Both call them `S1` … by their first words."""

    transcript: Transcript
    voices: tuple[Voice, ...]
    names: Mapping[str, str]
    """What those that say a word were called by the diarization, and what they are called now."""


@dataclass(frozen=True)
class _Unit:
    """A word, or a segment without words."""

    segment: int
    start: float
    end: float
    change: float
    """What a change costs before it."""


def assign(transcript: Transcript, diarization: Diarization) -> AssignedTranscript:
    """Say of each word and segment who says it; segments are parted where another takes over.

    No text is lost, changed or moved. Who says no word is left out. Words far from any speech have no speaker.
    """
    if not diarization.turns or not transcript.segments:
        return AssignedTranscript(transcript, (), {})
    units = list(_units(transcript.segments))
    heard = _speakers(units, diarization)
    order = dict.fromkeys(speaker for speaker in heard if speaker)
    names = {speaker: f"S{number}" for number, speaker in enumerate(order, 1)}
    by_segment: dict[int, list[str | None]] = {}
    for unit, speaker in zip(units, heard, strict=True):
        by_segment.setdefault(unit.segment, []).append(names[speaker] if speaker else None)
    parted = tuple(
        part for number, segment in enumerate(transcript.segments) for part in _parted(segment, by_segment[number])
    )
    known = {voice.speaker: voice for voice in diarization.voices}
    voices = tuple(known[speaker].model_copy(update={"speaker": names[speaker]}) for speaker in order)
    speakers = tuple(Speaker(id=voice.speaker, seconds=voice.seconds) for voice in voices)
    return AssignedTranscript(transcript.model_copy(update={"segments": parted, "speakers": speakers}), voices, names)


# ------------------------------------------------------------------------------------------------ whose each word is


def _units(segments: Sequence[TranscriptSegment]) -> Iterator[_Unit]:
    for number, segment in enumerate(segments):
        if not segment.words:
            yield _Unit(number, segment.start_seconds, segment.end_seconds, _BEHIND_SENTENCE)
            continue
        starts = [word.start_seconds for word in segment.words]
        ends = [_end(word, following) for word, following in zip(segment.words, [*starts[1:], None], strict=True)]
        yield _Unit(number, starts[0], ends[0], _BEHIND_SENTENCE)
        for (before, word), pause_from, end in zip(pairwise(segment.words), ends, ends[1:], strict=False):
            yield _Unit(number, word.start_seconds, end, _price(before.text, word.start_seconds - pause_from))


def _end(word: Word, following: float | None) -> float:
    if word.end_seconds is not None:
        return word.end_seconds
    guessed = word.start_seconds + _GUESSED_SECONDS
    return guessed if following is None else min(guessed, max(following, word.start_seconds))


def _price(before: str, pause_seconds: float) -> float:
    if _SENTENCE_END.search(before):
        return _BEHIND_SENTENCE
    if pause_seconds >= _PAUSE_SECONDS:
        return _AT_PAUSE
    return _BEHIND_CLAUSE if _CLAUSE_END.search(before) else _WITHIN_SENTENCE


def _speakers(units: Sequence[_Unit], diarization: Diarization) -> list[str | None]:
    """Who says each unit: the cheapest way through all of them."""
    by_speaker: dict[str, list[SpokenTurn]] = {}
    for turn in diarization.turns:
        by_speaker.setdefault(turn.speaker, []).append(turn)
    speakers = list(by_speaker)
    columns = [_costs(units, turns) for turns in by_speaker.values()]
    far = [all(column[number] is None for column in columns) for number in range(len(units))]
    came_from: list[list[int]] = []
    best = [0.0] * len(speakers)
    for number, unit in enumerate(units):
        cheapest = min(range(len(speakers)), key=best.__getitem__)
        turned = best[cheapest] + unit.change
        came_from.append([own if best[own] <= turned else cheapest for own in range(len(speakers))])
        costs = [column[number] for column in columns]
        best = [
            min(best[own], turned) + (0.0 if far[number] else _too_far(unit) if (cost := costs[own]) is None else cost)
            for own in range(len(speakers))
        ]
    at = min(range(len(speakers)), key=best.__getitem__)
    path: list[str | None] = []
    for number in range(len(units) - 1, -1, -1):
        path.append(None if far[number] else speakers[at])
        at = came_from[number][at]
    return path[::-1]


def _too_far(unit: _Unit) -> float:
    return max(unit.end - unit.start, _SHARE_OF_DISTANCE * _FARTHEST_SECONDS)


def _costs(units: Sequence[_Unit], turns: Sequence[SpokenTurn]) -> list[float | None]:
    """How little each unit fits to the turns of one voice: seconds outside of them; None where none is near."""
    starts = [turn.start_seconds for turn in turns]
    found: list[float | None] = []
    for unit in units:
        inside, distance = 0.0, _FARTHEST_SECONDS
        for turn in turns[max(0, bisect_right(starts, unit.start) - 1) :]:
            if turn.start_seconds > unit.end + distance:
                break
            inside += max(0.0, min(turn.end_seconds, unit.end) - max(turn.start_seconds, unit.start))
            distance = min(distance, max(0.0, turn.start_seconds - unit.end, unit.start - turn.end_seconds))
        if distance >= _FARTHEST_SECONDS:
            found.append(None)
        else:
            found.append(max(0.0, unit.end - unit.start - inside) + _SHARE_OF_DISTANCE * distance)
    return found


# ----------------------------------------------------------------------------------------------------- the segments


def _parted(segment: TranscriptSegment, speakers: Sequence[str | None]) -> Iterator[TranscriptSegment]:
    """The segment in parts of one speaker each, with the text that stands there; whole where words are not in it."""
    if not segment.words:
        yield segment.model_copy(update={"speaker": speakers[0]})
        return
    filled = _without_gaps(speakers)
    words = tuple(
        word.model_copy(update={"speaker": speaker}) for word, speaker in zip(segment.words, filled, strict=True)
    )
    runs = [tuple(run) for _, run in groupby(words, key=lambda word: word.speaker)]
    borders = _borders(segment.text, words, runs)
    if len(runs) == 1 or borders is None:
        most = _most(words)
        whole = words if len(runs) == 1 else tuple(word.model_copy(update={"speaker": most}) for word in words)
        yield segment.model_copy(update={"words": whole, "speaker": most})
        return
    starts = [segment.start_seconds, *(run[0].start_seconds for run in runs[1:])]
    ends = [*(min(_end(run[-1], start), start) for run, start in zip(runs, starts[1:], strict=False))]
    for run, (first, last), start, end in zip(
        runs, pairwise(borders), starts, [*ends, segment.end_seconds], strict=True
    ):
        yield segment.model_copy(
            update={
                "start_seconds": start,
                "end_seconds": max(start, end),
                "text": segment.text[first:last].strip(),
                "confidence": mean_confidence(run, segment.confidence),
                "words": run,
                "speaker": run[0].speaker,
            }
        )


def _without_gaps(speakers: Sequence[str | None]) -> list[str | None]:
    """Words far from any speech belong to whoever says those before them, or else those behind."""
    filled: list[str | None] = []
    for speaker in speakers:
        filled.append(speaker or (filled[-1] if filled else None))
    first = next((speaker for speaker in filled if speaker), None)
    return [speaker or first for speaker in filled]


def _borders(text: str, words: Sequence[Word], runs: Sequence[Sequence[Word]]) -> list[int] | None:
    """Where in the text each run begins, and its end; None where the words are not those of the text."""
    position, begins = 0, []
    for word in words:
        at = text.find(word.text, position)
        if at < 0:
            return None
        begins.append(at)
        position = at + len(word.text)
    counts = [len(run) for run in runs]
    return [0, *(begins[sum(counts[:number])] for number in range(1, len(runs))), len(text)]


def _most(words: Sequence[Word]) -> str | None:
    """Who says most of them, in seconds; of equals the first."""
    spoken: dict[str | None, float] = {}
    for word in words:
        spoken[word.speaker] = spoken.get(word.speaker, 0.0) + _end(word, None) - word.start_seconds
    return max(spoken, key=lambda speaker: spoken[speaker])


def with_names(transcript: Transcript, names: Mapping[str, tuple[str, float]]) -> Transcript:
    """The transcript with its speakers named anew.

    Args:
        names: By the id of a speaker, a name and how sure it is; who is not among them has no name.
    """
    named = (
        speaker.model_copy(update=dict(zip(("name", "confidence"), names.get(speaker.id, (None, None)), strict=True)))
        for speaker in transcript.speakers
    )
    return transcript.model_copy(update={"speakers": tuple(named)})
