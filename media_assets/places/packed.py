"""What a source remembers between two looks, as short text: many paths, most of them much alike."""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any


def pack(content: dict[str, Any]) -> str:
    """JSON, compressed, in the letters that every database takes."""
    text = json.dumps(content, separators=(",", ":"))
    return base64.b85encode(zlib.compress(text.encode("ascii"), 6)).decode("ascii")


def unpack(text: str) -> dict[str, Any] | None:
    """What was packed; None for anything else, so that a damaged memory costs a fresh look and no more."""
    try:
        content = json.loads(zlib.decompress(base64.b85decode(text)))
    except (ValueError, zlib.error):  # a fault of base 85, of UTF-8 and of JSON is a ValueError
        return None
    return content if isinstance(content, dict) else None
