"""How recordings begin, of any kind: to find one that somebody put behind another.

What belongs here: marks of so many bytes that they do not occur by chance, and rows of frames for MPEG audio, whose
mark is short. Tags and padding between the recordings are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from typing import BinaryIO

_MARKS = {
    "WAV": (b"WAVE", 8, rb"(?:RIFF|RF64|BW64|RIFX)....WAVE(?:fmt |bext|JUNK|junk|LIST|ds64|fact|id3 |iXML|PAD |FLLR)"),
    "AVI": (b"AVI LIST", 8, rb"RIFF....AVI LIST"),
    "FLAC": (b"fLaC", 0, rb"fLaC[\x00\x80]\x00\x00\x22"),
    "Ogg": (b"OggS\x00\x02", 0, rb"OggS\x00\x02\x00{8}"),
    "MP4": (b"ftyp", 4, rb"\x00\x00\x00[\x0c-\x80]ftyp[A-Za-z0-9 ]{4}"),
    "Matroska": (b"\x1a\x45\xdf\xa3", 0, rb"\x1a\x45\xdf\xa3.{1,64}?\x42\x82[\x84\x88](?:webm|matroska)"),
    "AIFF": (b"FORM", 0, rb"FORM....AIF[FC](?:COMM|FVER|SSND|NAME|COMT|CHAN|ID3 )"),
    "CAF": (b"caff\x00\x01", 0, rb"caff\x00\x01\x00\x00desc"),
    "Wave64": (b"riff\x2e\x91", 0, rb"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00"),
    "ASF": (b"\x30\x26\xb2\x75", 0, rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c"),
    "FLV": (b"FLV\x01", 0, rb"FLV\x01[\x00\x01\x04\x05]\x00\x00\x00\x09\x00\x00\x00\x00"),
    "AU": (
        b".snd\x00\x00",
        0,
        rb"\.snd\x00\x00[\x00-\x10].{5}\x00\x00\x00[\x01-\x1b]\x00[\x00-\x03]..\x00\x00\x00[\x01-\x20]",
    ),
    "AMR": (b"#!AMR", 0, rb"#!AMR(?:-WB)?(?:_MC1\.0)?\n"),
    "WavPack": (b"wvpk", 0, rb"wvpk.{5}\x04.{6}\x00{4}"),
    "TTA": (b"TTA1", 0, rb"TTA1[\x01-\x03]\x00[\x01-\x20]\x00[\x08\x10\x18\x20]\x00"),
    "Monkey's Audio": (b"MAC ", 0, rb"MAC [\x00-\xff][\x0e-\x10]\x00\x00"),
    "DSF": (b"DSD \x1c", 0, rb"DSD \x1c\x00{7}"),
}
"""Bytes in the mark of each kind that are always the same, where in it they stand, and the whole of it."""
_ANY = [(name, anchor, offset, re.compile(mark, re.DOTALL)) for name, (anchor, offset, mark) in _MARKS.items()]
_LONGEST_MARK_BYTES = 128
_MOST_ZEROS_IN_FRONT = 3
_OGG_FLAC = re.compile(rb"\x7fFLAC\x01\x00..fLaC", re.DOTALL)
"""How Ogg wraps the mark of FLAC, which is then none."""
_OGG_FLAC_BYTES = 9
_FRAMES_LOOK_BYTES = 4096
"""So far behind the end of one recording a next one may begin."""
_LOOK_BYTES = _FRAMES_LOOK_BYTES + (1 << 15)
_FRAMES_IN_A_ROW = 4
_BLOCK_BYTES = 1 << 22
_MOST_TAGS = 20
_SYNC = re.compile(rb"\xff[\xe2-\xff]")
_KILOBITS = {
    (3, 3): (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (3, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (3, 1): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 3): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 1): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""Bit rates by version (3 is MPEG-1) and layer as they are written (3 is layer I): ISO/IEC 11172-3 and 13818-3, section
2.4.2.3."""
_HERTZ = (44100, 48000, 32000)
_SIMPLE_TAGS = {b"TAG": 128, b"TAG+": 227}
_APE_TAG_BYTES = 32


def recording_at(file: BinaryIO, at: int) -> str | None:
    """What kind of recording begins there, or shortly behind, after tags and zeros; None when none does."""
    at = max(at, behind_tags(file, at) - _MOST_ZEROS_IN_FRONT)  # a mark may begin with zeros
    file.seek(at)
    data = file.read(_LOOK_BYTES)
    found = dict(_marks(data[: _FRAMES_LOOK_BYTES + _LONGEST_MARK_BYTES], ()))
    if found:
        return min(found, key=lambda name: found[name])
    return _frames(data, _FRAMES_LOOK_BYTES)


def begins_at(file: BinaryIO, at: int) -> bool:
    """Whether a recording with a long mark begins at that byte."""
    file.seek(at)
    data = file.read(_LONGEST_MARK_BYTES)
    return any(mark.match(data) for *_, mark in _ANY)


