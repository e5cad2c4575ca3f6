"""What a caption shows: text that every player can show, in two lines as wide as people read."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

from media_assets.base.writing import columns, unbroken_pieces

LINE_COLUMNS = 42
"""Netflix Timed Text Style Guide; a full-width character takes two."""


def clean(text: str) -> str:
    """One line of characters that every player can show: no control characters, no lone surrogates."""
    shown = (" " if character.isspace() else character for character in text)
    kept = "".join("\ufffd" if unicodedata.category(c) == "Cs" else c for c in shown if unicodedata.category(c) != "Cc")
    return " ".join(kept.split())


def in_lines(text: str) -> str:
    """Two lines when one would be too wide, as equal as spaces allow; without spaces by the rules of the script.

    Only what no caption can hold, such as a URL of a hundred characters, takes more lines.
    """
    if columns(text) <= LINE_COLUMNS:
        return text
    spaces = [index for index, character in enumerate(text) if character == " "]
    if spaces:
        middle = min(spaces, key=lambda index: abs(index - len(text) / 2))
        if max(columns(text[:middle]), columns(text[middle + 1 :])) <= LINE_COLUMNS:
            return f"{text[:middle]}\n{text[middle + 1 :]}"
    pieces = list(unbroken_pieces(text, LINE_COLUMNS))
    if len(pieces) == 1 or columns(text) > 2 * LINE_COLUMNS:
        return "\n".join(_filled(pieces))
    halves = [("".join(pieces[:i]).rstrip(), "".join(pieces[i:])) for i in range(1, len(pieces))]
    return "\n".join(min(halves, key=lambda half: max(map(columns, half))))


def _filled(pieces: Sequence[str]) -> Iterator[str]:
    line = ""
    for piece in pieces:
        if line and columns((line + piece).rstrip()) > LINE_COLUMNS:
            yield line.rstrip()
            line = ""
        line += piece
    yield line.rstrip()
