"""The transcribers of a library: each is built when a recording first needs it, and once."""

from __future__ import annotations

from media_assets.artifacts.transcript.settings import TranscriptionSettings
from media_assets.artifacts.transcript.transcriber import Transcriber
from media_assets.work.engine_pool import EnginePool

Transcribers = EnginePool[TranscriptionSettings, Transcriber]
"""The configured ones: `transcription` and those of `transcription_rules`."""
