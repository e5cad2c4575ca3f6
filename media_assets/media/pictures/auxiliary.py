"""Further pictures that HEIC and AVIF hold for one picture: gain maps, depth, mattes of portraits.

No library opens all of them, so their kinds are read from the box that names them (`auxC`, ISO/IEC 23008-12, 6.5.8).
A gain map of ISO 21496-1 is a picture that is derived (`tmap`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from media_assets.media import isobmff

_META_BYTES = 1 << 22
_AUXILIARY = re.compile(rb"auxC\0\0\0\0([\x21-\x7e]{1,200})\0")
_TONE_MAPPED = re.compile(rb"infe.{8,10}tmap", re.DOTALL)
_ALPHA = ("urn:mpeg:hevc:2015:auxid:1", "urn:mpeg:mpegb:cicp:systems:auxiliary:alpha", "urn:mpeg:avc:2015:auxid:1")
_KINDS = (
    ("gainmap", "HDR gain map"),
    ("disparity", "depth map"),
    ("depth", "depth map"),
    ("auxid:2", "depth map"),
    ("matte", "mattes of the portrait mode"),
)
_GAIN_MAP = "HDR gain map"


def auxiliary_pictures(file: BinaryIO) -> list[str]:
    """What a HEIC or AVIF holds beside its picture and transparency, as phrases; nothing for other files."""
    file.seek(0)
    if not isobmff.is_iso(file.read(16)):
        return []
    meta = next((box for box in isobmff.boxes(file) if box.type == b"meta"), None)
    if meta is None:
        return []
    file.seek(meta.start)
    content = file.read(min(meta.size, _META_BYTES))
    names = [found[1].decode("ascii") for found in _AUXILIARY.finditer(content)]
    tone_mapped = [_GAIN_MAP] if _TONE_MAPPED.search(content) else []
    return list(dict.fromkeys([*tone_mapped, *_named(names)]))


def _named(names: list[str]) -> Iterator[str]:
    for name in names:
        lower = name.lower()
        if lower not in _ALPHA:
            yield next((what for sign, what in _KINDS if sign in lower), f"a further picture ({name})")
