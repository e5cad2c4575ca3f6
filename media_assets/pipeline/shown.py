"""How metadata is shown in Dagster's UI: what opens, what is read at a glance, and what is not folded away."""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

import dagster as dg

from media_assets.base.wording import describe_bytes, describe_seconds

UNFOLDED_CHARACTERS = 999
"""Longer Markdown hides behind `[Show Markdown]` (dagster-webserver 1.13: `mdStr.length < 1000`)."""

# (longest side in pixels, quality): the first that fits is shown.
_POSTERS = ((128, 40), (112, 30), (96, 30), (80, 25), (64, 20), (48, 15), (32, 10), (16, 5))
_UNITS = {"_bytes": describe_bytes, "_seconds": describe_seconds}


def link(address: str) -> dg.MetadataValue[Any]:
    """The metadata that opens an address: a path on this machine, or a page."""
    parts = urlsplit(address)
    if parts.scheme == "file":
        return dg.MetadataValue.path(os.fsdecode(unquote(parts.path).encode("utf-8", "replace")))
    return dg.MetadataValue.url(address)


def with_units(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """The metadata, and for each number of bytes or seconds the same as people read it: `size` of `size_bytes`."""
    shown: dict[str, Any] = {}
    for name, value in metadata.items():
        shown[name] = value
        for ending, describe in _UNITS.items():
            short = name.removesuffix(ending)
            if short != name and short not in metadata and isinstance(value, int | float):
                shown[short] = describe(value)
    return shown


def markdown(text: str) -> dg.MetadataValue[Any]:
    """Markdown that is shown at once: as many of its lines as are not folded away."""
    if _length(text) > UNFOLDED_CHARACTERS:
        kept = ""
        for line in text.splitlines(keepends=True):
            if _length(kept) + _length(line) > UNFOLDED_CHARACTERS - 3:
                break
            kept += line
        text = f"{kept.rstrip()}\n\n…"
    return dg.MetadataValue.md(text)


def is_folded(text: str) -> bool:
    """Whether Markdown hides until somebody clicks."""
    return _length(text) > UNFOLDED_CHARACTERS


def poster(name: str, picture: str) -> dg.MetadataValue[Any]:
    """A picture that is shown at once, as small as that takes.

    Args:
        name: What is said of it where pictures are not shown.
        picture: A data URI.
    """
    from PIL import Image

    with Image.open(io.BytesIO(base64.b64decode(picture.partition(",")[2]))) as image:
        for side, quality in _POSTERS:
            small, content = image.convert("RGB"), io.BytesIO()
            small.thumbnail((side, side))
            small.save(content, "WEBP", quality=quality, method=6)
            text = f"![{name}](data:image/webp;base64,{base64.b64encode(content.getvalue()).decode('ascii')})"
            if not is_folded(text):
                return dg.MetadataValue.md(text)
    return dg.MetadataValue.md(f"![{name}]({picture})")


def markdown_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> dg.MetadataValue[Any]:
    """A table in Markdown, as far as it is shown at once."""
    lines = (columns, ["---"] * len(columns), *rows)
    return markdown("\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines))


def _length(text: str) -> int:
    """The length of a text in JavaScript's units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
