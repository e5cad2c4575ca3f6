"""Whether a recording is whole and has nothing in it: its headers are there, and behind them not one packet.

A recorder that was started and stopped at once leaves such a file. FFmpeg does not open most of them, as if they were
damaged; so their structure is looked at here. What may have been cut off behind its headers is not called empty.
"""

from __future__ import annotations

from typing import BinaryIO

from media_assets.media.ebml import CLUSTER, elements, segment
from media_assets.media.isobmff import boxes, is_iso
from media_assets.media.untrusted import ISO, MATROSKA

_EBML = b"\x1a\x45\xdf\xa3"
_TRACKS = 0x1654AE6B
_ISO_BOXES = {b"ftyp", b"free", b"skip", b"wide", b"moov", b"mdat", b"meta", b"udta", b"uuid"}
"""Boxes of the top level of a recording that is not in fragments."""
_BOX_HEADER_BYTES = 16
_ISO_MOST_BYTES = 1 << 20
_OGG_PAGE = b"OggS\0"
_OGG_HEADER_BYTES = 27
_OGG_MOST_BYTES = 1 << 20
"""Bytes of headers that are looked at; comments with a picture in them are larger, and are left alone."""


def empty_container(file: BinaryIO, head: bytes) -> str | None:
    """FFmpeg's name of the container of a recording with nothing in it; None for anything else.

    Args:
        file: The whole of it.
        head: Its first bytes.

    Raises:
        BadMedia: it is made of more boxes than any recording.
    """
    if head.startswith(_EBML) and _is_empty_matroska(file):
        return MATROSKA
    if is_iso(head) and _is_empty_iso(file):
        return ISO
    return "ogg" if head.startswith(_OGG_PAGE) and _is_empty_ogg(file) else None


def _is_empty_iso(file: BinaryIO) -> bool:
    """An index with its header and without a track, and no content that it should have told of."""
    file_size, found = file.seek(0, 2), list(boxes(file))
    indexes = [box for box in found if box.type == b"moov"]
    has_content = any(box.type == b"mdat" and box.size > _BOX_HEADER_BYTES for box in found)
    reaches = max((box.start + box.size for box in found), default=0)
    if reaches != file_size or has_content or len(indexes) != 1 or not _ISO_BOXES.issuperset(box.type for box in found):
        return False
    file.seek(indexes[0].start)
    index = file.read(min(indexes[0].size, _ISO_MOST_BYTES))
    return len(index) == indexes[0].size and index[12:16] == b"mvhd" and b"trak" not in index


def _is_empty_matroska(file: BinaryIO) -> bool:
    """Tracks and no cluster, in a segment that ends where it says it does; ids and sizes as in RFC 8794."""
    file_size = file.seek(0, 2)
    bounds = segment(file)
    if bounds is None or bounds[1] != file_size:
        return False
    names, reached = [], bounds[0]
    for name, _, reached in elements(file, *bounds):  # noqa: B007  the end of the last
        names.append(name)
    return reached == file_size and _TRACKS in names and CLUSTER not in names


def _is_empty_ogg(file: BinaryIO) -> bool:
    """Whole pages up to the end, and none with a time (RFC 3533)."""
    if file.seek(0, 2) > _OGG_MOST_BYTES:
        return False
    file.seek(0)
    data, at = file.read(), 0
    while at < len(data):
        header = data[at : at + _OGG_HEADER_BYTES]
        if len(header) < _OGG_HEADER_BYTES or not header.startswith(_OGG_PAGE):
            return False
        if int.from_bytes(header[6:14], "little", signed=True) > 0:
            return False
        lengths = data[at + _OGG_HEADER_BYTES : at + _OGG_HEADER_BYTES + header[26]]
        at += _OGG_HEADER_BYTES + header[26] + sum(lengths)
    return at == len(data)
