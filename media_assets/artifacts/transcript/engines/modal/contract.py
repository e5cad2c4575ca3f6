"""What goes to the function at Modal and what comes back: JSON, so that neither side unpickles classes of the other.

The two sides are of the same version: the version is part of the function's name, so a deployment that is too old is
not found, and what is not found is told apart from what failed.
"""

from __future__ import annotations

from pydantic import Field

from media_assets.artifacts.transcript.engines.faster_whisper.settings import FasterWhisperTranscription
from media_assets.artifacts.transcript.engines.modal.settings import ModalTranscription
from media_assets.artifacts.transcript.value import Transcript
from media_assets.artifacts.transcript.vocabulary import Vocabulary
from media_assets.base.errors import (
    BadMedia,
    Cancelled,
    Fatal,
    MediaAssetsError,
    SourceChanged,
    TimeLimitExceeded,
    Transient,
)
from media_assets.base.model import Model

VERSION = 6
"""Counted up whenever the function is called otherwise, or hears otherwise, than the one that is deployed."""
FUNCTION = f"transcribe-v{VERSION}"
MODELS_DIR = "/models"
"""Where the volume with the models is in a container."""

_KINDS: dict[str, type[MediaAssetsError]] = {
    kind.__name__: kind for kind in (BadMedia, Cancelled, Fatal, SourceChanged, TimeLimitExceeded, Transient)
}


class Failure(Model):
    """An error of ours, on its way back."""

    kind: str
    reason: str
    next_step: str

    @classmethod
    def of(cls, error: MediaAssetsError) -> Failure:
        return cls(kind=type(error).__name__, reason=error.reason, next_step=error.next_step)

    def error(self) -> MediaAssetsError:
        """What was raised there, as something to raise here."""
        return _KINDS.get(self.kind, BadMedia)(self.reason, next_step=self.next_step)


class TranscriptionRequest(Model):
    """The audio itself travels beside it, or lies at an address."""

    token: str
    """The same for every attempt at one piece of work: of two calls with one token, only the first does it."""
    notes: str
    """Name of the `modal.Dict` in which the calls say what they do."""
    whisper: FasterWhisperTranscription
    vocabulary: Vocabulary = Vocabulary()
    duration_seconds: float
    offset_seconds: float
    size_bytes: int
    """Size, in bytes, of the audio."""
    link: str | None = None
    """Where it can be fetched, for a while. A secret."""


class TranscriptionAnswer(Model):
    """Exactly one of the first three is set."""

    transcript: Transcript | None = None
    failure: Failure | None = None
    done_by: str | None = None
    """Id of the call that has this work in hand already."""
    seconds: float = 0.0
    """How long the container worked on it."""
    lacking: dict[str, int] = Field(default_factory=dict)
    """How much of what the transcript lacked as it arrived, and was done without."""


def whisper_settings(settings: ModalTranscription) -> FasterWhisperTranscription:
    """The settings of the engine in the container."""
    return FasterWhisperTranscription(
        engine="faster-whisper",
        model=settings.model,
        language=settings.language,
        beam_size=settings.beam_size,
        compute_type=settings.compute_type,
        vad=settings.vad,
        guards=settings.guards,
        batch_size=settings.batch_size,
    )


def progress_key(token: str) -> str:
    """Under which the notes hold the fraction done."""
    return f"{token} progress"
