"""Ogg files with several recordings behind each other, which the format allows: each is a link of a chain (RFC 3533).

FFmpeg reads on through links of one format, but states the length of the first alone. Of another format it makes noise,
the wrong pitch, or an error.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from media_assets.media.byte_ranges import ByteRanges

_BEGINNING = b"OggS\x00\x02"
"""A page that begins a stream."""
_HEADER_BYTES = 27
_LONGEST_HEAD_BYTES = _HEADER_BYTES + 255 + 64
_READ_BYTES = 1 << 20
MOST_LINKS = 1000


@dataclass(frozen=True)
class OggLink:
    """One recording of a chain."""

    start: int
    end: int
    form: tuple[object, ...]
    """The formats of its streams: name, channels and samples per second of each that is known here."""

    @property
    def range(self) -> ByteRanges:
        """Its bytes."""
        return ByteRanges(((self.start, self.end),))


def ogg_links(file: BinaryIO) -> list[OggLink]:
    """The recordings in an Ogg file, of which there is nearly always one; at most `MOST_LINKS`."""
    starts: list[int] = []
    forms: list[list[object]] = []
    expected = -1
    for at in _beginnings(file):
        file.seek(at)
        head = file.read(_LONGEST_HEAD_BYTES)
        if len(head) < _HEADER_BYTES:
            break
        lengths = head[_HEADER_BYTES : _HEADER_BYTES + head[26]]
        if at != expected:  # all streams of a link begin before any of them goes on
            if len(starts) == MOST_LINKS:
                break
            starts.append(at)
            forms.append([])
        forms[-1].append(_form(head[_HEADER_BYTES + head[26] :]))
        expected = at + _HEADER_BYTES + head[26] + sum(lengths)
    ends = [*starts[1:], file.seek(0, 2)]
    return [OggLink(start, end, tuple(form)) for start, end, form in zip(starts, ends, forms, strict=False)]


def _beginnings(file: BinaryIO) -> Iterator[int]:
    """Where streams begin."""
    at, rest = 0, b""
    while True:
        file.seek(at)
        block = file.read(_READ_BYTES)
        if not block:
            return
        window, start = rest + block, at - len(rest)
        found = window.find(_BEGINNING)
        while found >= 0:
            yield start + found
            found = window.find(_BEGINNING, found + 1)
        rest, at = window[-len(_BEGINNING) + 1 :], at + len(block)


def _form(packet: bytes) -> object:
    """What decides how a stream is decoded, out of its first packet (RFC 7845, Vorbis I, Ogg FLAC 1.0)."""
    if packet.startswith(b"OpusHead"):
        return "opus", packet[9]
    if packet.startswith(b"\x01vorbis"):
        return "vorbis", packet[11], packet[12:16]
    if packet.startswith(b"\x7fFLAC"):
        rate_and_channels = int.from_bytes(packet[27:31], "big") >> 9  # of STREAMINFO (RFC 9639, section 8.2)
        return "flac", rate_and_channels
    if packet.startswith(b"Speex   "):
        return "speex", packet[36:40], packet[48:52]
    return packet[:8]
