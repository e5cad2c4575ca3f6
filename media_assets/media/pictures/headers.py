"""The metadata blocks of a picture as they lie in its file: EXIF, XMP, IPTC, texts. Nothing is decoded.

Read are headers alone, whatever the size of the file, and of each block no more than its greatest size in practice.
"""

from __future__ import annotations

import re
import struct
import zlib
from dataclasses import dataclass, field
from itertools import islice
from typing import BinaryIO

from media_assets.media import isobmff
from media_assets.media.pictures.layout import JPEG, PNG, jpeg_segments, png_chunks, webp_chunks
from media_assets.media.pictures.tiff import Directory, Tiff, block

_EXIF, _XMP, _PHOTOSHOP = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0", b"Photoshop 3.0\0"
_APP1, _APP13, _SCAN = 0xE1, 0xED, 0xDA
_BLOCK_BYTES = 1 << 22
_MOST_TEXTS = 200
_MOST_ITEMS = 20
_XMP_TAG, _IPTC_TAG, _IRB_TAG = 0x02BC, 0x83BB, 0x8649
_RAF = b"FUJIFILMCCD-RAW "
_CR3_BOX = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")
"""Canon's box in `moov`, with a TIFF structure of each directory in a box `CMT1` to `CMT4`."""
_RAW_EXIF = re.compile(rb"Raw profile type (?:exif|APP1)")


@dataclass
class Headers:
    """What a picture says of itself."""

    first: Directory | None = None
    """The first directory of EXIF."""
    inner: Directory | None = None
    """The directory of the camera."""
    place: Directory | None = None
    """The directory of GPS."""
    xmp: bytes = b""
    iptc: bytes = b""
    """Records of IPTC-IIM."""
    texts: dict[str, str] = field(default_factory=dict)
    """The header of a PNG."""
    changed: tuple[int, ...] = ()
    """Year to second, in UTC, of a PNG's `tIME`."""

    def take(self, tiff: Tiff) -> None:
        """Take over what an EXIF block or a TIFF file holds; the first that holds anything counts."""
        first = tiff.first()
        if first is None or self.first is not None:
            return
        self.first = first
        self.inner = next(iter(first.inner(0x8769)), None)
        self.place = next(iter(first.inner(0x8825)), None)


def read_headers(file: BinaryIO) -> Headers:
    """The headers of a JPEG, PNG, WebP, TIFF, HEIC, AVIF, JPEG XL or raw picture; those of anything else are empty."""
    found = Headers()
    file.seek(0)
    head = file.read(32)
    if head.startswith(JPEG):
        _jpeg(file, found)
    elif head.startswith(PNG):
        _png(file, found)
    elif head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        _webp(file, found)
    elif head[:2] in (b"II", b"MM"):
        _tiff(file, found)
    elif head.startswith(_RAF):
        _raf(file, found)
    elif isobmff.is_iso(head) or head[4:8] == b"JXL ":
        _boxes(file, found)
    return found


def _jpeg(file: BinaryIO, found: Headers) -> None:
    exif, resources = b"", b""
    for part in jpeg_segments(file):
        code = part.kind[0]
        if code == _SCAN:
            break
        if code not in (_APP1, _APP13):
            continue
        content = part.content(file)
        if code == _APP1 and content.startswith(_EXIF) and len(exif) < _BLOCK_BYTES:
            exif += content.removeprefix(_EXIF)
        elif code == _APP1 and content.startswith(_XMP):
            found.xmp = content.removeprefix(_XMP)
        elif code == _APP13 and content.startswith(_PHOTOSHOP) and len(resources) < _BLOCK_BYTES:
            resources += content.removeprefix(_PHOTOSHOP)
    found.take(block(exif))
    found.iptc = iptc_of(resources)


def iptc_of(resources: bytes) -> bytes:
    """The IPTC records among Photoshop's resources."""
    at = 0
    while resources[at : at + 4] == b"8BIM" and at + 12 <= len(resources):
        code = int.from_bytes(resources[at + 4 : at + 6], "big")
        name = 1 + resources[at + 6]
        at += 6 + name + name % 2
        size = int.from_bytes(resources[at : at + 4], "big")
        if code == 0x0404:
            return resources[at + 4 : at + 4 + size]
        at += 4 + size + size % 2
    return b""


