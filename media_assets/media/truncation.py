"""Whether a media file ends before its container says it does.

Demuxers read what is there and call it the end. Containers that state a duration are caught by comparing it; this
module is for what states none or measures it from what is left, and it looks at structure only.
"""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from media_assets.media.isobmff import boxes
from media_assets.media.joined import avi_starts
from media_assets.media.transport_packets import head_bytes, packet_bytes
from media_assets.media.wav_parts import wav_parts

_ISO_BOXES = {b"moov", b"moof", b"mdat"}
"""The only boxes that count: some cameras leave rubbish behind the last one."""
_SEGMENT = b"\x18\x53\x80\x67"
_OGG_LOOK_BACK_BYTES = 3 * 65307
"""65307 is the longest page (RFC 3533)."""
_RIFF_UNKNOWN_BYTES = 0x7FFFF000
"""Programs that write to a pipe put the largest number they know where the size belongs."""
_RIFF_SLOPPY_BYTES = 64
"""Some count their own header, or a padding byte that is not there."""


def missing_end(path: Path, container: str) -> str | None:
    """What shows that the file was cut off, as a clause behind its name; None when nothing does.

    Args:
        container: FFmpeg's name of its demuxer.
    """
    looks = {"mov": _iso, "matroska": _matroska, "ogg": _ogg, "mpegts": _mpegts, "avi": _avi, "wav": _wav}
    look = looks.get(container.split(",")[0])
    if look is None:
        return None
    with path.open("rb") as file:
        return look(file, path.stat().st_size)


def _iso(file: BinaryIO, file_size: int) -> str | None:
    for box in boxes(file):
        if box.type in _ISO_BOXES and box.start + box.size > file_size:
            return _too_short(box.start + box.size, file_size)
    return None


def _matroska(file: BinaryIO, file_size: int) -> str | None:
    """The segment states its size unless it was written to a stream; ids and sizes as in RFC 8794."""
    file.seek(0)
    head = file.read(4096)
    at = head.find(_SEGMENT) + len(_SEGMENT)
    if at < len(_SEGMENT) or not head[at : at + 1]:
        return None
    length = 9 - head[at].bit_length()
    size = int.from_bytes(head[at : at + length], "big") & ((1 << 7 * length) - 1)
    unknown = (1 << 7 * length) - 1
    expected = at + length + size
    if size == unknown or expected <= file_size:
        return None
    return _too_short(expected, file_size)


def _wav(file: BinaryIO, file_size: int) -> str | None:
    """The last of the recordings that may be in it is the one that was cut off."""
    parts = wav_parts(file)
    return _riff(file, file_size, parts[-1].start if parts else 0)


def _avi(file: BinaryIO, file_size: int) -> str | None:
    starts = avi_starts(file)
    return _riff(file, file_size, starts[-1] if starts else 0)


def _riff(file: BinaryIO, file_size: int, start: int = 0) -> str | None:
    """The first chunk states the size of the file; a large AVI goes on behind it.

    Args:
        start: Where that chunk begins.
    """
    file.seek(start)
    name, stated = file.read(4), file.read(4)
    size = int.from_bytes(stated, "big" if name == b"RIFX" else "little")
    end = start + 8 + size
    if size >= _RIFF_UNKNOWN_BYTES or end <= file_size + _RIFF_SLOPPY_BYTES:
        return None
    return _too_short(end, file_size)


def _too_short(expected: int, file_size: int) -> str:
    return f"is cut off: it should have {expected} bytes, and has {file_size}"


def _ogg(file: BinaryIO, file_size: int) -> str | None:
    """A page states the lengths of its segments in a table (RFC 3533)."""
    file.seek(max(0, file_size - _OGG_LOOK_BACK_BYTES))
    tail = file.read()
    page = tail[tail.rfind(b"OggS\x00") :]
    if len(page) < 27 or len(page) < 27 + page[26] or len(page) < 27 + page[26] + sum(page[27 : 27 + page[26]]):
        return "is cut off: it ends in the middle of a page"
    return None


def _mpegts(file: BinaryIO, file_size: int) -> str | None:
    file.seek(0)
    length = packet_bytes(file.read(head_bytes()))
    return "is cut off: it ends in the middle of a packet" if length is not None and file_size % length else None
