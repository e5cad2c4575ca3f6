"""Whether the clock of an MPEG transport or programme stream jumps, seen without taking the stream apart.

Transport streams have it as PCR in the header of a packet (ISO/IEC 13818-1, section 2.4.3.4), programme streams as SCR
in that of a pack (section 2.5.3.3, and in MPEG-1 ISO/IEC 11172-1, section 2.4.3.2). Every tenth of a second has one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from media_assets.media.transport_packets import SYNC, head_bytes, packet_bytes, sync_at

_HERTZ = 90_000
_WRAPS_AT = 1 << 33
_READ_BYTES = 8_000_000
_PACK = re.compile(rb"\x00\x00\x01\xba([\x20-\x2f\x40-\x7f].{5})", re.DOTALL)
_PACK_BYTES = 10
_MPEG2_PACK = 0x40


def may_jump(file: BinaryIO, container: str, ahead_seconds: float, back_seconds: float) -> bool:
    """Whether a clock of the file jumps so far, or nobody can tell.

    Args:
        container: FFmpeg's name of its demuxer.
    """
    times = _transport(file) if container == "mpegts" else _programme(file)
    last: dict[int, int] = {}
    for source, ticks in times:
        if ticks is None:
            return True
        ahead = (ticks - last.get(source, ticks)) % _WRAPS_AT
        if ahead >= _WRAPS_AT // 2:
            ahead -= _WRAPS_AT
        if ahead > ahead_seconds * _HERTZ or ahead < -back_seconds * _HERTZ:
            return True
        last[source] = ticks
    return not last


def _transport(file: BinaryIO) -> Iterator[tuple[int, int | None]]:
    """Number of the packets that bear a clock, and its time in ticks; None where packets are not in their places."""
    import numpy as np

    file.seek(0)
    length = packet_bytes(file.read(head_bytes()))
    if length is None:
        yield 0, None
        return
    file.seek(0)
    start = sync_at(length)
    while block := file.read(_READ_BYTES // length * length):
        packets = np.frombuffer(block[: len(block) // length * length], np.uint8).reshape(-1, length)[:, start:]
        if (packets[:, 0] != SYNC).any():
            yield 0, None
            return
        has_clock = (packets[:, 3] & 0x20 > 0) & (packets[:, 4] > 0) & (packets[:, 5] & 0x10 > 0)
        rows = packets[has_clock].astype(np.int64)
        numbers = (rows[:, 1] & 0x1F) << 8 | rows[:, 2]
        ticks = rows[:, 6] << 25 | rows[:, 7] << 17 | rows[:, 8] << 9 | rows[:, 9] << 1 | rows[:, 10] >> 7
        yield from _pairs(numbers.tolist(), ticks.tolist())


def _pairs(numbers: list[int], ticks: list[int]) -> Iterable[tuple[int, int]]:
    return zip(numbers, ticks, strict=True)


def _programme(file: BinaryIO) -> Iterator[tuple[int, int | None]]:
    """0 and the time of each pack in ticks."""
    file.seek(0)
    rest = b""
    while block := file.read(_READ_BYTES):
        window = rest + block
        for pack in _PACK.finditer(window):
            yield 0, _scr(pack[1])
        rest = window[-_PACK_BYTES + 1 :]


def _scr(field: bytes) -> int:
    """The time in a pack: 33 bits, with marker bits between them, behind two bits that are set or four."""
    bits = int.from_bytes(field[:5], "big")
    if field[0] & 0xC0 == _MPEG2_PACK:
        return (bits >> 35 & 7) << 30 | (bits >> 19 & 0x7FFF) << 15 | (int.from_bytes(field[:6], "big") >> 11 & 0x7FFF)
    return (bits >> 33 & 7) << 30 | (bits >> 17 & 0x7FFF) << 15 | (bits >> 1 & 0x7FFF)
