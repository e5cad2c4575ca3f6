"""The few things of the ISO base media file format (mp4, mov, m4a, heic …) that PyAV does not tell.

Structure as in ISO/IEC 14496-12: a file is a row of boxes, each a 32 bit size (1: a 64 bit size follows the type;
0: up to the end of the file), a type of four characters, and content.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from media_assets.base.errors import BadMedia

_FIRST_BOXES = {b"ftyp", b"styp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"}
_IMAGE_BRANDS = {b"heic": "image/heic", b"heix": "image/heic", b"mif1": "image/heif", b"avif": "image/avif"}
INDEXES = (b"moov", b"meta")
"""What tells where everything else is: in recordings, in still images."""
_MOOV_READ_BYTES = 64_000_000
MOST_BOXES = 1_000_000
"""Boxes of the top level. A recording in fragments of one frame has so many after hours; to walk them takes seconds."""
_SHORTEST_ALIAS_BYTES = 150
_PATH = 2
"""The kind of that part of an alias that is the whole path, one part of several."""


class Box(NamedTuple):
    type: bytes
    start: int
    """Offset of the box in the file."""
    size: int
    """Bytes of the whole box, as it says itself; more than the file holds when the file was cut off."""


def plain_box(kind: bytes, *content: bytes) -> bytes:
    """A box as it is written, with content of less than 4 GB."""
    body = b"".join(content)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def is_iso(head: bytes) -> bool:
    """Whether a file that begins so is an ISO media file (or QuickTime, its ancestor)."""
    return head[4:8] in _FIRST_BOXES


def image_type(head: bytes) -> str | None:
    """The MIME type of a still image in this format; None for anything else."""
    return _IMAGE_BRANDS.get(head[8:12]) if head[4:8] == b"ftyp" else None


def boxes(file: BinaryIO) -> Iterator[Box]:
    """The boxes of the top level, up to the end of the file or to what is no box. Reads 16 bytes of each.

    Raises:
        BadMedia: there are more than MOST_BOXES.
    """
    file_size = file.seek(0, 2)
    start = 0
    for _ in range(MOST_BOXES):
        if start + 8 > file_size:
            return
        file.seek(start)
        header = file.read(16)
        size = int.from_bytes(header[:4], "big")
        if size == 1 and len(header) == 16:
            size = int.from_bytes(header[8:], "big")
        elif size == 0:
            size = file_size - start
        if size < 8:
            return
        yield Box(header[4:8], start, size)
        start += size
    raise _too_many()


def _too_many() -> BadMedia:
    return BadMedia(
        f"is made of more than {MOST_BOXES} boxes, more than any recording",
        next_step="Play it to see whether it is damaged; export it again",
    )


def boxes_inside(file: BinaryIO, outer: Box, header_bytes: int = 8) -> Iterator[Box]:
    """The boxes inside another one, which is shorter than 4 GB.

    Args:
        header_bytes: What stands in it before the first: 12 for a box with a version, 24 for one named by a UUID.

    Raises:
        BadMedia: there are more than MOST_BOXES.
    """
    start, end = outer.start + header_bytes, outer.start + outer.size
    for _ in range(MOST_BOXES):
        file.seek(start)
        header = file.read(8)
        size = int.from_bytes(header[:4], "big")
        if len(header) < 8 or size < 8 or start + size > end:
            return
        yield Box(header[4:], start, size)
        start += size
    raise _too_many()


def items(file: BinaryIO, meta: Box, wanted: tuple[bytes, ...]) -> Iterator[tuple[bytes, int, int]]:
    """Type, offset and bytes of the items of a still image that are of a wanted type and lie in one piece in the file.

    Versions of `iinf` and `iloc` as in ISO/IEC 14496-12, 8.11.3 and 8.11.6. Where these make no sense, there is none.

    Raises:
        BadMedia: as `boxes`.
    """
    types: dict[int, bytes] = {}
    places: dict[int, tuple[int, int]] = {}
    for box in boxes_inside(file, meta, 12):
        if box.type == b"iinf":
            file.seek(box.start + 8)
            version = file.read(1)[:1]
            for entry in boxes_inside(file, box, 14 if version == b"\0" else 16):
                file.seek(entry.start + 8)
                content = file.read(14)
                wide = content[:1] == b"\3"
                types[int.from_bytes(content[4 : 8 if wide else 6], "big")] = content[10:14] if wide else content[8:12]
        elif box.type == b"iloc":
            file.seek(box.start + 8)
            places = _places(file.read(min(box.size - 8, _MOOV_READ_BYTES)))
    yield from ((types[number], *where) for number, where in places.items() if types.get(number) in wanted)


def _places(iloc: bytes) -> dict[int, tuple[int, int]]:
    """Offset and bytes by the number of the item, of those in one piece of the file."""
    found: dict[int, tuple[int, int]] = {}
    if len(iloc) < 8:
        return found
    version, sizes = iloc[0], iloc[4:6]
    offset_bytes, length_bytes, base_bytes, index_bytes = sizes[0] >> 4, sizes[0] & 15, sizes[1] >> 4, sizes[1] & 15
    number_bytes = 4 if version == 2 else 2
    at = 6

    def take(count: int) -> int:
        nonlocal at
        at += count
        return int.from_bytes(iloc[at - count : at], "big")

    for _ in range(take(number_bytes)):
        number = take(number_bytes)
        construction = take(2) & 15 if version else 0
        take(2)
        base = take(base_bytes)
        extents = take(2)
        for _ in range(extents):
            if version:
                take(index_bytes)
            offset, length = take(offset_bytes), take(length_bytes)
        if at > len(iloc):
            break
        if extents == 1 and construction == 0:
            found[number] = base + offset, length
    return found


def index_is_missing(file: BinaryIO) -> bool:
    """Whether the index (`moov`) of a recording is not there. Still images have `meta` in its place.

    Raises:
        BadMedia: as `boxes`.
    """
    return all(box.type not in INDEXES for box in boxes(file))


def has_dolby_vision(file: BinaryIO) -> bool:
    """Whether a sample description holds a Dolby Vision configuration (`dvcC`, `dvvC` or `dvwC`).

    Raises:
        BadMedia: as `boxes`.
    """
    moov = _content(file, b"moov")
    end = 0  # of the sample description that reaches farthest, among those that were met
    for found in re.finditer(b"stsd|dv[cvw]C", moov):
        if found[0] == b"stsd":
            size = int.from_bytes(moov[max(0, found.start() - 4) : found.start()], "big")
            end = max(end, found.start() + size)
        elif found.start() < end:
            return True
    return False


def image_size(file: BinaryIO) -> tuple[int, int] | None:
    """Width and height of a still image: the largest `ispe`, for a picture may be put together from tiles."""
    sizes = (
        (int.from_bytes(found[1], "big"), int.from_bytes(found[2], "big"))
        for found in re.finditer(b"ispe.{4}(.{4})(.{4})", _content(file, b"meta"), re.DOTALL)
    )
    return max(sizes, key=lambda size: size[0] * size[1], default=None)


def needed_file(file: BinaryIO) -> str | None:
    """The name of another file that holds the samples of a track, as QuickTime's reference movies have it; else None.

    What counts is what FFmpeg takes for such a reference: an alias (`alis`) with a path, whatever its flags say. It
    opens none here, and reads no sample of that track.

    Raises:
        BadMedia: as `boxes`.
    """
    moov = _content(file, b"moov")
    at = 0
    while (start := moov.find(b"dref", at)) >= 0:
        end = start - 4 + int.from_bytes(moov[max(0, start - 4) : start], "big")
        at = start + 12  # behind version, flags and the number of entries; what was walked over is not looked at again
        while at + 8 <= min(end, len(moov)):
            size, kind = struct.unpack_from(">I4s", moov, at)
            if size < 8:
                break
            if kind == b"alis" and size > _SHORTEST_ALIAS_BYTES and (name := _aliased(moov[at : at + size])):
                return name
            at += size
    return None


def _aliased(alias: bytes) -> str | None:
    """The name of the file that an alias leads to; None when it has no path. Offsets as in FFmpeg's reader."""
    at = 162  # behind the names of volume and file, and what else has a fixed place
    while at + 4 <= len(alias):
        kind, size = struct.unpack_from(">hH", alias, at)
        if kind == -1:
            return None
        if kind == _PATH and size:
            name = alias[63 : 63 + alias[62]].decode("mac_roman")
            return "".join(letter for letter in name if letter.isprintable()) or "no name"
        at += 4 + size + size % 2
    return None


def _content(file: BinaryIO, box_type: bytes) -> bytes:
    """The first box of a type, of the top level; empty when there is none."""
    for box in boxes(file):
        if box.type == box_type:
            file.seek(box.start)
            return file.read(min(box.size, _MOOV_READ_BYTES))
    return b""
