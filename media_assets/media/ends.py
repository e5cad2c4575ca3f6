"""Where a recording ends by its own structure, so that what lies behind can be looked at.

What belongs here: containers that state it. Sizes as in the documents that are named in `joined.py`.
"""

from __future__ import annotations

import re
from typing import BinaryIO

from media_assets.media.beginnings import begins_at
from media_assets.media.heard_whole import au_parts
from media_assets.media.isobmff import boxes
from media_assets.media.wav_parts import chunks_behind, wav_parts

_MOST_CHUNKS = 10_000
_HEAD_BYTES = 4096
_ISO_NAME = re.compile(rb"[A-Za-z0-9 _.\-\xa9]{4}")
_ASF_NAMES = (b"\x30\x26\xb2\x75", b"\x36\x26\xb2\x75", b"\x90\x08\x00\x33", b"\xd3\x29\xe2\xd6", b"\xf8\x03\xb1\xfe",
              b"\xd0\x3f\xb7\x3c")  # fmt: skip
"""How the objects of the top level begin: header, data, simple index, index, media object index, timecode index."""


_ASF_DATA, _ASF_DATA_HEADER_BYTES = b"\x36\x26\xb2\x75", 50


def end_of(file: BinaryIO, name: str) -> int | None:
    """Where the last part of a recording ends; None when that is the end of the file, or nobody knows.

    Args:
        name: FFmpeg's name of its demuxer, up to the first comma.
    """
    looks = {
        "wav": _wav,
        "matroska": _matroska,
        "mov": _iso,
        "aiff": _form,
        "caf": _caf,
        "w64": _w64,
        "au": _au,
        "asf": _asf,
        "avi": _avi,
    }
    end = looks[name](file) if name in looks else None
    return end if end and end < file.seek(0, 2) else None


def _iso(file: BinaryIO) -> int:
    """What has no name as boxes have it, or reaches beyond the end, is none."""
    file_size, end = file.seek(0, 2), 0
    for box in boxes(file):
        if not _ISO_NAME.fullmatch(box.type) or box.start + box.size > file_size:
            break
        end = box.start + box.size
    return end


def _wav(file: BinaryIO) -> int:
    """Chunks may stand behind the samples; what has a known mark is none, though its first bytes look like a name."""
    parts = wav_parts(file)
    file_size = file.seek(0, 2)
    if not parts or not parts[-1].ends:
        return 0
    at = parts[-1].data_start + parts[-1].data_bytes
    at = chunks_behind(file, at, 0 if begins_at(file, at) else parts[-1].data_bytes % 2)
    for _ in range(_MOST_CHUNKS):
        if at + 8 > file_size or begins_at(file, at):
            break
        file.seek(at)
        header = file.read(8)
        size = int.from_bytes(header[4:], "little")
        if not header[:4].replace(b" ", b"_").replace(b"_", b"a").isalnum() or at + 8 + size > file_size:
            break
        at += 8 + size + size % 2
    return at


def _matroska(file: BinaryIO) -> int:
    file.seek(0)
    return segment_end(file.read(_HEAD_BYTES)) or 0


def segment_end(head: bytes) -> int | None:
    """How far behind the beginning of a Matroska file its segment ends; None when it does not state that (RFC 8794)."""
    at = head.find(b"\x18\x53\x80\x67") + 4
    if at < 4 or not head[at : at + 1] or not head[at]:
        return None
    length = 9 - head[at].bit_length()
    unknown = (1 << 7 * length) - 1
    size = int.from_bytes(head[at : at + length], "big") & unknown
    return None if size == unknown else at + length + size


def _form(file: BinaryIO) -> int:
    file.seek(4)
    size = int.from_bytes(file.read(4), "big")
    return 8 + size + size % 2


def _avi(file: BinaryIO) -> int:
    """It goes on in a RIFF of its own for each GiB."""
    at = 0
    for _ in range(_MOST_CHUNKS):
        file.seek(at)
        header = file.read(12)
        if header[:4] != b"RIFF" or header[8:] not in (b"AVI ", b"AVIX"):
            break
        size = int.from_bytes(header[4:8], "little")
        at += 8 + size + size % 2
    return at


def _caf(file: BinaryIO) -> int:
    at, file_size = 8, file.seek(0, 2)
    for _ in range(_MOST_CHUNKS):
        file.seek(at)
        header = file.read(12)
        size = int.from_bytes(header[4:], "big", signed=True)
        if len(header) < 12 or not header[:4].isalnum() or size < 0 or at + 12 + size > file_size:
            break
        at += 12 + size
    file.seek(at)
    return 0 if file.read(4) == b"data" else at  # one that goes on to the end of the file


def _w64(file: BinaryIO) -> int:
    file.seek(16)
    size = int.from_bytes(file.read(8), "little")
    return size + -size % 8


def _au(file: BinaryIO) -> int:
    """One that states no size goes on to the end of the file, and so does the last that is read."""
    parts = au_parts(file)
    return parts[-1][2] if parts else 0


def _asf(file: BinaryIO) -> int:
    at, file_size = 0, file.seek(0, 2)
    for _ in range(_MOST_CHUNKS):
        file.seek(at)
        header = file.read(24)
        size = int.from_bytes(header[16:], "little")
        if not header.startswith(_ASF_NAMES) or size < 24 or at + size > file_size:
            break
        if header.startswith(_ASF_DATA) and size <= _ASF_DATA_HEADER_BYTES:
            return 0  # written to a pipe: it goes on to the end of the file
        at += size
    return at
