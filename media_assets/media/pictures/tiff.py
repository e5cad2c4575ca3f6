"""The few values of a TIFF structure that tell what a picture is: of a TIFF file, of a raw picture, of an EXIF block.

Only directories that are asked for are read, and of each value no more than some bytes: a loop of directories, or one
that claims a billion entries, costs nothing. What lies outside the file counts as absent. Source: TIFF 6.0, section 2.
"""

from __future__ import annotations

import io
import struct
from typing import BinaryIO

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 13: 4}
"""Bytes of a value of each type."""
_FORMS = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 13: "I"}
_RATIONAL = 5
_MOST_ENTRIES = 2000
_MOST_BYTES = 1 << 10
"""The most bytes of one value. No date, size or name is longer."""


class Directory:
    """One directory: its values by tag."""

    def __init__(self, block: Tiff, offset: int) -> None:
        self._block = block
        self._entries: dict[int, tuple[int, int, int]] = {}
        (count,) = block.numbers("H", offset, 1) or (0,)
        raw = block.read(offset + 2, 12 * min(count, _MOST_ENTRIES))
        for start in range(0, len(raw) - 11, 12):
            tag, kind, number = struct.unpack_from(block.order + "HHI", raw, start)
            self._entries.setdefault(tag, (kind, number, offset + 2 + start + 8))

    def __contains__(self, tag: int) -> bool:
        return tag in self._entries

    def raw(self, tag: int, most_bytes: int = _MOST_BYTES) -> bytes:
        """The bytes of a value, as many as are wanted; empty when there is none."""
        kind, count, at = self._entries.get(tag, (0, 0, 0))
        size = _SIZES.get(kind, 0) * count
        if size > 4:
            (at,) = self._block.numbers("I", at, 1) or (0,)
        return self._block.read(at, min(size, most_bytes)) if size else b""

    def text(self, tag: int) -> str:
        """A text up to its first zero; bytes that are no ASCII become question marks."""
        return self.raw(tag).split(b"\0")[0].decode("ascii", "replace")

    def numbers(self, tag: int) -> tuple[float, ...]:
        """Whole numbers, or the quotients of rational ones; those without a denominator make all absent."""
        raw, kind = self.raw(tag), self._entries.get(tag, (0,))[0]
        if kind == _RATIONAL:
            pairs = struct.unpack(f"{self._block.order}{len(raw) // 8 * 2}I", raw[: len(raw) // 8 * 8])
            if not all(pairs[1::2]):
                return ()
            return tuple(over / under for over, under in zip(pairs[::2], pairs[1::2], strict=True))
        form = _FORMS.get(kind)
        if form is None:
            return ()
        count = len(raw) // struct.calcsize(form)
        return struct.unpack(f"{self._block.order}{count}{form}", raw[: count * struct.calcsize(form)])

    def inner(self, tag: int) -> list[Directory]:
        """The directories that a value points to, four at most."""
        return [Directory(self._block, int(offset)) for offset in self.numbers(tag)[:4] if offset > 0]


class Tiff:
    """A TIFF structure inside a file."""

    def __init__(self, file: BinaryIO, start: int = 0) -> None:
        self._file, self._start = file, start
        self.order = {b"II": "<", b"MM": ">"}.get(self.read(0, 2), "")

    def first(self) -> Directory | None:
        """The first directory; None when it is no TIFF structure. Raw pictures may have another number than 42."""
        offset = self.numbers("I", 4, 1) if self.order else ()
        return Directory(self, int(offset[0])) if offset and offset[0] >= 8 else None

    def read(self, offset: int, size: int) -> bytes:
        self._file.seek(self._start + offset)
        return self._file.read(size)

    def numbers(self, form: str, offset: int, count: int) -> tuple[int, ...]:
        """So many numbers; none when the file ends before."""
        raw = self.read(offset, struct.calcsize(form) * count)
        form = f"{self.order}{count}{form}"
        return struct.unpack(form, raw) if len(raw) == struct.calcsize(form) else ()


def block(data: bytes) -> Tiff:
    """An EXIF block, with or without its prefix."""
    return Tiff(io.BytesIO(data.removeprefix(b"Exif\0\0")))
