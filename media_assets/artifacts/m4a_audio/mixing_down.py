"""Fewer channels than were recorded, without losing who speaks on one of them.

What belongs here: the choice of a mix where ffmpeg's own would drop or cancel voices. FFmpeg takes channels of unknown
layout (recorders with a microphone per channel) for loudspeakers and drops some, and it adds up opposite phases to
silence. Of a surround sound it drops the subwoofer's channel, on which a recorder may have had its microphone. So the
channels are measured first, in a decoding of their own, which only files pay for that have to be mixed.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from media_assets.media.ffmpeg import FFmpeg
from media_assets.media.info import MediaInfo, Stream
from media_assets.media.mixing import one_channel, stereo_mix, weighted_mix
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
"""A part of the recording that is shorter may cancel, where channels are known to be loudspeakers."""
_QUIETER = 0.5
"""What some channels are multiplied by in an uneven mix: of two in opposite phase a quarter of the energy is left."""
_LEVELS = (1.0, 0.66, 0.33)
"""A tenth of the energy is left of any two in opposite phase, and of each alone."""
_DRAWN = 20
"""So that three of any channels are nearly always on three levels in one of them."""
_LOUDEST_GAIN = 2.0
_STEREO = 2
_SIDE = 0.5**0.5
"""What ffmpeg multiplies channels by that are not in front, and each side's share of one in the middle."""
_MIXED = ("FL", "FR", "FC", "BL", "BR", "BC", "SL", "SR", "FLC", "FRC")
"""FFmpeg's names of channels that every version's mix has; subwoofers are in none, loudspeakers above in some."""
_VOICE = 0.02
"""Energy of the differences from sample to sample, as a share of a channel's, above which it is more than rumble: a
tone of 180 Hz has so much, and a subwoofer is for what is below 120 Hz."""
_LEFT, _RIGHT = ("FL", "SL", "BL", "FLC", "WL", "TFL", "TBL"), ("FR", "SR", "BR", "FRC", "WR", "TFR", "TBR")
"""FFmpeg's names of channels; any other is heard on both sides."""
_BLOCKS = 8
"""Parts of a second in which a voice may be on a channel alone: shorter than a word."""
_FEWEST_HIDDEN_BLOCKS = 2
_PEAK = 0.7
"""A share of full scale, for the measured peak of the mix; between the measured samples it may be higher."""
_FULL_SCALE = 32768.0
_AMBISONIC = "ambisonic"
"""How FFmpeg's names of layouts begin in which channels are no loudspeakers but directions; the first has none."""
_HEARD = 0.01
"""Energy of that channel, as a share of the loudest one's, below which it was not recorded."""
_FRONT = ("FL", "FR", "FC")
_PAIRS = (("FL", "FR"), ("SL", "SR"), ("BL", "BR"), ("FLC", "FRC"))
_HIDDEN = (
    "a voice is on a channel alone that is left out when its {} channels are mixed (a subwoofer, or one above), so "
    "that all were mixed"
)
_PLAIN_PAIRS = (None, "stereo", "downmix", "binaural")
_PAIR = "channelmap=map=0-FL|1-FR:channel_layout=stereo"
"""The filter that calls two channels left and right; `pan` would mix them by the layout that they have."""
_AS_A_PAIR = "its header takes its {} for no left and right, as which they were kept"
_UNEVEN = "its {} channels are a layout of which ffmpeg has no mix, so that all were mixed"
_EVENLY = "its {} channels, which do not say where each is heard, were mixed equally"


@dataclass(frozen=True)
class Mix:
    """A mix to one channel."""

    filter: str | None
    """A filter of ffmpeg, in front of all others; None for ffmpeg's own."""
    said: str
    """What was done, as a short phrase."""
    channels: int = 1
    """How many the result has."""


