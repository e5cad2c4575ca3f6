"""The programmes of an MPEG transport stream: a capture of a broadcast may hold several channels.

They stand in its tables, which no PyAV tells: which programmes there are and of which streams each consists (ISO/IEC
13818-1, 2.4.4), and how they are called (ETSI EN 300 468, 5.2.3 and 6.2.33, the texts in annex A).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import BinaryIO, Literal

from media_assets.media.info import MediaInfo, Stream
from media_assets.media.sandbox.child import run_in_child
from media_assets.media.transport_packets import head_bytes, packet_bytes
from media_assets.media.untrusted import open_media
from media_assets.work.work import Work

TRANSPORT_STREAM = "mpegts"
"""FFmpeg's name of the demuxer."""
_READ_BYTES = 8_000_000
"""So much of the beginning is looked through: tables come several times a second."""
_MOST_PROGRAMMES = 64
_LONGEST_NAME = 60
_FILL = 0xFF
"""What packets are filled up with behind a table."""
_SHORTEST_TABLE = 11
_OVERVIEW_PACKETS, _SERVICES_PACKETS = 0, 0x11
"""Numbers of the packets that hold the list of programmes (PAT), and that of their names (SDT)."""
_OVERVIEW, _PROGRAMME, _SERVICES = 0, 2, 0x42
"""Numbers of the tables themselves."""
_SERVICE = 0x48
"""The descriptor with a programme's name."""
_ENCODINGS = {number: f"iso8859_{number + 4}" for number in range(1, 12)} | {
    17: "utf-16-be",
    21: "utf-8",
}
"""What the first byte of a text says of the rest."""


@dataclass(frozen=True)
class Programme:
    """A channel of a broadcast."""

    number: int
    name: str
    streams: tuple[int, ...]
    """Indices in the file."""

    def __str__(self) -> str:
        return f"{self.number} ({self.name})" if self.name else str(self.number)


def read_programmes(path: Path, media: MediaInfo, work: Work) -> tuple[Programme, ...]:
    """The programmes of a file that has several with pictures or sound of their own; none for any other.

    Raises:
        BadMedia, TimeLimitExceeded, Cancelled: as `run_in_child`.
    """
    if media.container != TRANSPORT_STREAM:
        return ()
    played = {stream.index for stream in media.streams if _is_played(stream)}
    told = [programme for programme in run_in_child(_look, path, work=work) if played & {*programme.streams}]
    found: list[Programme] = []
    for programme in told:
        own = played & {*programme.streams}
        if not any(own <= {*other.streams} for other in found):
            found = [other for other in found if not played & {*other.streams} <= own] + [programme]
    return tuple(found) if len(found) > 1 else ()


def _is_played(stream: Stream) -> bool:
    """Whether there is more of it than an announcement."""
    return bool(stream.width if stream.type == "video" else stream.type == "audio" and stream.sample_rate)


def one_of(programmes: tuple[Programme, ...], stream: Stream, taken: Literal["heard", "shown"] = "heard") -> str | None:
    """Which of several programmes is heard where this stream is, as a clause; None where there are not several."""
    if not programmes:
        return None
    own = [str(programme) for programme in programmes if stream.index in programme.streams]
    others = [str(programme) for programme in programmes if stream.index not in programme.streams]
    heard = f"programme {' and '.join(own)}" if own else f"stream {stream.index}, which is of none"
    return f"{heard} is {taken}, and not {', '.join(others)} of the same file"


def programme_of_picture(programmes: tuple[Programme, ...], media: MediaInfo) -> Programme:
    """The one of several that is taken where only one can be: with the largest picture, else the first with sound."""
    sizes = {stream.index: (stream.width or 0) * (stream.height or 0) for stream in media.video_streams}
    return max(programmes, key=lambda programme: max((sizes.get(index, 0) for index in programme.streams), default=0))


def _look(path: Path) -> tuple[Programme, ...]:
    with path.open("rb") as file:
        consists, names = read_tables(file)
        if len(consists) < 2:
            return ()
        with open_media(file) as container:
            indices = {} if container is None else {stream.id: stream.index for stream in container.streams}
    return tuple(
        Programme(number, names.get(number, ""), tuple(sorted(indices[pid] for pid in pids if pid in indices)))
        for number, pids in consists.items()
    )


def read_tables(file: BinaryIO) -> tuple[dict[int, set[int]], dict[int, str]]:
    """Which packets belong to each programme, and its name, by its number."""
    maps = dict[int, int]()
    """Number of the packets in which a programme's own table comes, and its number."""
    consists, names = dict[int, set[int]](), dict[int, str]()
    for packets, table in _tables(file, maps):
        kind, content = table[0], table[8:-4]
        if kind == _OVERVIEW and packets == _OVERVIEW_PACKETS:
            for number, where in _pairs(content):
                if number and len(maps) < _MOST_PROGRAMMES:
                    maps[where & 0x1FFF] = number
        elif kind == _SERVICES:
            names.update(_names(content[3:]))
        elif kind == _PROGRAMME and packets in maps:
            consists.setdefault(table[3] << 8 | table[4], set()).update(_members(content))
    return consists, names


