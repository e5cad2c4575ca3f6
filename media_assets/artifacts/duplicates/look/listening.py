"""Listening to two files: every track of sound of both is decoded and compared.

What was heard of a file is kept for its other pairs: the file to keep is compared with many.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from media_assets.artifacts.duplicates.find.compare import Likeness
from media_assets.artifacts.duplicates.find.speeds import speeds_near
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
from media_assets.artifacts.duplicates.look.videos import clock
from media_assets.artifacts.duplicates.values import DedupRow
from media_assets.base.errors import BadMedia, SourceChanged, Transient
from media_assets.media.ffmpeg import FFmpeg
from media_assets.media.info import MediaInfo, Stream
from media_assets.media.probe import probe
from media_assets.work.work import Work

if TYPE_CHECKING:
    from media_assets.artifacts.duplicates.look.sounds import Bands

_LIMIT_SECONDS = 600.0
"""How long the decoding of one file may take."""
_LONGEST_SECONDS = 4 * 3600
"""What is heard later is not compared; an hour takes 22 MB."""
_FILES_KEPT = 8


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
        self._heard: OrderedDict[str, list[Bands] | CannotSee] = OrderedDict()

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
        for speed, offset_seconds in _speeds(first, second, likeness):
            again = _compared(one, other, round(offset_seconds / STEP_SECONDS), speed)
            if again.verdict != "different":
                return again
            found = found if found.reason else again
        return found

    def _tracks(self, row: DedupRow) -> list[Bands]:
        if row.key not in self._heard:
            try:
                with self._opened(row) as path:
                    self._heard[row.key] = list(self._audible(path))
            except (BadMedia, SourceChanged, Transient) as error:
                self._heard[row.key] = CannotSee(f"{row.key} {error}")
            while len(self._heard) > _FILES_KEPT:
                self._heard.popitem(last=False)
        self._heard.move_to_end(row.key)
        found = self._heard[row.key]
        if isinstance(found, CannotSee):
            raise found
        return found

    def _audible(self, path: Path) -> Iterator[Bands]:
        """The tracks in which something is heard."""
        work = Work(self._scratch, time_limit_seconds=_LIMIT_SECONDS)
        media = probe(path, work).media
        for stream in media.audio_streams if media is not None else ():
            if media is not None and stream.sample_rate:
                bands = self._bands(path, media, stream, work)
                if not is_silent(bands):
                    yield bands

    def _bands(self, path: Path, media: MediaInfo, stream: Stream, work: Work) -> Bands:
        """The powers of all channels are added, so that none cancels another out."""
        import numpy as np

        channels = stream.channels or 1
        parts, rest = [], np.zeros((channels, 0), np.float32)
        seconds = self._ffmpeg.samples(path, media, stream, work, sample_rate=SAMPLE_RATE, keeps_time=True)
        for number, second in enumerate(seconds):
            if number >= _LONGEST_SECONDS:
                break
            whole = len(second) // (2 * channels) * 2 * channels
            samples = np.frombuffer(second[:whole], "<i2").reshape(-1, channels).T.astype(np.float32) / 32768
            rest = np.concatenate([rest, samples], axis=1)
            parts.append(np.sum([bands_of(channel) for channel in rest], axis=0))
            used = max(0, (rest.shape[1] - WINDOW_SAMPLES) // STEP_SAMPLES + 1) * STEP_SAMPLES
            rest = rest[:, used:]
        seconds.close()
        return decibels(np.concatenate(parts).astype(np.float32)) if parts else decibels(bands_of(rest[0]))


def _speeds(first: DedupRow, second: DedupRow, likeness: Likeness) -> Iterator[tuple[float, float]]:
    """How many times as fast the second may be played, and the second of the first at which it starts then.

    Of what is short, fingerprints do not tell the speed.
    """
    yield likeness.speed, likeness.offset_seconds
    ratio = (first.duration_seconds or 0.0) / (second.duration_seconds or 1.0)
    if likeness.speed == 1:
        yield from ((speed, 0.0) for speed in speeds_near(ratio))


def _compared(one: Sequence[Bands], other: Sequence[Bands], offset: int, speed: float) -> Finding:
    for number, (left, right) in enumerate(zip(one, other, strict=True), start=1):
        at = first_difference(left, right if speed == 1 else slowed_bands(right, speed), offset)
        if at is not None:
            track = f"track {number} of " if len(one) > 1 else ""
            return Finding("different", f"{track}their sound differs, {clock(at)} into it")
    return Finding("same", "")
