"""Fewer channels than were recorded, without losing who speaks on one of them.

What belongs here: the choice of a mix where ffmpeg's own would drop or cancel voices. FFmpeg takes channels of unknown
layout (recorders with a microphone per channel) for loudspeakers and drops some, and it adds up opposite phases to
silence. So the channels are measured first, in a decoding of their own, which only such files pay for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from media_assets.media.ffmpeg import FFmpeg
from media_assets.media.info import MediaInfo, Stream
from media_assets.media.mixing import equal_mix, one_channel
from media_assets.work.portions import portions
from media_assets.work.work import Work

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MEASURED_RATE = 8000
"""Samples per second: speech is below 4 kHz."""
_CANCELLED = 0.1
"""Energy of the sum, as a share of the loudest channel's, below which the channels cancel each other out."""
_PEAK = 0.7
"""Of full scale, for the measured peak of the mix; between the measured samples it may be higher."""
_FULL_SCALE = 32768.0


@dataclass(frozen=True)
class Mix:
    """A mix to one channel."""

    filter: str
    """For ffmpeg, in front of all others."""
    said: str
    """What was done, as a short phrase."""


@dataclass
class Levels:
    """What is in the channels of a recording."""

    energies: NDArray[np.float64] | None = None
    """Of each channel, summed over all samples."""
    sum_energy: float = 0.0
    """Of the sum of all channels."""
    sum_peak: float = field(default=0.0)
    """Largest absolute value of the sum, in 16 bit samples."""

    def add(self, pcm: bytes, channels: int) -> None:
        """Take in interleaved 16 bit little-endian samples."""
        import numpy as np

        samples = np.frombuffer(pcm[: len(pcm) // (2 * channels) * 2 * channels], "<i2").reshape(-1, channels)
        total = samples.sum(axis=1, dtype=np.float64)
        energies = np.square(samples, dtype=np.float64).sum(axis=0)
        self.energies = energies if self.energies is None else self.energies + energies
        self.sum_energy += float(np.square(total).sum())
        self.sum_peak = max(self.sum_peak, float(np.abs(total).max(initial=0.0)))


def mix_down(
    ffmpeg: FFmpeg, source: Path, media: MediaInfo, stream: Stream, outputs: int, work: Work
) -> tuple[Mix | None, Work]:
    """How a stream becomes so few channels.

    Returns:
        The mix, or None where ffmpeg's own serves; and what is left of the work.

    Raises:
        As `FFmpeg.pcm`.
    """
    channels = stream.channels or 0
    if channels <= outputs or not (stream.is_of_unknown_layout or channels == 2):
        return None, work
    measuring, encoding = portions(work, [0.2, 0.8])
    levels = Levels()
    for second in ffmpeg.samples(source, media, stream, measuring, sample_rate=_MEASURED_RATE):
        levels.add(second, channels)
    return _chosen(levels, stream), encoding


def _chosen(levels: Levels, stream: Stream) -> Mix | None:
    channels = stream.channels or 0
    if levels.energies is not None and levels.sum_energy < _CANCELLED * levels.energies.max():
        loudest = int(levels.energies.argmax())
        said = f"its {channels} channels cancel each other out, so that channel {loudest + 1} was taken alone"
        return Mix(one_channel(loudest), said)
    if not stream.is_of_unknown_layout:
        return None
    gain = min(1.0, _PEAK * _FULL_SCALE / levels.sum_peak) if levels.sum_peak else 1.0
    said = f"its {channels} channels, which do not say where each is heard, were mixed equally"
    return Mix(equal_mix(channels, gain), said)
