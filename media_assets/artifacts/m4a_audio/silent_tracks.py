"""The track that was chosen may be silent, and what was said be on another.

Programs that record a screen write the sound of the machine to one track and the microphone to the next; cameras have a
track for a microphone that was not plugged in.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from media_assets.artifacts.m4a_audio.extract import choose_audio
from media_assets.media.info import MediaInfo, Stream
from media_assets.media.programmes import Programme
from media_assets.media.sandbox.child import run_in_child
from media_assets.media.untrusted import open_media
from media_assets.work.work import Work

if TYPE_CHECKING:
    from av import AudioFrame

_SILENCE = 0.001
"""Peak as a share of full scale (-60 dB) below which nobody hears anything."""


def choose_heard(
    source: Path, media: MediaInfo, languages: Sequence[str], programmes: tuple[Programme, ...], work: Work
) -> tuple[Stream, str]:
    """The audio track to take, and why, as a short phrase: that of `choose_audio`, or another where that is silent.

    Tracks of other programmes of a broadcast are no others. Of a track only so much is decoded as is silent.

    Raises:
        As `choose_audio` and `run_in_child`.
    """
    chosen, reason = choose_audio(media, languages, programmes)
    others = [stream for stream in media.audio_streams if stream.index != chosen.index and stream.sample_rate]
    if not others or len(programmes) > 1 or run_in_child(_has_sound, source, chosen.index, work=work):
        return chosen, reason
    for number, other in enumerate(media.audio_streams, 1):
        if other in others and run_in_child(_has_sound, source, other.index, work=work):
            return other, f"audio track {number}, the first that is not silent from its beginning to its end"
    return chosen, f"{reason}, and all are silent"


def _has_sound(source: Path, index: int) -> bool:
    """Whether anything in a stream is louder than silence. What cannot be decoded may be."""
    import av
    from av.stream import Discard

    with source.open("rb") as file, open_media(file) as container:
        if container is None:
            return True
        for other in container.streams:
            if other.index != index:
                other.discard = Discard.all
        for packet in container.demux(container.streams[index]):
            try:
                frames = packet.decode()
            except av.error.FFmpegError:
                return True
            if any(isinstance(frame, av.AudioFrame) and _peak(frame) > _SILENCE for frame in frames):
                return True
    return False


def _peak(frame: AudioFrame) -> float:
    """The largest absolute value, as a share of full scale."""
    import numpy as np

    samples = frame.to_ndarray()
    if samples.dtype.kind == "f":
        return float(np.abs(samples).max(initial=0.0))
    full = 2.0 ** (8 * samples.dtype.itemsize - 1)
    middle = full if samples.dtype.kind == "u" else 0.0
    return float(np.abs(samples.astype(np.float64) - middle).max(initial=0.0)) / full
