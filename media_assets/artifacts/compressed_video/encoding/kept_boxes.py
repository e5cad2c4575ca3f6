"""Boxes of a source that ffmpeg does not take along and that are as true of the result: written into it afterwards.

They are what says that a picture is 360° or 3D (`views`), XMP, and the data of a camera in the index.
"""

from __future__ import annotations

import shutil
import struct
import sys
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from media_assets.artifacts.compressed_video.planning.plan import EncodePlan
from media_assets.artifacts.compressed_video.reading.iso_content import (
    XMP_BOX,
    InnerBox,
    camera_boxes,
    index_part,
    inside,
    of_entry,
    path_to,
    picture_entry,
    read_index,
)
from media_assets.artifacts.compressed_video.reading.views import KINDS, boxes_of_views
from media_assets.media.isobmff import boxes, plain_box

_MOST_BYTES = 16_000_000
"""What is larger is no note beside a recording; then nothing of that kind is kept, and all of it is named as lost."""
_SONY = b"nrtm"
"""Handler of the box in which Sony's cameras keep an XML about the recording."""


@dataclass(frozen=True)
class _Kept:
    """Whole boxes, by the place where they belong."""

    entry: Sequence[bytes] = ()
    """The description of the picture."""
    user_data: Sequence[bytes] = ()
    """User data of the index."""
    file: Sequence[bytes] = ()
    """The end of the file."""

    def __bool__(self) -> bool:
        return bool(self.entry or self.user_data or self.file)


def keep_boxes(plan: EncodePlan, result: Path) -> None:
    """Write them into an mp4 or mov. Where that cannot be done, the result stays as it is, and lacks them."""
    if plan.streams.container == "mkv":
        return
    kept = _of_source(plan)
    with result.open("rb") as file:
        index = read_index(file) if kept else None
        grown = _grown(index[1], kept, moved=index[0].start < _samples_start(result)) if index else None
        if index is None or grown is None:
            return
        made = result.with_name(f"{result.name}.boxes")
        with made.open("wb") as target:
            file.seek(0)
            target.write(file.read(index[0].start))
            target.write(grown)
            file.seek(index[0].start + index[0].size)
            shutil.copyfileobj(file, target, 1 << 20)
            target.write(b"".join(kept.file))
    made.replace(result)


def _samples_start(path: Path) -> int:
    with path.open("rb") as file:
        return next((box.start for box in boxes(file) if box.type == b"mdat"), 0)


def _of_source(plan: EncodePlan) -> _Kept:
    found, user_data, of_file = list[bytes](), list[bytes](), list[bytes]()
    if plan.media.container.startswith("mov"):
        with plan.source.open("rb") as file:
            for box in boxes(file):
                if box.type in (b"uuid", b"meta") and box.size <= _MOST_BYTES:
                    file.seek(box.start)
                    content = file.read(box.size)
                    if content[8:24] == XMP_BOX or (box.type == b"meta" and _SONY in content[:64]):
                        of_file.append(content)
            index = read_index(file)
        if index is not None:
            found, user_data = _of_index(index[1], plan.main.index)
    entry = boxes_of_views(plan.picture.views, _small(found), same_size=plan.has_size_of_source)
    return _Kept(entry, _small(user_data), _small(of_file))


def _small(content: list[bytes]) -> list[bytes]:
    return content if sum(map(len, content)) <= _MOST_BYTES else []


def _of_index(data: bytes, number: int) -> tuple[list[bytes], list[bytes]]:
    """What describes the views of a track's picture, and the camera's data."""
    top = index_part(data)
    if top is None:
        return [], []
    tracks = [part for part in inside(data, top) if part.kind == b"trak"]
    entry = picture_entry(data, tracks[number]) if number < len(tracks) else ()
    views = [data[part.start : part.end] for part in of_entry(data, entry[-1]) if part.kind in KINDS] if entry else []
    camera = [
        part for user_data in inside(data, top) if user_data.kind == b"udta" for part in camera_boxes(data, user_data)
    ]
    return views, [data[part.start : part.end] for part in camera]


def _grown(data: bytes, kept: _Kept, *, moved: bool) -> bytes | None:
    """An index with them; None where there is no place for them, or samples would move out of the reach of 32 bits.

    Args:
        moved: Whether the samples stand behind the index, and so move with its size.
    """
    grown = bytearray(data)
    if kept.entry:
        top = index_part(grown)
        track = path_to(grown, top, b"trak") if top else ()
        entry = picture_entry(grown, track[-1]) if track else ()
        if not entry:
            return None
        for part in of_entry(grown, entry[-1]):
            if part.kind in KINDS:
                grown[part.start + 4 : part.start + 8] = b"free"
        _insert(grown, (*track, *entry[1:]), b"".join(kept.entry))
    if kept.user_data:
        top = index_part(grown)
        if top is None:
            return None
        place = path_to(grown, top, b"udta")
        there = {part.kind for part in inside(grown, place[-1])} if place else set[bytes]()
        new = b"".join(box for box in kept.user_data if box[4:8] not in there)
        _insert(grown, place or (top,), new if place else plain_box(b"udta", new))
    moved_bytes = len(grown) - len(data)
    return bytes(grown) if not moved or not moved_bytes or _move(grown, moved_bytes) else None


def _insert(data: bytearray, chain: Sequence[InnerBox], new: bytes) -> None:
    """Put something at the end of the last of boxes that lie in each other, the outermost first."""
    data[chain[-1].end : chain[-1].end] = new
    for part in chain:
        size = part.end - part.start + len(new)
        if part.body - part.start == 16:
            struct.pack_into(">Q", data, part.start + 8, size)
        else:
            struct.pack_into(">I", data, part.start, size)


def _move(data: bytearray, by: int) -> bool:
    """Add to all places of samples. Returns whether the numbers are large enough for that."""
    top = index_part(data)
    for track in inside(data, top) if top else ():
        table = path_to(data, track, b"mdia", b"minf", b"stbl") if track.kind == b"trak" else ()
        for part in inside(data, table[-1]) if table else ():
            if part.kind not in (b"stco", b"co64"):
                continue
            numbers = array("I" if part.kind == b"stco" else "Q", data[part.body + 8 : part.end])
            if sys.byteorder == "little":
                numbers.byteswap()
            if part.kind == b"stco" and max(numbers, default=0) + by >= 1 << 32:
                return False
            numbers = array(numbers.typecode, (number + by for number in numbers))
            if sys.byteorder == "little":
                numbers.byteswap()
            data[part.body + 8 : part.end] = numbers.tobytes()
    return True
