"""The section of library.yaml for Whisper on a GPU at Modal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, PositiveInt

from media_assets.artifacts.transcript.engines.faster_whisper.settings import ComputeType
from media_assets.artifacts.transcript.hearing.languages import WhisperLanguages
from media_assets.artifacts.transcript.hearing.settings import GuardSettings
from media_assets.artifacts.transcript.transcriber import Tools, TranscriberSection
from media_assets.base.section import NOT_IN_RESULT

if TYPE_CHECKING:
    from media_assets.artifacts.transcript.engines.modal.engine import ModalTranscriber


class ModalTranscription(TranscriberSection):
    """Whisper on a GPU at Modal. `media-assets modal deploy` sends the function there; what the keys under `gpu`
    and after it say of its containers holds from the next deployment on."""

    engine: Literal["modal"]
    model: str = "large-v3"
    """A name faster-whisper knows, or owner/name of a converted model on the model hub."""
    language: WhisperLanguages = None
    """Whisper's code; a list: each part is in one of these; absent or `auto`: detected, part by part."""
    beam_size: PositiveInt = 5
    compute_type: ComputeType = "default"
    vad: bool = True
    guards: GuardSettings = GuardSettings()
    batch_size: Annotated[PositiveInt, NOT_IN_RESULT] = 16
    """How many windows are decoded at once; 1 decodes one after the other."""
    app: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,63}$"), NOT_IN_RESULT] = "media-assets"
    """Name of the app at Modal; libraries that share it share its containers and its models."""
    environment: Annotated[str | None, NOT_IN_RESULT] = None
    """Environment of the Modal workspace; absent: its default."""
    by: Annotated[Literal["upload", "signed_url"], NOT_IN_RESULT] = "upload"
    """How the audio gets there. `signed_url`: the container fetches it from the bucket that keeps `m4a_audio`."""
    max_upload_bytes: Annotated[PositiveInt, NOT_IN_RESULT] = 1_000_000_000
    """An upload is held in memory whole, twice for a moment; larger files are refused."""
    price_per_second: Annotated[float | None, Field(ge=0), NOT_IN_RESULT] = None
    """US dollars for a second of a container: GPU, cores and memory together. Absent: the cost is not known."""
    gpu: Annotated[str, Field(min_length=1), NOT_IN_RESULT] = "L4"
    """Modal's name of it."""
    max_containers: Annotated[PositiveInt, NOT_IN_RESULT] = 4
    """Each works on one file at a time; what is more waits at Modal."""
    idle_seconds: Annotated[int, Field(ge=2, le=3600), NOT_IN_RESULT] = 60
    """How long a container stays after its last file. Modal charges for it."""
    timeout_seconds: Annotated[int, Field(ge=10, le=86_400), NOT_IN_RESULT] = 3600
    """What one file may take there; Modal ends it then."""

    def open(self, tools: Tools) -> ModalTranscriber:
        from media_assets.artifacts.transcript.engines.modal.engine import ModalTranscriber

        return ModalTranscriber(self, tools.secrets)

    def unpriced(self) -> str | None:
        return None if self.price_per_second is not None else f"{self.model} at Modal"
