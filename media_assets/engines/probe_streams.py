"""From PyAV's streams to `models.Stream`: how each field is found, and what containers write in its place."""

from __future__ import annotations

import statistics
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Any, Literal

from media_assets.models import Stream

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.stream import Stream as AvStream

_STREAM_TYPES: dict[str, Literal["video", "audio", "subtitle", "data", "attachment"]] = {
    "video": "video",
    "audio": "audio",
    "subtitle": "subtitle",
    "attachment": "attachment",
}
# AVColorTransferCharacteristic of FFmpeg, which are those of ITU-T H.273.
_PQ = 16
_HLG = 18

_TIMES_LOOKED_AT = 2000
_PACKETS_LOOKED_AT = 300
_JITTER = 0.05
"""A frame is longer or shorter than others when that is not just the rounding of times to the container's clock."""
_ODD_FRAMES = 0.01
"""A first or last frame, or a dropped one, makes no variable rate yet."""


def describe(stream: AvStream, *, dolby_vision: bool) -> Stream:
    """Everything but what only a decoded frame tells (rotation)."""
    from av.stream import Disposition

    tags = {name.lower(): value for name, value in stream.metadata.items()}
    context = stream.codec_context
    fields: dict[str, Any] = {
        "index": stream.index,
        "type": _STREAM_TYPES.get(stream.type, "data"),
        "codec": "unknown",
        "language": _language(tags),
        "title": tags.get("title"),
        "default": bool(stream.disposition & Disposition.default),
        "attached_picture": bool(stream.disposition & Disposition.attached_pic),
        "start_seconds": _seconds(stream, stream.start_time),
        "duration_seconds": _duration(stream, tags),
    }
    if context is not None:
        fields["codec"] = context.codec.canonical_name
        fields["profile"] = stream.profile
        fields["bit_rate"] = getattr(context, "bit_rate", None) or _whole_number(tags.get("bps"))
        if stream.type == "video":
            fields.update(_video(stream, dolby_vision))
        elif stream.type == "audio":
            fields.update(_audio(stream))
    return Stream(**fields)


def has_variable_frame_rate(stream: AvStream, container: InputContainer) -> bool:
    """Whether frames last unequally long, by the index if the container has a whole one, else by the first packets."""
    if stream.time_base is None:
        return False
    index = stream.index_entries
    if stream.frames and len(index) == stream.frames:
        times = [entry.timestamp for entry in islice(index, _TIMES_LOOKED_AT)]
    else:
        packets = islice(container.demux(stream), _PACKETS_LOOKED_AT)
        times = sorted(packet.pts for packet in packets if packet.pts is not None)[:-16]  # those were not yet in order
    lengths = [after - before for before, after in pairwise(times)]
    if not lengths:
        return False
    usual = statistics.median(lengths)
    odd = sum(abs(length - usual) > max(2.0, _JITTER * usual) for length in lengths)
    return odd > max(1.0, _ODD_FRAMES * len(lengths))


def _seconds(stream: AvStream, ticks: int | None) -> float | None:
    if ticks is None or stream.time_base is None:
        return None
    return float(ticks * stream.time_base)


def _duration(stream: AvStream, tags: dict[str, str]) -> float | None:
    """Seconds the stream plays.

    Matroska keeps it in a tag, which FFmpeg counts from time 0 and mkvmerge from the first frame. It is taken for the
    former: so the duration of a track that starts late may come out too short, but never too long.
    """
    duration = _seconds(stream, stream.duration)
    if duration is not None:
        return duration
    stated = next((value for name, value in tags.items() if name.split("-")[0] == "duration"), "")
    try:
        hours, minutes, seconds = stated.split(":")
        duration = int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    except ValueError:
        return None
    return max(0.0, duration - (_seconds(stream, stream.start_time) or 0.0))


def _language(tags: dict[str, str]) -> str | None:
    language = tags.get("language", "").strip().lower()
    return None if language in ("", "und") else language


def _whole_number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdigit() else None


def _video(stream: Any, dolby_vision: bool) -> dict[str, Any]:
    context = stream.codec_context
    rate = stream.average_rate
    return {
        "width": context.width or None,
        "height": context.height or None,
        "frame_rate": float(rate) if rate else None,
        "pixel_format": context.pix_fmt,
        "bit_depth": context.format.components[0].bits if context.format else None,
        "hdr": _hdr(context.color_trc, dolby_vision),
    }


def _hdr(transfer: int, dolby_vision: bool) -> Literal["HDR10", "HLG", "Dolby Vision"] | None:
    if dolby_vision:
        return "Dolby Vision"
    if transfer == _PQ:
        return "HDR10"
    return "HLG" if transfer == _HLG else None


def _audio(stream: Any) -> dict[str, Any]:
    context = stream.codec_context
    layout = context.layout.name if context.channels else None
    return {
        "sample_rate": context.sample_rate or None,
        "channels": context.channels or None,
        "channel_layout": None if layout is None or layout.endswith(" channels") else layout,  # the order is not known
    }
