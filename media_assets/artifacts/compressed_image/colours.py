"""Colours that only the header of a picture explains, without an ICC profile that a result could take over.

Sources: PNG (third edition), 11.3.2 (`cICP`, `gAMA`, `cHRM`); ITU-T H.273; the `colr` box of ISO/IEC 23008-12.
"""

from __future__ import annotations

import re
import struct
from typing import BinaryIO

from media_assets.media import isobmff
from media_assets.media.pictures.layout import PNG, png_chunks

_SRGB_PRIMARIES = (1, 2)
"""ITU-T H.273: BT.709, which is sRGB's, and unspecified."""
_HDR = {16: "HDR10", 18: "HLG"}
_SRGB_GAMMA = 45455
_SRGB_CHROMATICITIES = (31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
_NEAR = 0.05
_META_BYTES = 1 << 20
_NCLX = re.compile(rb"colrnclx(..)(..)", re.DOTALL)


def only_in_header(file: BinaryIO, has_profile: bool) -> str | None:
    """What a result would lose of the colours of a PNG or AVIF, as a clause behind its name; None when nothing."""
    file.seek(0)
    head = file.read(16)
    if head.startswith(PNG):
        return _of_png(file, has_profile)
    if not isobmff.is_iso(head) or has_profile:
        return None
    meta = next((box for box in isobmff.boxes(file) if box.type == b"meta"), None)
    if meta is None:
        return None
    file.seek(meta.start)
    found = _NCLX.search(file.read(min(meta.size, _META_BYTES)))
    return _named(int.from_bytes(found[1], "big"), int.from_bytes(found[2], "big")) if found else None


def _named(primaries: int, transfer: int) -> str | None:
    if transfer in _HDR:
        return f"is {_HDR[transfer]}, and a result would be of standard range"
    if primaries not in _SRGB_PRIMARIES:
        return "has wide colours that only its header names, and a result would look paler"
    return None


def _of_png(file: BinaryIO, has_profile: bool) -> str | None:
    chunks: dict[bytes, bytes] = {}
    for part in png_chunks(file):
        if part.kind == b"IDAT":
            break
        if part.kind in (b"cICP", b"gAMA", b"cHRM", b"sRGB"):
            chunks[part.kind] = part.content(file, 64)
    if len(coded := chunks.get(b"cICP", b"")) == 4:  # it goes before everything else
        return _named(coded[0], coded[1])
    if has_profile or b"sRGB" in chunks:
        return None
    if len(gamma := chunks.get(b"gAMA", b"")) == 4:
        value = int.from_bytes(gamma, "big")
        if value and abs(value / _SRGB_GAMMA - 1) > _NEAR:
            return f"has a gamma of {value / 100_000:g} that only its header names, and a result would look otherwise"
    if len(raw := chunks.get(b"cHRM", b"")) == 32:
        values = zip(struct.unpack(">8I", raw), _SRGB_CHROMATICITIES, strict=True)
        if any(abs(value - usual) > 1000 for value, usual in values):
            return "has wide colours that only its header names, and a result would look paler"
    return None


def has_hidden_colours(picture: object) -> bool:
    """Whether an RGBA picture has colours, more than one, where nothing of them can be seen."""
    import numpy as np

    pixels = np.asarray(picture)
    hidden = pixels[pixels[..., 3] == 0][:, :3]
    return bool(len(hidden)) and bool((hidden != hidden[0]).any())
