"""Jumps of the clock within a file, which are no damage: recordings that were joined, senders that began anew.

MPEG-TS (m2ts too), MPEG-PS and Ogg have clocks that start anew; FFmpeg marks their demuxers so (`AVFMT_TS_DISCONT`),
and the program ffmpeg closes what looks like a jump: what follows is heard right behind what was before. A shorter gap
is a pause to it, and stays. So how long such a file plays is told by what is decoded, not by its time stamps.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from media_assets.media.info import MediaInfo, Stream
from media_assets.media.leaps import LONGEST_PAUSE_SECONDS
from media_assets.media.sandbox.child import run_in_child
from media_assets.media.transport_packets import is_torn
from media_assets.media.untrusted import open_media
from media_assets.work.work import Work

if TYPE_CHECKING:
    from av.format import ContainerFormat

CLOSED_SECONDS = 10.0
"""ffmpeg closes what is longer, ahead or back (its `-dts_delta_threshold`)."""
CLOSED_BACK_SECONDS = 0.1
"""It closes what goes back so far in one stream (`ts_discontinuity_detect` in its sources)."""
STARTS_ANEW = {"mpegts", "mpeg", "ogg"}
"""FFmpeg's names of the demuxers with such clocks."""
_TS_DISCONT = 0x0200
"""AVFMT_TS_DISCONT among the flags of a demuxer. A few others bear it, whose clocks are corrected likewise."""
_MAY_FALL = {"flv", "matroska,webm"}
"""FFmpeg's names of demuxers whose clock goes on by the rules of the container, and yet goes back in streams that were
saved as they came. ffmpeg corrects nothing there: it drops what comes at a time that has passed."""
_FLV_WRAPPED_SECONDS = (1 << 31) / 1000
"""FFmpeg takes a clock that goes back to before its beginning for one of 32 bits, in milliseconds, that has wrapped."""
_GAP_SECONDS = 0.25
_MOST_LOST_SECONDS = LONGEST_PAUSE_SECONDS
"""The longest stretch that counts as lost by a receiver; a clock that jumps further has begun anew."""


class Gaps(NamedTuple):
    """What is between the packets of a stream."""

    missing: tuple[float, float] | None
    """Where the first stretch without packets begins and ends, in seconds of its clock; None when there is none."""
    torn: bool = False
    """Whether packets of the file are lost there, which no pause explains."""
    jumps: int = 0
    """How often its clock jumps although nothing is missing, up to there."""


def gaps(source: Path, stream: Stream, work: Work) -> Gaps:
    """Look at the times of all packets of a stream, up to where packets of the file are lost."""
    return run_in_child(_gaps, source, stream.index, work=work)


def _gaps(source: Path, index: int) -> Gaps:
    end: float | None = None
    missing: tuple[float, float] | None = None
    place = jumps = 0
    with source.open("rb") as file, source.open("rb") as packets, open_media(file) as container:
        if container is None:
            return Gaps(None)
        name = container.format.name
        for packet in container.demux(container.streams[index]):
            if packet.pts is None or packet.time_base is None:
                continue
            start = float(packet.pts * packet.time_base)
            ahead = 0.0 if end is None else start - end
            gap = (end or start, start)
            may_be_lost = name == "mpegts" and _GAP_SECONDS < ahead < _MOST_LOST_SECONDS
            if may_be_lost and is_torn(packets, place, packet.pos or place):
                return Gaps(gap, torn=True, jumps=jumps)
            if name in STARTS_ANEW and is_jump(ahead):
                jumps += 1
            elif _GAP_SECONDS < ahead <= LONGEST_PAUSE_SECONDS:
                missing = missing or gap
            end = start + float((packet.duration or 0) * packet.time_base)
            place = packet.pos or place
    return Gaps(missing, jumps=jumps)


class Clock:
    """Takes the jumps out of the times of one stream, as ffmpeg does that reads this stream alone."""

    def __init__(self, demuxer: ContainerFormat) -> None:
        self.jumps = 0
        self.falls = 0
        """How often it goes back where nothing is corrected."""
        self._may_fall = demuxer.name in _MAY_FALL
        self._wraps = demuxer.name == "flv"
        self._starts_anew = bool(demuxer.flags & _TS_DISCONT)
        self._shift = 0.0
        self._last: float | None = None
        self._next = 0.0

    def shift(self, dts: float | None, length: float) -> float:
        """What is to be added to the times of a packet, in seconds.

        Args:
            dts: When it is decoded, by its own time stamp; None without one.
            length: How long it lasts.
        """
        if dts is None:
            return self._shift
        if not self._starts_anew:
            self.falls += self._may_fall and self._last is not None and self._fell(dts - self._last)
            self._last = dts
            return 0.0
        if self._last is not None:
            ahead = dts + self._shift - self._next
            if abs(ahead) > CLOSED_SECONDS or dts + self._shift < self._last - CLOSED_BACK_SECONDS:
                self._shift -= ahead
                self.jumps += 1
        self._last = dts + self._shift
        self._next = self._last + length
        return self._shift

    def _fell(self, ahead: float) -> bool:
        """Whether a packet that begins so many seconds after the one before it shows that its clock went back."""
        return ahead < -CLOSED_BACK_SECONDS or (self._wraps and ahead > _FLV_WRAPPED_SECONDS)


def is_jump(ahead_seconds: float) -> bool:
    """Whether a packet that comes so much later than the end of the one before it is put right behind it."""
    return ahead_seconds > CLOSED_SECONDS or ahead_seconds < -CLOSED_BACK_SECONDS


def may_hide(media: MediaInfo) -> bool:
    """Whether nobody else notices gaps and jumps: ffmpeg says nothing of packets of a transport stream that are lost
    between two frames, and of a clock that starts anew."""
    return media.container in STARTS_ANEW


def falls(source: Path, media: MediaInfo, stream: Stream, work: Work) -> int:
    """How often the clock of a stream goes back where ffmpeg would drop what follows.

    Of Matroska only what states no duration is read for it: what was saved as it came.
    """
    if media.container not in _MAY_FALL or (media.container != "flv" and media.duration_seconds is not None):
        return 0
    return run_in_child(_falls, source, stream.index, work=work)


def _falls(source: Path, index: int) -> int:
    with source.open("rb") as file, open_media(file) as container:
        if container is None:
            return 0
        clock = Clock(container.format)
        for packet in container.demux(container.streams[index]):
            if packet.dts is not None and packet.time_base is not None:
                clock.shift(float(packet.dts * packet.time_base), 0.0)
        return clock.falls


def falls_said(times: int) -> str | None:
    """What a person has to know of them."""
    return f"its clock goes back ({times} ×): its sound is heard as it follows in the file" if times else None


def jumps_said(jumps: int) -> str | None:
    """What a person has to know of them: times of the result are not those of the file's clock."""
    if not jumps:
        return None
    return f"its clock jumps ({jumps} ×): what follows a jump is heard right behind what was before"