def begun_within(file: BinaryIO, start: int, without: Container[str]) -> str | None:
    """What kind of recording begins anywhere behind a place, as far as its mark is long; None when none does.

    Args:
        without: Kinds that are no other ones.
    """
    file.seek(start)
    rest = b""
    while block := file.read(_BLOCK_BYTES):
        window = rest + block
        for name, _ in _marks(window, without):
            return name
        rest = window[-_LONGEST_MARK_BYTES:]
    return None


def frames_at_end(file: BinaryIO) -> str | None:
    """What the end of a file is, if that is frame behind frame of MPEG audio."""
    size = file.seek(0, 2)
    file.seek(max(0, size - _LOOK_BYTES))
    return _frames(file.read(), _LOOK_BYTES)


def _marks(data: bytes, without: Container[str]) -> Iterator[tuple[str, int]]:
    """The first of each kind, and where it is."""
    for name, anchor, offset, mark in _ANY:
        at = -1 if name in without else data.find(anchor)
        while at >= 0:
            start = at - offset
            if start >= 0 and mark.match(data, start) and not _OGG_FLAC.match(data, max(0, start - _OGG_FLAC_BYTES)):
                yield name, start
                break
            at = data.find(anchor, at + 1)


def behind_tags(file: BinaryIO, at: int) -> int:
    """Where something begins that is neither a tag nor zeros."""
    for _ in range(_MOST_TAGS):
        at = _behind_zeros(file, at)
        file.seek(at)
        head = file.read(_FRAMES_LOOK_BYTES * 2)
        length = _tag_bytes(head)
        if not length:
            break
        at += length
    return at


def _tag_bytes(head: bytes) -> int:
    """How long the tag is with which something begins; 0 when it is none (ID3v1, ID3v2.4, APEv2, Lyrics3 2.00)."""
    if head[:3] == b"ID3" and len(head) > 10 and all(byte < 0x80 for byte in head[6:10]):
        size = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
        return 10 + size + (10 if head[5] & 0x10 else 0)
    if head[:8] == b"APETAGEX":
        is_header = len(head) > 23 and head[23] & 0x20
        return _APE_TAG_BYTES + (int.from_bytes(head[12:16], "little") if is_header else 0)
    if head[:11] == b"LYRICSBEGIN":
        end = max(head.find(b"LYRICS200"), head.find(b"LYRICSEND"))
        return end + 9 if end > 0 else len(head)
    return next((length for name, length in reversed(_SIMPLE_TAGS.items()) if head.startswith(name)), 0)


def _behind_zeros(file: BinaryIO, at: int) -> int:
    file.seek(at)
    while block := file.read(_BLOCK_BYTES):
        if kept := block.lstrip(b"\0"):
            return file.tell() - len(kept)
    return file.tell()


def _frames(data: bytes, within_bytes: int) -> str | None:
    """What a row of frames is made of that begins in the first bytes; None when none does."""
    for match in _SYNC.finditer(data, 0, within_bytes):
        row = list(_row(data, match.start()))
        if len(row) >= _FRAMES_IN_A_ROW and len(set(row)) == 1:
            return row[0][0]
    return None


def _row(data: bytes, at: int) -> Iterator[tuple[str, int, int]]:
    """Kind, version with layer, and sample rate of the frames that follow each other."""
    for _ in range(_FRAMES_IN_A_ROW):
        found = _frame(data[at : at + 7])
        if found is None:
            return
        form, length = found
        yield form
        at += length


def _frame(header: bytes) -> tuple[tuple[str, int, int], int] | None:
    """Kind, version and sample rate, and the bytes of the frame with that header; None when it is none."""
    if len(header) < 7 or header[0] != 0xFF or header[1] & 0xE0 != 0xE0:
        return None
    version, layer = header[1] >> 3 & 3, header[1] >> 1 & 3
    if header[1] & 0xF6 == 0xF0:  # ADTS, ISO/IEC 13818-7
        length = (header[3] & 3) << 11 | header[4] << 3 | header[5] >> 5
        return (("AAC", version, header[2] >> 2 & 0xF), length) if length > 7 else None
    table = _KILOBITS.get((3 if version == 3 else 2, layer))
    rate, kilobits = header[2] >> 2 & 3, header[2] >> 4
    if version == 1 or table is None or rate == 3 or kilobits in (0, 15):
        return None
    hertz = _HERTZ[rate] >> {3: 0, 2: 1, 0: 2}[version]
    padding = header[2] >> 1 & 1
    if layer == 3:
        return ("MP3", version << 2 | layer, rate), (12000 * table[kilobits] // hertz + padding) * 4
    samples = 144 if layer == 2 or version == 3 else 72
    return ("MP3", version << 2 | layer, rate), samples * 1000 * table[kilobits] // hertz + padding
