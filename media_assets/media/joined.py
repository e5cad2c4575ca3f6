"""What follows behind the end that a recording states: the rest of it, or another recording.

What belongs here: files of which ffmpeg reads the head alone and calls that the whole. A WAV states its size in 32
bits, which wrap at 4 GiB, and files are joined with `cat`. Where all samples are of one format they are read to the end
(`heard_whole.py`); where they cannot be, that is an error and not a shorter recording.
"""

from __future__ import annotations

import mmap
import re
import struct
from pathlib import Path
from typing import BinaryIO

from media_assets.base.errors import BadMedia
from media_assets.media.chained_ogg import ogg_links
from media_assets.media.ends import segment_end
from media_assets.media.foreign import require_no_other
from media_assets.media.heard_whole import amr_markers, au_parts
from media_assets.media.isobmff import boxes
from media_assets.media.wav_parts import SPLIT, require_one_row, wav_parts

_HEADERS = {
    "flac": re.compile(rb"fLaC[\x00\x80]\x00\x00\x22"),  # STREAMINFO is 34 bytes long (RFC 9639, section 8)
    "caf": re.compile(rb"caff\x00\x01\x00\x00desc"),  # Apple Core Audio Format Specification 1.0
    "w64": re.compile(rb"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00"),  # a GUID, Sony Wave64
    "asf": re.compile(rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c"),  # a GUID, ASF 3.1
    "flv": re.compile(rb"FLV\x01[\x00\x01\x04\x05]\x00\x00\x00\x09\x00\x00\x00\x00"),
    "nut": re.compile(rb"nut/multimedia container\x00"),
    "tta": re.compile(rb"TTA1[\x01-\x03]\x00[\x01-\x20]\x00[\x08\x10\x18\x20]\x00"),
    "voc": re.compile(rb"Creative Voice File\x1a"),
    "ape": re.compile(rb"MAC [\x00-\xff][\x0e-\x10]\x00\x00"),  # versions 3.84 to 4.3
    "dsf": re.compile(rb"DSD \x1c\x00{7}"),
}
"""How a recording begins, by FFmpeg's name of its demuxer: so long a mark does not occur by chance."""
_EBML = re.compile(rb"\x1a\x45\xdf\xa3.{1,64}?\x42\x82[\x84\x88](?:webm|matroska)", re.DOTALL)
_WAVPACK = re.compile(rb"wvpk.{5}\x04.{6}\x00{4}(.{8})", re.DOTALL)
"""A block with nothing before it, and the number of its samples and its flags."""
_AVI_SOUND = re.compile(rb"strh.{4}auds.{52}strf.{4}(.{8})", re.DOTALL)
"""The header of a stream of sound, of 56 bytes, and of its format: codec, channels, samples per second."""
_AVI_HEAD_BYTES = 1 << 16
_CHUNK_NAME = re.compile(rb"[A-Za-z0-9_() ]{4}")
_TAGS = (b"ID3", b"TAG", b"APETAGEX", b"LYRICSBEGIN")
_MOST_CHUNKS = 1000
_SLOPPY_BYTES = 4096
"""So little behind the samples is padding, whatever it holds."""
_READ_BYTES = 1 << 20
_ADTS_SYNC = re.compile(rb"\xff[\xf0\xf1\xf8\xf9]")
_ADTS = re.compile(rb"\xff[\xf0\xf1\xf8\xf9].{5}", re.DOTALL)
_MOST_LOST_FRAMES = 100_000
"""So often may a header turn out to be none."""
_FIRST_OF_CHANNELS = 1 << 11
"""INITIAL_BLOCK: further channels are in blocks of their own."""


def reads_on(path: Path, container: str) -> str | None:
    """What was found behind the stated end of a recording and is read, as a short phrase; None when nothing was.

    Args:
        container: FFmpeg's name of its demuxer.

    Raises:
        BadMedia: another recording follows that would not be heard.
    """
    looks = {
        "wav": _wav,
        "mov": _iso,
        "aiff": _big_endian,
        "amr": _amr,
        "au": _au,
        "matroska": _matroska,
        "wv": _wavpack,
        "ogg": _ogg,
        "aac": _adts,
        "avi": _avi,
    }
    name = container.split(",")[0]
    with path.open("rb") as file:
        said = looks[name](file) if name in looks else None
        if name in _HEADERS:
            _require_one(len(starts_of(file, _HEADERS[name])))
        return require_no_other(file, name) or said


def _wav(file: BinaryIO) -> str | None:
    if file.read(4) == b"RIFX":
        _big_endian(file)
        return None
    parts = wav_parts(file)
    require_one_row(parts)
    if len(parts) > 1 and all(part.data_start == part.start + 8 for part in parts[1:]):
        return f"its samples are in {len(parts)} chunks, read to the end"
    if len(parts) > 1:
        return f"{len(parts)} WAV files of one format behind each other, read to the end"
    wrapped = any(part.wrapped for part in parts)
    return "its header states fewer samples than follow, read to the end" if wrapped else None


def _amr(file: BinaryIO) -> str | None:
    markers = amr_markers(file)
    return _of_one_format("AMR", len(markers), len({marker for _, marker in markers}))


def _au(file: BinaryIO) -> str | None:
    parts = au_parts(file)
    return _of_one_format("AU", len(parts), len({form for *_, form in parts}))


def _of_one_format(name: str, parts: int, formats: int) -> str | None:
    if parts < 2:
        return None
    if formats > 1:
        _require_one(parts)
    return f"{parts} {name} files of one format behind each other, read to the end"


def _big_endian(file: BinaryIO) -> None:
    """AIFF and RIFX, of which ffmpeg hears what the first header states (Apple's "Audio Interchange File Format")."""
    file_size, at, after_sound = file.seek(0, 2), 12, False
    for _ in range(_MOST_CHUNKS):
        file.seek(at)
        header = file.read(8)
        name, size = header[:4], int.from_bytes(header[4:], "big")
        if name in (b"FORM", b"RIFX"):
            _require_one(2)
        if not _CHUNK_NAME.fullmatch(name) or name.startswith(_TAGS):
            break
        after_sound = name in (b"SSND", b"data")
        at += 8 + size + size % 2
    if after_sound and at + _SLOPPY_BYTES < file_size:
        file.seek(at)
        if not file.read(_SLOPPY_BYTES).startswith(_TAGS) and _any_but_zeros(file, at):
            raise BadMedia(
                "states fewer samples in its header than follow, which would not be heard",
                next_step="Export it again, or as a WAV, and upload that",
            )


def _any_but_zeros(file: BinaryIO, at: int) -> bool:
    file.seek(at)
    while block := file.read(_READ_BYTES):
        if block.strip(b"\0"):
            return True
    return False


def _iso(file: BinaryIO) -> None:
    _require_one(sum(box.type == b"moov" for box in boxes(file)))


def _matroska(file: BinaryIO) -> None:
    _require_one(len(matroska_starts(file)))


def matroska_starts(file: BinaryIO) -> list[int]:
    """Where recordings begin, at most as many as are told apart.

    It is asked only behind the end of a segment that states it: what is attached to it may be a recording, too.
    """
    starts: list[int] = []
    at = 0
    while len(starts) < _MOST_CHUNKS:
        file.seek(at)
        head = file.read(4096)
        if not _EBML.match(head) and starts:
            break
        starts.append(at)
        end = segment_end(head)
        if end is None:
            return [*starts[:-1], *(start for start in starts_of(file, _EBML) if start >= at)] or [0]
        at += end
    return starts


def _wavpack(file: BinaryIO) -> None:
    _require_one(len(wavpack_starts(file)))


def wavpack_starts(file: BinaryIO) -> list[int]:
    """Where recordings begin: blocks count the samples before them (WavPack 4 & 5 Binary File / Block Format)."""
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        firsts = [(match.start(), *struct.unpack("<II", match[1])) for match in _WAVPACK.finditer(content)]
    return [start for start, samples, flags in firsts if samples > 0 and flags & _FIRST_OF_CHANNELS]


def _ogg(file: BinaryIO) -> str | None:
    links = ogg_links(file)
    if len(links) < 2:
        return None
    if any(len(link.form) > 1 for link in links):  # FFmpeg makes no new streams for a film
        _require_one(len(links))
    if len({link.form for link in links}) > 1:
        raise BadMedia(
            f"holds {len(links)} recordings of different formats behind each other, which would not be heard right",
            next_step=SPLIT,
        )
    return f"{len(links)} Ogg recordings of one format behind each other, read to the end"


def _avi(file: BinaryIO) -> None:
    """FFmpeg reads on, and hears all by the first header (Microsoft's "AVI RIFF File Reference")."""
    formats: list[set[bytes]] = []
    for start in avi_starts(file):
        file.seek(start)
        formats.append({match[1] for match in _AVI_SOUND.finditer(file.read(_AVI_HEAD_BYTES))})
    if any(sound != formats[0] for sound in formats[1:]):
        raise BadMedia(
            f"holds {len(formats)} recordings of different formats behind each other, which would not be heard right",
            next_step=SPLIT,
        )


def avi_starts(file: BinaryIO) -> list[int]:
    """Where recordings begin; an AVI goes on in a RIFF of its own for each GiB, of the kind AVIX."""
    starts, at = [], 0
    for _ in range(_MOST_CHUNKS):
        file.seek(at)
        header = file.read(12)
        if header[:4] != b"RIFF":
            break
        if header[8:] == b"AVI ":
            starts.append(at)
        size = int.from_bytes(header[4:8], "little")
        at += 8 + size + size % 2
    return starts


def _adts(file: BinaryIO) -> None:
    """Frames with another sample rate would be heard too fast or too slow (ISO/IEC 13818-7, section 6.2)."""
    rates: set[int] = set()
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        at, lost = 0, 0
        while len(rates) < 2 and lost < _MOST_LOST_FRAMES and (found := _ADTS.search(content, at)) is not None:
            header = found[0]
            size = (header[3] & 3) << 11 | header[4] << 3 | header[5] >> 5
            after = content[found.start() + size : found.start() + size + 2]
            if size >= len(header) and (not after or _ADTS_SYNC.match(after)):
                rates.add(header[2] >> 2 & 0xF)
                at = found.start() + size
            else:  # a tag, padding, or chance
                at, lost = found.start() + 1, lost + 1
    if len(rates) > 1:
        raise BadMedia(
            "changes its sample rate, so that a part of it would be heard too fast or too slow", next_step=SPLIT
        )


def header_of(head: bytes) -> re.Pattern[bytes] | None:
    """The mark with which a file begins, of those that show where each recording in it begins."""
    return next((header for header in _HEADERS.values() if header.match(head)), None)


def starts_of(file: BinaryIO, header: re.Pattern[bytes]) -> list[int]:
    """Where a mark stands."""
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return [match.start() for match in header.finditer(content)]


def _require_one(recordings: int) -> None:
    """Raises BadMedia when more recordings are in a file than would be heard."""
    if recordings > 1:
        raise BadMedia(
            f"holds {recordings} recordings behind each other, of which only the first would be heard whole",
            next_step=SPLIT,
        )
