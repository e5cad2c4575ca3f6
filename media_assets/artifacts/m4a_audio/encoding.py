"""How a stream of sound is encoded: its filters in their order, and what has to be said of them.

FFmpeg makes its filters anew where the channels or the rate of a stream change on the way, as in broadcasts and in
joined mp3 files. The one that keeps the time then begins once more at time 0, with as much silence as was heard until
there: encoded, that is piled up at one instant, and players that do not drop it play it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from media_assets.artifacts.m4a_audio.headroom import Headroom, headroom
from media_assets.artifacts.m4a_audio.mixing_down import mix_down
from media_assets.artifacts.m4a_audio.settings import AudioSettings
from media_assets.base.errors import BadMedia
from media_assets.media.ffmpeg import ALL_MUST_DECODE, KEEP_TIME, FFmpeg
from media_assets.media.ffmpeg_errors import FEWER_CHANNELS
from media_assets.media.info import MediaInfo, Stream
from media_assets.media.isobmff import boxes, boxes_inside
from media_assets.media.overs import overs
from media_assets.work.portions import portions
from media_assets.work.work import Work

_STEREO = 2
_MOST_MIXED_CHANNELS = 64
"""FFmpeg mixes no more to fewer (`SWR_CH_MAX`)."""
_KEEP_TIME_ANEW = "async=1"
"""`KEEP_TIME` for filters that are made anew: they begin where they are, and not at time 0."""
_FRAME_SAMPLES = 1024
"""Samples of a frame of AAC."""
_FEW = 2
"""The first and the last frames may be shorter."""
_CHANGED = "its channels or its rate change on the way, and all of it was brought to those of its beginning"


@dataclass(frozen=True)
class Encoding:
    """How one stream is encoded."""

    before: str | None
    """Filters in front of the mix."""
    mix: str | None
    """The filter that mixes; None for ffmpeg's own mix, or none."""
    channels: int
    """How many the result has."""
    room: Headroom
    bit_rate_kbps: int
    said: tuple[str, ...]
    """What was done, as phrases."""
    keep_time: str = KEEP_TIME

    @property
    def _unleveled(self) -> str:
        return chain(self.before, self.mix, f"aresample={self.keep_time}")

    @property
    def options(self) -> dict[str, Any]:
        """Options of the output."""
        return {
            "acodec": "aac",
            "audio_bitrate": f"{self.bit_rate_kbps}k",
            "ac": self.channels,
            "af": chain(self.before, self.room.filter, self.mix, f"aresample={self.keep_time}"),
            **ALL_MUST_DECODE,
        }

    @property
    def all_said(self) -> str | None:
        return "; ".join((*self.said, *self.room.said)) or None

    def measured(self, ffmpeg: FFmpeg, source: Path, media: MediaInfo, stream: Stream, work: Work) -> Encoding:
        """The same, as loud as there is room for."""
        room = headroom(ffmpeg, source, media, stream, self._unleveled, self.channels, work)
        return replace(self, room=room)

    @property
    def for_changes(self) -> Encoding:
        """The same for a stream that changes on the way."""
        return replace(self, keep_time=_KEEP_TIME_ANEW, said=(*self.said, _CHANGED))


def chain(*filters: str | None) -> str:
    """One after the other."""
    return ",".join(filter(None, filters))


def plan_encoding(
    ffmpeg: FFmpeg,
    source: Path,
    media: MediaInfo,
    stream: Stream,
    settings: AudioSettings,
    work: Work,
    mending: str | None,
) -> tuple[Encoding, Work]:
    """Measure a stream as far as its channels have to be mixed.

    Args:
        mending: The filter that mends its times.

    Returns:
        How it is encoded, and what is left of the work.

    Raises:
        BadMedia: it has more channels than can be mixed; others as `FFmpeg.run`.
    """
    channels = stream.channels or 0
    if channels > _MOST_MIXED_CHANNELS:
        raise BadMedia(
            f"ffmpeg cannot process it: it has {channels} channels; at most {_MOST_MIXED_CHANNELS} can be mixed",
            next_step=FEWER_CHANNELS,
        )
    loud = overs(source, stream, work)
    outputs = min(channels or _STEREO, settings.channels or _STEREO)
    mixed, work = mix_down(ffmpeg, source, media, stream, outputs, work, loud.filter)
    plan = Encoding(
        before=chain(mending, loud.filter) or None,
        mix=mixed.filter if mixed is not None else None,
        channels=mixed.channels if mixed is not None else outputs,
        room=Headroom(),
        bit_rate_kbps=settings.bit_rate_kbps,
        said=(*([mixed.said] if mixed else []), *loud.said),
    )
    if plan.channels >= channels:
        return plan, work
    measuring, work = portions(work, [0.2, 0.8])
    return plan.measured(ffmpeg, source, media, stream, measuring), work


def is_piled_up(result: Path) -> bool:
    """Whether frames of an M4A that ffmpeg wrote lie at one instant."""
    with result.open("rb") as file:
        return sum(count for count, ticks in _lengths(file) if ticks < _FRAME_SAMPLES // 2) > _FEW


def _lengths(file: BinaryIO) -> Iterator[tuple[int, int]]:
    """How many frames in a row are how long, in samples: `stts` of the first track (ISO/IEC 14496-12, 8.6.1.2)."""
    box = next((box for box in boxes(file) if box.type == b"moov"), None)
    for kind in (b"trak", b"mdia", b"minf", b"stbl", b"stts"):
        box = next((inner for inner in boxes_inside(file, box) if inner.type == kind), None) if box else None
    if box is None:
        return
    file.seek(box.start + 16)
    rows = file.read(box.size - 16)
    for at in range(0, len(rows) - 7, 8):
        yield int.from_bytes(rows[at : at + 4], "big"), int.from_bytes(rows[at + 4 : at + 8], "big")
