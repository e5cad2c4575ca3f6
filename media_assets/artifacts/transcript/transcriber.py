"""What every transcriber is."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol, runtime_checkable

from media_assets.artifacts.transcript.value import Transcript
from media_assets.artifacts.transcript.vocabulary import Vocabulary
from media_assets.base.promises import kept, name_of
from media_assets.base.secrets import Secrets
from media_assets.base.section import COUNTS_IF_UNUSUAL
from media_assets.work.engine_errors import opening
from media_assets.work.engine_section import EngineSection
from media_assets.work.work import Work

if TYPE_CHECKING:
    from media_assets.media.ffmpeg import FFmpeg


class Transcriber(Protocol):
    """Turns speech into text. Constructed once per run; `transcribe` may be called from several threads.

    A model is loaded at its first use and kept.
    """

    @property
    def name(self) -> str:
        """The engine, as `transcription.engine` in library.yaml calls it."""

    @property
    def model(self) -> str:
        """The model, as people know it."""

    def transcribe(self, audio: Path, *, duration_seconds: float, offset_seconds: float, work: Work) -> Transcript:
        """The speech of the first audio stream of a file.

        Args:
            audio: Anything ffmpeg can decode.
            duration_seconds: How long the audio is.
            offset_seconds: How much later than its source's timeline the audio starts. Every time in the transcript
                is one of the source: between this and this plus the duration.
            work: Receives progress; its journal keeps what a crash would cost.

        Returns:
            The transcript. Without any speech it has no segments.

        Raises:
            BadMedia: the audio cannot be decoded to its end.
            TimeLimitExceeded, Cancelled: from `work.check()`.
            Fatal: the engine or its model cannot be used.
        """

    def check(self) -> str:
        """One line for `doctor` that says what would be used. Loads no model.

        Raises:
            Fatal: the engine cannot be used; its next step says what to do.
        """


@runtime_checkable
class TakesVocabulary(Protocol):
    """A transcriber that can be told which words to expect. Those that cannot lack the method."""

    def transcribe_knowing(
        self, audio: Path, vocabulary: Vocabulary, *, duration_seconds: float, offset_seconds: float, work: Work
    ) -> Transcript:
        """Does what `transcribe` does, with words and a text that help to hear this recording.

        What only repeats them, where nobody speaks, is no part of the transcript.
        """


@dataclass(frozen=True)
class Tools:
    """What a transcriber may use.

    Args:
        ffmpeg: What decodes the sound.
        secrets: For engines behind a service; those of the environment if not given.
        state_dir: Where an engine on this machine remembers what it has seen of its model; None: nowhere.
        workers: How many files are transcribed at once.
    """

    ffmpeg: FFmpeg
    secrets: Secrets = field(default_factory=Secrets)
    state_dir: Path | None = None
    workers: int = 1


class TranscriberSection(EngineSection):
    """A section of library.yaml about one transcriber."""

    prefer_existing: Annotated[bool, COUNTS_IF_UNUSUAL] = True
    """Whether subtitles in the language of the sound that a recording has already are taken instead of hearing it."""

    @property
    def spoken(self) -> str | tuple[str, ...] | None:
        """The languages that are set; None where they are detected, and of engines that have no such setting."""
        return getattr(self, "language", None)

    @abstractmethod
    def open(self, tools: Tools) -> Transcriber:
        """The engine that it sets. Loads no model and touches neither network nor disk."""


def opened_transcriber(section: TranscriberSection, tools: Tools) -> Transcriber:
    """The engine that a section sets, once it is seen to be one.

    Raises:
        FaultOfCode: it is none, or cannot be opened.
        Fatal, Transient: what it stands on refuses, or does not answer.
    """
    with opening(section):
        engine = section.open(tools)
    return kept(engine, Transcriber, f"{name_of(type(section))}.open")
