"""The sound of the sample library, and who speaks in a sound."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np

from media_assets.artifacts.transcript.voices.diarizing import SpeakerCount, diarize
from media_assets.artifacts.transcript.voices.network import VoiceNetwork
from media_assets.artifacts.transcript.voices.value import Diarization
from media_assets.media.ffmpeg import FFmpeg
from media_assets.work.work import Work

LIBRARY = Path(__file__).parents[4] / "samples" / "library"
MEETING = "meetings/2025-03-17 team meeting.mp3"
"""David Brandt and Anna Keller speak by turns."""
ANNA = 'talks/Anna\'s "garden" talk, März – Überblick.mkv'
DAVID = "talks/looking-after-recordings.mp4"
DAVID_AGAIN = "talks/spring-weather.webm"


@cache
def sample_sound(name: str) -> np.ndarray:
    """Mono, signed 16 bit, 16,000 samples a second."""
    return np.frombuffer(b"".join(FFmpeg().pcm(LIBRARY / name, Work(Path()))), "<i2")


def in_chunks(*sounds: np.ndarray) -> Iterator[bytes]:
    """A second at a time, as ffmpeg gives it."""
    content = b"".join(sound.astype("<i2").tobytes() for sound in sounds)
    for at in range(0, len(content), 32_000):
        yield content[at : at + 32_000]


def diarized(
    network: VoiceNetwork,
    *sounds: np.ndarray,
    work: Work | None = None,
    count: SpeakerCount = SpeakerCount(),  # noqa: B008  it is never changed
    threads: int = 1,
) -> Diarization:
    seconds = sum(map(len, sounds)) / 16_000
    return diarize(
        in_chunks(*sounds), work or Work(Path()), network, duration_seconds=seconds, count=count, threads=threads
    )
