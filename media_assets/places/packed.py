"""What a source remembers between two looks, as short text: many paths, most of them much alike.

Each look that changes it writes a generation anew and none is ever changed, so that a tick that dies half-way is
repeated from the generation before. `place` is the beginning of the names under which those of one source are kept.
"""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

from media_assets.places.source import DurableState


def load(place: str, generation: int, state: DurableState) -> dict[str, Any] | None:
    """What was saved as a generation; None when it is not there."""
    text = state.read(_name(place, generation))
    stored = unpack(text) if text else None
    return stored if stored and stored.get("generation") == generation else None


def save(place: str, generation: int, content: dict[str, Any], state: DurableState) -> None:
    """Make a generation durable and let go of the one before the last."""
    state.write(_name(place, generation), pack({"generation": generation, **content}))
    if generation >= 2:
        state.write(_name(place, generation - 2), "")


def slots(place: str) -> tuple[str, ...]:
    """Under which names generations are kept."""
    return tuple(_name(place, number) for number in range(3))


def _name(place: str, generation: int) -> str:
    # Two generations are alive at most, so three slots are enough and the storage does not grow.
    return f"{place}/{generation % 3}"


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
