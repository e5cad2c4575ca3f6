"""The value of `translation`: each segment with what it is in each language, and what became of each language."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from media_assets.artifacts.summary.value import Summary, Usage
from media_assets.artifacts.transcript.value import Speaker, Transcript, TranscriptSegment
from media_assets.base.model import Model

State = Literal["translated", "already", "failed"]


class TranslatedSegment(Model):
    """A segment of the transcript, with its times and its speaker as they are there."""

    id: int
    """Which one of the transcript: the first is 1."""
    start_seconds: float
    end_seconds: float
    text: str
    """What was said."""
    speaker: str | None = None
    """The `id` of who says it; None where nobody looked, or it cannot be told."""
    translations: dict[str, str] = Field(default_factory=dict)
    """What it is in each language. What has no letter, and what is said in that language already, is the same."""

    @model_serializer(mode="wrap")
    def _without_what_is_absent(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        dumped: dict[str, Any] = dump(self)
        if self.speaker is None:
            dumped.pop("speaker", None)
        return dumped


class TranslatedLanguage(Model):
    """What became of one language."""

    language: str
    state: State
    """`already`: it is spoken in that language, and there is nothing to translate. `failed`: it is not finished; what
    was translated stands with the segments."""
    engine: str = ""
    model: str = ""
    usage: Usage = Usage()
    """What all of it took, in whichever attempt."""
    note: str | None = None
    """What whoever reads it has to know."""
    reason: str | None = None
    """Why it failed."""


class Translation(Model):
    """The value of `translation`."""

    source_language: str
    """ISO 639-1 code; of several languages that with the most speech."""
    duration_seconds: float
    segments: tuple[TranslatedSegment, ...]
    speakers: tuple[Speaker, ...] = ()
    summary: Summary | None = None
    """The summary that was translated."""
    summary_language: str = ""
    """What it is written in."""
    summaries: dict[str, Summary] = Field(default_factory=dict)
    """What the summary is in each language."""
    by_hand: tuple[str, ...] = ()
    """Files that are as a person wrote them; with `translation.json` among them, what each segment is."""
    languages: tuple[TranslatedLanguage, ...] = ()
    """The languages in the order of library.yaml."""

    @property
    def finished(self) -> tuple[str, ...]:
        """The languages that it was translated into."""
        return tuple(each.language for each in self.languages if each.state == "translated")

    def transcript_in(self, language: str) -> Transcript:
        """The transcript in one of those languages. It has no words with times of their own."""
        told = next(each for each in self.languages if each.language == language)
        segments = (
            TranscriptSegment(
                start_seconds=each.start_seconds,
                end_seconds=each.end_seconds,
                text=each.translations[language],
                confidence=1.0,
                speaker=each.speaker,
            )
            for each in self.segments
        )
        return Transcript(
            language=language,
            duration_seconds=self.duration_seconds,
            engine=told.engine,
            model=told.model,
            segments=tuple(segments),
            speakers=self.speakers,
        )
