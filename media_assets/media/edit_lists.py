"""Which parts of its tracks an mp4 or mov shows, and when: trimming moves no sample, it writes an edit list.

Boxes as in ISO/IEC 14496-12: `edts`/`elst` (8.6.6) and `clap` (12.1.4.1). FFmpeg follows edit lists, but not all that
can stand in one.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO, NamedTuple

from media_assets.media.isobmff import Box, boxes, boxes_inside

_MOST_TRACKS = 1000
"""FFmpeg reads no more."""
_MOST_BOXES = 10_000
_MOST_EDITS = 100_000
_PICTURE_ENTRY_BYTES = 86
"""What stands in the description of a picture's samples before other boxes do."""


class Edit(NamedTuple):
    length: int
    """How long it lasts, in ticks of the film."""
    begin: int | None
    """Where it begins, in ticks of the track; None: nothing is shown for so long."""
    speed: float


class Aperture(NamedTuple):
    """A part of a picture, in pixels."""

    width: float
    height: float
    right: float
    """How far its middle lies right of that of the picture."""
    down: float

    def is_part_of(self, width: int, height: int) -> bool:
        """Whether it lies within a picture of this size and is less than all of it; readers ignore any other."""
        beside, below = width - self.width, height - self.height
        inside = 2 * abs(self.right) <= beside + 1 and 2 * abs(self.down) <= below + 1
        return inside and min(self.width, self.height) >= 1 and max(beside, below) >= 1


class EditedTrack(NamedTuple):
    handler: bytes
    """What it holds, as `vide`, `soun`."""
    edits: tuple[Edit, ...]
    """Without any all of it is shown."""
    aperture: Aperture | None
    """What is to be shown of its picture (`clap`); None: all of it."""
    ticks_per_second: int
    """Ticks of the film; 0 where it does not say."""


def edited_tracks(file: BinaryIO) -> tuple[EditedTrack, ...]:
    """All tracks of a file; none where it is no mp4.

    Raises:
        BadMedia: as `isobmff.boxes`.
    """
    moov = next((box for box in boxes(file) if box.type == b"moov"), None)
    if moov is None:
        return ()
    file.seek(moov.start)
    header_bytes = 16 if file.read(4) == b"\0\0\0\1" else 8
    inside = list(islice(boxes_inside(file, moov, header_bytes), _MOST_BOXES))
    ticks = next((_ticks(file, box) for box in inside if box.type == b"mvhd"), 0)
    return tuple(_track(file, box, ticks) for box in [box for box in inside if box.type == b"trak"][:_MOST_TRACKS])


def _ticks(file: BinaryIO, mvhd: Box) -> int:
    """How many a second of the film has (8.2.2)."""
    file.seek(mvhd.start + 8)
    header = file.read(24)
    return int.from_bytes(header[20:24] if header[:1] == b"\1" else header[12:16], "big")


def _track(file: BinaryIO, track: Box, ticks: int) -> EditedTrack:
    handler, edits, aperture = b"", list[Edit](), None
    for box in boxes_inside(file, track):
        if box.type == b"edts":
            lists = [inner for inner in boxes_inside(file, box) if inner.type == b"elst"]
            edits = list(_edits(file, lists[0])) if lists else []
        elif box.type == b"mdia":
            for inner in boxes_inside(file, box):
                if inner.type == b"hdlr":
                    file.seek(inner.start + 16)
                    handler = file.read(4)
                elif inner.type == b"minf":
                    aperture = _aperture(file, inner)
    return EditedTrack(handler, tuple(edits), aperture, ticks)


def _edits(file: BinaryIO, elst: Box) -> Iterator[Edit]:
    file.seek(elst.start + 8)
    head = file.read(8)
    row = struct.Struct(">Qqi" if head[:1] == b"\1" else ">Iii")
    count = min(int.from_bytes(head[4:], "big"), (elst.size - 16) // row.size, _MOST_EDITS)
    data = file.read(max(0, count) * row.size)
    for length, begin, speed in row.iter_unpack(data[: len(data) // row.size * row.size]):
        yield Edit(length, None if begin == -1 else begin, speed / 65536)


def _aperture(file: BinaryIO, minf: Box) -> Aperture | None:
    tables = (box for box in boxes_inside(file, minf) if box.type == b"stbl")
    descriptions = (box for table in tables for box in boxes_inside(file, table) if box.type == b"stsd")
    entries = (entry for description in descriptions for entry in boxes_inside(file, description, 16))
    for box in (box for entry in entries for box in boxes_inside(file, entry, _PICTURE_ENTRY_BYTES)):
        if box.type == b"clap" and box.size >= 40:
            file.seek(box.start + 8)
            numbers = struct.unpack(">IIIIiIiI", file.read(32).ljust(32, b"\0"))
            if all(numbers[1::2]):
                return Aperture(*(up / down for up, down in zip(numbers[::2], numbers[1::2], strict=True)))
    return None
