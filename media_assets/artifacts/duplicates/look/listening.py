"""Listening to two files: every track of sound of both is decoded and compared.

What was heard of a file is kept for its other pairs: the file to keep is compared with many.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from media_assets.artifacts.duplicates.find.compare import Likeness
from media_assets.artifacts.duplicates.find.faster_sounds import MOST, USUAL_SPEEDS
from media_assets.artifacts.duplicates.look.clips import CannotSee
from media_assets.artifacts.duplicates.look.pictures import Finding
from media_assets.artifacts.duplicates.look.sounds import (
    SAMPLE_RATE,
    STEP_SAMPLES,
    STEP_SECONDS,
    WINDOW_SAMPLES,
    bands_of,
    decibels,
    first_difference,
    is_silent,
    slowed_bands,
)
from media_assets.artifacts.duplicates.look.tempo import Tempo, fitted
from media_assets.artifacts.duplicates.look.videos import clock
from media_assets.artifacts.duplicates.look.voices import LONGEST_SECONDS, Faint, other_voice
from media_assets.artifacts.duplicates.values import DedupRow
from media_assets.base.errors import BadMedia, SourceChanged, Transient
from media_assets.media.ffmpeg import FFmpeg
from media_assets.media.info import MediaInfo, Stream
from media_assets.media.probe import probe
from media_assets.work.work import Work

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from media_assets.artifacts.duplicates.look.sounds import Bands

_LIMIT_SECONDS = 600.0
"""How long the decoding of one file may take."""
_LONGEST_SECONDS = 4 * 3600
"""What is heard later is not compared; an hour takes 22 MB."""
_FILES_KEPT = 4
_CHANNELS = 2
"""What is kept of the samples themselves: ten minutes of two channels take 19 MB."""
_WITH_ITS_PITCH = 0.005
"""So much faster or slower one must be played before its pitch may be another."""
_AS_SET = 3e-4
_SAME_SPEED = 0.02
"""How far the speed that the sound says may be from that of the pictures."""


class _Track(NamedTuple):
    """A track in which something is heard."""

    bands: Bands
    samples: NDArray[np.int16]
    """The first channels and minutes of it, of shape (samples, channels)."""
    channels: int


class Ears:
    """Listens to files.

    Args:
        opened: See `SecondLook`.
        scratch: A folder for what is decoded.
    """

    def __init__(
        self, opened: Callable[[DedupRow], AbstractContextManager[Path]], ffmpeg: FFmpeg, scratch: Path
    ) -> None:
        self._opened = opened
        self._ffmpeg = ffmpeg
        self._scratch = scratch
        self._heard: OrderedDict[tuple[str, int], list[_Track] | CannotSee] = OrderedDict()

    def listen(self, first: DedupRow, second: DedupRow, likeness: Likeness) -> Finding:
        """The verdict on the sound of two files. A track in which nothing is heard is compared with nothing.

        Raises:
            CannotSee: one cannot be read.
            Fatal, Cancelled: nothing can.
        """
        one, other = self._tracks(first), self._tracks(second)
        if not one or not other:
            return Finding("same", "")
        if len(one) != len(other):
            return Finding("different", f"they have {len(one)} and {len(other)} tracks of sound")
        found = Finding("different", "")
        for tempo in _tempos(one[0].bands, other[0].bands, likeness):
            for at, tracks in self._at(one, other, second, tempo):
                again = _compared(one, tracks, at)
                if again.verdict != "different":
                    return _other_voice(one, tracks, at) or again._replace(speed=tempo.speed)
                found = found if found.reason else again
        return found

    def _at(
        self, one: Sequence[_Track], other: Sequence[_Track], second: DedupRow, tempo: Tempo
    ) -> Iterator[tuple[Tempo, Sequence[_Track]]]:
        """The tracks of the second at a tempo, and those of which the pitch is higher or lower by as much."""
        yield tempo, other
        if abs(tempo.speed - 1) >= _WITH_ITS_PITCH:
            # Samples taken as much closer to each other: what was played faster has its speed and pitch again.
            slowed = self._tracks(second, round(SAMPLE_RATE * _rounded(tempo.speed)))
            if len(slowed) == len(one):
                yield fitted(one[0].bands, slowed[0].bands, Tempo(1.0, tempo.offset_steps)), slowed

    def _tracks(self, row: DedupRow, sample_rate: int = SAMPLE_RATE) -> list[_Track]:
        heard = row.key, sample_rate
        if heard not in self._heard:
            try:
                with self._opened(row) as path:
                    self._heard[heard] = list(self._audible(path, sample_rate))
            except (BadMedia, SourceChanged, Transient) as error:
                self._heard[heard] = CannotSee(f"{row.key} {error}")
            while len(self._heard) > _FILES_KEPT:
                self._heard.popitem(last=False)
        self._heard.move_to_end(heard)
        found = self._heard[heard]
        if isinstance(found, CannotSee):
            raise found
        return found

    def _audible(self, path: Path, sample_rate: int) -> Iterator[_Track]:
        """The tracks in which something is heard; what is sampled at another rate than SAMPLE_RATE is taken for it."""
        work = Work(self._scratch, time_limit_seconds=_LIMIT_SECONDS)
        media = probe(path, work).media
        for stream in media.audio_streams if media is not None else ():
            if media is not None and stream.sample_rate:
                track = self._track(path, media, stream, work, sample_rate)
                if not is_silent(track.bands):
                    yield track

    def _track(self, path: Path, media: MediaInfo, stream: Stream, work: Work, sample_rate: int) -> _Track:
        """The powers of all channels are added, so that none cancels another out."""
        import numpy as np

        channels = stream.channels or 1
        parts, rest = [], np.zeros((channels, 0), np.float32)
        kept = [np.zeros((0, min(channels, _CHANNELS)), np.int16)]
        seconds = self._ffmpeg.samples(path, media, stream, work, sample_rate=sample_rate, keeps_time=True)
        for number, second in enumerate(seconds):
            if number >= _LONGEST_SECONDS:
                break
            whole = len(second) // (2 * channels) * 2 * channels
            samples = np.frombuffer(second[:whole], "<i2").reshape(-1, channels)
            if number < LONGEST_SECONDS:
                kept.append(samples[:, :_CHANNELS].copy())
            rest = np.concatenate([rest, samples.T.astype(np.float32) / 32768], axis=1)
            parts.append(np.sum([bands_of(channel) for channel in rest], axis=0))
            used = max(0, (rest.shape[1] - WINDOW_SAMPLES) // STEP_SAMPLES + 1) * STEP_SAMPLES
            rest = rest[:, used:]
        seconds.close()
        powers = np.concatenate(parts).astype(np.float32) if parts else bands_of(rest[0])
        return _Track(decibels(powers), np.concatenate(kept), channels)


def _tempos(one: Bands, other: Bands, likeness: Likeness) -> Iterator[Tempo]:
    """The tempos at which the second may be played: of what is short, and of what was trimmed, fingerprints do not tell
    it well."""
    given = Tempo(likeness.speed, likeness.offset_seconds / STEP_SECONDS)
    if likeness.speed == 1:
        yield given
    most = MOST if likeness.speed == 1 else _SAME_SPEED
    told: list[Tempo] = []
    for begin in (given, Tempo(len(one) / len(other), 0.0)):
        tempo = fitted(one, other, begin)
        if abs(tempo.speed / likeness.speed - 1) <= most and not any(_are_close(tempo, known) for known in told):
            told.append(tempo)
            yield tempo


def _rounded(speed: float) -> float:
    """What somebody set who played it at about that speed: two sounds are taken out of each other only where they run
    at one speed to a few samples."""
    told = (*USUAL_SPEEDS, *(1 / usual for usual in USUAL_SPEEDS), round(speed * 200) / 200)
    nearest = min(told, key=lambda one: abs(one - speed))
    return nearest if abs(nearest - speed) < _AS_SET else speed


def _are_close(one: Tempo, other: Tempo) -> bool:
    return abs(one.speed - other.speed) < 2e-4 and abs(one.offset_steps - other.offset_steps) < 1


def _compared(one: Sequence[_Track], other: Sequence[_Track], tempo: Tempo) -> Finding:
    offset = round(tempo.offset_steps)
    for number, (left, right) in enumerate(zip(one, other, strict=True), start=1):
        track = f"track {number} of " if len(one) > 1 else ""
        slowed = right.bands if tempo.speed == 1 else slowed_bands(right.bands, tempo.speed)
        at = first_difference(left.bands, slowed, offset)
        if at is not None:
            return Finding("different", f"{track}their sound differs, {clock(at)} into it")
    return Finding("same", "")


def _other_voice(one: Sequence[_Track], other: Sequence[_Track], tempo: Tempo) -> Finding | None:
    """Whether another voice is faintly heard. How more channels were mixed to fewer nobody knows."""
    import numpy as np

    if abs(tempo.speed - 1) >= _WITH_ITS_PITCH:
        return None
    for left, right in zip(one, other, strict=True):
        both = zip(left.samples.T, right.samples.T, strict=True) if left.channels == right.channels else ()
        for channels in both:
            first, second = (channel.astype(np.float32) / 32768 for channel in channels)
            heard = other_voice(first, second, tempo.offset_steps * STEP_SECONDS)
            if heard is not None:
                return Finding("different", _faintly(heard))
    return None


def _faintly(heard: Faint) -> str:
    if heard.is_sure:
        return f"their sound differs faintly, as by a voice, {clock(heard.second)} into it"
    return (
        f"their sound differs so much, {clock(heard.second)} into it, as coarse encoding makes it, that another faint "
        "voice could not be told; not decided"
    )
