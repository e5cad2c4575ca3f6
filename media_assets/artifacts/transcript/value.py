"""The value of `transcript`: segments and words with their times in seconds."""

from __future__ import annotations

from pydantic import Field

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
    cost_usd: float = 0.0

    @property
    def text(self) -> str:
        return " ".join(segment.text for segment in self.segments)
