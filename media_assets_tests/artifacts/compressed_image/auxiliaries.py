"""HEIC photos with an auxiliary picture of any kind, which no library of ours writes."""

from __future__ import annotations

import io
import struct

from media_assets_tests.artifacts.compressed_image.photos import photo

_ALPHA = b"urn:mpeg:hevc:2015:auxid:1"


def heic_with(kind: bytes) -> bytes:
    """A photo whose auxiliary picture, an alpha channel, calls itself something else."""
    import pillow_heif

    pillow_heif.register_heif_opener()
    picture, file = photo(240).copy(), io.BytesIO()
    picture.putalpha(picture.convert("L"))
    picture.save(file, format="HEIF", quality=95)
    return _renamed(file.getvalue(), kind)


def _renamed(data: bytes, kind: bytes) -> bytes:
    at, longer = data.index(_ALPHA), len(kind) - len(_ALPHA)
    result = bytearray(data[:at] + kind + data[at + len(_ALPHA) :])
    for box in (b"meta", b"iprp", b"ipco", b"auxC"):
        start = data.rindex(box, 0, at) - 4
        result[start : start + 4] = struct.pack(">I", struct.unpack(">I", data[start : start + 4])[0] + longer)
    _move_items(result, at, longer)
    return bytes(result)


def _move_items(data: bytearray, behind: int, longer: int) -> None:
    """Mends the offsets of `iloc` (ISO/IEC 14496-12, 8.11.3) of what lies behind a place."""
    box = data.index(b"iloc")
    version = data[box + 4]
    offset_bytes, length_bytes, base_bytes = data[box + 8] >> 4, data[box + 8] & 15, data[box + 9] >> 4
    at = box + 12
    for _ in range(int.from_bytes(data[box + 10 : box + 12], "big")):
        at += 6 if version else 4
        base = int.from_bytes(data[at : at + base_bytes], "big")
        at += base_bytes
        count = int.from_bytes(data[at : at + 2], "big")
        at += 2
        for _ in range(count):
            offset = int.from_bytes(data[at : at + offset_bytes], "big")
            if base + offset > behind:
                data[at : at + offset_bytes] = (offset + longer).to_bytes(offset_bytes, "big")
            at += offset_bytes + length_bytes
