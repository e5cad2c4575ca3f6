"""How long a file plays in which recordings were joined with `cat`, of which FFmpeg states the length of the first.

What belongs here: formats whose parts can be told apart. Whether they are heard is another question (`joined.py`).
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import BinaryIO

from media_assets.media.byte_ranges import ByteRanges, RangesFile
from media_assets.media.chained_ogg import ogg_links
from media_assets.media.isobmff import boxes, is_iso
from media_assets.media.joined import avi_starts, header_of, matroska_starts, starts_of, wavpack_starts

_MOST_PARTS = 300


def joined_parts(file: BinaryIO, head: bytes) -> list[BinaryIO]:
    """The recordings in a file, each to be read by itself; none when it is a single one, or nobody can tell."""
    starts = list(_starts(file, head))
    if not 1 < len(starts) <= _MOST_PARTS:
        return []
    ends = [*starts[1:], file.seek(0, 2)]
    ranges = [ByteRanges(((start, end),)) for start, end in zip(starts, ends, strict=True)]
    return [io.BufferedReader(RangesFile(file, part)) for part in ranges]


def _starts(file: BinaryIO, head: bytes) -> Iterator[int]:
    if head.startswith(b"OggS"):
        yield from (link.start for link in ogg_links(file))
    elif head.startswith(b"RIFF") and head[8:12] == b"AVI ":
        yield from avi_starts(file)
    elif head.startswith(b"FORM") and head[8:12] in (b"AIFF", b"AIFC"):
        yield from _aiff_starts(file)
    elif head.startswith(b"\x1a\x45\xdf\xa3"):
        yield from matroska_starts(file)
    elif head.startswith(b"wvpk"):
        yield from wavpack_starts(file)
    elif (header := header_of(head)) is not None:
        yield from starts_of(file, header)
    elif is_iso(head):
        found = list(boxes(file))
        starts = [box.start for box in found if box.type == b"ftyp"]
        if len(starts) == sum(box.type == b"moov" for box in found):
            yield from starts


def _aiff_starts(file: BinaryIO) -> Iterator[int]:
    at = 0
    for _ in range(_MOST_PARTS + 1):
        file.seek(at)
        header = file.read(12)
        if header[:4] != b"FORM" or header[8:] not in (b"AIFF", b"AIFC"):
            return
        yield at
        size = int.from_bytes(header[4:8], "big")
        at += 8 + size + size % 2
