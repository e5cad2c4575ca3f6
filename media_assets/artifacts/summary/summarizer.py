"""What every summarizer is, and the one place that decides whether there is anything to summarise."""

from __future__ import annotations

from abc import abstractmethod
from typing import Protocol

from media_assets.artifacts.summary.value import Summary
from media_assets.artifacts.transcript.value import Transcript, TranscriptSegment
from media_assets.base.errors import NotApplicable
from media_assets.base.promises import kept, name_of
from media_assets.base.secrets import Secrets
from media_assets.work.engine_errors import opening
from media_assets.work.engine_section import EngineSection
from media_assets.work.work import Work


class Summarizer(Protocol):
    """Makes a summary of a transcript. Constructed once per run; `summarize` may be called from several threads."""

    name: str
    model: str

    def summarize(self, transcript: Transcript, work: Work) -> Summary:
        """The summary of one transcript.

        Raises:
            NotApplicable: nothing was said in it.
            BadMedia: this transcript cannot be summarised.
            Transient: the engine's service did not answer this time.
            Fatal: no transcript can be summarised until a person repairs the configuration.
        """

    def check(self) -> str:
        """One line for `doctor` that says what would be used. Makes no summary.

        Raises:
            Fatal: the engine cannot be used; its next step says what to do.
        """


class SummarizerSection(EngineSection):
    """A section of library.yaml about one summarizer."""

    @abstractmethod
    def open(self, secrets: Secrets) -> Summarizer:
        """The engine that it sets. Touches neither network nor disk."""


def spoken_segments(transcript: Transcript) -> tuple[TranscriptSegment, ...]:
    """The segments in which something is said: a note sign or a row of dots is no word.

    Raises:
        NotApplicable: there is none.
    """
    spoken = tuple(segment for segment in transcript.segments if any(char.isalnum() for char in segment.text))
    if not spoken:
        raise NotApplicable("has speech that was not made out" if transcript.note else "has no speech to summarise")
    return spoken


def opened_summarizer(section: SummarizerSection, secrets: Secrets) -> Summarizer:
    """The engine that a section sets, once it is seen to be one.

    Raises:
        FaultOfCode: it is none, or cannot be opened.
        Fatal, Transient: what it stands on refuses, or does not answer.
    """
    with opening(section):
        engine = section.open(secrets)
    return kept(engine, Summarizer, f"{name_of(type(section))}.open")
