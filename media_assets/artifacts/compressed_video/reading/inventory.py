"""Everything that can be named in a video beside pictures and sound, so that a result can be compared with its source.

It takes the headers, the first frames of the picture, a look through its packets, and the boxes of the container.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from uuid import UUID

from media_assets.artifacts.compressed_video.reading.behind_index import (
    end_of_matroska,
    extra_chunks_of_avi,
    what_trails,
)
from media_assets.artifacts.compressed_video.reading.iso_content import Extra, extras, printable
from media_assets.media.frame_data import side_data
from media_assets.media.programmes import TRANSPORT_STREAM, read_tables
from media_assets.media.sandbox.child import run_in_child
from media_assets.media.untrusted import open_media
from media_assets.work.work import Work

if TYPE_CHECKING:
    from av.container import InputContainer

_FRAMES = 12
"""So many first frames are looked at: not each of them carries everything."""
_PACKETS = 300
_MOST_TAGS = 300
_MOST_KINDS = 50
_LONGEST_TAG = 2000
_CAPTIONS = re.compile(rb"\xb5\x00\x31GA94\x03|\x00\x00\x01\xb2(?:GA94\x03|CC\x01\xf8)")
"""Captions as they begin in the data of a picture: T.35 in H.264, HEVC and AV1, user data in MPEG-2 (ATSC A/53, part 4,
6.2), and those of a DVD."""
_ENCODERS = {
    UUID("dc45e9bd-e6d9-48b7-962c-d820d923eeef").bytes: "x264",
    UUID("2ca2de09-b517-47db-bb55-a4fe7fc2fc4e").bytes: "x265",
}
"""User data in which an encoder tells its own settings."""
_NO_CHANNEL = "Service01"
"""What FFmpeg calls a programme of which it is told nothing."""
_COMPARED_BYTES = {"SPHERICAL": 36, "STEREO3D": 8}
"""Bytes of the content that count too: projection, angles and bounds; how two views lie in a picture."""

_CLOCK = 0xFFEFC0
"""Hours, minutes and seconds in the 25 bits of MPEG-2's timecode (ISO/IEC 13818-2, 6.3.8): one that counts from the
beginning of the file says nothing."""


@dataclass(frozen=True)
class Track:
    """A stream, as far as it is said of it what it is."""

    type: str
    title: str
    language: str
    flags: tuple[str, ...]
    tags: dict[str, str]


@dataclass(frozen=True)
class Inventory:
    """What a file carries."""

    tracks: tuple[Track, ...]
    tags: dict[str, str]
    """Those of the whole file; names in lower case."""
    carried: dict[str, str]
    """Kinds of side data of the first frames, each with as much of its content as is compared."""
    captions: bool
    extras: tuple[Extra, ...]
    """What the container holds beside."""
    chapter_tags: tuple[tuple[str, str], ...] = ()
    """Names and values of what chapters say beside their titles; each once."""
    channel: str = ""
    """The name of the programme of a broadcast."""


def take_inventory(path: Path, index: int, work: Work) -> Inventory:
    """Look through a file.

    Args:
        index: Of the stream that is the picture.

    Raises:
        BadMedia, TimeLimitExceeded, Cancelled: as `run_in_child`.
    """
    return run_in_child(_look_through, path, index, work=work)


def _look_through(path: Path, index: int) -> Inventory:
    with path.open("rb") as file:
        with open_media(file) as container:
            if container is None:
                return Inventory((), {}, {}, captions=False, extras=())
            tracks = tuple(_track(stream) for stream in container.streams)
            tags, demuxer = _tags(container.metadata), container.format.name
            chapter_tags = tuple(islice(_of_chapters(container), _MOST_TAGS))
            carried, captions = _of_picture(container, index)
        channel = _channel(file) if demuxer == TRANSPORT_STREAM else ""
        return Inventory(tracks, tags, carried, captions, tuple(_extras(file, demuxer)), chapter_tags, channel)


def _of_chapters(container: InputContainer) -> list[tuple[str, str]]:
    told = (item for chapter in container.chapters() for item in _tags(chapter["metadata"]).items())
    return [*dict.fromkeys(item for item in told if item[0] != "title")]


def _channel(file: BinaryIO) -> str:
    """Files of several have no name, and neither have those whose writer put in a name for none."""
    names = {*read_tables(file)[1].values()} - {"", _NO_CHANNEL}
    return names.pop() if len(names) == 1 else ""


def _track(stream: Any) -> Track:
    from av.stream import Disposition

    tags = _tags(stream.metadata)
    language = tags.pop("language", "").lower()
    flags = tuple(str(flag.name) for flag in Disposition if stream.disposition & flag)
    title = tags.pop("title", "") or tags.pop("name", "")  # as mp4 has it
    return Track(stream.type, title, "" if language == "und" else language, flags, tags)


def _tags(tags: Any) -> dict[str, str]:
    return {name.lower()[:_LONGEST_TAG]: value[:_LONGEST_TAG] for name, value in islice(tags.items(), _MOST_TAGS)}


def _of_picture(container: InputContainer, index: int) -> tuple[dict[str, str], bool]:
    """Side data of the first frames, and whether there are captions anywhere."""
    import av

    stream: Any = container.streams[index]
    carried: dict[str, str] = {}
    frames, captions = 0, False
    for number, packet in enumerate(container.demux(stream)):
        captions = captions or (packet.size > 0 and _CAPTIONS.search(packet) is not None)
        if frames >= _FRAMES or number >= _PACKETS:
            if captions:
                break
            continue
        try:
            decoded = packet.decode()
        except av.error.FFmpegError:
            continue
        for frame in decoded:
            frames += 1
            for name, shown in _named(frame):
                if len(carried) < _MOST_KINDS:
                    carried.setdefault(name, shown)
    return carried, captions or "A53_CC" in carried


def _named(frame: Any) -> Iterator[tuple[str, str]]:
    """The side data of a frame that says anything, each with what is compared of it."""
    for name, data in side_data(frame):
        if name == "SEI_UNREGISTERED":
            if data[:16] not in _ENCODERS and len(data) >= 16:
                yield f"{name} {UUID(bytes=data[:16])}", ""
        elif name == "PANSCAN":  # an MPEG-2 decoder makes one of every display size
            width, height = (int.from_bytes(data[at : at + 4], "little") // 16 for at in (4, 8))
            if 0 < width < frame.width or 0 < height < frame.height:
                yield name, ""
        elif name == "GOP_TIMECODE":
            if int.from_bytes(data[:8], "little") & _CLOCK:
                yield name, ""
        else:
            yield name, data[: _COMPARED_BYTES.get(name, 0)].hex()


def _extras(file: BinaryIO, demuxer: str) -> Iterator[Extra]:
    if demuxer.startswith("mov"):
        yield from extras(file)
    elif demuxer.startswith("matroska"):
        if trailing := what_trails(file, end_of_matroska(file)):
            yield Extra("file", trailing)
    elif demuxer == "avi":
        chunks, end = extra_chunks_of_avi(file)
        yield from (Extra("file", printable(name)) for name in dict.fromkeys(chunks))
        if trailing := what_trails(file, end):
            yield Extra("file", trailing)
