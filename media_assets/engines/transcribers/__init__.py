"""What turns speech into text: pocketsphinx, which needs nothing else, Whisper here or at Modal, OpenAI's API."""

from __future__ import annotations

from media_assets.engines.ffmpeg import FFmpeg
from media_assets.engines.pool import EnginePool
from media_assets.engines.transcribers.base import Transcriber
from media_assets.settings import PocketsphinxTranscription, Secrets, TranscriptionSettings
from media_assets.settings_openai import OpenAITranscription
from media_assets.settings_whisper import ModalTranscription

__all__ = ["Transcriber", "Transcribers", "build_transcriber"]

Transcribers = EnginePool[TranscriptionSettings, Transcriber]
"""The configured ones: `transcription` and those of `transcription_rules`."""


def build_transcriber(settings: TranscriptionSettings, ffmpeg: FFmpeg, secrets: Secrets | None = None) -> Transcriber:
    """The configured transcriber. Loads no model and touches neither network nor disk.

    Args:
        secrets: For engines behind a service; absent: those of the environment.
    """
    if isinstance(settings, PocketsphinxTranscription):
        from media_assets.engines.transcribers.sphinx import PocketsphinxTranscriber

        return PocketsphinxTranscriber(settings, ffmpeg)
    if isinstance(settings, OpenAITranscription):
        from media_assets.engines.transcribers.openai_api import OpenAITranscriber

        return OpenAITranscriber(settings, ffmpeg, secrets or Secrets())
    if isinstance(settings, ModalTranscription):
        from media_assets.engines.transcribers.modal import ModalTranscriber

        return ModalTranscriber(settings, secrets or Secrets())
    from media_assets.engines.transcribers.whisper import FasterWhisperTranscriber

    return FasterWhisperTranscriber(settings, ffmpeg)
