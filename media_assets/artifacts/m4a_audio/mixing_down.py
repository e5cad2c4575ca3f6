"""Fewer channels than were recorded, without losing who speaks on one of them.

What belongs here: the choice of a mix where ffmpeg's own would drop or cancel voices. FFmpeg takes channels of unknown
layout (recorders with a microphone per channel) for loudspeakers and drops some, and it adds up opposite phases to
silence. Of a surround sound it drops the subwoofer's channel, on which a recorder may have had its microphone. So the
channels are measured first, in a decoding of their own, which only files pay for that have to be mixed.
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
"""Energy of the mix, as a share of the loudest channel's, below which the channels cancel each other out."""
_SILENCE = 100.0
"""Mean square of 16 bit samples below which there is nothing to compare."""
_STRETCH_SECONDS = 3
"""So long a part of the recording may cancel."""
_STEREO = 2
_SIDE = 0.5**0.5
"""What ffmpeg multiplies channels by that are not in front, and each side's share of one in the middle."""
_SUBWOOFERS = ("LFE", "LFE2")
_LEFT, _RIGHT = ("FL", "SL", "BL", "FLC", "WL", "TFL", "TBL"), ("FR", "SR", "BR", "FRC", "WR", "TFR", "TBR")
"""FFmpeg's names of channels; any other is heard on both sides."""
_PEAK = 0.7
"""A share of full scale, for the measured peak of the mix; between the measured samples it may be higher."""
_FULL_SCALE = 32768.0


@dataclass(frozen=True)
class Mix:
    """A mix to one channel."""

    filter: str | None
    """A filter of ffmpeg, in front of all others; None to keep the channels as they are."""
    said: str
    """What was done, as a short phrase."""


@dataclass
class Levels:
    """What is in the channels of a recording, and what the mix leaves of it."""

    weights: NDArray[np.float64]
    """(mixes, channels): what each channel is multiplied by in each channel of the mix."""
    energies: NDArray[np.float64] | None = None
    """The energy of each channel, of the differences from sample to sample: hum and rumble are no voice."""
    mix_energy: float = 0.0
    """Likewise of the loudest channel of the mix."""
    mix_peak: float = field(default=0.0)
    """Largest absolute value of the mix, in 16 bit samples."""
    cancelled_seconds: int = 0
    """How many of the seconds taken in cancel."""

    def add(self, pcm: bytes) -> None:
        """Take in a second of interleaved 16 bit little-endian samples."""
        import numpy as np

        channels = self.weights.shape[1]
        samples = np.frombuffer(pcm[: len(pcm) // (2 * channels) * 2 * channels], "<i2").reshape(-1, channels)
        mixed = samples @ self.weights.T
        energies = np.square(np.diff(samples.astype(np.float64), axis=0)).sum(axis=0)
        mix_energy = float(np.square(np.diff(mixed, axis=0)).sum(axis=0).max())
        self.energies = energies if self.energies is None else self.energies + energies
        self.mix_energy += mix_energy
        self.mix_peak = max(self.mix_peak, float(np.abs(mixed).max(initial=0.0)))
        if energies.max() > _SILENCE * len(samples) and mix_energy < _CANCELLED * energies.max():
            self.cancelled_seconds += 1


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
    if channels <= outputs or outputs > _STEREO:
        return None, work
    measuring, encoding = portions(work, [0.2, 0.8])
    levels = Levels(_weights(stream, outputs))
    for second in ffmpeg.samples(source, media, stream, measuring, sample_rate=_MEASURED_RATE):
        levels.add(second)
    return _chosen(levels, stream), encoding


def _weights(stream: Stream, outputs: int) -> NDArray[np.float64]:
    """What becomes of each channel in the mix: equal parts of an unknown layout, else about what ffmpeg does."""
    import av
    import numpy as np

    channels = stream.channels or 0
    if stream.is_of_unknown_layout or stream.channel_layout is None or channels == _STEREO:
        return np.ones((1, channels))
    sides = np.zeros((2, channels))
    for number, channel in enumerate(av.AudioLayout(stream.channel_layout).channels):
        share = 1.0 if channel.name in ("FL", "FR") else _SIDE
        if channel.name not in _SUBWOOFERS:
            sides[:, number] = share * (channel.name not in _RIGHT), share * (channel.name not in _LEFT)
    return sides if outputs > 1 else sides.sum(axis=0, keepdims=True)


def _chosen(levels: Levels, stream: Stream) -> Mix | None:
    channels = stream.channels or 0
    if levels.energies is not None and levels.mix_energy < _CANCELLED * levels.energies.max():
        loudest = int(levels.energies.argmax())
        is_surround = channels > _STEREO and not stream.is_of_unknown_layout
        why = "cancel each other out" + (" or are dropped when they are mixed" if is_surround else "")
        said = f"its {channels} channels {why}, so that channel {loudest + 1} was taken alone"
        return Mix(one_channel(loudest), said)
    if channels == _STEREO and levels.cancelled_seconds >= _STRETCH_SECONDS:
        said = f"its 2 channels cancel each other out for {levels.cancelled_seconds} s, so that both were kept"
        return Mix(None, said)
    if not stream.is_of_unknown_layout:
        return None
    gain = min(1.0, _PEAK * _FULL_SCALE / levels.mix_peak) if levels.mix_peak else 1.0
    said = f"its {channels} channels, which do not say where each is heard, were mixed equally"
    return Mix(equal_mix(channels, gain), said)
