"""Segments of a JPEG that no result takes over, by their names: thermal data, content credentials, notes of makers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

_TAKEN_OVER = {
    "APP0": (b"JFIF", b"JFXX"),
    "APP1": (b"Exif\0", b"http://ns.adobe.com/xap/1.0/\0", b"http://ns.adobe.com/xmp/extension/\0"),
    "APP2": (b"ICC_PROFILE\0", b"MPF\0"),
    "APP12": (b"Ducky",),
    "APP13": (b"Photoshop 3.0\0",),
    "APP14": (b"Adobe",),
}
"""What is read elsewhere, or describes nothing but the bytes of the JPEG."""
_NAME = re.compile(rb"[A-Za-z][\w .:/-]{1,40}")
_LARGE_BYTES = 1 << 16
"""More is no note any more, but a picture or measurements of its own."""


def _unknown(image: Image.Image) -> dict[str, int]:
    """Bytes of what is not taken over, by its name."""
    found: dict[str, int] = {}
    for kind, content in getattr(image, "applist", []):
        if not kind.startswith("APP") or content.startswith(_TAKEN_OVER.get(kind, ())) or not content.strip(b"\0"):
            continue
        name = _NAME.match(content)
        label = f"{kind} {name[0].decode().strip()}" if name else kind
        if b"c2pa" in content[:200]:
            label = "content credentials (C2PA)"
        found[label] = found.get(label, 0) + len(content)
    return found


def _second_blocks(image: Image.Image) -> list[str]:
    """Whole blocks that a JPEG should have once, of which one alone is read; the parts of a long one are no blocks."""
    contents = [content for kind, content in getattr(image, "applist", []) if kind == "APP1"]
    counts = {
        "EXIF": sum(content.startswith((b"Exif\0\0II*\0", b"Exif\0\0MM\0*")) for content in contents),
        "XMP": sum(content.startswith(b"http://ns.adobe.com/xap/1.0/\0") for content in contents),
    }
    return [f"another {name} beside the one that is kept" for name, count in counts.items() if count > 1]


def lost_segments(image: Image.Image) -> list[str]:
    """What a result does without."""
    lost = [f"{name} ({size:,} bytes)" if name.startswith("APP") else name for name, size in _unknown(image).items()]
    lost += _second_blocks(image)
    comments = sum(kind == "COM" for kind, _ in getattr(image, "applist", []))
    if comments > 1:
        lost.append(f"{comments - 1} further comments")
    profiles = (
        content.startswith(b"ICC_PROFILE\0") for kind, content in getattr(image, "applist", []) if kind == "APP2"
    )
    if any(profiles) and not image.info.get("icc_profile"):
        lost.append("ICC profile (a piece of it is missing)")
    return lost


def large_segment(image: Image.Image) -> str | None:
    """Why a JPEG is left for one of them, as a clause behind its name."""
    for name, size in _unknown(image).items():
        if size > _LARGE_BYTES and name.startswith("APP"):
            return f"holds {size:,} bytes of unknown kind ({name}), which a result would lose"
    return None
