"""Leaps of a clock ahead in containers whose clock goes on by their rules: time in which nothing was recorded.

What belongs here: FLV, Matroska, fragmented MP4 and the like, where a sender began anew or a recorder slept. ffmpeg
keeps the time and fills it up with silence. Beside a picture it has to stand, for both must stay in step; sound alone
with such a leap is heard as it follows. What MPEG-TS does is in `clock_jumps.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from media_assets.media.info import MediaInfo, Stream
from media_assets.media.sandbox.child import run_in_child
from media_assets.media.untrusted import open_media
from media_assets.work.work import Work

if TYPE_CHECKING:
    from av.container import InputContainer

LONGEST_PAUSE_SECONDS = 300.0
"""A longer one was made by a clock, and not by a recorder that was paused."""
_SAID_FROM_SECONDS = 10.0
_LONGEST_PACKET_SECONDS = 10.0
"""A packet of MP4 lasts until the next one begins, however long nothing comes."""
_MAY_LEAP = {"flv", "matroska", "mov", "asf", "nut"}
"""FFmpeg's names of demuxers, up to the first comma."""
CLOSED = (
    "asetpts='if(isnan(PREV_INPTS),PTS,"
    f"if(gt((PTS-PREV_INPTS)*TB,{LONGEST_PAUSE_SECONDS:.0f}),PREV_OUTPTS+NB_SAMPLES/SR/TB,PREV_OUTPTS+PTS-PREV_INPTS))'"
)
"""The filter that puts what follows a leap right behind what was before."""


@dataclass(frozen=True)
class Leaps:
    """Stretches without any packet in a stream of sound."""

    count: int = 0
    seconds: float = 0.0
    """All together."""
    first_at_seconds: float = 0.0
    """Where the first begins, from the beginning of the stream."""
    closed: bool = False
    """Whether what follows is heard right behind."""

    @property
    def said(self) -> str | None:
        """What a person has to know of them."""
        if not self.count:
            return None
        where = f"({self.count} ×, {self.seconds:.1f} s in all, the first at {self.first_at_seconds:.1f} s)"
        if self.closed:
            return f"its clock leaps ahead {where}: what follows is heard right behind what was before"
        return f"nothing was recorded for a while {where}: silence stands there"


def leaps(source: Path, media: MediaInfo, stream: Stream, work: Work) -> Leaps:
    """Look for them in a stream: those that are closed, else those that are long enough to be named."""
    if not may_leap(media):
        return Leaps()
    if media.video_streams and (stream.duration_seconds or media.duration_seconds or 1e9) < _SAID_FROM_SECONDS:
        return Leaps()
    pauses = run_in_child(_pauses, source, stream.index, work=work)
    long = [pause for pause in pauses if pause[1] > LONGEST_PAUSE_SECONDS] if is_closed(media) else []
    found = long or pauses
    if not found:
        return Leaps()
    return Leaps(len(found), sum(seconds for _, seconds in found), found[0][0], closed=bool(long))


def may_leap(media: MediaInfo) -> bool:
    """Whether it is of such a container."""
    return media.container.split(",")[0] in _MAY_LEAP


def is_closed(media: MediaInfo) -> bool:
    """Whether leaps are closed: no picture and no chapter has to keep its place."""
    return not media.video_streams and not media.chapters


def leapt_seconds(container: InputContainer, index: int) -> float:
    """How much of the length of a stream is leaps that are closed."""
    return sum(seconds for _, seconds in _in_stream(container, index) if seconds > LONGEST_PAUSE_SECONDS)


def _pauses(source: Path, index: int) -> list[tuple[float, float]]:
    """When each begins, from the beginning of the stream, and how long it is, in seconds."""
    with source.open("rb") as file, open_media(file) as container:
        return [] if container is None else list(_in_stream(container, index))


def _in_stream(container: InputContainer, index: int) -> Iterable[tuple[float, float]]:
    from av.stream import Discard

    for other in container.streams:
        if other.index != index:
            other.discard = Discard.all  # of mp4 it need not even be read then
    first: float | None = None
    end = 0.0
    stream: Any = container.streams[index]
    for packet in container.demux(stream):
        if packet.dts is None:
            continue
        at = float(packet.dts * packet.time_base)
        first = at if first is None else first
        if at - end > _SAID_FROM_SECONDS and at > first:
            yield end - first, at - end
        length = float((packet.duration or 0) * packet.time_base)
        end = at + (length if length < _LONGEST_PACKET_SECONDS else 0.0)
