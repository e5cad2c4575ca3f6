"""A piece of a recording as it is sent to a server of audio transcriptions, and how long pieces are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from media_assets.artifacts.transcript.engines.openai.settings import OpenAITranscription
from media_assets.artifacts.transcript.hearing.languages import choices
from media_assets.artifacts.transcript.hearing.prompting import HeardPrompt
from media_assets.artifacts.transcript.hearing.speech import is_pause, speech_in
from media_assets.artifacts.transcript.hearing.windows import SAMPLE_BYTES, SAMPLE_RATE, Window, WindowLength
from media_assets.media.ffmpeg import FFmpeg
from media_assets.media.untrusted import file_url, our_own
from media_assets.work.work import Work

_TIMED_PIECE_SECONDS = 600.0
_SEVERAL_LANGUAGES_PIECE_SECONDS = 60.0
"""A server detects one language for a request."""
_TEXT_PIECE_SECONDS = 30.0
"""Times within a piece are estimated when only its text comes back."""
_ENVELOPE_BYTES = 64 * 1024
"""What is sent around the samples: FLAC's own headers, and the fields of the form."""
_SILENCE = 33
"""A sample of this size, of 32768 (-60 dB), is silence: what is nowhere louder holds no speech and is not paid for."""


@dataclass(frozen=True)
class SentPiece:
    """A window as it is sent."""

    window: Window
    sound: bytes
    sounding: tuple[float, float]
    """Where it is louder than silence, from when to when in seconds."""
    prompt: HeardPrompt = field(default_factory=HeardPrompt)
    """What the server is told with it."""

    def nobody_speaks(self, start_seconds: float, end_seconds: float) -> bool:
        """Whether voice activity detection hears no voice in a stretch of it."""
        return is_pause(self._voices, start_seconds, end_seconds)

    @cached_property
    def _voices(self) -> Sequence[tuple[int, int]]:
        return speech_in(self.window.audio())

    @property
    def duration_seconds(self) -> float:
        return self.window.duration_seconds

    def speech(self) -> Sequence[tuple[float, float]]:
        """From when to when somebody speaks, in seconds; in a short piece, or where no voice is found, where it is
        louder than silence."""
        if self.duration_seconds <= _TEXT_PIECE_SECONDS:
            return (self.sounding,)
        return [(start / SAMPLE_RATE, end / SAMPLE_RATE) for start, end in self._voices] or (self.sounding,)


def encoded(window: Window, ffmpeg: FFmpeg, work: Work) -> bytes:
    """A window as FLAC."""
    samples, sound = work.directory / "piece.raw", work.directory / "piece.flac"
    work.require_space(2 * len(window.pcm))
    samples.write_bytes(window.pcm)
    raw = our_own(samples, "s16le", ar=SAMPLE_RATE, ac=1)
    ffmpeg.run(raw.output(file_url(sound), format="flac"), work)
    return sound.read_bytes()


def sounding(window: Window) -> tuple[float, float] | None:
    """Where in a window, from when to when in seconds, it is louder than silence; None when nowhere."""
    import numpy as np

    loud = np.flatnonzero(np.abs(np.frombuffer(window.pcm, dtype="<i2").astype(np.int32)) > _SILENCE)
    return (float(loud[0]) / SAMPLE_RATE, float(loud[-1] + 1) / SAMPLE_RATE) if loud.size else None


def window_length(settings: OpenAITranscription, *, timed: bool, most_seconds: float = math.inf) -> WindowLength:
    """Pieces that fit into a request, with room to find a quiet moment in.

    Args:
        timed: Whether times come back.
        most_seconds: The server takes no longer ones.
    """
    timed_seconds = _SEVERAL_LANGUAGES_PIECE_SECONDS if choices(settings.language) else _TIMED_PIECE_SECONDS
    wanted = settings.piece_seconds or (timed_seconds if timed else _TEXT_PIECE_SECONDS)
    fitting = (settings.max_upload_bytes - _ENVELOPE_BYTES) / (SAMPLE_BYTES * SAMPLE_RATE)
    longest = min(wanted, math.floor(fitting), most_seconds)
    return WindowLength(shortest_seconds=longest / 2, longest_seconds=longest)
