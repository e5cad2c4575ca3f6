"""Whether a file is whole enough to be worth a run: recorders and uploads leave files that are not, for a while."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

# Box types that begin an ISO base media file (mp4, m4a, mov, 3gp), ISO/IEC 14496-12 §4 and Apple's QTFF.
_FIRST_BOXES = frozenset({b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})
_MAX_BOXES = 10_000


def why_incomplete(path: Path) -> str | None:
    """The reason to wait for more of this file, or None when it looks whole.

    Reads a few bytes only: the sizes of the top-level boxes of an mp4, nothing of any other format.
    """
    size_bytes = path.stat().st_size
    if size_bytes == 0:
        return "is empty (0 bytes)"
    with path.open("rb") as file:
        return _why_incomplete_mp4(file, size_bytes)


def _why_incomplete_mp4(file: BinaryIO, size_bytes: int) -> str | None:
    position, has_index, has_fragments = 0, False, False
    for number in range(_MAX_BOXES):
        file.seek(position)
        header = file.read(16)
        if len(header) < 8:
            break
        box_bytes, box_type = struct.unpack(">I4s", header[:8])
        if number == 0 and box_type not in _FIRST_BOXES:
            return None
        if box_bytes == 1 and len(header) == 16:
            (box_bytes,) = struct.unpack(">Q", header[8:])
        elif box_bytes == 0:  # reaches to the end of the file
            box_bytes = size_bytes - position
        if box_bytes < 8:
            return None  # not a box: broken or another format, and no reason to wait
        has_index = has_index or box_type == b"moov"
        has_fragments = has_fragments or box_type == b"moof"
        position += box_bytes
        if position > size_bytes and not has_fragments:
            return f"ends {position - size_bytes} bytes before its `{box_type.decode('latin-1')}` box does"
        if position >= size_bytes:
            break
    return None if has_index else "has no index (moov box) yet"