@dataclass
class Levels:
    """What is in the channels of a recording, and what the mix leaves of it."""

    weights: NDArray[np.float64]
    """(mixes, channels): what each channel is multiplied by in each channel of the mix."""
    energies: NDArray[np.float64] | None = None
    """The energy of each channel, of the differences from sample to sample: hum and rumble are no voice."""
    mix_energy: float = 0.0
    """Likewise of the loudest channel of the mix."""
    cancelled_seconds: int = 0
    """How many of the seconds taken in cancel."""
    left_out: tuple[int, ...] = ()
    """Channels that the mix does not have."""
    hidden_blocks: int = 0
    """How many eighths of the seconds taken in have a voice on one of these, and little else."""
    others: NDArray[np.float64] | None = None
    """(other mixes to one channel, channels): these may be taken instead."""
    peaks: NDArray[np.float64] | None = None
    """Largest absolute value of each of these, in 16 bit samples."""
    cancelled: NDArray[np.int64] | None = None
    """How many of the seconds taken in cancel in each of these."""

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
        is_heard = energies.max() > _SILENCE * len(samples)
        if is_heard and mix_energy < _CANCELLED * energies.max():
            self.cancelled_seconds += 1
        if self.left_out:
            block = _MEASURED_RATE // _BLOCKS
            for start in range(0, len(samples), block):
                self._look_for_hidden(samples[start : start + block], mixed[start : start + block])
        if self.others is not None:
            self._add_others(samples @ self.others.T, energies.max() if is_heard else 0.0)

    def _look_for_hidden(self, samples: NDArray[np.int16], mixed: NDArray[np.float64]) -> None:
        """Count a block when a channel that is left out has more than rumble, and the mix next to nothing."""
        import numpy as np

        alone = samples[:, list(self.left_out)].astype(np.float64)
        voices = np.square(np.diff(alone, axis=0)).sum(axis=0)
        voices = voices[(voices > _SILENCE * len(samples)) & (voices > _VOICE * np.square(alone).sum(axis=0))]
        mix_energy = np.square(np.diff(mixed, axis=0)).sum(axis=0).max()
        if voices.size and mix_energy < _CANCELLED * voices.max():
            self.hidden_blocks += 1

    def _add_others(self, mixes: NDArray[np.float64], loudest: float) -> None:
        """Take in a second of (samples, other mixes).

        Args:
            loudest: The energy of the loudest channel; 0 in silence.
        """
        import numpy as np

        count = mixes.shape[1]
        peaks = np.abs(mixes).max(axis=0, initial=0.0)
        cancelled = np.square(np.diff(mixes, axis=0)).sum(axis=0) < _CANCELLED * loudest
        self.peaks = np.maximum(np.zeros(count) if self.peaks is None else self.peaks, peaks)
        self.cancelled = cancelled + (np.zeros(count, np.int64) if self.cancelled is None else self.cancelled)


def mix_down(
    ffmpeg: FFmpeg, source: Path, media: MediaInfo, stream: Stream, outputs: int, work: Work, before: str | None = None
) -> tuple[Mix | None, Work]:
    """How a stream becomes so few channels.

    Args:
        before: The filter that it goes through before it is mixed.

    Returns:
        The mix, or None where ffmpeg's own serves; and what is left of the work.

    Raises:
        As `FFmpeg.pcm`.
    """
    channels = stream.channels or 0
    is_odd_pair = channels == _STEREO and stream.channel_layout not in _PLAIN_PAIRS
    if is_odd_pair and outputs == _STEREO:
        return Mix(_PAIR, _AS_A_PAIR.format(stream.channel_layout), channels=_STEREO), work
    if channels <= outputs or outputs > _STEREO:
        return None, work
    measuring, encoding = portions(work, [0.2, 0.8])
    levels = Levels(
        _weights(stream, outputs),
        left_out=_left_out(stream),
        others=_uneven(channels) if stream.is_of_unknown_layout or is_odd_pair else None,
    )
    for second in ffmpeg.samples(source, media, stream, measuring, sample_rate=_MEASURED_RATE, before=before):
        levels.add(second)
    if levels.others is not None:
        return _of_microphones(levels), encoding
    mix = _of_loudspeakers(levels, stream)
    return mix if mix is not None or not _is_uneven(stream) else _of_all(levels, stream, _UNEVEN), encoding


def _is_uneven(stream: Stream) -> bool:
    """Whether ffmpeg has no mix of its layout: none in front, or one of a pair alone (`sane_layout` in rematrix.c)."""
    import av

    if stream.channel_layout is None:
        return False
    names = {channel.name for channel in av.AudioLayout(stream.channel_layout).channels}
    return names.isdisjoint(_FRONT) or any((left in names) != (right in names) for left, right in _PAIRS)


def _left_out(stream: Stream) -> tuple[int, ...]:
    """The channels that ffmpeg's mix may not have."""
    import av

    if (stream.channels or 0) <= _STEREO or stream.channel_layout is None:
        return ()
    named = enumerate(av.AudioLayout(stream.channel_layout).channels)
    return tuple(number for number, channel in named if channel.name not in _MIXED)


def _weights(stream: Stream, outputs: int) -> NDArray[np.float64]:
    """What becomes of each channel in the mix: equal parts of an unknown layout, else about what ffmpeg does."""
    import numpy as np

    channels = stream.channels or 0
    if stream.is_of_unknown_layout or stream.channel_layout is None or channels == _STEREO:
        return np.ones((1, channels))
    weights = _all_weights(stream, outputs)
    weights[:, list(_left_out(stream))] = 0.0
    return weights


