"""Packets of an MPEG transport stream (ISO/IEC 13818-1, section 2.4.3): how long they are, and where some are lost."""

from __future__ import annotations

from typing import BinaryIO

_LENGTHS = (188, 192, 204)
"""Bytes of a packet: plain, with a time code in front (m2ts), with error correction behind."""
SYNC = 0x47
_EMPTY = 0x1FFF
"""The number of packets that only fill up."""
_AROUND = 500
"""Packets that are looked at before and behind a place, so that every stream of the file shows there."""
_MOST_BYTES = 16_000_000


def packet_bytes(head: bytes) -> int | None:
    """How long each packet is, by the beginning of a file; None when it does not begin with packets."""
    for length in _LENGTHS:
        first = sync_at(length)
        if all(head[first + number * length : first + number * length + 1] == b"G" for number in range(4)):
            return length
    return None


def head_bytes() -> int:
    """How much of a file `packet_bytes` wants."""
    return 5 * max(_LENGTHS)


def sync_at(length: int) -> int:
    return 4 if length == 192 else 0


def is_torn(file: BinaryIO, start: int, end: int) -> bool:
    """Whether packets are lost between two places of a file: a stream goes on in the middle of what it was sending.

    Where recordings were joined, and where a sender began anew, each stream starts with something whole. Packets are
    counted, and a sender may announce that its count starts anew.

    Args:
        start: The first byte, within a packet before the place in question.
        end: A byte within a packet behind it.
    """
    file.seek(0)
    length = packet_bytes(file.read(head_bytes()))
    if length is None:
        return False
    first = max(0, start // length - _AROUND) * length
    file.seek(first)
    data = file.read(min((end // length + _AROUND) * length - first, _MOST_BYTES))
    counts: dict[int, int] = {}
    for at in range(sync_at(length), len(data) - 187, length):
        if data[at] != SYNC:
            return True  # cut within a packet
        number = (data[at + 1] & 0x1F) << 8 | data[at + 2]
        has_fields, has_payload, count = data[at + 3] & 0x20, data[at + 3] & 0x10, data[at + 3] & 0x0F
        if number == _EMPTY or not has_payload:
            continue
        before = counts.get(number)
        counts[number] = count
        begins = data[at + 1] & 0x40
        announced = has_fields and data[at + 4] and data[at + 5] & 0x80
        if before is not None and count not in (before, (before + 1) % 16) and not begins and not announced:
            return True
    return False
