"""From the headers of a stream, as PyAV shows them, to `info.Stream`: how a field is found, what containers write."""

from __future__ import annotations

import ctypes
import math
import re
from typing import TYPE_CHECKING, Any, Literal

from media_assets.media.info import Stream

if TYPE_CHECKING:
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
_LONGEST_TAG = 1000


def describe(stream: AvStream, container: str, *, dolby_vision: bool) -> Stream:
    """Everything but what takes more than headers.

    Args:
        stream: Of an open container.
        container: FFmpeg's name of the demuxer.
        dolby_vision: Whether the headers hold a Dolby Vision configuration.
    """
    from av.stream import Disposition

    tags = {name.lower(): value[:_LONGEST_TAG] for name, value in stream.metadata.items()}
    context = stream.codec_context
    matroska = container.startswith("matroska")
    fields: dict[str, Any] = {
        "index": stream.index,
        "type": _STREAM_TYPES.get(stream.type, "data"),
        "codec": "unknown",
        "language": _language(tags),
        "title": tags.get("title"),
        "default": bool(stream.disposition & Disposition.default),
        "forced": bool(stream.disposition & Disposition.forced),
        "attached_picture": bool(stream.disposition & Disposition.attached_pic),
        "start_seconds": _seconds(stream, stream.start_time),
        "duration_seconds": _tagged_duration(stream, tags) if matroska else _seconds(stream, stream.duration),
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


def _seconds(stream: AvStream, ticks: int | None) -> float | None:
    if ticks is None or stream.time_base is None:
        return None
    return float(ticks * stream.time_base)


def _tagged_duration(stream: AvStream, tags: dict[str, str]) -> float | None:
    """Seconds a Matroska track plays, which only a tag tells: FFmpeg passes on the duration of the whole file instead.

    FFmpeg counts the tag from time 0, mkvmerge from the first frame. It is taken for the former: so the duration of a
    track that starts late may come out too short, but never too long.
    """
    stated = next((value for name, value in tags.items() if name.split("-")[0] == "duration"), "")
    try:
        hours, minutes, seconds = stated.split(":")
        duration = int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    except (ValueError, OverflowError):
        return None
    if not math.isfinite(duration):
        return None
    return max(0.0, duration - (_seconds(stream, stream.start_time) or 0.0))


def _language(tags: dict[str, str]) -> str | None:
    language = tags.get("language", "").strip().lower()
    return None if language in ("", "und") else language


def _whole_number(text: str | None) -> int | None:
    return int(text) if text is not None and re.fullmatch("[0-9]{1,15}", text) else None


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


def _layout(context: Any) -> tuple[int, str | None]:
    """How many channels there are, and FFmpeg's name of where each is heard, e.g. `5.1` or `3 channels (FR+FL+FC)`.

    Of channels in an order of their own PyAV (18.1) copies the pointer to their list and frees it with the copy, so
    that the next copy ends the process: CAF, AIFF and MOV of eight channels did. So the one copy that is made here
    (`context.channels` makes another) is never given up: some hundred bytes in a child.
    """
    layout = context.layout
    count = int(layout.nb_channels)
    name = str(layout.name) if count else None
    if name is not None and "(" in name:
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(layout))
    return count, name


def _audio(stream: Any) -> dict[str, Any]:
    context = stream.codec_context
    channels, layout = _layout(context)
    return {
        "sample_rate": context.sample_rate or None,
        "channels": channels or None,
        "channel_layout": None if layout is None or layout.endswith(" channels") else layout,  # the order is not known
    }
