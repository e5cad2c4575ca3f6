"""The elements of a Matroska or WebM file: ids and sizes as in RFC 8794."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

SEGMENT, CLUSTER = 0x18538067, 0x1F43B675
_MOST_ELEMENTS = 10_000
"""Elements of one level that are looked at."""


def elements(file: BinaryIO, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Id, start and end of what is in the elements of one level, as far as they are whole and state their size."""
    for _ in range(_MOST_ELEMENTS):
        file.seek(start)
        header = file.read(min(12, end - start))
        if not header or not header[0]:
            return
        name_bytes = 9 - header[0].bit_length()
        sized = header[name_bytes:]
        if not sized or not sized[0]:
            return
        size_bytes = 9 - sized[0].bit_length()
        unknown = (1 << 7 * size_bytes) - 1
        size = int.from_bytes(sized[:size_bytes], "big") & unknown
        start += name_bytes + size_bytes + size
        if len(sized) < size_bytes or size == unknown or start > end:
            return
        yield int.from_bytes(header[:name_bytes], "big"), start - size, start


def segment(file: BinaryIO) -> tuple[int, int] | None:
    """Where the content of the segment begins and ends; None where it does not state its size, or is cut off."""
    found = elements(file, 0, file.seek(0, 2))
    return next(((start, end) for name, start, end in found if name == SEGMENT), None)
