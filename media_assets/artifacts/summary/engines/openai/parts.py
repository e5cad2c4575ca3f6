"""A long transcript becomes parts that fit a model's window: split at segment borders, nothing left out."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from media_assets.artifacts.summary.clock import to_clock
from media_assets.artifacts.summary.summarizer import spoken_segments
from media_assets.artifacts.transcript.value import Transcript, TranscriptSegment

MIN_CHARACTERS = 400
"""A part below this is not halved further: what is no answer to so little text is not a matter of length."""


@dataclass(frozen=True)
class TranscriptPart:
    """Consecutive segments of a transcript; there is at least one."""

    segments: tuple[TranscriptSegment, ...]

    @property
    def text(self) -> str:
        """One line per segment: its time in brackets, and what is said."""
        return "\n".join(_line(segment) for segment in self.segments)

    @property
    def start_seconds(self) -> float:
        return self.segments[0].start_seconds

    @property
    def end_seconds(self) -> float:
        return max(segment.end_seconds for segment in self.segments)

    def halves(self) -> tuple[TranscriptPart, TranscriptPart] | None:
        """The part in two of about the same length, None when it is too short for that."""
        length = len(self.text)
        if length < 2 * MIN_CHARACTERS:
            return None
        pieces = split(self.segments, math.ceil(length * 0.6))
        middle = max(1, len(pieces) // 2)
        first, second = pieces[:middle], pieces[middle:]
        return (
            TranscriptPart(tuple(segment for piece in first for segment in piece.segments)),
            TranscriptPart(tuple(segment for piece in second for segment in piece.segments)),
        )


def named_segments(transcript: Transcript) -> tuple[TranscriptSegment, ...]:
    """The segments in which something is said, each with the name of who says it in front, where that is known.

    Raises:
        NotApplicable: there is none.
    """
    spoken, labels = spoken_segments(transcript), transcript.labels
    return tuple(
        segment.model_copy(update={"text": f"{labels[segment.speaker]}: {segment.text}"})
        if segment.speaker in labels
        else segment
        for segment in spoken
    )


def split(segments: Sequence[TranscriptSegment], max_characters: int) -> list[TranscriptPart]:
    """Parts of about equal length, none with a text longer than `max_characters`, together all of the segments.

    A segment that is longer by itself is cut between words, and a word that is longer still within itself.
    """
    pieces = [piece for segment in segments for piece in _cut(segment, max_characters)]
    total = sum(len(_line(piece)) + 1 for piece in pieces)
    target = total / math.ceil(total / max_characters)
    parts: list[TranscriptPart] = []
    current: list[TranscriptSegment] = []
    length = before = 0
    for piece in pieces:
        added = len(_line(piece)) + 1
        if current and (length + added > max_characters or before + added / 2 > target * (len(parts) + 1)):
            parts.append(TranscriptPart(tuple(current)))
            current, length = [], 0
        current.append(piece)
        length += added
        before += added
    parts.append(TranscriptPart(tuple(current)))
    return parts


def _line(segment: TranscriptSegment) -> str:
    """White space becomes single blanks, so that no segment can look like several."""
    return f"[{to_clock(segment.start_seconds)}] {' '.join(segment.text.split())}"


def _cut(segment: TranscriptSegment, max_characters: int) -> Iterator[TranscriptSegment]:
    """The segment, or pieces of it whose lines fit; their times are by their share of the text."""
    line = _line(segment)
    if len(line) < max_characters:
        yield segment
        return
    text = " ".join(segment.text.split())
    # The mark in front may get longer with the hour, so some room is left.
    room = max_characters - (len(line) - len(text)) - 3
    per_character = (segment.end_seconds - segment.start_seconds) / len(text)
    position = 0
    while position < len(text):
        end = min(position + room, len(text))
        blank = text.rfind(" ", position + 1, end + 1)
        if end < len(text) and blank > position:
            end = blank
        yield TranscriptSegment(
            start_seconds=segment.start_seconds + position * per_character,
            end_seconds=segment.start_seconds + end * per_character,
            text=text[position:end],
            confidence=segment.confidence,
        )
        position = end + 1 if text[end : end + 1] == " " else end
