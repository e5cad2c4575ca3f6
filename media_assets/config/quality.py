"""The section `quality`: what a good file is, by the asset that is looked at."""

from __future__ import annotations

from media_assets.artifacts.m4a_audio.quality import AudioQuality
from media_assets.artifacts.transcript.quality import TranscriptQuality
from media_assets.base.section import Section


class QualitySettings(Section):
    """Limits of the checks of single files. A file beyond one is marked, and nothing else changes."""

    m4a_audio: AudioQuality = AudioQuality()
    transcript: TranscriptQuality = TranscriptQuality()
