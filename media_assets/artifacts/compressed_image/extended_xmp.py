"""XMP of a JPEG that does not fit a segment: what is too much lies in pieces of its own (XMP specification 3, 1.1.3.1).

The first packet names them by the MD5 of their content. A JPEG takes them over; in any other format XMP may be as long
as it likes, and both become one packet.
"""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Iterable

from media_assets.media.pictures.xmp import NoXmp
from media_assets.media.pictures.xmp_tree import RDF, Node, tree_of

HEADER = b"http://ns.adobe.com/xmp/extension/\0"
_PLACE = struct.Struct(">32sII")
_PIECE_BYTES = 65_000
_REFERENCE = re.compile(
    rb"\s+[\w.-]+:HasExtendedXMP\s*=\s*(?:\"[^\"<]*\"|'[^'<]*')"
    rb"|<([\w.-]+):HasExtendedXMP>[^<]*</\1:HasExtendedXMP\s*>"
)
_DECLARED = re.compile(rb"\sxmlns:([\w.-]+)\s*=\s*(?:\"[^\"]*\"|'[^']*')")


def read_extended(packet: bytes, segments: Iterable[bytes]) -> tuple[bytes, str | None]:
    """The extended XMP of a JPEG, and why there is none although there are pieces of it.

    Args:
        packet: The first one.
        segments: The contents of all segments APP1.
    """
    pieces: dict[bytes, dict[int, bytes]] = {}
    lengths: dict[bytes, int] = {}
    for segment in segments:
        if not segment.startswith(HEADER) or len(segment) < len(HEADER) + _PLACE.size:
            continue
        guid, length, offset = _PLACE.unpack_from(segment, len(HEADER))
        lengths[guid] = length
        pieces.setdefault(guid, {})[offset] = segment[len(HEADER) + _PLACE.size :]
    named = [found[0] for found in _REFERENCE.finditer(packet)]
    if not pieces:
        return b"", "it is missing" if named else None
    guid = next((each for each in pieces if any(each in reference for reference in named)), None)
    if guid is None:
        return b"", "the XMP does not refer to it"
    whole = b""
    for offset, piece in sorted(pieces[guid].items()):
        if offset != len(whole):
            return b"", "a piece of it is missing"
        whole += piece
    return (whole, None) if len(whole) == lengths[guid] else (b"", "a piece of it is missing")


def as_segments(packet: bytes, extended: bytes) -> tuple[bytes, bytes]:
    """The first packet with the name of what follows, and the segments of that, whose content may have changed."""
    guid = hashlib.md5(extended, usedforsecurity=False).hexdigest().upper().encode()
    named = _REFERENCE.search(packet)
    assert named is not None  # else there would be no extended XMP
    packet = packet[: named.start()] + re.sub(rb"[0-9A-Fa-f]{32}", guid, named[0]) + packet[named.end() :]
    segments = b""
    for offset in range(0, len(extended), _PIECE_BYTES):
        piece = HEADER + _PLACE.pack(guid, len(extended), offset) + extended[offset : offset + _PIECE_BYTES]
        segments += b"\xff\xe1" + struct.pack(">H", len(piece) + 2) + piece
    return packet, segments


def merged(packet: bytes, extended: bytes) -> bytes:
    """Both as one packet.

    Raises:
        NoXmp: one of them cannot be read.
    """
    packet = _REFERENCE.sub(b"", packet)
    outer, inner = _rdf(tree_of(packet)), _rdf(tree_of(extended))
    above = b"".join(extended[node.start : node.inside] for node in (tree_of(extended), inner))
    parts = []
    for node in inner.children:
        tag = extended[node.start : node.inside]
        own = {found[1] for found in _DECLARED.finditer(tag)}
        declared = {found[1]: found[0] for found in _DECLARED.finditer(above) if found[1] not in own}
        name = re.match(rb"<[^\s/>]+", tag)
        assert name is not None
        end = extended.index(b">", node.end) + 1 if not tag.endswith(b"/>") else node.inside
        rest = extended[node.start + name.end() : end]
        parts.append(name[0] + b"".join(declared.values()) + rest)
    return packet[: outer.end] + b"".join(parts) + packet[outer.end :]


def _rdf(tree: Node) -> Node:
    found = next((node for node in tree.walk() if node.name == (RDF, "RDF")), None)
    if found is None or found.end <= found.inside - 1:
        raise NoXmp("has no RDF in it")
    return found
