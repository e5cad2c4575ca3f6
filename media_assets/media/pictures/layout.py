"""Where a picture ends in its file, by the structure of its format alone: nothing is decoded.

What comes behind that end is seen by no decoder: films of motion photos, gain maps, further pictures, notes of cameras.
Sources: ITU-T T.81 annex B (JPEG), PNG (third edition) section 5, the WebP container specification, ISO/IEC 14496-12.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from media_assets.media import isobmff

PNG = b"\x89PNG\r\n\x1a\n"
JPEG = b"\xff\xd8"
_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
"""A marker of JPEG: 00 is an escaped byte of the scan, D0 to D7 are restarts inside it, FF fills up."""
_START, _END, _SCAN, _TEMPORARY = 0xD8, 0xD9, 0xDA, 0x01
_FIRST_BYTES = 1 << 12
"""Little at first: what is looked for is mostly near, and in a hostile file it is met often."""
_PIECE_BYTES = 1 << 20
_OVERLAP_BYTES = 64
"""The longest match that is found across two pieces."""
_MOST_PARTS = 200_000
"""Segments of a JPEG or chunks of a PNG. A picture of 1 GB has fewer; to walk so many takes a second."""


class HeldPart(NamedTuple):
    """A segment of a JPEG, or a chunk of a PNG."""

    kind: bytes
    """The second byte of the marker, or the four letters of the chunk."""
    start: int
    """Offset of its content in the file."""
    size: int
    """Bytes of its content."""

    def content(self, file: BinaryIO, most_bytes: int = 1 << 24) -> bytes:
        file.seek(self.start)
        return file.read(min(self.size, most_bytes))


def search(file: BinaryIO, pattern: re.Pattern[bytes], start: int = 0) -> tuple[int, bytes] | None:
    """The first match of a pattern from an offset on, and where it is; in memory that does not grow with the file."""
    file.seek(start)
    data, at, size = b"", start, _FIRST_BYTES
    while piece := file.read(size):
        data += piece
        if found := pattern.search(data):
            return at + found.start(), found[0]
        at += max(0, len(data) - _OVERLAP_BYTES)
        data = data[-_OVERLAP_BYTES:]
        size = min(2 * size, _PIECE_BYTES)
    return None


def jpeg_segments(file: BinaryIO) -> Iterator[HeldPart]:
    """The segments of a JPEG up to the one that ends it, where there is such."""
    at, scanned = 2, False
    for _ in range(_MOST_PARTS):
        found = search(file, _MARKER, at)
        if found is None:
            return
        at, code = found[0], found[1][1]
        if code == _END or (code == _START and scanned):
            yield HeldPart(bytes([_END]), at + 2 * (code == _END), 0)
            return
        if code in (_START, _TEMPORARY):
            at += 2
            continue
        file.seek(at + 2)
        size = int.from_bytes(file.read(2), "big")
        if size < 2:
            return
        yield HeldPart(bytes([code]), at + 4, size - 2)
        scanned = scanned or code == _SCAN
        at += 2 + size


def png_chunks(file: BinaryIO) -> Iterator[HeldPart]:
    """The chunks of a PNG, up to the one that ends it."""
    at = len(PNG)
    for _ in range(_MOST_PARTS):
        file.seek(at)
        head = file.read(8)
        if len(head) < 8:
            return
        size = int.from_bytes(head[:4], "big")
        yield HeldPart(head[4:], at + 8, size)
        if head[4:] == b"IEND":
            return
        at += 12 + size


def webp_chunks(file: BinaryIO) -> Iterator[HeldPart]:
    """The chunks of a WebP."""
    file.seek(4)
    end = 8 + int.from_bytes(file.read(4), "little")
    at = 12
    for _ in range(_MOST_PARTS):
        file.seek(at)
        head = file.read(8)
        if len(head) < 8 or at >= end:
            return
        size = int.from_bytes(head[4:], "little")
        yield HeldPart(head[:4], at + 8, size)
        at += 8 + size + size % 2


def end_of_picture(file: BinaryIO) -> int | None:
    """Offset behind the last byte of the picture: a JPEG, PNG, WebP, HEIC or AVIF; None when its end cannot be told.

    HEIC and AVIF end before the first box that no still picture has.
    """
    file.seek(0)
    head = file.read(16)
    if head.startswith(JPEG):
        return next((part.start for part in jpeg_segments(file) if part.kind[0] == _END), None)
    if head.startswith(PNG):
        return next((part.start + part.size + 4 for part in png_chunks(file) if part.kind == b"IEND"), None)
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        size = int.from_bytes(head[4:8], "little")
        return 8 + size + size % 2
    return _end_of_boxes(file) if isobmff.is_iso(head) else None


_OF_A_PICTURE = (b"ftyp", b"meta", b"mdat", b"idat", b"free", b"skip", b"wide", b"moov", b"pdin", b"grid")


def _end_of_boxes(file: BinaryIO) -> int:
    end = 0
    for number, box in enumerate(isobmff.boxes(file)):
        if box.type not in _OF_A_PICTURE or (number and box.type == b"ftyp"):
            break
        end = box.start + box.size
    return end
