"""How long FLV and AVI play whose headers were never filled in: written to a pipe, or by a recorder that died.

An FLV that states nothing lasts until the time of its last tag, and a stream that was recorded after it had begun
starts at the time of its server, so that this is later than the file is long (Adobe's "Video File Format Specification
10.1", annex E). An AVI then states any number of frames.
"""

from __future__ import annotations

from typing import BinaryIO

from media_assets.media.info import MediaInfo

_SIZE_BYTES = 4
_TAG_HEADER_BYTES = 11
_NEAR_SECONDS = 1.0
_RIFF_UNKNOWN_BYTES = 0x7FFFF000
"""Programs that write to a pipe put the largest number they know where the size belongs, or 0."""


def was_never_filled_in(head: bytes) -> bool:
    """Whether a header shows that an AIFF or Wave64 was written to a pipe: FFmpeg writes those, and cannot read them.

    Args:
        head: How the file begins.
    """
    if head.startswith(b"FORM") and head[8:12] in (b"AIFF", b"AIFC"):
        return head[4:8] in (bytes(4), b"\xff" * 4)
    return head.startswith(b"riff\x2e\x91\xcf\x11") and head[16:24] in (bytes(8), b"\xff" * 8)


def with_seconds_played(media: MediaInfo, file: BinaryIO) -> MediaInfo:
    """The same, with how long it plays; without a duration where none is known."""
    if media.container == "flv":
        return _flv(media, file)
    return _avi(media, file) if media.container == "avi" else media


def _avi(media: MediaInfo, file: BinaryIO) -> MediaInfo:
    file.seek(0)
    size = int.from_bytes(file.read(8)[4:], "little")
    if 0 < size < _RIFF_UNKNOWN_BYTES:
        return media
    streams = tuple(stream.model_copy(update={"duration_seconds": None}) for stream in media.streams)
    return media.model_copy(update={"duration_seconds": None, "streams": streams})


def _flv(media: MediaInfo, file: BinaryIO) -> MediaInfo:
    stated = media.duration_seconds
    if not stated:
        return media.model_copy(update={"duration_seconds": None})
    last = _last_seconds(file)
    if media.start_seconds <= 0 or stated <= media.start_seconds or last is None or abs(last - stated) > _NEAR_SECONDS:
        return media
    return media.model_copy(update={"duration_seconds": stated - media.start_seconds})


def _last_seconds(file: BinaryIO) -> float | None:
    """The time stamp of the last tag; None when the file does not end with one."""
    file_size = file.seek(0, 2)
    file.seek(max(0, file_size - _SIZE_BYTES))
    at = file_size - _SIZE_BYTES - int.from_bytes(file.read(_SIZE_BYTES), "big")
    if at <= 0:
        return None
    file.seek(at)
    header = file.read(_TAG_HEADER_BYTES)
    if len(header) < _TAG_HEADER_BYTES or at + len(header) + int.from_bytes(header[1:4], "big") > file_size:
        return None
    return (int.from_bytes(header[4:7], "big") | header[7] << 24) / 1000
