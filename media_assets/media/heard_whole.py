"""Joined recordings of which ffmpeg hears all when it is given the samples without the headers between them.

What belongs here: formats in which samples follow one header. Whatever else is joined is refused (`joined.py`).
"""

from __future__ import annotations

import re
from typing import BinaryIO

from media_assets.media.byte_ranges import ByteRanges
from media_assets.media.wav_parts import whole_wav

JOINED_DEMUXERS = ("wav", "amr", "au")
_AMR = re.compile(rb"#!AMR(?:-WB)?(?:_MC1\.0)?\n")
"""The marker in front of the frames (RFC 4867, section 5.1)."""
_READ_BYTES = 1 << 20
_MOST_PARTS = 300
_LONGEST_AU_HEADER_BYTES = 1 << 16


def heard_whole(file: BinaryIO) -> ByteRanges | None:
    """What is to be read of a file to hear all of it; None for all of it as it is."""
    file.seek(0)
    head = file.read(4)
    if head in (b"RIFF", b"RF64", b"BW64") or head[:3] == b"ID3":
        return whole_wav(file)
    if head == b"#!AM":
        return _amr(file)
    return _au(file) if head == b".snd" else None


def amr_markers(file: BinaryIO) -> list[tuple[int, bytes]]:
    """Where AMR recordings begin, and with which marker."""
    file.seek(0)
    found: list[tuple[int, bytes]] = []
    rest = b""
    while (block := file.read(_READ_BYTES)) and len(found) <= _MOST_PARTS:
        window = rest + block
        start = file.tell() - len(window)
        found += [(start + match.start(), match[0]) for match in _AMR.finditer(window)]
        rest = window[-16:]
    return list(dict(found).items())


def _amr(file: BinaryIO) -> ByteRanges | None:
    markers = amr_markers(file)
    if not 1 < len(markers) <= _MOST_PARTS or len({marker for _, marker in markers}) > 1:
        return None
    ends = [start for start, _ in markers[1:]] + [file.seek(0, 2)]
    length = len(markers[0][1])
    sound = [(start + length, end) for (start, _), end in zip(markers, ends, strict=True)]
    return ByteRanges(((0, length), *sound))


def au_parts(file: BinaryIO) -> list[tuple[int, int, int, bytes]]:
    """Where each recording begins, start and end of its samples, and its format (encoding, rate, channels)."""
    file_size, at = file.seek(0, 2), 0
    parts: list[tuple[int, int, int, bytes]] = []
    while len(parts) <= _MOST_PARTS:
        file.seek(at)
        header = file.read(24)
        offset, size = int.from_bytes(header[4:8], "big"), int.from_bytes(header[8:12], "big")
        if header[:4] != b".snd" or not 24 <= offset <= _LONGEST_AU_HEADER_BYTES:
            break
        start = at + offset
        at = file_size if size in (0, 0xFFFFFFFF) else min(start + size, file_size)
        parts.append((start - offset, start, at, header[12:24]))
    return parts


def _au(file: BinaryIO) -> ByteRanges | None:
    """Structure as in the manual page of SunOS: marker, offset of the samples, their size, encoding, rate, channels."""
    parts = au_parts(file)
    if len(parts) == 1 and parts[0][2] < file.seek(0, 2):
        return ByteRanges(((0, parts[0][2]),))  # ffmpeg would hear what lies behind as noise
    if not 1 < len(parts) <= _MOST_PARTS or len({form for *_, form in parts}) > 1:
        return None
    file.seek(0)
    head = file.read(parts[0][1])
    total = sum(end - start for _, start, end, _ in parts)
    stated = min(total, 0xFFFFFFFF).to_bytes(4, "big")
    return ByteRanges(((0, len(head)), *((start, end) for _, start, end, _ in parts)), head[:8] + stated + head[12:])