def _png(file: BinaryIO, found: Headers) -> None:
    texts = 0
    for part in png_chunks(file):
        if part.kind == b"eXIf":
            found.take(block(part.content(file, _BLOCK_BYTES)))
        elif part.kind == b"tIME" and part.size == 7 and len(changed := part.content(file)) == 7:
            found.changed = struct.unpack(">HBBBBB", changed)
        elif part.kind in (b"tEXt", b"zTXt", b"iTXt") and (texts := texts + 1) <= _MOST_TEXTS:
            name, text = _png_text(part.kind, part.content(file, _BLOCK_BYTES))
            if name == "XML:com.adobe.xmp":
                found.xmp = text
            elif _RAW_EXIF.fullmatch(name.encode()):
                found.take(block(_from_hex(text)))
            else:
                found.texts[name] = text.decode("utf-8" if part.kind == b"iTXt" else "latin-1", "replace")[:1000]


def _png_text(kind: bytes, content: bytes) -> tuple[str, bytes]:
    """The keyword and the text of a PNG's chunk (section 11.3.3)."""
    keyword, _, text = content.partition(b"\0")
    if kind == b"iTXt":
        packed, text = text[:1] == b"\1", text[2:]
        text = text.partition(b"\0")[2].partition(b"\0")[2]
    else:
        packed, text = kind == b"zTXt", text[1:] if kind == b"zTXt" else text
    return keyword.decode("latin-1"), _inflated(text) if packed else text


def _inflated(data: bytes) -> bytes:
    """So much as fits a block; nothing when it is damaged."""
    try:
        return zlib.decompressobj().decompress(data, _BLOCK_BYTES)
    except zlib.error:
        return b""


def _from_hex(text: bytes) -> bytes:
    """A profile as ImageMagick writes it into a PNG: a line with its kind, one with its length, then hexadecimals."""
    digits = b"".join(text.split()[2:])
    return bytes.fromhex(digits.decode()) if re.fullmatch(rb"(?:[0-9a-fA-F]{2})*+", digits) else b""


def _webp(file: BinaryIO, found: Headers) -> None:
    for part in webp_chunks(file):
        if part.kind == b"EXIF":
            found.take(block(part.content(file, _BLOCK_BYTES)))
        elif part.kind == b"XMP ":
            found.xmp = part.content(file, _BLOCK_BYTES)


def _tiff(file: BinaryIO, found: Headers) -> None:
    found.take(Tiff(file))
    if found.first is not None:
        found.xmp = found.first.raw(_XMP_TAG, _BLOCK_BYTES)
        found.iptc = found.first.raw(_IPTC_TAG, _BLOCK_BYTES) or iptc_of(found.first.raw(_IRB_TAG, _BLOCK_BYTES))


def _raf(file: BinaryIO, found: Headers) -> None:
    """Fujifilm's raw picture: the offset of a JPEG that has its EXIF stands at 84."""
    file.seek(84)
    start = int.from_bytes(file.read(4), "big")
    file.seek(start)
    if file.read(4)[:3] == b"\xff\xd8\xff" and file.seek(start + 12):
        found.take(Tiff(file, start + 12))


def _boxes(file: BinaryIO, found: Headers) -> None:
    for box in isobmff.boxes(file):
        content = box.start + 8
        if box.type == b"meta":
            for kind, at, size in islice(isobmff.items(file, box, (b"Exif", b"mime")), _MOST_ITEMS):
                file.seek(at)
                data = file.read(min(size, _BLOCK_BYTES))
                if kind == b"Exif":
                    found.take(block(data[4 + int.from_bytes(data[:4], "big") :]))
                elif b"http://www.w3.org/1999/02/22-rdf-syntax-ns#" in data:
                    found.xmp = data
        elif box.type == b"Exif":  # of JPEG XL
            file.seek(content)
            data = file.read(min(box.size - 8, _BLOCK_BYTES))
            found.take(block(data[4 + int.from_bytes(data[:4], "big") :]))
        elif box.type == b"xml ":
            file.seek(content)
            found.xmp = file.read(min(box.size - 8, _BLOCK_BYTES))
        elif box.type == b"moov":
            _canon(file, box, found)


def _canon(file: BinaryIO, moov: isobmff.Box, found: Headers) -> None:
    for box in isobmff.boxes_inside(file, moov):
        file.seek(box.start + 8)
        if box.type != b"uuid" or file.read(16) != _CR3_BOX:
            continue
        for part in isobmff.boxes_inside(file, box, 24):
            directory = Tiff(file, part.start + 8).first()
            if part.type == b"CMT1":
                found.first = directory
            elif part.type == b"CMT2":
                found.inner = directory
            elif part.type == b"CMT4":
                found.place = directory
