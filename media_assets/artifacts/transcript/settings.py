"""The section `transcription` of library.yaml: an engine, and rules that choose another one for some recordings."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from media_assets.artifacts.transcript.engines.faster_whisper.settings import FasterWhisperTranscription
from media_assets.artifacts.transcript.engines.modal.settings import ModalTranscription
from media_assets.artifacts.transcript.engines.openai.settings import OpenAITranscription
from media_assets.base.section import Section
from media_assets.pipeline.conditions import RecordingCondition

TranscriptionSettings = Annotated[
    FasterWhisperTranscription | ModalTranscription | OpenAITranscription,
    Field(discriminator="engine"),
]


class TranscriptionRule(Section):
    """Another engine, or another model, for some recordings."""

    when: RecordingCondition
    use: TranscriptionSettings
    """A section like `transcription`; nothing of that one is taken over."""