def _pairs(content: bytes) -> Iterator[tuple[int, int]]:
    for at in range(0, len(content) - 3, 4):
        yield content[at] << 8 | content[at + 1], content[at + 2] << 8 | content[at + 3]


def _members(content: bytes) -> Iterator[int]:
    """Numbers of the packets of each stream of a programme."""
    at = 4 + _length(content, 2)
    while at + 5 <= len(content):
        yield _length(content, at + 1, 0x1F)
        at += 5 + _length(content, at + 3)


def _names(content: bytes) -> Iterator[tuple[int, str]]:
    at = 0
    while at + 5 <= len(content):
        end = at + 5 + _length(content, at + 3)
        part = at + 5
        while part + 2 <= end:
            if content[part] == _SERVICE:
                provider = part + 3
                name = provider + 1 + content[provider] if provider < len(content) else len(content)
                if name < len(content):
                    yield content[at] << 8 | content[at + 1], _text(content[name + 1 : name + 1 + content[name]])
            part += 2 + content[part + 1] if part + 1 < len(content) else 2
        at = end


def _text(raw: bytes) -> str:
    """A text of DVB: its first byte may say how the rest is encoded."""
    encoding = "latin-1"
    if raw[:1] == b"\x10" and len(raw) > 3:
        encoding, raw = f"iso8859_{raw[2]}", raw[3:]
    elif raw[:1] < b" ":
        encoding, raw = _ENCODINGS.get(raw[0] if raw else 0, encoding), raw[1:]
    try:
        text = raw.decode(encoding, "replace")
    except LookupError:
        text = raw.decode("latin-1")
    return "".join(letter for letter in text if letter.isprintable()).strip()[:_LONGEST_NAME]


def _length(data: bytes, at: int, mask: int = 0x0F) -> int:
    return (data[at] & mask) << 8 | data[at + 1] if at + 1 < len(data) else len(data)


def _tables(file: BinaryIO, maps: dict[int, int]) -> Iterator[tuple[int, bytes]]:
    """Whole tables of the beginning of a file, each with the number of its packets.

    Args:
        maps: Grows while tables are read.
    """
    begun = dict[int, bytes]()
    for packet in _packets(file):
        packets = (packet[1] & 0x1F) << 8 | packet[2]
        if packets not in (_OVERVIEW_PACKETS, _SERVICES_PACKETS) and packets not in maps:
            continue
        payload = packet[5 + packet[4] if packet[3] & 0x20 else 4 :] if packet[3] & 0x10 else b""
        if packet[1] & 0x40 and payload:  # a table begins in it, so many bytes behind the end of the last
            last, payload = payload[1 : 1 + payload[0]], payload[1 + payload[0] :]
            whole, _ = _cut(begun.pop(packets, b"") + last)
            yield from ((packets, table) for table in whole)
            begun[packets] = b""
        if packets in begun:
            whole, begun[packets] = _cut(begun[packets] + payload)
            yield from ((packets, table) for table in whole)


def _cut(data: bytes) -> tuple[list[bytes], bytes]:
    """The tables that are complete, without those that are damaged, and what has begun behind them."""
    whole: list[bytes] = []
    while len(data) >= 3 and data[0] != _FILL:
        end = 3 + _length(data, 1)
        if end > len(data):
            return whole, data
        if end > _SHORTEST_TABLE and not _checksum(data[:end]):
            whole.append(data[:end])
        data = data[end:]
    return whole, data if len(data) < 3 and data[:1] != bytes([_FILL]) else b""


def _checksum(table: bytes) -> int:
    """CRC-32 of MPEG-2 over a table and its own checksum: 0 when it is whole."""
    value, steps = 0xFFFFFFFF, _checksum_steps()
    for byte in table:
        value = value << 8 & 0xFFFFFFFF ^ steps[value >> 24 ^ byte]
    return value


@cache
def _checksum_steps() -> tuple[int, ...]:
    steps = []
    for byte in range(256):
        value = byte << 24
        for _ in range(8):
            value = (value << 1 ^ 0x04C11DB7 if value & 0x80000000 else value << 1) & 0xFFFFFFFF
        steps.append(value)
    return tuple(steps)


def _packets(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    length = packet_bytes(file.read(head_bytes()))
    if length is None:
        return
    file.seek(0)
    data = file.read(_READ_BYTES)
    first = 4 if length == 192 else 0
    for at in range(first, len(data) - 187, length):
        if data[at] == 0x47:
            yield data[at : at + 188]
