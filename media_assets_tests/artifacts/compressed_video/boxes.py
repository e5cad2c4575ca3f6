"""Boxes of an mp4 that the test puts in: edit lists, apertures. Its index has to be last."""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence
from pathlib import Path

_INSIDE = {b"moov": 8, b"trak": 8, b"mdia": 8, b"minf": 8, b"stbl": 8, b"edts": 8, b"stsd": 16}
"""Boxes that hold others, and what stands in front of those."""
_PICTURE_ENTRY_BYTES = 86


def edited(path: Path, *edits: tuple[float, ...], track: int = 0) -> Path:
    """Give a track edits: length, where in the media they begin (-1: nothing is shown), speed where it is not 1."""
    data = path.read_bytes()
    movie, *media = (
        struct.unpack_from(">I", data, found.start() + 4 + (20 if data[found.end()] else 12))[0]
        for found in re.finditer(b"mvhd|mdhd", data)
    )
    rows = b"".join(
        struct.pack(
            ">IiI",
            round(length * movie),
            -1 if begin < 0 else round(begin * media[track]),
            round((speed[0] if speed else 1) * 65536),
        )
        for length, begin, *speed in edits
    )
    return put(path, b"trak", box(b"edts", box(b"elst", struct.pack(">II", 0, len(edits)) + rows)), track)


def aperture(width: int, height: int, right: float = 0, down: float = 0) -> bytes:
    """A box `clap`: what is shown of a picture, and how far its middle lies from that of the picture."""
    return box(b"clap", struct.pack(">IIIIiIiI", width, 1, height, 1, round(right * 2), 2, round(down * 2), 2))


def pixel_shape(across: int, down: int) -> bytes:
    return box(b"pasp", struct.pack(">II", across, down))


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + kind + content


def put(path: Path, parent: bytes, new: bytes, track: int = 0) -> Path:
    """Put a box into one of a track (`trak`, or the description of its samples, as `avc1`), for what was there."""
    data = path.read_bytes()
    tracks = iter(range(100))

    def change(kind: bytes, content: bytes, inside: bool) -> bytes:
        here = inside or (kind == b"trak" and next(tracks) == track)
        start = _INSIDE.get(kind, _PICTURE_ENTRY_BYTES if kind == parent else 0) - 8
        if start < 0:
            return box(kind, content)
        parts = [change(name, part, here) for name, part in _parts(content[start:])]
        if kind == parent and here:
            parts = [part for part in parts if part[4:8] != new[4:8]]
            parts.insert(1 if kind == b"trak" else len(parts), new)
        return box(kind, content[:start] + b"".join(parts))

    (before, index) = _split(data)
    path.write_bytes(before + change(b"moov", index, False))
    return path


def _split(data: bytes) -> tuple[bytes, bytes]:
    at = 0
    while data[at + 4 : at + 8] != b"moov":
        at += int.from_bytes(data[at : at + 4], "big")
    assert at + int.from_bytes(data[at : at + 4], "big") == len(data), "the index is not last"
    return data[:at], data[at + 8 :]


def _parts(content: bytes) -> Sequence[tuple[bytes, bytes]]:
    found, at = [], 0
    while at + 8 <= len(content):
        size = int.from_bytes(content[at : at + 4], "big")
        found.append((content[at + 4 : at + 8], content[at + 8 : at + size]))
        at += size
    return found
