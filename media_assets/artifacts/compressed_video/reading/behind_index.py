"""What a file holds behind the last thing that its format knows: cameras append their notes there."""

from __future__ import annotations

from typing import BinaryIO

_INSTA360 = b"8db42d694ccc418790edff439fe026bf"
"""The last 32 bytes of what the cameras of Insta360 append: gyroscope, exposure, a thumbnail."""
_SAMSUNG = b"SEFT"
_READ_BYTES = 1 << 24
_PADDING = b"\0\xff\r\n \x1a"
_HARMLESS_BYTES = 16
"""So little is no content: line ends that a transfer has added, a checksum."""
_MOST_CHUNKS = 100_000
_SEGMENT, _EBML = 0x18538067, 0x1A45DFA3
_OF_ANY_AVI = (b"LIST", b"JUNK", b"idx1", b"JUNQ", b"FILL")


def what_trails(file: BinaryIO, end: int) -> str | None:
    """What follows an offset, as a phrase; None for nothing and for padding."""
    size_bytes = file.seek(0, 2)
    if end <= 0 or end >= size_bytes:
        return None
    file.seek(max(end, size_bytes - len(_INSTA360)))
    tail = file.read()
    if tail.endswith(_INSTA360):
        return f"Insta360's data behind the index ({size_bytes - end:,} bytes)"
    if tail.endswith(_SAMSUNG):
        return f"Samsung's notes behind the index ({size_bytes - end:,} bytes)"
    file.seek(end)
    content = file.read(_READ_BYTES).strip(_PADDING)
    if len(content) <= _HARMLESS_BYTES and size_bytes - end <= _READ_BYTES:
        return None
    return f"{size_bytes - end:,} bytes of unknown kind behind the index"


def end_of_matroska(file: BinaryIO) -> int:
    """Where the last segment ends; 0 where one does not say (RFC 8794, sections 4 to 6)."""
    size_bytes, at = file.seek(0, 2), 0
    for _ in range(_MOST_CHUNKS):
        file.seek(at)
        name, name_bytes = _number(file, marked=True)
        size, length_bytes = _number(file, marked=False)
        if name not in (_EBML, _SEGMENT, 0xEC, 0xBF):  # and padding, and checksums
            return at
        if size >= (1 << 7 * length_bytes) - 1:
            return 0
        at += name_bytes + length_bytes + size
        if at >= size_bytes:
            return at
    return 0


def _number(file: BinaryIO, *, marked: bool) -> tuple[int, int]:
    """A number of variable length and its bytes.

    Args:
        marked: Whether the bit that tells the length belongs to it, as with identifiers.
    """
    first = file.read(1)
    if not first or not first[0]:
        return -1, 1
    length = 9 - first[0].bit_length()
    number = int.from_bytes(first + file.read(length - 1), "big")
    return number if marked else number & ((1 << 7 * length) - 1), length


def extra_chunks_of_avi(file: BinaryIO) -> tuple[list[str], int]:
    """The kinds of the chunks at the top level that no AVI needs, and where the last `RIFF` ends."""
    size_bytes, at, found = file.seek(0, 2), 0, list[str]()
    for _ in range(_MOST_CHUNKS):
        file.seek(at)
        header = file.read(12)
        if header[:4] != b"RIFF":
            return found, at
        size = int.from_bytes(header[4:8], "little")
        found += _chunks(file, at + 12, min(at + 8 + size, size_bytes))
        at += 8 + size + size % 2
        if at >= size_bytes:
            return found, at
    return found, 0


def _chunks(file: BinaryIO, at: int, end: int) -> list[str]:
    found: list[str] = []
    for _ in range(_MOST_CHUNKS):
        if at + 8 > end or len(found) >= 100:
            break
        file.seek(at)
        header = file.read(8)
        if header[:4] not in _OF_ANY_AVI and not header[:2].isdigit() and header[:2] != b"ix":
            found.append("XMP" if header[:4] == b"_PMX" else header[:4].decode("latin-1"))
        size = int.from_bytes(header[4:], "little")
        at += 8 + size + size % 2
    return found
