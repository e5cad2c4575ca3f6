"""The recordings in a WAV file: one, the rest of one whose size wrapped, or several that were joined with `cat`.

Structure as in Microsoft's "Multimedia Programming Interface and Data Specifications 1.0"; RF64 and BW64 state their
sizes in 64 bits, in the chunk ds64 (EBU Tech 3306, ITU-R BS.2088).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

from media_assets.base.errors import BadMedia
from media_assets.media.beginnings import recording_at
from media_assets.media.byte_ranges import ByteRanges

SPLIT = "Take its parts asunder, or join them with ffmpeg's concat demuxer, and upload that"
_RIFF = (b"RIFF", b"RF64", b"BW64")
_UNKNOWN_BYTES = (0, 0xFFFFFFFF)
"""Sizes of a data chunk that was written to a pipe, or that states its size elsewhere."""
_CHUNK_NAME = re.compile(rb"[A-Za-z0-9_ ]{4}")
_NO_SOUND = {
    *(b"LIST", b"INFO", b"id3 ", b"ID3 ", b"bext", b"cue ", b"smpl", b"inst", b"fact", b"JUNK", b"junk", b"PAD "),
    *(b"FLLR", b"iXML", b"axml", b"chna", b"_PMX", b"plst", b"labl", b"note", b"ltxt", b"levl", b"afsp", b"DISP"),
    *(b"minf", b"elm1", b"regn", b"umid", b"MD5 ", b"cart", b"link", b"LGWV", b"aXML", b"acid", b"strc", b"PEAK"),
}
"""Chunks that are known to stand behind samples; one that reaches beyond the end was cut off."""
_TAGS = (b"ID3", b"TAG", b"APETAGEX", b"LYRICSBEGIN")
_BEGINNINGS = [
    re.compile(name + rb"....WAVE(?:fmt |bext|JUNK|junk|LIST|ds64|fact|id3 |iXML|PAD |FLLR)", re.DOTALL)
    for name in _RIFF
]
"""One for each name: an expression that begins with fixed bytes is found ten times as fast as one of alternatives."""
_BEGINNING_BYTES = 16
_SLOPPY_BYTES = 4096
"""So little behind the samples is padding, whatever it holds, but for another recording."""
_MOST_CHUNKS = 1000
_MOST_PARTS = 300
_READ_BYTES = 1 << 20
_HEAD_BYTES = 1 << 16
_ID3_BYTES = 10


@dataclass(frozen=True)
class WavPart:
    """One recording."""

    start: int
    """Where its header begins, or that of a further chunk of its samples."""
    form: bytes
    """Its chunk `fmt `, without a padding byte."""
    data_start: int
    data_bytes: int
    """What it states, which may be more than there are; up to its end when it states none or fewer."""
    samples: int | None
    """Samples per channel, as its chunk `fact` states them."""
    wrapped: bool = False
    """Whether it states fewer than there are."""
    is_stated: bool = True
    """Whether it says how many bytes of samples it has."""

    @property
    def ends(self) -> bool:
        """Whether it states where it ends, and that is true."""
        return self.is_stated and not self.wrapped


def wav_parts(file: BinaryIO) -> list[WavPart]:
    """The recordings in a file, in their order; none when it is no WAV."""
    file_size = file.seek(0, 2)
    parts: list[WavPart] = []
    at: int | None = id3_bytes(file)
    while at is not None and len(parts) < _MOST_PARTS:
        part = _part(file, at) or (_more_samples(file, at, parts[-1].form) if parts else None)
        if part is None:
            break
        part, at = _with_its_end(file, part, file_size)
        parts.append(part)
    return parts


def id3_bytes(file: BinaryIO) -> int:
    """How long the ID3 tag is that some programs put in front of a WAV; 0 when there is none, or no WAV behind it."""
    file.seek(0)
    tag = file.read(_ID3_BYTES)
    if tag[:3] != b"ID3" or len(tag) < _ID3_BYTES:
        return 0
    size = _ID3_BYTES
    for shift, byte in zip((21, 14, 7, 0), tag[6:], strict=True):
        size += (byte & 0x7F) << shift  # "syncsafe", ID3v2.4 section 6.2
    size += _ID3_BYTES if tag[5] & 0x10 else 0
    file.seek(size)
    behind = file.read(_SLOPPY_BYTES)
    padding = len(behind) - len(behind.lstrip(b"\0"))
    head = behind[padding : padding + 12]
    return size + padding if head[:4] in _RIFF and head[8:] == b"WAVE" else 0


def whole_wav(file: BinaryIO) -> ByteRanges | None:
    """What has to be read of a WAV to hear all of it; None when ffmpeg does so by itself, or cannot.

    What cannot be one row of samples is left to `require_one_row`, which says why.
    """
    parts = wav_parts(file)
    tag = parts[0].start if parts else 0
    if not parts or any(part.form != parts[0].form for part in parts):
        return None
    if len(parts) == 1 and not parts[0].wrapped:
        end = _readable_end(file, parts[0])
        return ByteRanges(((tag, end),)) if tag or end < file.seek(0, 2) else None
    if len(parts) == _MOST_PARTS:
        return None
    file_size = file.seek(0, 2)
    sound = [_samples(part, file_size) for part in parts]
    return ByteRanges(((tag, parts[0].data_start), *sound), _head(file, parts), {"ignore_length": 1})


def _readable_end(file: BinaryIO, part: WavPart) -> int:
    """How far a recording alone is read: up to a chunk behind its samples that was cut off, on which ffmpeg fails."""
    end, file_size = part.data_start + part.data_bytes, file.seek(0, 2)
    if end >= file_size:
        return file_size
    for name, at, size in _chunks(file, end + part.data_bytes % 2):
        if name in _NO_SOUND and at + size > file_size:
            return at - 8
    return file_size


def _samples(part: WavPart, file_size: int) -> tuple[int, int]:
    """Start and end of the samples that a recording has, without a piece of one at its end."""
    size = min(part.data_bytes, file_size - part.data_start)
    return part.data_start, part.data_start + size - size % max(1, int.from_bytes(part.form[12:14], "little"))


def require_one_row(parts: list[WavPart]) -> None:
    """Raises BadMedia when the samples of joined recordings do not make one row."""
    if any(part.form != parts[0].form for part in parts):
        raise BadMedia(
            "holds another WAV of another format behind its sound, of which nothing would be heard", next_step=SPLIT
        )
    if len(parts) == _MOST_PARTS:
        raise BadMedia(f"holds {_MOST_PARTS} recordings behind each other, or more", next_step=SPLIT)


def _part(file: BinaryIO, start: int) -> WavPart | None:
    """The recording whose header begins there."""
    file.seek(start)
    riff = file.read(12)
    if riff[:4] not in _RIFF or riff[8:] != b"WAVE":
        return None
    form, samples, long_bytes, long_samples = b"", None, None, None
    for name, at, size in _chunks(file, start + 12):
        if name == b"fmt ":
            form = file.read(min(size, 64))
        elif name == b"fact" and size >= 4:
            samples = int.from_bytes(file.read(4), "little")
        elif name == b"ds64" and size >= 24:
            _, long_bytes, long_samples = struct.unpack("<QQQ", file.read(24))
        elif name == b"data":
            if riff[:4] != b"RIFF" and long_bytes:
                size, samples = long_bytes, long_samples or samples
            unknown = size in _UNKNOWN_BYTES
            # Of a RIFF without a size ffmpeg reads all; to an RF64 whose recorder never filled ds64 in, it means none.
            wrapped = unknown and riff[:4] != b"RIFF"
            return WavPart(start, form, at, -1 if unknown else size, None if unknown else samples, wrapped)
    return None


def _more_samples(file: BinaryIO, at: int, form: bytes) -> WavPart | None:
    """A further chunk of samples of the same recording, of which ffmpeg hears the last alone."""
    file.seek(at)
    header = file.read(8)
    return WavPart(at, form, at + 8, int.from_bytes(header[4:], "little"), None) if header[:4] == b"data" else None


def _chunks(file: BinaryIO, at: int) -> Iterator[tuple[bytes, int, int]]:
    """Name of each chunk, start and size of its content, at which the file is left."""
    for _ in range(_MOST_CHUNKS):
        file.seek(at)
        header = file.read(8)
        if len(header) < 8 or not _CHUNK_NAME.fullmatch(header[:4]) or header[:4] in _RIFF:
            return
        size = int.from_bytes(header[4:], "little")
        yield header[:4], at + 8, size
        at += 8 + size + size % 2


def _with_its_end(file: BinaryIO, part: WavPart, file_size: int) -> tuple[WavPart, int | None]:
    """The recording with the number of bytes that it has, and where the next begins; None when it is the last."""
    if part.data_bytes < 0:
        following = _next_beginning(file, part.data_start)
        end = file_size if following is None else following
        return replace(part, data_bytes=end - part.data_start, samples=None, is_stated=False), following
    end = part.data_start + part.data_bytes
    if end >= file_size:
        return part, None
    is_sound, following = _behind(file, end, part.data_bytes % 2, file_size)
    if not is_sound or recording_at(file, end) not in (None, "WAV"):
        return part, following
    following = _next_beginning(file, end)
    end = file_size if following is None else following
    return replace(part, data_bytes=end - part.data_start, samples=None, wrapped=True), following


def _behind(file: BinaryIO, end: int, padding: int, file_size: int) -> tuple[bool, int | None]:
    """Whether what follows the samples is more of them, and where the next recording begins."""
    at = chunks_behind(file, end, padding)
    known = False
    for _ in range(_MOST_CHUNKS):
        if _begins(file, at):
            return False, at
        file.seek(at)
        header = file.read(8)
        name, size = header[:4], int.from_bytes(header[4:], "little")
        if name == b"data" and size:
            return False, at
        if at + _SLOPPY_BYTES >= file_size or name.startswith(_TAGS):
            return False, _next_beginning(file, at)
        if not _CHUNK_NAME.fullmatch(name) or (at + 8 + size > file_size and name not in _NO_SOUND):
            # Behind a chunk that belongs there, what is no chunk belongs to some program, and is no sound either.
            return (False, _next_beginning(file, at)) if known else _behind_zeros(file, at)
        known = known or name in _NO_SOUND
        at += 8 + size + size % 2
    return False, None


def chunks_behind(file: BinaryIO, end: int, padding: int) -> int:
    """Where what follows the samples begins: many leave the padding out.

    Args:
        end: Of the samples.
        padding: 1 where there should be a byte of it.
    """
    file.seek(end)
    return end if padding and (file.read(4) in _NO_SOUND or _begins(file, end)) else end + padding


def _behind_zeros(file: BinaryIO, at: int) -> tuple[bool, int | None]:
    """Looks further where no chunk follows: zeros up to the end, or up to another recording, are padding."""
    file.seek(at)
    while block := file.read(_READ_BYTES):
        kept = block.lstrip(b"\0")
        if kept:
            start = file.tell() - len(kept)
            return (False, start) if _begins(file, start) else (True, None)
    return False, None


def _begins(file: BinaryIO, at: int) -> bool:
    """Whether another recording begins there."""
    file.seek(at)
    head = file.read(12)
    return head[:4] in _RIFF and head[8:] == b"WAVE"


def _next_beginning(file: BinaryIO, at: int) -> int | None:
    """Where the next recording begins, among samples whose number nobody states."""
    file.seek(at)
    rest = b""
    while block := file.read(_READ_BYTES):
        window = rest + block
        found = [match.start() for beginning in _BEGINNINGS if (match := beginning.search(window)) is not None]
        if found:
            return file.tell() - len(window) + min(found)
        rest = window[-_BEGINNING_BYTES:]
    return None


def _head(file: BinaryIO, parts: list[WavPart]) -> bytes:
    """A header that states in 64 bits how much all parts hold."""
    first, chunks = parts[0], b""
    for name, at, size in list(_chunks(file, first.start + 12)):
        if name in (b"ds64", b"fact", b"data") or at + size > first.data_start or len(chunks) + size > _HEAD_BYTES:
            continue
        file.seek(at)
        chunks += name + size.to_bytes(4, "little") + file.read(size + size % 2)
    counts = [part.samples for part in parts if part.samples is not None]
    samples = sum(counts) if len(counts) == len(parts) else 0
    data_bytes = sum(part.data_bytes for part in parts)
    long = struct.pack("<IQQQI", 28, 0, data_bytes, samples, 0)
    return b"RF64\xff\xff\xff\xffWAVEds64" + long + chunks + b"data\xff\xff\xff\xff"
