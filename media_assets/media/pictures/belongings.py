"""What a picture file holds beside the picture that a viewer shows: films, further pictures, places, texts.

Read are headers, and what comes behind the picture. Nothing is decoded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from media_assets.base.errors import BadMedia
from media_assets.media.pictures.auxiliary import auxiliary_pictures
from media_assets.media.pictures.behind import Behind, what_is_behind
from media_assets.media.pictures.headers import Headers, read_headers
from media_assets.media.pictures.layout import JPEG, jpeg_segments
from media_assets.media.pictures.opening import LIBRARIES, open_image
from media_assets.media.pictures.searching import is_in
from media_assets.media.sandbox.child import run_in_child
from media_assets.work.work import Work

_MOST_MEGAPIXELS = 1000.0
_MAKE, _MODEL, _LATITUDE = 0x010F, 0x0110, 0x0002
_OF_EXIF = (
    (0x010E, "a caption"),
    (0x013B, "its author"),
    (0x8298, "a copyright notice"),
    (0x4746, "a rating"),
    (0x9C9B, "a title"),
    (0x9C9C, "a comment"),
    (0x9C9D, "its author"),
    (0x9C9E, "keywords"),
    (0x9C9F, "a caption"),
)
"""Tags of the first directory (Exif 3.0, 4.6.4; those from 0x9C9B on are of Windows)."""
_COMMENT, _COMMENT_CODE_BYTES = 0x9286, 8
_OF_XMP = (
    (rb":title\b", "a title"),
    (rb":description\b", "a caption"),
    (rb":subject\b", "keywords"),
    (rb":creator\b", "its author"),
    (rb":rights\b", "a copyright notice"),
    (rb":Rating\b", "a rating"),
    (rb":(?:Regions|PersonInImage|RegionInfo)\b", "names of people"),
)
"""Properties of XMP, whatever prefixes a program gives their namespaces (ISO 16684-1, 8.3 and 8.4; MWG 2.0)."""
_OF_IPTC = {5: "a title", 25: "keywords", 80: "its author", 116: "a copyright notice", 120: "a caption"}
"""Records of the second kind (IPTC-IIM 4.2)."""
_OF_PNG = {"title": "a title", "description": "a caption", "author": "its author", "copyright": "a copyright notice"}
_TECHNICAL = ("software", "creation time", "date:create", "date:modify", "date:timestamp", "raw profile type")
_COMMENTS, _COMMENT_BYTES = 0xFE, 64
_OF_PROGRAMS = (
    b"Lavc",
    b"Lavf",
    b"CREATOR:",
    b"Created with",
    b"Compressed",
    b"Optimized",
    b"LEAD Tech",
    b"File written",
)
"""Comments in which encoders name themselves."""
_IN_XMP = (
    ((b"GImage:Data=", b"GImage:Data>"), "another picture in its XMP"),
    ((b"GAudio:Data=", b"GAudio:Data>"), "a sound recording in its XMP"),
    ((b"GDepth:Data=", b"GDepth:Data>"), "a depth map"),
)
"""What Google's camera apps put into extended XMP."""


@dataclass(frozen=True)
class PictureBelongings:
    """What a picture file holds beside its picture."""

    media: tuple[str, ...] = ()
    """Films, sounds, further pictures, each as a phrase with its article."""
    place: bool = False
    camera: bool = False
    texts: tuple[str, ...] = ()
    """What people wrote into it, and notes of cameras, each as a phrase."""


def belongings_of(path: Path, work: Work) -> PictureBelongings:
    """Look for them.

    Raises:
        BadMedia, TimeLimitExceeded, Cancelled, Transient: as `run_in_child`.
    """
    return run_in_child(_belongings, path, work=work, ahead=LIBRARIES)


def _belongings(path: Path) -> PictureBelongings:
    with path.open("rb") as file:
        headers = read_headers(file)
        behind = _behind(path, file)
        return PictureBelongings(
            media=tuple(dict.fromkeys(_media(file, behind))),
            place=(headers.place is not None and _LATITUDE in headers.place) or b":GPSLatitude" in headers.xmp,
            camera=headers.first is not None and (_MAKE in headers.first or _MODEL in headers.first),
            texts=tuple(dict.fromkeys(_texts(file, headers, behind))),
        )


def _behind(path: Path, file: BinaryIO) -> Behind:
    """Nothing is known of what comes behind a picture in a format that Pillow does not open."""
    try:
        with open_image(path, _MOST_MEGAPIXELS) as image:
            return what_is_behind(image, file)
    except BadMedia:
        return Behind()


def _media(file: BinaryIO, behind: Behind) -> Iterator[str]:
    yield from (_named(what) for what in (behind.what, *auxiliary_pictures(file)) if what)
    for signs, what in _IN_XMP:
        file.seek(0)
        if is_in(file, signs):
            yield what


def _named(what: str) -> str:
    """One name for what HEIC holds as an auxiliary picture and JPEG behind the picture."""
    maps = {"gain map": "an HDR gain map", "depth map": "a depth map"}
    return next((name for kind, name in maps.items() if kind in what), what)


def _texts(file: BinaryIO, headers: Headers, behind: Behind) -> Iterator[str]:
    first = headers.first
    if first is not None:
        yield from (what for tag, what in _OF_EXIF if tag in first and first.raw(tag).strip(b"\0 "))
    if headers.inner is not None and headers.inner.raw(_COMMENT)[_COMMENT_CODE_BYTES:].strip(b"\0 "):
        yield "a comment"
    yield from (what for pattern, what in _OF_XMP if re.search(pattern, headers.xmp))
    yield from _of_iptc(headers.iptc)
    for name in headers.texts:
        if not name.lower().startswith(_TECHNICAL):
            yield _OF_PNG.get(name.lower(), f"a text ({name[:40]})")
    if _has_comment(file):
        yield "a comment"
    yield from (what for what in behind.lost if not what.startswith("preview"))
    if behind.reason and not behind.what:
        yield "bytes of unknown kind behind the picture"


def _has_comment(file: BinaryIO) -> bool:
    file.seek(0)
    if file.read(len(JPEG)) != JPEG:
        return False
    said = (part.content(file, _COMMENT_BYTES) for part in jpeg_segments(file) if part.kind[0] == _COMMENTS)
    return any(text.strip(b"\0 ") and not text.startswith(_OF_PROGRAMS) for text in said)


def _of_iptc(records: bytes) -> Iterator[str]:
    at = 0
    while records[at : at + 1] == b"\x1c" and at + 5 <= len(records):
        if records[at + 1] == 2 and records[at + 2] in _OF_IPTC:
            yield _OF_IPTC[records[at + 2]]
        at += 5 + int.from_bytes(records[at + 3 : at + 5], "big")
