"""Cues as segments of a transcript: with the times of the words that an engine heard there, and who says it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import pairwise

from media_assets.artifacts.transcript.cues import timed_cues
from media_assets.artifacts.transcript.hearing.utterances import mean_confidence, place
from media_assets.artifacts.transcript.lines import clean
from media_assets.artifacts.transcript.subtitles.reading import SpokenCue
from media_assets.artifacts.transcript.value import Speaker, Transcript, TranscriptSegment, Word
from media_assets.base.words import said_in_a_row

_NEAR_SECONDS = 2.0
"""A caption may be shown so much earlier or later than it is said."""
_UNMOVED_SECONDS = 0.02
"""A border that is so near to where it was was written with fewer digits, and not moved."""
_SURE = 1.0
"""The confidence of a word that a person wrote."""


def segments_of(cues: Iterable[SpokenCue], heard: Transcript) -> tuple[TranscriptSegment, ...]:
    """One segment for each cue, with its words. Its speaker is what the cue calls whoever says it, not yet an `id`.

    Args:
        heard: Where the times of the words are taken from, as far as they are the same.
    """
    near = _Nearby([word for segment in heard.segments for word in segment.words])
    segments = []
    cues = list(cues)
    for cue, moved in zip(cues, _moved(cues, heard), strict=True):
        text = said_in_a_row(clean(line) for line in cue.text.split("\n"))
        there = near.between(cue.start_seconds - moved, cue.end_seconds - moved)
        words = tuple(_words(text, [_later(word, moved) for word in there] if moved else there, cue))
        segments.append(
            TranscriptSegment(
                start_seconds=cue.start_seconds,
                end_seconds=cue.end_seconds,
                text=text,
                confidence=mean_confidence(words, _SURE),
                words=words,
                speaker=cue.speaker,
            )
        )
    return tuple(segment for segment in segments if segment.text)


def within(corrected: Transcript, end_seconds: float) -> Transcript:
    """A transcript whose captions a person corrected: none goes on behind the end, and each word lies in its own.

    Args:
        end_seconds: When the recording ends.
    """
    if corrected.correction is None or end_seconds <= 0:
        return corrected
    placed = place(corrected.segments, offset_seconds=0.0, duration_seconds=end_seconds)
    return corrected.model_copy(update={"segments": placed})


def with_speakers(segments: Sequence[TranscriptSegment], heard: Transcript) -> Transcript:
    """A transcript of segments whose speakers are what people call them, or None where a cue did not say.

    A name that nobody had before is that of the voice that speaks at those times, if that voice is not called anything
    else any more; otherwise it is another speaker. Where a cue says nobody, it is who was heard then.
    """
    voices = _Voices(heard.segments)
    called = dict.fromkeys(segment.speaker for segment in segments if segment.speaker)
    speakers = {speaker.label: speaker for speaker in heard.speakers if speaker.label in called}
    for label in called:
        if label not in speakers:
            voice = voices.heard_most(segment for segment in segments if segment.speaker == label)
            taken = {speaker.id for speaker in speakers.values()}
            everyone = taken | {speaker.id for speaker in heard.speakers}
            chosen = voice if voice and voice not in taken else _free(everyone)
            speakers[label] = Speaker(id=chosen, name=label, seconds=0.0)
    spoken = tuple(_spoken(segment, speakers, voices) for segment in segments)
    by_id = {one.id: one for one in (*heard.speakers, *speakers.values())}
    present = dict.fromkeys(segment.speaker for segment in spoken if segment.speaker in by_id)
    counted = [by_id[one].model_copy(update={"seconds": _seconds(spoken, one)}) for one in present if one]
    return heard.model_copy(update={"segments": spoken, "speakers": tuple(counted)})


def _moved(cues: Sequence[SpokenCue], heard: Transcript) -> list[float]:
    """How much later each cue is than the caption of the same text was; 0 unless both its borders were moved."""
    before = [cue for cue in timed_cues(heard) if len(cue.turns) == 1] if heard.segments else []
    texts = [_plain(cue.text) for cue in before], [_plain(cue.text) for cue in cues]
    moved = [0.0] * len(cues)
    for block in SequenceMatcher(None, *texts, autojunk=False).get_matching_blocks():
        for index in range(block.size):
            was, cue = before[block.a + index], cues[block.b + index]
            start, end = cue.start_seconds - was.start_ms / 1000, cue.end_seconds - was.end_ms / 1000
            if min(abs(start), abs(end)) > _UNMOVED_SECONDS:
                moved[block.b + index] = round(start, 3)
    return moved


def _later(word: Word, seconds: float) -> Word:
    end = None if word.end_seconds is None else round(word.end_seconds + seconds, 3)
    return word.model_copy(update={"start_seconds": round(word.start_seconds + seconds, 3), "end_seconds": end})


def _seconds(segments: Iterable[TranscriptSegment], speaker: str) -> float:
    return round(sum(one.end_seconds - one.start_seconds for one in segments if one.speaker == speaker), 3)


class _Nearby:
    """Words in order of time, and those of a stretch of it."""

    def __init__(self, words: Sequence[Word]) -> None:
        self._words = sorted(words, key=lambda word: word.start_seconds)
        self._starts = [word.start_seconds for word in self._words]

    def between(self, start: float, end: float) -> Sequence[Word]:
        first = bisect_left(self._starts, start - _NEAR_SECONDS)
        return self._words[first : bisect_right(self._starts, end + _NEAR_SECONDS)]


def _words(text: str, heard: Sequence[Word], cue: SpokenCue) -> Iterator[Word]:
    """The words of a text: those that were heard have their times, the others share what is left between them."""
    written = text.split()
    matcher = SequenceMatcher(None, [_plain(word.text) for word in heard], list(map(_plain, written)), autojunk=False)
    times = {block.b + i: heard[block.a + i] for block in matcher.get_matching_blocks() for i in range(block.size)}
    if not times:
        return
    starts = _starts(len(written), times, cue)
    for index, word in enumerate(written):
        known = times.get(index)
        if known is not None:
            yield known.model_copy(update={"text": word})
            continue
        start, end = starts[index], starts[index + 1]
        yield Word(text=word, start_seconds=start, end_seconds=max(start, end), confidence=_SURE)


def _starts(count: int, times: Mapping[int, Word], cue: SpokenCue) -> list[float]:
    """When each word begins, and when the last ends: known ones as they are, the others evenly between those."""
    known = {index: word.start_seconds for index, word in times.items()}
    last = times[max(times)]
    begin = min(cue.start_seconds, known[min(known)])
    end = max(cue.end_seconds, last.start_seconds if last.end_seconds is None else last.end_seconds)
    points = sorted(({0: begin, count: end} | known).items())
    starts = [points[-1][1]] * (count + 1)
    for (left, left_time), (right, right_time) in pairwise(points):
        for index in range(left, right):
            share = (index - left) / (right - left)
            starts[index] = round(left_time + (right_time - left_time) * share, 3)
    return starts


def _plain(word: str) -> str:
    return "".join(character for character in word.casefold() if character.isalnum())


class _Voices:
    """Who was heard when."""

    def __init__(self, segments: Iterable[TranscriptSegment]) -> None:
        self._segments = sorted((one for one in segments if one.speaker), key=lambda one: one.start_seconds)
        self._starts = [segment.start_seconds for segment in self._segments]
        self._longest = max((one.end_seconds - one.start_seconds for one in self._segments), default=0.0)

    def heard_most(self, segments: Iterable[TranscriptSegment]) -> str | None:
        """The `id` of the voice that was heard for the longest time while these are said."""
        seconds: dict[str, float] = {}
        for segment in segments:
            first = bisect_left(self._starts, segment.start_seconds - self._longest)
            for other in self._segments[first : bisect_right(self._starts, segment.end_seconds)]:
                both = min(segment.end_seconds, other.end_seconds) - max(segment.start_seconds, other.start_seconds)
                if other.speaker and both > 0:
                    seconds[other.speaker] = seconds.get(other.speaker, 0.0) + both
        return max(seconds, key=lambda one: seconds[one]) if seconds else None


def _spoken(segment: TranscriptSegment, speakers: Mapping[str, Speaker], voices: _Voices) -> TranscriptSegment:
    speaker = speakers[segment.speaker].id if segment.speaker else voices.heard_most([segment])
    words = tuple(word.model_copy(update={"speaker": speaker}) for word in segment.words)
    return segment.model_copy(update={"speaker": speaker, "words": words})


def _free(taken: set[str]) -> str:
    number = 1
    while f"S{number}" in taken:
        number += 1
    return f"S{number}"
