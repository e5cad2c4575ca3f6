"""The boxes of an mp4 or mov, as a tree in memory, and what of them no probe names: XMP, a camera's data, trailers.

Structure as in ISO/IEC 14496-12 and Apple's "QuickTime File Format".
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO, NamedTuple
from uuid import UUID

from media_assets.artifacts.compressed_video.reading.behind_index import what_trails
from media_assets.media.isobmff import Box, boxes

MOOV_READ_BYTES = 256_000_000
_MOST_PARTS = 100_000
_MOST_LOOKED_AT = 10_000
_MOST_NAMED = 100
_LONGEST_TITLE = 500
"""Boxes that are told of; a hostile file may have any number."""
XMP_BOX = UUID("be7acfcb-97a9-42e8-9c71-999491e3afac").bytes
"""The box of XMP at the top level (Adobe's XMP Specification, part 3)."""
SPHERICAL_V1 = "360° data (Spherical Video V1)"
"""Google's older way to say it, of which FFmpeg makes the same side data when it understands it."""
_UUIDS = {
    XMP_BOX: "XMP",
    UUID("ffcc8263-f855-4a93-8814-587a02521fdd").bytes: SPHERICAL_V1,
    UUID("d8fec3d6-1b0e-483c-9297-5828877ec481").bytes: "content credentials (C2PA), void for another picture",
    UUID("50524f46-21d2-4fce-bb88-695cfac9c740").bytes: "Sony's profile",
    UUID("55534d54-21d2-4fce-bb88-695cfac9c740").bytes: "Sony's user data",
}
_OF_ANY_FILE = {
    *(b"ftyp", b"styp", b"moov", b"mdat", b"free", b"skip", b"wide", b"moof", b"mfra", b"sidx", b"ssix", b"pdin"),
    *(b"prft", b"pnot", b"PICT"),
}
_OF_ANY_INDEX = {
    *(b"mvhd", b"trak", b"udta", b"meta", b"mvex", b"iods", b"free", b"skip", b"wide", b"cmov", b"rmra", b"clip"),
    b"ctab",
}
_OF_ANY_TRACK = {
    *(b"tkhd", b"mdia", b"edts", b"tref", b"udta", b"meta", b"txas", b"tapt", b"load", b"kmat", b"clip", b"matt"),
    *(b"free", b"skip", b"wide", b"imap", b"trgr"),
}
_READ_AS_TAGS = {
    *(b"meta", b"chpl", b"titl", b"auth", b"dscp", b"cprt", b"gnre", b"perf", b"yrrc", b"albm", b"loci", b"kywd"),
    *(b"rtng", b"clsf", b"name", b"hinf", b"hnti", b"kind", b"tagc", b"free", b"skip", b"date", b"HMMT"),
    *(b"AllF", b"SelO", b"LOOP", b"WLOC", b"ptv ", b"ludt", b"\0\0\0\0", b"thmb", b"albr", b"coll"),
}
"""User data of which FFmpeg makes tags, loudness or chapters (HMMT), and how QuickTime's player once placed windows."""


class InnerBox(NamedTuple):
    """A box in memory; offsets into the data."""

    kind: bytes
    start: int
    body: int
    end: int


@dataclass(frozen=True)
class Extra:
    """Something beside pictures, sound and tags."""

    where: str
    """`file`, `index`, `camera` (user data of the index), `track` or `key`."""
    name: str
    """What it is to a person."""


def parts(data: bytes | bytearray, start: int, end: int) -> Iterator[InnerBox]:
    """The boxes between two offsets, up to what is none."""
    for _ in range(_MOST_PARTS):
        if start + 8 > end:
            return
        size, kind = struct.unpack_from(">I4s", data, start)
        body = start + 8
        if size == 1 and start + 16 <= end:
            size, body = int.from_bytes(data[body : body + 8], "big"), body + 8
        elif size == 0:
            size = end - start
        if size < body - start or start + size > end:
            return
        yield InnerBox(kind, start, body, start + size)
        start += size


def inside(data: bytes | bytearray, part: InnerBox) -> Iterator[InnerBox]:
    """The boxes inside another; `stsd` and most `meta` have some fields before the first."""
    fields = 8 if part.kind == b"stsd" else 0
    if part.kind == b"meta" and data[part.body + 4 : part.body + 8] != b"hdlr":
        fields = 4
    return parts(data, part.body + fields, part.end)


def path_to(data: bytes | bytearray, within: InnerBox, *kinds: bytes) -> tuple[InnerBox, ...]:
    """The first boxes of these kinds, each inside the one before, with the outermost in front; empty without them."""
    found = [within]
    for kind in kinds:
        inner = next((part for part in inside(data, found[-1]) if part.kind == kind), None)
        if inner is None:
            return ()
        found.append(inner)
    return tuple(found)


def read_index(file: BinaryIO) -> tuple[Box, bytes] | None:
    """The first `moov` and where it lies; None where it is missing or too large to be read."""
    found = next((box for box in boxes(file) if box.type == b"moov"), None)
    if found is None or found.size > MOOV_READ_BYTES:
        return None
    file.seek(found.start)
    return found, file.read(found.size)


def index_part(data: bytes | bytearray) -> InnerBox | None:
    """The `moov` that is all of the data."""
    return next(parts(data, 0, len(data)), None)


def picture_entry(data: bytes | bytearray, track: InnerBox) -> tuple[InnerBox, ...]:
    """The first sample description of a track, behind all boxes that it lies in; empty without one."""
    path = path_to(data, track, b"mdia", b"minf", b"stbl", b"stsd")
    entry = next(inside(data, path[-1]), None) if path else None
    return (*path, entry) if entry is not None else ()


def of_entry(data: bytes | bytearray, entry: InnerBox) -> Iterator[InnerBox]:
    """The boxes of a picture's sample description, which stand behind 78 bytes of fields."""
    return parts(data, entry.body + 78, entry.end)


def track_names(path: Path) -> dict[int, str]:
    """Titles of tracks by their number, which FFmpeg reads from their user data and does not write there again."""
    with path.open("rb") as file:
        index = read_index(file)
    top = index_part(index[1]) if index else None
    if index is None or top is None:
        return {}
    data, names = index[1], dict[int, str]()
    tracks = (part for part in inside(data, top) if part.kind == b"trak")
    for number, track in enumerate(islice(tracks, _MOST_NAMED)):
        name = path_to(data, track, b"udta", b"name")
        if name and (
            text := data[name[-1].body : name[-1].end][:_LONGEST_TITLE].decode("utf-8", "replace").strip("\0")
        ):
            names[number] = text
    return names


def has_second_view(file: BinaryIO) -> bool:
    """Whether a picture holds a second view (MV-HEVC, Apple's spatial video), of which a decoder shows the first."""
    index = read_index(file)
    top = index_part(index[1]) if index else None
    if index is None or top is None:
        return False
    for track in inside(index[1], top):
        entry = picture_entry(index[1], track) if track.kind == b"trak" else ()
        if entry and any(part.kind == b"lhvC" for part in of_entry(index[1], entry[-1])):
            return True
    return False


def has_second_index(file: BinaryIO) -> bool:
    """Whether another recording follows, as `cat` joins them: only the first is ever read.

    Where recordings are in fragments, each behind an index, all of them are.
    """
    indexes = 0
    for box in boxes(file):
        if box.type == b"moof":
            return False
        indexes += box.type == b"moov"
    return indexes > 1


def extras(file: BinaryIO) -> list[Extra]:
    """All that is beside pictures, sound and what is read as tags."""
    found = islice(chain(_of_file(file), _of_index(file)), _MOST_LOOKED_AT)
    return list(dict.fromkeys(found))[:_MOST_NAMED]


def _of_file(file: BinaryIO) -> Iterator[Extra]:
    end, size_bytes = 0, file.seek(0, 2)
    for box in boxes(file):
        if box.start + box.size > size_bytes or not _is_kind(box.type):
            break
        end = box.start + box.size
        if box.type not in _OF_ANY_FILE:
            file.seek(box.start + 8)
            yield Extra("file", _name(box.type, file.read(16)))
    if trailing := what_trails(file, end):
        yield Extra("file", trailing)


def _of_index(file: BinaryIO) -> Iterator[Extra]:
    index = read_index(file)
    top = index_part(index[1]) if index else None
    if index is None or top is None:
        return
    data = index[1]
    for part in inside(data, top):
        if part.kind not in _OF_ANY_INDEX:
            yield Extra("index", _name(part.kind, data[part.body : part.body + 16]))
        elif part.kind == b"udta":
            yield from _of_user_data(data, part, "camera")
        elif part.kind == b"meta":
            yield from _keys(data, part)
        elif part.kind == b"trak":
            yield from _of_track(data, part)


def _of_track(data: bytes, track: InnerBox) -> Iterator[Extra]:
    for part in inside(data, track):
        content = data[part.body : part.body + 16]
        if part.kind == b"udta":
            yield from _of_user_data(data, part, "track")
        elif part.kind == b"meta":
            yield from _keys(data, part)
        elif part.kind not in _OF_ANY_TRACK:
            yield Extra("track", _name(part.kind, content))


def camera_boxes(data: bytes, user_data: InnerBox) -> Iterator[InnerBox]:
    """User data of which FFmpeg makes nothing."""
    for part in inside(data, user_data):
        if part.kind not in _READ_AS_TAGS and not part.kind.startswith(b"\xa9"):
            yield part


def _of_user_data(data: bytes, user_data: InnerBox, where: str) -> Iterator[Extra]:
    for part in camera_boxes(data, user_data):
        if part.kind == b"XMP_":
            yield Extra("file", "XMP")
        else:
            yield Extra(where, _name(part.kind, data[part.body : part.body + 16]))


def _keys(data: bytes, meta: InnerBox) -> Iterator[Extra]:
    """The names of QuickTime's metadata, of which FFmpeg reads texts and numbers: count, then size, space and name."""
    keys = next((part for part in inside(data, meta) if part.kind == b"keys"), None)
    at = keys.body + 8 if keys else 0
    for _ in range(_MOST_NAMED):
        if keys is None or at + 8 > keys.end:
            return
        size = int.from_bytes(data[at : at + 4], "big")
        if size < 8 or at + size > keys.end:
            return
        yield Extra("key", printable(data[at + 8 : at + size].decode("utf-8", "replace")))
        at += size


def _is_kind(kind: bytes) -> bool:
    return all(0x20 <= letter < 0x7F or letter == 0xA9 for letter in kind)


def _name(kind: bytes, content: bytes) -> str:
    if kind == b"uuid":
        return _UUIDS.get(content) or (f"uuid {UUID(bytes=content)}" if len(content) == 16 else "uuid")
    return printable(kind.decode("latin-1"))


def printable(text: str) -> str:
    """A text of a file as it can stand in a sentence."""
    return "".join(letter if letter.isprintable() else "?" for letter in text[:60]).strip()
