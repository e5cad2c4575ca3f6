"""When each caption is shown: long enough to be read, in the order of speech, one at a time.

Engines give times of speech, and some of them wrong: segments that begin together, that last nothing, or that hold two
lines of text in half a second. A caption that is too short first takes of the silence behind it, then the next one
comes a little later, then it comes a little earlier itself; what is too short still is shown with its neighbour. Where
another speaks there, each has a line of the caption.

Sources: Netflix Timed Text Style Guide (5/6 s to 7 s; 42 characters a line; 17 to 20 characters a second, of Chinese
9), where 1 s and 17 columns, of which a full-width character takes two, keep to all of it; BBC Subtitle Guidelines,
5.2 (no more than 1.5 s before the speech or behind it).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

from media_assets.artifacts.transcript.hearing.readable import MAX_CHARACTERS, MAX_SECONDS, split_readably
from media_assets.artifacts.transcript.lines import LINE_COLUMNS, clean, clean_name, in_lines, named
from media_assets.artifacts.transcript.value import Transcript, TranscriptSegment
from media_assets.base.writing import blank_between, columns

LEAST_MS = 1000
READING_COLUMNS_PER_SECOND = 17.0
OUT_OF_STEP_MS = 1500
_MOST_MS = round(MAX_SECONDS * 1000)
_TOGETHER_MS = 100
"""Captions that begin within so short a time begin together."""
_SPOKEN_COLUMNS_PER_SECOND = 40.0
"""Nobody speaks faster; auctioneers come to 35. Times that say so are wrong, those of the words too."""


@dataclass(frozen=True)
class Cue:
    """What is shown, and from when to when."""

    start_ms: int
    end_ms: int
    text: str
    """One line; where two speak one after the other, a line of each."""
    speakers: tuple[str, ...] = ("",)
    """Who says each line, by the name that is shown; empty where that is not told."""

    @property
    def turns(self) -> tuple[tuple[str, str], ...]:
        """Each line with who says it before it."""
        return tuple(zip(self.speakers, self.text.split("\n"), strict=True))

    @property
    def length_ms(self) -> int:
        return self.end_ms - self.start_ms

    @property
    def needed_ms(self) -> int:
        """How long it takes to be read."""
        width = sum(columns(line) for _, line in self.turns)
        return min(_MOST_MS, max(LEAST_MS, math.ceil(width * 1000 / READING_COLUMNS_PER_SECOND)))


def timed_cues(transcript: Transcript, end_seconds: float | None = None) -> list[Cue]:
    """The captions of a transcript, in order; none overlaps another.

    Args:
        end_seconds: When the recording ends, on the timeline of the segments; if None, with the last of them, or when
            its duration is over. No cue lasts longer.
    """
    segments = list(_sound(transcript))
    ends = [segment.end_seconds for segment in segments]
    known = transcript.duration_seconds if end_seconds is None else end_seconds
    last_ms = math.floor(max([known, *ends] if math.isfinite(known) else ends, default=0.0) * 1000 + 1e-6)
    apart = list(_apart(segments, last_ms / 1000))
    said = [cue for segment, before in zip(apart, [None, *apart], strict=False) for cue in _pieces(segment, before)]
    said = [replace(cue, start_ms=max(0, min(cue.start_ms, last_ms - 1))) for cue in said]
    said = list(_spread(sorted(said, key=lambda cue: cue.start_ms), last_ms))
    said = _with_the_next(said, last_ms)
    said = _with_the_one_before(said, last_ms)
    return list(_prolonged(_evened(_scheduled(said, last_ms)), last_ms))


def _sound(transcript: Transcript) -> Iterator[TranscriptSegment]:
    """The segments with text that can be shown, each with the name of who speaks in place of the id; what has no time
    begins when the one before it does."""
    names = {speaker: clean_name(label) for speaker, label in transcript.labels.items()}
    start = 0.0
    found = []
    for segment in transcript.segments:
        if not clean(segment.text):
            continue
        start = max(0.0, segment.start_seconds) if math.isfinite(segment.start_seconds) else start
        end = segment.end_seconds if math.isfinite(segment.end_seconds) else start
        speaker = names.get(segment.speaker or "", "")
        sound = {"start_seconds": start, "end_seconds": max(start, end), "speaker": speaker}
        found.append(segment.model_copy(update=sound))
    yield from sorted(found, key=lambda segment: segment.start_seconds)


def _apart(segments: Sequence[TranscriptSegment], last: float) -> Iterator[TranscriptSegment]:
    """Segments that begin together one after the other, and what nobody says so fast for as long as it takes to read.

    The time until the last of them ends, or the next begins, is theirs by their share of the text: times of words
    that are all the same time tell nothing.
    """
    for group, following in _groups(list(map(_begun_by_its_words, segments, [None, *segments]))):
        start, until = group[0].start_seconds, max(segment.end_seconds for segment in group)
        shares = [columns(clean(segment.text)) for segment in group]
        if len(group) == 1 and shares[0] <= _SPOKEN_COLUMNS_PER_SECOND * (until - start):
            yield group[0]
            continue
        needed = max(sum(shares) / READING_COLUMNS_PER_SECOND, len(group) * LEAST_MS / 1000)
        next_start = last if following is None else following
        until = max(until, min(start + needed, next_start))
        if len(group) > 1 and following is not None:
            until = min(until, following)
        borders = list(pairwise(_shared(start, until, shares)))
        if until - start < len(group) * LEAST_MS / 1000 and max(shares) <= MAX_CHARACTERS:
            borders = [(start, until)] * len(group)  # they will be one caption, if they fit
        for segment, (begin, end) in zip(group, borders, strict=True):
            yield segment.model_copy(update={"start_seconds": begin, "end_seconds": end, "words": ()})


def _begun_by_its_words(segment: TranscriptSegment, before: TranscriptSegment | None) -> TranscriptSegment:
    """A segment that begins with the one before it, but whose words begin later, begins with them."""
    starts = [word.start_seconds for word in segment.words[:1] if math.isfinite(word.start_seconds)]
    if before is None or before.start_seconds != segment.start_seconds or not starts:
        return segment
    start = min(max(segment.start_seconds, starts[0]), segment.end_seconds)
    return segment.model_copy(update={"start_seconds": start})


def _groups(segments: Sequence[TranscriptSegment]) -> Iterator[tuple[list[TranscriptSegment], float | None]]:
    """Segments that begin at the same millisecond, and when the next begins."""
    ordered = sorted(segments, key=lambda segment: segment.start_seconds)
    first = 0
    for index in range(1, len(ordered) + 1):
        start = ordered[index].start_seconds if index < len(ordered) else None
        if start is None or _milliseconds(start) > _milliseconds(ordered[first].start_seconds):
            yield ordered[first:index], start
            first = index


def _pieces(segment: TranscriptSegment, before: TranscriptSegment | None) -> Iterator[Cue]:
    """The segment in pieces that fit, in the order of its text, whatever its words' times say; with room for the name
    of who speaks where that is not who spoke before."""
    start = _milliseconds(segment.start_seconds)
    last = max(start, _milliseconds(segment.end_seconds))
    speaker = segment.speaker or ""
    name = "" if before and before.speaker == segment.speaker else speaker
    for piece in split_readably(_with_finite_words(segment), MAX_CHARACTERS - columns(named(name, ""))):
        start = min(last, max(start, _milliseconds(piece.start_seconds)))
        if text := clean(piece.text):
            yield Cue(start, min(last, max(start, _milliseconds(piece.end_seconds))), text, (speaker,))


def _with_finite_words(segment: TranscriptSegment) -> TranscriptSegment:
    times = [time for word in segment.words for time in (word.start_seconds, word.end_seconds) if time is not None]
    return segment if all(map(math.isfinite, times)) else segment.model_copy(update={"words": ()})


def _spread(said: Sequence[Cue], last_ms: int) -> Iterator[Cue]:
    """Captions that begin together share the time until the next begins; where that is short, they are one."""
    first = 0
    for index in range(1, len(said) + 1):
        if index < len(said) and said[index].start_ms - said[first].start_ms <= _TOGETHER_MS:
            continue
        run = said[first:index]
        until = said[index].start_ms if index < len(said) else last_ms
        first = index
        if len(run) == 1:
            yield run[0]
            continue
        start, ends = run[0].start_ms, [cue.end_ms for cue in run]
        if until - start < len(run) * LEAST_MS:
            run = _as_few(run)
        until = max(start, min(until, max(*ends, start + sum(cue.needed_ms for cue in run))))
        borders = [round(border) for border in _shared(start, until, [cue.needed_ms for cue in run])]
        for cue, (begin, end) in zip(run, pairwise(borders), strict=True):
            yield replace(cue, start_ms=begin, end_ms=end)


def _as_few(run: Sequence[Cue]) -> list[Cue]:
    joined = [run[0]]
    for cue in run[1:]:
        both = _both(joined[-1], cue)
        joined[-1:] = [both] if both else [joined[-1], cue]
    return joined


def _shared(start: float, end: float, shares: Sequence[int]) -> list[float]:
    total = sum(shares) or 1
    return [start + (end - start) * part / total for part in accumulate(shares, initial=0)]


def _scheduled(said: Sequence[Cue], last_ms: int) -> list[Cue]:
    """Each caption from its speech to the end of it, or for as long as it is needed where there is room."""
    shown: list[Cue] = []
    free = 0
    following = [*(cue.start_ms for cue in said[1:]), max(last_ms, said[-1].start_ms + 1)] if said else []
    for cue, next_start, latest in zip(said, following, _latest_ends(said, last_ms), strict=True):
        start = max(cue.start_ms, free)
        free = max(start + 1, min(cue.end_ms, next_start), min(start + cue.needed_ms, latest))
        shown.append(replace(cue, start_ms=start, end_ms=free))
    return list(_earlier(shown))


def _latest_ends(said: Sequence[Cue], last_ms: int) -> list[int]:
    """When each must have ended, so that those behind it have the time they need and none comes much too late."""
    ends = []
    end = last_ms
    for cue in reversed(said):
        ends.append(end)
        end = max(cue.start_ms, min(end - cue.needed_ms, cue.start_ms + OUT_OF_STEP_MS))
    return ends[::-1]


def _earlier(shown: Sequence[Cue]) -> Iterator[Cue]:
    """What is short still begins a little before its speech, where nothing else is shown."""
    free = 0
    for cue in shown:
        earliest = max(free, cue.start_ms - OUT_OF_STEP_MS)
        yield replace(cue, start_ms=max(earliest, min(cue.start_ms, cue.end_ms - cue.needed_ms)))
        free = cue.end_ms


def _with_the_next(said: Sequence[Cue], last_ms: int) -> list[Cue]:
    """Captions that cannot be shown for long enough together with those that follow."""
    short = [cue.length_ms < LEAST_MS for cue in _scheduled(said, last_ms)]
    joined: list[Cue] = []
    index = 0
    while index < len(said):
        cue, too_short = said[index], short[index]
        index += 1
        while too_short and index < len(said) and (both := _both(cue, said[index])):
            cue, too_short = both, short[index] and said[index].start_ms - cue.start_ms < LEAST_MS
            index += 1
        joined.append(cue)
    return joined


def _with_the_one_before(said: Sequence[Cue], last_ms: int) -> list[Cue]:
    joined: list[Cue] = []
    for cue, shown in zip(said, _scheduled(said, last_ms), strict=True):
        both = _both(joined[-1], cue) if joined and shown.length_ms < LEAST_MS else None
        joined[-1:] = [both] if both else [*joined[-1:], cue]
    return joined


def _both(cue: Cue, following: Cue) -> Cue | None:
    """Two captions as one; None where they do not fit into one. Where two speak, each has a line."""
    turns: list[tuple[str, str]] = []
    for speaker, text in (*cue.turns, *following.turns):
        if turns and turns[-1][0] == speaker:
            text = turns[-1][1] + blank_between(turns[-1][1], text) + text
            turns.pop()
        turns.append((speaker, text))
    end = max(cue.end_ms, following.end_ms)
    if end - cue.start_ms > _MOST_MS or not _fit(turns):
        return None
    return Cue(cue.start_ms, end, "\n".join(text for _, text in turns), tuple(speaker for speaker, _ in turns))


def _fit(turns: Sequence[tuple[str, str]]) -> bool:
    if len(turns) > 1:
        return len(turns) == 2 and all(columns(f"-{named(*turn)}") <= LINE_COLUMNS for turn in turns)
    text = turns[0][1]
    return columns(text) <= MAX_CHARACTERS and in_lines(text).count("\n") < 2


def _evened(shown: Sequence[Cue]) -> list[Cue]:
    """Where one of two captions in a row is too short, and nothing else helped, they share their time."""
    evened = list(shown)
    for index, (cue, following) in enumerate(pairwise(shown)):
        cue = evened[index]
        if cue.end_ms != following.start_ms or min(cue.length_ms, following.length_ms) >= LEAST_MS:
            continue
        total = following.end_ms - cue.start_ms
        spare = total - cue.needed_ms - following.needed_ms
        border = cue.start_ms + total * cue.needed_ms // (cue.needed_ms + following.needed_ms)
        if spare >= 0:
            border = min(max(cue.end_ms, cue.start_ms + cue.needed_ms), following.end_ms - following.needed_ms)
        near = cue.end_ms - OUT_OF_STEP_MS, cue.end_ms + OUT_OF_STEP_MS
        border = min(max(border, near[0], cue.start_ms + 1), near[1], following.end_ms - 1)
        evened[index : index + 2] = [replace(cue, end_ms=border), replace(following, start_ms=border)]
    return evened


def _prolonged(shown: Sequence[Cue], last_ms: int) -> Iterator[Cue]:
    """What is short still lasts until the next, which may have become later."""
    latest_ends = [*(cue.start_ms for cue in shown[1:]), last_ms]
    for cue, latest in zip(shown, latest_ends, strict=False):
        yield replace(cue, end_ms=max(cue.end_ms, min(cue.start_ms + cue.needed_ms, latest)))


def _milliseconds(seconds: float) -> int:
    return max(0, round(seconds * 1000))
