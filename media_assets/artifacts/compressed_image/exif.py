"""The few EXIF values that change with the picture, and the note that we made it; every other byte stays in its place.

Pillow's own EXIF writer moves all values, and with them the maker notes, whose offsets count from the start of the
block: lens, focus and the identity of a Live Photo would be lost. Here a new first directory is written behind the
block instead (TIFF 6.0, section 2: directories may be anywhere), with the values of the old one where they were.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

from media_assets.artifacts.compressed_image.turning import SIDEWAYS, Turn, point

EXIF_PREFIX = b"Exif\0\0"
PROCESSING_SOFTWARE = 0x000B
"""The tag for what processed a picture (Exif 2.x private tags as listed by Exiv2); cameras do not use it."""

_IMAGE_WIDTH, _IMAGE_LENGTH, _ORIENTATION = 0x0100, 0x0101, 0x0112
_EXIF_DIRECTORY = 0x8769
_PIXEL_X, _PIXEL_Y = 0xA002, 0xA003
_THUMBNAIL_OFFSET, _THUMBNAIL_BYTES = 0x0201, 0x0202
_SUBJECT_AREA, _SUBJECT_LOCATION = 0x9214, 0xA214
_ASCII, _SHORT, _LONG = 2, 3, 4
_ENTRY_BYTES = 12
_MARK = re.compile(r"media-assets; goal=([0-9]{1,3}(?:\.[0-9]{1,9})?); original_bytes=([0-9]{1,15})(?![0-9])")


@dataclass(frozen=True)
class Mark:
    """The note inside a picture that was compressed here."""

    goal: float
    """The share of the original's bytes that was to be saved."""
    original_bytes: int

    def __str__(self) -> str:
        return f"media-assets; goal={self.goal:g}; original_bytes={self.original_bytes}"


def read_mark(text: object) -> Mark | None:
    """The note in the value of PROCESSING_SOFTWARE; None when it is none of ours."""
    found = _MARK.match(text) if isinstance(text, str) else None
    return None if found is None else Mark(float(found[1]), int(found[2]))


def changed_exif(exif: bytes, width: int, height: int, mark: Mark, turn: Turn | None = None) -> bytes:
    """EXIF for a picture that was turned upright and resized.

    Without orientation (which means upright) and without the embedded thumbnail (it is neither turned nor smaller).

    Args:
        exif: With or without `EXIF_PREFIX`; empty for a picture that has none.
        width: Pixels of the new picture.
        height: Pixels of the new picture.
        mark: The note to leave.
        turn: How the picture was turned, for the place of its subject; None when it was not.

    Raises:
        ValueError: it is damaged.
    """
    block = _Block(bytearray(exif.removeprefix(EXIF_PREFIX) or b"II*\0\x08\0\0\0\0\0\0\0\0\0"))
    entries, following = block.directory(block.long(4))
    block.cut_thumbnail(following)
    kept = [entry for entry in entries if entry.tag not in (_ORIENTATION, PROCESSING_SOFTWARE)]
    sizes = {_IMAGE_WIDTH: width, _IMAGE_LENGTH: height, _PIXEL_X: width, _PIXEL_Y: height}
    for entry in entries:
        block.set_size(entry, sizes)
    if inside := next((entry for entry in entries if entry.tag == _EXIF_DIRECTORY), None):
        for entry in block.directory(block.long(inside.start + 8))[0]:
            block.set_size(entry, sizes)
            if turn is not None and entry.tag in (_SUBJECT_AREA, _SUBJECT_LOCATION):
                block.move_subject(entry, turn)
    return bytes(block.with_first_directory(kept, str(mark).encode() + b"\0"))


@dataclass(frozen=True)
class _Entry:
    tag: int
    type: int
    start: int
    """Offset of its twelve bytes."""


class _Block:
    """A TIFF structure that is edited in place."""

    def __init__(self, data: bytearray) -> None:
        order = {b"II*\0": "<", b"MM\0*": ">"}.get(bytes(data[:4]))
        if order is None:
            raise ValueError("has no TIFF header")
        self._data, self._order = data, order

    def long(self, offset: int) -> int:
        return self._number("I", offset)

    def _number(self, form: str, offset: int) -> int:
        try:
            return int(struct.unpack_from(self._order + form, self._data, offset)[0])
        except struct.error as error:
            raise ValueError("ends too early") from error

    def directory(self, offset: int) -> tuple[list[_Entry], int]:
        """The entries at an offset, and the offset of the directory that follows."""
        count = self._number("H", offset)
        starts = [offset + 2 + _ENTRY_BYTES * number for number in range(count)]
        entries = [_Entry(self._number("H", start), self._number("H", start + 2), start) for start in starts]
        end = offset + 2 + _ENTRY_BYTES * count
        # Some writers leave the offset of the next directory out at the end of the block.
        return entries, self.long(end) if end + 4 <= len(self._data) else 0

    def set_size(self, entry: _Entry, sizes: dict[int, int]) -> None:
        if entry.tag in sizes and entry.type in (_SHORT, _LONG):
            form = "H" if entry.type == _SHORT else "I"
            struct.pack_into(self._order + form, self._data, entry.start + 8, sizes[entry.tag])

    def move_subject(self, entry: _Entry, turn: Turn) -> None:
        """Where the main subject is, in pixels: the middle; behind it a diameter, or width and height, if any."""
        count = self.long(entry.start + 4)
        if entry.type != _SHORT or not 2 <= count <= 4 or 0 in (*turn.stored, *turn.upright):
            return
        at = entry.start + 8 if count == 2 else self.long(entry.start + 8)
        values = [self._number("H", at + 2 * number) for number in range(count)]
        scale = turn.result[0] / turn.upright[0]
        x, y = point(turn.orientation, values[0] / turn.stored[0], values[1] / turn.stored[1])
        sides = values[2:][::-1] if turn.orientation in SIDEWAYS else values[2:]
        moved = [x * turn.result[0], y * turn.result[1], *(side * scale for side in sides)]
        new = [min(0xFFFF, max(0, round(value))) for value in moved]
        struct.pack_into(f"{self._order}{count}H", self._data, at, *new)

    def cut_thumbnail(self, directory_offset: int) -> None:
        """Remove the bytes of the embedded thumbnail when nothing comes behind them, as cameras write it."""
        if not directory_offset:
            return
        values = {entry.tag: self.long(entry.start + 8) for entry in self.directory(directory_offset)[0]}
        start, size = values.get(_THUMBNAIL_OFFSET, 0), values.get(_THUMBNAIL_BYTES, 0)
        if size and start > directory_offset and start + size >= len(self._data) - 1:
            del self._data[start:]

    def with_first_directory(self, kept: list[_Entry], software: bytes) -> bytearray:
        """Put a new first directory behind everything, with some entries and a PROCESSING_SOFTWARE."""
        data = self._data
        data += b"\0" * (len(data) % 2)
        software_offset = len(data)
        data += software + b"\0" * (len(software) % 2)
        offset = len(data)
        raw = [(entry.tag, bytes(data[entry.start : entry.start + _ENTRY_BYTES])) for entry in kept]
        new = struct.pack(f"{self._order}HHII", PROCESSING_SOFTWARE, _ASCII, len(software), software_offset)
        rows = sorted([*raw, (PROCESSING_SOFTWARE, new)], key=lambda row: row[0])
        data += struct.pack(f"{self._order}H", len(rows)) + b"".join(row for _, row in rows) + b"\0\0\0\0"
        struct.pack_into(f"{self._order}I", data, 4, offset)
        return data
