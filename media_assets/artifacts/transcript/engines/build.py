"""What turns speech into text: Whisper here or at Modal, OpenAI's API."""

from __future__ import annotations

from pathlib import Path

from media_assets.artifacts.transcript.engines.modal.settings import ModalTranscription
from media_assets.artifacts.transcript.engines.openai.settings import OpenAITranscription
from media_assets.artifacts.transcript.settings import TranscriptionSettings
from media_assets.artifacts.transcript.transcriber import Transcriber
from media_assets.base.secrets import Secrets
from media_assets.media.ffmpeg import FFmpeg
from media_assets.work.engine_pool import EnginePool

__all__ = ["Transcriber", "Transcribers", "build_transcriber"]

Transcribers = EnginePool[TranscriptionSettings, Transcriber]
"""The configured ones: `transcription` and those of `transcription_rules`."""


def build_transcriber(
    settings: TranscriptionSettings,
    ffmpeg: FFmpeg,
    secrets: Secrets | None = None,
    *,
    state_dir: Path | None = None,
    workers: int = 1,
) -> Transcriber:
    """The configured transcriber. Loads no model and touches neither network nor disk.

    Args:
        settings: A section about one.
        ffmpeg: What decodes the sound.
        secrets: For engines behind a service; absent: those of the environment.
        state_dir: Where an engine on this machine remembers what it has seen of its model; absent: nowhere.
        workers: How many files are transcribed at once.
    """
    if isinstance(settings, OpenAITranscription):
        from media_assets.artifacts.transcript.engines.openai.engine import OpenAITranscriber

        return OpenAITranscriber(settings, ffmpeg, secrets or Secrets())
    if isinstance(settings, ModalTranscription):
        from media_assets.artifacts.transcript.engines.modal.engine import ModalTranscriber

        return ModalTranscriber(settings, secrets or Secrets())
    from media_assets.artifacts.transcript.engines.faster_whisper.engine import FasterWhisperTranscriber

    return FasterWhisperTranscriber(settings, ffmpeg, state_dir=state_dir, workers=workers)
