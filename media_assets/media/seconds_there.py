"""How long a file plays whose clock jumps: as long as what is in it, and not what lies between two of its time stamps.

FFmpeg takes the last time stamp less the first for the length. Where recordings were joined that is hours, or a day.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import BinaryIO

from media_assets.media.clock_jumps import CLOSED_BACK_SECONDS, CLOSED_SECONDS, STARTS_ANEW, Clock
from media_assets.media.info import MediaInfo
from media_assets.media.leaps import LONGEST_PAUSE_SECONDS, is_closed, leapt_seconds, may_leap
from media_assets.media.system_clocks import may_jump
from media_assets.media.untrusted import open_media

_HAVE_SYSTEM_CLOCK = {"mpegts", "mpeg"}


def with_jumps_closed(media: MediaInfo, file: BinaryIO) -> MediaInfo:
    """The same, with the lengths that it has without the jumps of its clock.

    All packets are looked at where a quick look at the clock of the whole finds a jump, and of sound alone, which is
    small.
    """
    if media.container in _HAVE_SYSTEM_CLOCK:
        jumps = may_jump(file, media.container, CLOSED_SECONDS, CLOSED_BACK_SECONDS)
        return _measured(media, file) if jumps else media
    if media.duration_seconds is None or media.duration_seconds < CLOSED_SECONDS or media.video_streams:
        return media
    if media.container in STARTS_ANEW:
        return _measured(media, file)
    if may_leap(media) and is_closed(media) and media.duration_seconds > LONGEST_PAUSE_SECONDS:
        return _without_leaps(media, file)
    return media


def _measured(media: MediaInfo, file: BinaryIO) -> MediaInfo:
    """The same with the lengths by its packets, each stream read by itself, if its clock jumps."""
    spans, jumps = _spans(file, [stream.index for stream in (*media.audio_streams, *media.video_streams)])
    if not jumps or not spans:
        return media
    seconds = max(end for _, end in spans.values()) - min(start for start, _ in spans.values())
    return _lasting(media, file, seconds, {index: end - start for index, (start, end) in spans.items()})


def _spans(file: BinaryIO, wanted: list[int]) -> tuple[dict[int, tuple[float, float]], int]:
    """When each stream that has packets begins and ends, in seconds of its clock without the jumps, and how many there
    are."""
    spans: dict[int, tuple[float, float]] = {}
    with open_media(file) as container:
        if container is None:
            return spans, 0
        clocks = {index: Clock(container.format) for index in wanted}
        for packet in container.demux([container.streams[index] for index in wanted]):
            ticks = packet.pts if packet.pts is not None else packet.dts
            if ticks is None or packet.time_base is None:
                continue
            length = float((packet.duration or 0) * packet.time_base)
            dts = None if packet.dts is None else float(packet.dts * packet.time_base)
            at = float(ticks * packet.time_base) + clocks[packet.stream_index].shift(dts, length)
            start, end = spans.get(packet.stream_index, (at, at))
            spans[packet.stream_index] = min(start, at), max(end, at + length)
    return spans, sum(clock.jumps for clock in clocks.values())


def _without_leaps(media: MediaInfo, file: BinaryIO) -> MediaInfo:
    """Its lengths less the leaps in its sound."""
    leapt: dict[int, float] = {}
    for stream in media.audio_streams:
        with open_media(file) as container:
            leapt[stream.index] = leapt_seconds(container, stream.index) if container is not None else 0.0
    if not any(leapt.values()):
        return media
    assert media.duration_seconds is not None
    lengths = {
        stream.index: stream.duration_seconds - leapt[stream.index]
        for stream in media.audio_streams
        if stream.duration_seconds is not None
    }
    return _lasting(media, file, media.duration_seconds - min(leapt.values()), lengths)


def _lasting(media: MediaInfo, file: BinaryIO, seconds: float, lengths: Mapping[int, float]) -> MediaInfo:
    streams = tuple(
        stream.model_copy(update={"duration_seconds": lengths[stream.index]}) if stream.index in lengths else stream
        for stream in media.streams
    )
    bit_rate = round(file.seek(0, 2) * 8 / seconds) if seconds > 0 else None
    return media.model_copy(update={"duration_seconds": seconds, "streams": streams, "bit_rate": bit_rate})
