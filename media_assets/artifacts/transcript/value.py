"""The value of `transcript`: segments and words with their times in seconds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from media_assets.base.model import Model
from media_assets.base.words import said_in_a_row


def _without_absent(*fields: str) -> Callable[[Any, SerializerFunctionWrapHandler], dict[str, Any]]:
    """A serializer that leaves fields out that are empty: what was stored before there were such fields stays the same
    version."""

    def dump_present(self: Any, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        dumped: dict[str, Any] = dump(self)
        for field in fields:
            if not getattr(self, field):
                dumped.pop(field, None)
        return dumped

    return dump_present


class Word(Model):
    """One word, and when it is said."""

    text: str
    start_seconds: float
    end_seconds: float | None
    """None when the engine did not say."""
    confidence: float
    """0 to 1; the engine's own measure."""
    speaker: str | None = None
    """The `id` of who says it; None where nobody looked, or it cannot be told."""

    _dump = model_serializer(mode="wrap")(_without_absent("speaker"))


class TranscriptSegment(Model):
    """A piece of speech that can be shown as one caption."""

    start_seconds: float
    end_seconds: float
    text: str
    confidence: float
    """0 to 1: mean over the words where the engine gives them, else the engine's own for the segment."""
    words: tuple[Word, ...] = ()
    speaker: str | None = None
    """The `id` of who says it; None where nobody looked, or it cannot be told."""

    _dump = model_serializer(mode="wrap")(_without_absent("speaker"))


class Speaker(Model):
    """One of those who speak in a recording."""

    id: str
    """`S1` for whoever speaks first, `S2` for the next, and so on."""
    name: str | None = None
    """None for a voice that nobody has named."""
    confidence: float | None = None
    """0 to 1: how surely it is the voice of that name; None without a name, or where a person gave it."""
    seconds: float
    """How long it is heard."""

    @property
    def label(self) -> str:
        """The name, or `Speaker 1`."""
        return self.name or f"Speaker {self.id.removeprefix('S')}"


class Correction(Model):
    """Who corrected a transcript by hand."""

    by: str | None
    """None where that is not known."""
    at: datetime
    form: str
    """The file that was corrected, such as `transcript.srt`."""
    file: str
    """The file of the artifact that has it as the person wrote it, such as `version-1.srt.txt`."""
    recording_seconds: float | None = None
    """How long the recording was that it was made for; None where that was not noted."""

    _dump = model_serializer(mode="wrap")(_without_absent("recording_seconds"))


class LanguageStretch(Model):
    """From when to when one language is spoken, or taken to be."""

    start_seconds: float
    end_seconds: float
    language: str
    """ISO 639-1 code."""
    probability: float | None = None
    """0 to 1: how sure the engine was of it, on average; None when it did not say."""


class Transcript(Model):
    """The value of `transcript`. No speech at all is a valid transcript without segments."""

    language: str
    """ISO 639-1 code; of several languages that with the most speech."""
    duration_seconds: float
    engine: str
    model: str
    segments: tuple[TranscriptSegment, ...] = ()
    dropped: dict[str, int] = Field(default_factory=dict)
    """How many segments each guard against hallucination took out, by the guard's name."""
    note: str | None = None
    """What whoever reads the transcript has to know of it: one sentence."""
    cost_usd: float = 0.0
    languages: tuple[LanguageStretch, ...] = ()
    """The languages in order of time, where they were detected; empty where one was set, or nothing tells more than
    `language`."""
    speakers: tuple[Speaker, ...] = ()
    """Who speaks, in the order of their first words; empty where nobody looked."""
    correction: Correction | None = None
    """Set where a person corrected it: then no engine writes over it."""
    versions: tuple[Correction, ...] = ()
    """All that people wrote, in order of time."""
    speech_seconds: float | None = None
    """How much of the recording voice activity detection took for speech; None where nobody asked."""

    _dump = model_serializer(mode="wrap")(
        _without_absent("note", "languages", "speakers", "correction", "versions", "speech_seconds")
    )

    @property
    def language_shares(self) -> str:
        """How much of the speech is in which language, the most first: `de 62 %, en 38 %`; empty for one alone."""
        spoken = seconds_by_language(self.segments, self.languages)
        if len(spoken) < 2:
            return ""
        total = sum(spoken.values())
        ranked = sorted(spoken, key=lambda language: -spoken[language])
        return ", ".join(f"{language} {_percent(spoken[language] / total)}" for language in ranked)

    @property
    def labels(self) -> dict[str, str]:
        """What those who speak are called, by `id`; empty where it is one alone whom nobody has named."""
        told_apart = len(self.speakers) > 1 or any(speaker.name for speaker in self.speakers)
        return {speaker.id: speaker.label for speaker in self.speakers} if told_apart else {}

    @property
    def text(self) -> str:
        """All that was said, with blanks between the segments where their script has any."""
        return said_in_a_row(segment.text for segment in self.segments)


def language_at(segment: TranscriptSegment, languages: Sequence[LanguageStretch]) -> str | None:
    """The language of a segment: that of the stretch nearest to its middle; None where there is none."""
    middle = (segment.start_seconds + segment.end_seconds) / 2
    nearest = min(
        languages, key=lambda one: max(one.start_seconds - middle, middle - one.end_seconds, 0.0), default=None
    )
    return nearest.language if nearest else None


def seconds_by_language(
    segments: Sequence[TranscriptSegment], languages: Sequence[LanguageStretch]
) -> dict[str, float]:
    """How long is spoken in each language, in seconds."""
    found: dict[str, float] = {}
    for segment in segments:
        if (language := language_at(segment, languages)) is not None:
            found[language] = found.get(language, 0.0) + segment.end_seconds - segment.start_seconds
    return {language: seconds for language, seconds in found.items() if seconds > 0}


def _percent(share: float) -> str:
    return f"{share:.0%}".replace("%", " %") if share >= 0.01 else "under 1 %"
