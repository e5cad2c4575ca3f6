"""What a language model has to answer, and how much of it is believed.

Times in an answer are a model's claim: they are checked against the transcript before anything else sees them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, field_validator

from media_assets.artifacts.summary.clock import from_clock, to_clock
from media_assets.artifacts.summary.value import TimedHeading
from media_assets.artifacts.transcript.value import TranscriptSegment
from media_assets.base.writing import storable

Text = Annotated[str, AfterValidator(storable)]
"""Models give half a pair of surrogates, and NUL."""


class Heading(BaseModel):
    model_config = ConfigDict(extra="forbid")

    start: str
    title: Text


class Answer(BaseModel):
    # The form that is asked for, of a part and of the whole alike. No field has a default, because strict mode wants
    # every field; and no docstring, because that would be sent along with the schema.
    model_config = ConfigDict(extra="forbid")

    title: Text
    abstract: Text
    key_points: list[Text]
    chapters: list[Heading]
    action_items: list[Text]
    topics: list[Text]

    @field_validator("title", "abstract")
    @classmethod
    def _not_blank(cls, value: str) -> str:
        """Checked in code and not in the schema: strict mode knows no lengths on some servers."""
        if not value.strip():
            raise ValueError("must not be empty")
        return value.strip()


class TemplateAnswer(Answer):
    # Beside the rest, what a template asks for. Of that rest the template wants title, abstract and chapters alone.
    data: dict[str, Any]


def checked_chapters(headings: Sequence[Heading], segments: Sequence[TranscriptSegment]) -> tuple[TimedHeading, ...]:
    """The headings in order, each at the start of the segment that its time falls into.

    A time that cannot be read or lies outside the segments is dropped with its title, and so is the second heading of
    a segment. Segments are in order of time.
    """
    starts = [segment.start_seconds for segment in segments]
    # The marks that a model copies are rounded down to whole seconds.
    marks = [int(start) for start in starts]
    end = max(segment.end_seconds for segment in segments)
    found: dict[float, str] = {}
    for heading in headings:
        time, title = from_clock(heading.start), heading.title.strip()
        if time is not None and title and marks[0] <= time <= end:
            found.setdefault(starts[bisect_right(marks, time) - 1], title)
    return tuple(TimedHeading(start_seconds=start, title=title) for start, title in sorted(found.items()))


def with_checked_chapters(answer: Answer, segments: Sequence[TranscriptSegment]) -> Answer:
    """The answer with only those chapters that `checked_chapters` lets through."""
    chapters = checked_chapters(answer.chapters, segments)
    return answer.model_copy(
        update={"chapters": [Heading(start=to_clock(c.start_seconds), title=c.title) for c in chapters]}
    )


def distinct(texts: Iterable[str]) -> tuple[str, ...]:
    """The texts without the blank ones and without repetitions that differ in case alone."""
    kept: dict[str, str] = {}
    for text in texts:
        if text.strip():
            kept.setdefault(text.strip().casefold(), text.strip())
    return tuple(kept.values())
