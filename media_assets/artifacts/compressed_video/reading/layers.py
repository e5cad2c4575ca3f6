"""Layers of HEVC that no decoder of ours shows: transparency, a second view, more pixels.

As in ITU-T H.265, 7.3.1.2 (the number of a layer in each unit) and annex F.14 (what says that a layer is alpha).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice, pairwise
from typing import Literal

_CONFIGURATION = 1
"""The first byte of `hvcC`; where it is absent, units follow start codes (ISO/IEC 14496-15, 8.3.2)."""
_ARRAYS_START = 23
_UNIT = re.compile(rb"\x00\x00\x01")
_NOTE, _ALPHA = 39, 165
"""Types of a unit of notes (prefix SEI), and of the note on alpha."""
_MOST_UNITS = 200


def second_layer(headers: bytes, packet: bytes) -> Literal["alpha", "other"] | None:
    """What the first picture holds beside its base layer; None when nothing.

    Args:
        headers: Of the stream, as FFmpeg has them: `hvcC`, or units behind start codes.
        packet: The first one.
    """
    configured = headers[:1] == bytes([_CONFIGURATION]) and len(headers) > _ARRAYS_START
    told = list(_of_arrays(headers) if configured else _behind_codes(headers))
    length_bytes = (headers[21] & 3) + 1 if configured else 0
    shown = list(islice(_of_lengths(packet, length_bytes) if configured else _behind_codes(packet), _MOST_UNITS))
    if not any(_layer(unit) for unit in shown):
        return None
    return "alpha" if any(_ALPHA in _notes(unit) for unit in (*told, *shown) if _type(unit) == _NOTE) else "other"


def _type(unit: bytes) -> int:
    return unit[0] >> 1 & 0x3F if unit else 0


def _layer(unit: bytes) -> int:
    return (unit[0] & 1) << 5 | unit[1] >> 3 if len(unit) > 1 else 0


def _notes(unit: bytes) -> Iterator[int]:
    """The types of the notes in a unit of them."""
    at = 2
    while at + 2 < len(unit):
        numbers = []
        for _ in range(2):  # the type, then the size; each byte of 255 has more behind it
            number = 0
            while at < len(unit) and unit[at] == 255:
                number, at = number + 255, at + 1
            numbers.append(number + (unit[at] if at < len(unit) else 0))
            at += 1
        yield numbers[0]
        at += numbers[1]


def _of_arrays(headers: bytes) -> Iterator[bytes]:
    at = _ARRAYS_START
    for _ in range(headers[_ARRAYS_START - 1]):
        count = int.from_bytes(headers[at + 1 : at + 3], "big")
        at += 3
        for _ in range(count):
            size = int.from_bytes(headers[at : at + 2], "big")
            if at >= len(headers):
                return
            yield headers[at + 2 : at + 2 + size]
            at += 2 + size


def _of_lengths(packet: bytes, length_bytes: int) -> Iterator[bytes]:
    at = 0
    while at + length_bytes < len(packet):
        size = int.from_bytes(packet[at : at + length_bytes], "big")
        at += length_bytes
        if not 2 <= size <= len(packet) - at:
            return
        yield packet[at : at + size]
        at += size


def _behind_codes(data: bytes) -> Iterator[bytes]:
    starts = [found.end() for found in _UNIT.finditer(data)]
    for start, end in pairwise((*starts, len(data) + 3)):
        yield data[start : end - 3]
