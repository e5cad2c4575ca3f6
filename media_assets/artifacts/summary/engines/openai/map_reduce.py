"""Summarises what is too long for one look: part by part, then the whole out of the parts, in rounds if need be."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from media_assets.artifacts.summary.clock import to_clock
from media_assets.artifacts.summary.engines.openai import prompts
from media_assets.artifacts.summary.engines.openai.answers import Answer, with_checked_chapters
from media_assets.artifacts.summary.engines.openai.parts import TranscriptPart, split
from media_assets.artifacts.transcript.value import TranscriptSegment
from media_assets.base.errors import BadMedia
from media_assets.services.openai.errors import TooLong

_SHARE_OF_PARTS = 0.9
"""Share of the progress that the parts stand for; combining them takes the rest."""


@dataclass(frozen=True)
class _Note:
    """What the model said about a stretch of the recording; its chapters lie within the stretch."""

    answer: Answer
    start: str
    end: str

    @property
    def line(self) -> str:
        return json.dumps({"start": self.start, "end": self.end, **self.answer.model_dump()}, ensure_ascii=False)


class MapReduce:
    """One transcript's way to one answer.

    Args:
        ask: Answers a request; raises `TooLong` when it should be asked with less.
        max_characters: How much material a request holds at most.
        report: Receives the fraction done.
    """

    def __init__(self, ask: Callable[[str], Answer], max_characters: int, report: Callable[[float], None]) -> None:
        self._ask = ask
        self._max_characters = max_characters
        self._report = report
        self._characters = 0
        self._characters_done = 0

    def run(self, segments: Sequence[TranscriptSegment]) -> tuple[Answer, int]:
        """The answer for the whole, and the number of parts it was made of (1: in one look).

        Raises:
            BadMedia: no part is small enough for the model.
        """
        parts = split(segments, self._max_characters)
        self._characters = sum(len(part.text) for part in parts)
        if len(parts) == 1:
            try:
                return self._summarize(parts[0], prompts.WHOLE).answer, 1
            except TooLong as error:
                parts = _halves(parts[0], error)
        notes = [note for part in parts for note in self._notes(part)]
        return self._combine(notes), len(notes)

    def _summarize(self, part: TranscriptPart, task: str) -> _Note:
        text = part.text
        start, end = to_clock(part.start_seconds), to_clock(part.end_seconds)
        answer = self._ask(prompts.request(task, start, end, text))
        self._characters_done += len(text)
        self._report(min(1.0, self._characters_done / self._characters) * _SHARE_OF_PARTS)
        return _Note(with_checked_chapters(answer, part.segments), start, end)

    def _notes(self, part: TranscriptPart) -> list[_Note]:
        try:
            return [self._summarize(part, prompts.PART)]
        except TooLong as error:
            return [note for half in _halves(part, error) for note in self._notes(half)]

    def _combine(self, notes: list[_Note]) -> Answer:
        """Rounds of combining until what is left fits into one request; every round has fewer notes than the last."""
        while len(notes) > 1:
            groups = _groups(notes, self._max_characters)
            task = prompts.COMBINE_ALL if len(groups) == 1 else prompts.COMBINE_SOME
            notes = [note for group in groups for note in self._combined(group, task)]
        return notes[0].answer

    def _combined(self, group: list[_Note], task: str) -> list[_Note]:
        """The group as one note, or as several when the model cannot hold it."""
        if len(group) == 1:
            return group
        start, end = group[0].start, group[-1].end
        try:
            answer = self._ask(prompts.request(task, start, end, "\n".join(note.line for note in group)))
        except TooLong as error:
            if len(group) == 2:
                raise BadMedia(
                    f"has parts whose summaries do not fit together: it {error.reason}", next_step=_LARGER_MODEL
                ) from error
            middle = math.ceil(len(group) / 2)
            return [
                *self._combined(group[:middle], prompts.COMBINE_SOME),
                *self._combined(group[middle:], prompts.COMBINE_SOME),
            ]
        return [_Note(answer, start, end)]


_LARGER_MODEL = "Configure a model with a larger context, or let the server give more of it"


def _halves(part: TranscriptPart, error: TooLong) -> list[TranscriptPart]:
    halves = part.halves()
    if halves is None:
        raise BadMedia(error.reason, next_step=_LARGER_MODEL) from error
    return list(halves)


def _groups(notes: Sequence[_Note], max_characters: int) -> list[list[_Note]]:
    """Consecutive notes that fit into a request together; two at least, or there would be no end to the rounds."""
    groups: list[list[_Note]] = []
    length = 0
    for note in notes:
        added = len(note.line) + 1
        if groups and (len(groups[-1]) < 2 or length + added <= max_characters):
            groups[-1].append(note)
            length += added
        else:
            groups.append([note])
            length = added
    return groups
