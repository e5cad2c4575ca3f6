"""What turns speech into text: pocketsphinx, which needs nothing else, or Whisper through faster-whisper."""

from __future__ import annotations

from media_assets.engines.ffmpeg import FFmpeg
from media_assets.engines.transcribers.base import Transcriber
from media_assets.settings import PocketsphinxTranscription, TranscriptionSettings

__all__ = ["Transcriber", "build_transcriber"]


def build_transcriber(settings: TranscriptionSettings, ffmpeg: FFmpeg) -> Transcriber:
    """The configured transcriber. Loads no model and touches neither network nor disk."""
    if isinstance(settings, PocketsphinxTranscription):
        from media_assets.engines.transcribers.sphinx import PocketsphinxTranscriber

        return PocketsphinxTranscriber(settings, ffmpeg)
    from media_assets.engines.transcribers.whisper import FasterWhisperTranscriber

    return FasterWhisperTranscriber(settings, ffmpeg)
