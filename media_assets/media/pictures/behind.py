"""What a file holds behind its picture: the film of a motion photo, a gain map, another picture, notes of a camera.

A decoder stops where the picture ends, and so would a result; whatever comes behind is found by its content, for what
XMP says of it differs from maker to maker, is quoted in several ways, and is often missing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from media_assets.media.pictures.layout import end_of_picture, search
from media_assets.media.pictures.searching import is_in

if TYPE_CHECKING:
    from PIL import Image

_MEDIA = re.compile(
    rb"\0\0..ftyp[\x20-\x7e]{4}|....mpvd|....moov\0\0\0.mvhd|\x1a\x45\xdf\xa3.{0,40}?(?:webm|matroska)"
    rb"|\xff\xd8\xff[\xc0-\xfe]|\x89PNG\r\n\x1a\n|RIFF....(?:WEBP|AVI |WAVE)",
    re.DOTALL,
)
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG")
_PICTURE_BRANDS = (b"heic", b"heix", b"mif1", b"msf1", b"avif", b"avis", b"crx ", b"jxl ")
_SOUND_BRANDS = (b"M4A ", b"M4B ", b"F4A ")
_PADDING = bytes([0x00, 0x09, 0x0A, 0x0D, 0x20, 0xFF])
_MOST_MEDIA = 2000
"""Beginnings that are looked at: by chance one comes in some gigabytes, and a hostile file may be full of them."""
_HARMLESS_BYTES = 16
"""So little is no content: line ends that a transfer has added, a second end marker, a checksum."""
_READ_BYTES = 1 << 24
_SMALL_BYTES = 1 << 16
_GAIN_MAPS = (b"hdrgm:Version", b"aux:hdrgainmap", b"http://ns.adobe.com/hdr-gain-map/1.0/", b"HDRGainMap")
"""Ultra HDR of Android, Apple's auxiliary picture, Adobe's and Apple's names in XMP."""
_DEPTH_MAPS = (b"GDepth:", b'Semantic="Depth"', b"depthmap", b"http://ns.google.com/photos/dd/1.0/device/")
_SAMSUNG_NAME = re.compile(rb"\0\0..(.)\0\0\0([A-Za-z][A-Za-z0-9_]{2,60})", re.DOTALL)
_CREDENTIALS = b"uuid" + bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
"""The box of C2PA (its specification, A.5.1); they are void once the picture is another."""
_PREVIEW = "Large Thumbnail"
"""How Pillow begins the name of the type of a picture that is the first one in small (CIPA DC-007, 5.2.3.3.1)."""


@dataclass(frozen=True)
class Behind:
    """What comes behind a picture."""

    reason: str | None = None
    """Why the file has to be left as it is, as a clause behind its name."""
    what: str = ""
    """The media that it is, as a phrase; empty where it is none, or only the picture in small."""
    lost: tuple[str, ...] = ()
    """What a result does without."""


def what_is_behind(image: Image.Image, file: BinaryIO) -> Behind:
    """Look behind the end of a picture.

    Args:
        image: Open, not yet decoded.
        file: Its file.
    """
    end = end_of_picture(file)
    size_bytes = file.seek(0, 2)
    if end is None:
        # A JPEG without an end can be decoded, and may be followed all the same.
        found = search(file, _MEDIA, 4) if image.format in ("JPEG", "MPO") else None
        while found is not None and not _is_film(found[1]):
            found = search(file, _MEDIA, found[0] + 4)
        return _media("a video behind the picture") if found else Behind()
    if end >= size_bytes:
        return Behind()
    kinds = _kinds(file, end)
    for what in ("a video", "a sound recording"):
        if what in kinds:
            return _media(f"{what} behind the picture")
    if "another picture" in kinds:
        if _is_preview(image):
            return Behind(lost=("preview picture behind the picture",))
        return _media(f"another picture behind it{_meaning(file)}")
    return _rest(file, end, size_bytes)


def _media(what: str) -> Behind:
    return Behind(f"holds {what}, which a result would lose", what)


def _kinds(file: BinaryIO, start: int) -> set[str]:
    """What media begin behind an offset. Nothing weighs more than a video, so no more is looked for."""
    kinds: set[str] = set()
    for _ in range(_MOST_MEDIA):
        found = search(file, _MEDIA, start)
        if found is None or "a video" in kinds:
            break
        start, kind = found[0] + 4, found[1]
        if _is_picture(kind):
            kinds.add("another picture")
        elif kind[8:12] in _SOUND_BRANDS or kind.endswith(b"WAVE"):
            kinds.add("a sound recording")
        else:
            kinds.add("a video")
    return kinds


def _is_picture(start: bytes) -> bool:
    return start.startswith(_PICTURES) or start.endswith(b"WEBP") or start[8:12] in _PICTURE_BRANDS


def _is_film(start: bytes) -> bool:
    return b"ftyp" in start and not _is_picture(start)


def _is_preview(image: Image.Image) -> bool:
    """Whether all further pictures are the first one in small, as its multi-picture index says."""
    entries = (getattr(image, "mpinfo", None) or {}).get(0xB002) or ()
    types = [str(entry["Attribute"]["MPType"]) for entry in entries[1:]]
    return bool(types) and all(kind.startswith(_PREVIEW) for kind in types)


def _meaning(file: BinaryIO) -> str:
    for signs, what in ((_GAIN_MAPS, " (gain map)"), (_DEPTH_MAPS, " (depth map)")):
        file.seek(0)
        if is_in(file, signs):
            return what
    return ""


def _rest(file: BinaryIO, start: int, size_bytes: int) -> Behind:
    """What is no media."""
    file.seek(start)
    if file.read(24)[4:] == _CREDENTIALS:
        return Behind(lost=("content credentials (C2PA)",))
    file.seek(start)
    raw = file.read(_READ_BYTES)
    content = raw.strip(_PADDING)
    cut = size_bytes - start > _READ_BYTES
    if len(content) <= _HARMLESS_BYTES and not cut:
        return Behind()
    length = size_bytes - start if cut else len(content)
    if content.endswith(b"SEFT") and b"SEFH" in content:
        names = sorted({found[2][: found[1][0]].decode() for found in _SAMSUNG_NAME.finditer(raw)})
        if length <= _SMALL_BYTES and names:
            return Behind(lost=(f"Samsung's notes behind the picture ({', '.join(names)})",))
    return Behind(f"holds {length:,} bytes of unknown kind behind the picture, which a result would lose")
