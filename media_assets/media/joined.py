"""What follows behind the end that a recording states: the rest of it, or another recording.

What belongs here: files of which ffmpeg reads the head alone and calls that the whole. A WAV states its size in 32
bits, which wrap at 4 GiB, and files are joined with `cat`. Where all samples are of one format ffmpeg is told to read
on; where it cannot, that is an error and not a shorter recording.
"""

from __future__ import annotations

import mmap
import re
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from media_assets.base.errors import BadMedia
from media_assets.media.isobmff import boxes

_SPLIT = "Take its parts asunder, or join them with ffmpeg's concat demuxer, and upload that"
_UNKNOWN_BYTES = (0, 0xFFFFFFFF)
"""Sizes of a data chunk that was written to a pipe: ffmpeg reads to the end of the file by itself."""
_CHUNK_NAME = re.compile(rb"[A-Za-z0-9_ ]{4}")
_TAGS = (b"ID3", b"TAG", b"APETAGEX", b"LYRICSBEGIN")
_SLOPPY_BYTES = 4096
"""So little behind the samples is padding, whatever it holds."""
_MOST_CHUNKS = 10_000
_FLAC = re.compile(rb"fLaC[\x00\x80]\x00\x00\x22")
"""The marker and the header of STREAMINFO, which is 34 bytes long (RFC 9639, section 8)."""


@dataclass(frozen=True)
class ReadOn:
    """A recording that goes on behind its stated end."""

    options: dict[str, int]
    """Options of ffmpeg's input, with which it reads to the end of the file."""
    said: str
    """What was found, as a short phrase."""


def reads_on(path: Path, container: str) -> ReadOn | None:
    """How the whole of a recording is read; None when it ends where it says.

    Args:
        container: FFmpeg's name of its demuxer.

    Raises:
        BadMedia: another recording follows that would not be heard.
    """
    looks = {"wav": _wav, "flac": _flac, "mov": _iso, "aiff": _aiff}
    look = looks.get(container.split(",")[0])
    if look is None:
        return None
    with path.open("rb") as file:
        return look(file)


def _wav(file: BinaryIO) -> ReadOn | None:
    """Walks the chunks; structure as in Microsoft's "Multimedia Programming Interface and Data Specifications 1.0"."""
    file_size = file.seek(0, 2)
    file.seek(0)
    if file.read(4) != b"RIFF":  # RF64 and BW64 state 64 bits, in the chunk ds64
        file.seek(20)
        _require_last(file, 8 + int.from_bytes(file.read(8), "little"), file_size)
        return None
    at, form = 12, b""
    for _ in range(_MOST_CHUNKS):
        name, size = _chunk(file, at)
        if not _CHUNK_NAME.fullmatch(name) or name == b"RIFF":
            break
        if name == b"data":
            return None if size in _UNKNOWN_BYTES else _behind(file, at + 8, size, file_size, form)
        if name == b"fmt ":
            form = file.read(min(size, 64))
        at += 8 + size + size % 2
    return None


def _aiff(file: BinaryIO) -> None:
    file.seek(4)
    size = int.from_bytes(file.read(4), "big")
    _require_last(file, 8 + size + size % 2, file.seek(0, 2))


def _require_last(file: BinaryIO, end: int, file_size: int) -> None:
    """Raises BadMedia when another recording begins where one ends."""
    if end < file_size and _chunk(file, end)[0] in (b"FORM", b"RIFF", b"RF64", b"BW64"):
        raise BadMedia(
            "holds several recordings behind each other, of which only the first would be heard", next_step=_SPLIT
        )


def _behind(file: BinaryIO, start: int, size: int, file_size: int, form: bytes) -> ReadOn | None:
    """What follows the samples: other chunks, another file, or more samples."""
    end = start + size
    at = end + size % 2
    if size % 2 and _chunk(file, end)[0] == b"RIFF":  # many leave the padding out
        at = end
    while at + _SLOPPY_BYTES < file_size:
        name, size = _chunk(file, at)
        if name == b"RIFF":
            _require_alike(file, start, end, at, form)
            return ReadOn({"ignore_length": 1}, "several WAV files of one format behind each other, read to the end")
        if name.startswith(_TAGS):
            return None
        if not _CHUNK_NAME.fullmatch(name) or at + size > file_size:
            return ReadOn({"ignore_length": 1}, "its header states fewer samples than follow, read to the end")
        at += 8 + size + size % 2
    return None


def _require_alike(file: BinaryIO, start: int, end: int, at: int, form: bytes) -> None:
    """The samples of all files behind each other have to make one row when ffmpeg reads over the headers between.

    Args:
        start: Of the samples of the first.
        end: Of the samples of the first.
        at: Where the second begins.

    Raises:
        BadMedia: they have another format, or would be heard as noise.
    """
    block = max(1, int.from_bytes(form[12:14], "little"))
    for _ in range(_MOST_CHUNKS):
        part_form, data_at, data_bytes = _part(file, at)
        if part_form != form:
            raise BadMedia(
                "holds another WAV of another format behind its sound, of which nothing would be heard",
                next_step=_SPLIT,
            )
        if (data_at - start) % block or data_at - end > _SLOPPY_BYTES:
            raise BadMedia(
                "holds several WAV files behind each other, and the headers between them would be heard as noise",
                next_step=_SPLIT,
            )
        end = data_at + data_bytes
        at = _next_riff(file, end + data_bytes % 2)
        if not at:
            return


def _part(file: BinaryIO, start: int) -> tuple[bytes, int, int]:
    """The format chunk of the WAV that begins there, and start and size of its samples."""
    at, form = start + 12, b""
    for _ in range(_MOST_CHUNKS):
        name, size = _chunk(file, at)
        if name == b"data" or not _CHUNK_NAME.fullmatch(name):
            return form, at + 8, size
        if name == b"fmt ":
            form = file.read(min(size, 64))
        at += 8 + size + size % 2
    return form, at, 0


def _next_riff(file: BinaryIO, at: int) -> int:
    """Where the next WAV begins behind other chunks; 0 when there is none."""
    for _ in range(_MOST_CHUNKS):
        name, size = _chunk(file, at)
        if name == b"RIFF":
            return at
        if not _CHUNK_NAME.fullmatch(name):
            break
        at += 8 + size + size % 2
    return 0


def _chunk(file: BinaryIO, at: int) -> tuple[bytes, int]:
    """Name and size of a chunk; the file is left at its content."""
    file.seek(at)
    header = file.read(8)
    return header[:4], int.from_bytes(header[4:], "little")


def _flac(file: BinaryIO) -> None:
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        parts = sum(1 for _ in _FLAC.finditer(content))
    if parts > 1:
        raise BadMedia(
            f"holds {parts} FLAC recordings behind each other, of which only the first would be heard whole",
            next_step=_SPLIT,
        )


def _iso(file: BinaryIO) -> None:
    indexes = sum(box.type == b"moov" for box in boxes(file))
    if indexes > 1:
        raise BadMedia(
            f"holds {indexes} recordings behind each other, of which only the first would be heard", next_step=_SPLIT
        )
