"""The stage `transcript` on one sound, with an engine of the test's and nothing else that could say what is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from media_assets.artifacts.m4a_audio.value import AudioTrack
from media_assets.artifacts.transcript.asset import transcript
from media_assets.artifacts.transcript.engines.faster_whisper.settings import FasterWhisperTranscription
from media_assets.artifacts.transcript.value import Transcript
from media_assets.artifacts.transcript.vocabulary import Vocabulary
from media_assets.artifacts.transcript.voices.diarizer import Diarizer
from media_assets.artifacts.transcript.voices.settings import SpeakerSettings
from media_assets.media.ffmpeg import FFmpeg
from media_assets.pipeline.artifact import Artifact, Earlier, Stored
from media_assets.places.source import Sidecars
from media_assets.work.work import Work


def transcript_by(transcribers: Any, sound: Stored[AudioTrack], directory: Path) -> Artifact[Transcript]:
    """What the stage makes of a sound.

    Args:
        transcribers: What gives the engine, whatever it is asked for.
    """
    made: Artifact[Transcript] = transcript.function(
        m4a_audio=sound,
        drive_file=None,
        sidecars=Sidecars(),
        earlier=Earlier[Transcript](None, {}, all_anew=False),
        transcribers=transcribers,
        diarizer=Diarizer(SpeakerSettings(enabled=False), FFmpeg()),
        ffmpeg=FFmpeg(),
        settings=FasterWhisperTranscription(prefer_existing=False),
        vocabulary=Vocabulary(),
        work=Work(directory),
    )
    return made
