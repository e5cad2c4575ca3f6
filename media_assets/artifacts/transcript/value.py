"""The value of `transcript`: segments and words with their times in seconds."""

from __future__ import annotations

from typing import Any

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from media_assets.base.model import Model


class Word(Model):
    """One word, and when it is said."""

    text: str
    start_seconds: float
    end_seconds: float | None
    """None when the engine did not say."""
    confidence: float
    """0 to 1; the engine's own measure."""


class TranscriptSegment(Model):
    """A piece of speech that can be shown as one caption."""

    start_seconds: float
    end_seconds: float
    text: str
    confidence: float
    """0 to 1: mean over the words where the engine gives them, else the engine's own for the segment."""
    words: tuple[Word, ...] = ()


class Transcript(Model):
    """The value of `transcript`. No speech at all is a valid transcript without segments."""

    language: str
    """ISO 639-1 code."""
    duration_seconds: float
    engine: str
    model: str
    segments: tuple[TranscriptSegment, ...] = ()
    dropped: dict[str, int] = Field(default_factory=dict)
    """How many segments each guard against hallucination took out, by the guard's name."""
    note: str | None = None
    """What whoever reads the transcript has to know of it: one sentence."""
    cost_usd: float = 0.0

    @model_serializer(mode="wrap")
    def _without_absent_note(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """The value as it was stored before there were notes: the same transcript stays the same version."""
        dumped: dict[str, Any] = dump(self)
        if self.note is None:
            dumped.pop("note", None)
        return dumped

    @property
    def text(self) -> str:
        return " ".join(segment.text for segment in self.segments)