def _all_weights(stream: Stream, outputs: int) -> NDArray[np.float64]:
    """Likewise, with the channels that ffmpeg leaves out."""
    import av
    import numpy as np

    named = av.AudioLayout(stream.channel_layout or "mono").channels
    sides = np.zeros((2, len(named)))
    for number, channel in enumerate(named):
        share = 1.0 if channel.name in ("FL", "FR") else _SIDE
        sides[:, number] = share * (channel.name not in _RIGHT), share * (channel.name not in _LEFT)
    return sides if outputs > 1 else sides.sum(axis=0, keepdims=True)


def _uneven(channels: int) -> NDArray[np.float64]:
    """Mixes of which the first is equal. In one of the others, any two or three channels are not equally loud.

    Half of the channels are quieter, in turn those that have, and that have not, one bit in their number; behind these
    come mixes of three levels, drawn by chance, but always the same ones.
    """
    import numpy as np

    numbers, bits = np.arange(channels), range((channels - 1).bit_length())
    rows = [np.where(numbers >> bit & 1 == side, _QUIETER, 1.0) for bit in bits for side in (1, 0)]
    drawn = np.random.default_rng(0).choice(_LEVELS, (_DRAWN, channels))
    return np.stack([np.ones(channels), *rows, *drawn])


def _of_microphones(levels: Levels) -> Mix:
    """The mix of channels of which nobody knows where they are heard: the evenest in which none of them is lost."""
    assert levels.others is not None
    channels = levels.others.shape[1]
    if levels.peaks is None or levels.cancelled is None:
        return Mix(weighted_mix([1.0] * channels), _EVENLY.format(channels))
    best = int(levels.cancelled.argmin())
    room = _PEAK * _FULL_SCALE / levels.peaks[best] if levels.peaks[best] else 1.0
    mixed = weighted_mix(levels.others[best] * min(1.0 if best == 0 else _LOUDEST_GAIN, room))
    if best == 0 and not levels.cancelled[0]:
        return Mix(mixed, _EVENLY.format(channels))
    left = f"; for {levels.cancelled[best]} s they still do" if levels.cancelled[best] else ""
    return Mix(
        mixed,
        f"its {channels} channels, which do not say where each is heard, cancel each other out for "
        f"{levels.cancelled[0]} s when they are mixed equally, so that some were made quieter than others{left}",
    )


def _of_loudspeakers(levels: Levels, stream: Stream) -> Mix | None:
    channels = stream.channels or 0
    if (stream.channel_layout or "").startswith(_AMBISONIC) and _is_heard(levels, 0):
        return Mix(one_channel(0), f"of its {channels} channels of ambisonics that was taken which hears all around")
    if levels.energies is not None and levels.mix_energy < _CANCELLED * levels.energies.max():
        loudest = int(levels.energies.argmax())
        why = "cancel each other out" + (" or are dropped when they are mixed" if channels > _STEREO else "")
        said = f"its {channels} channels {why}, so that channel {loudest + 1} was taken alone"
        return Mix(one_channel(loudest), said)
    if levels.hidden_blocks >= _FEWEST_HIDDEN_BLOCKS:
        return _of_all(levels, stream, f"for {levels.hidden_blocks / _BLOCKS:.1f} s {_HIDDEN}")
    if len(levels.weights) == 1 and levels.cancelled_seconds >= _STRETCH_SECONDS:
        kept = "both" if channels == _STEREO else "two"
        said = (
            f"its {channels} channels cancel each other out for {levels.cancelled_seconds} s, so that {kept} were kept"
        )
        return Mix(None, said, channels=_STEREO)
    return None


def _is_heard(levels: Levels, channel: int) -> bool:
    return levels.energies is not None and bool(levels.energies[channel] >= _HEARD * levels.energies.max())


def _of_all(levels: Levels, stream: Stream, why: str) -> Mix:
    """FFmpeg's mix with the channels that it leaves out, as loud as others that are not in front.

    Args:
        why: A phrase with the place of a number, that of the channels.
    """
    weights = _all_weights(stream, len(levels.weights))
    weights /= max(1.0, float(weights.sum(axis=1).max()))
    rows = [list(map(float, row)) for row in weights]
    said = why.format(stream.channels)
    return Mix(weighted_mix(rows[0]) if len(rows) == 1 else stereo_mix(*rows), said, channels=len(rows))
