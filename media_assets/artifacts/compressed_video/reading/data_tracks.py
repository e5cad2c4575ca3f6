"""What kinds of tracks an mp4 or mov has (GPS, timecodes …), by the four characters that PyAV does not tell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from media_assets.media.isobmff import boxes

_TO_THE_FORMAT = (b"mdia", b"minf", b"stbl", b"stsd")
"""The boxes of a track, each inside the one before."""
_MOST_TRACKS = 1000
"""FFmpeg reads no more."""
_MOOV_READ_BYTES = 256_000_000
KNOWN_TRACKS = {
    "gpmd": "GoPro's sensor data (GPS)",
    "tmcd": "the timecode track",
    "mebx": "Apple's timed metadata",
    "camm": "camera motion (GPS)",
    "rtmd": "Sony's camera data",
    "fdsc": "GoPro's file description",
    "djmd": "DJI's flight data",
    "dbgi": "DJI's debug data",
}
"""Four characters of the sample description, and what it is to a person."""


def sample_formats(path: Path) -> tuple[str, ...]:
    """The sample format (`avc1`, `mp4a`, `gpmd` …) of each track, in order; empty for what is no mp4."""
    with path.open("rb") as file:
        moov = next((box for box in boxes(file) if box.type == b"moov"), None)
        if moov is None or moov.size > _MOOV_READ_BYTES:
            return ()
        file.seek(moov.start)
        data = memoryview(file.read(moov.size))
    header = 16 if bytes(data[:4]) == b"\0\0\0\1" else 8
    tracks = (body for kind, body in _inside(data[header:]) if kind == b"trak")
    return tuple(_format(body, _TO_THE_FORMAT) for body in islice(tracks, _MOST_TRACKS))


def _format(body: memoryview, path: Sequence[bytes]) -> str:
    """The format in the first entry of `stsd`: behind version, count and a size, four characters (ISO/IEC 14496-12).

    Args:
        path: The boxes that are still to be entered.
    """
    if not path:
        return bytes(body[12:16]).decode("latin-1")
    return next((found for kind, inner in _inside(body) if kind == path[0] and (found := _format(inner, path[1:]))), "")


def _inside(data: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    at = 0
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if size < 8:
            return
        yield bytes(data[at + 4 : at + 8]), data[at + 8 : at + size]
        at += size
