"""What a caption shows: text that every player can show, in two lines as wide as people read."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from itertools import accumulate

from media_assets.base.writing import (
    CLAUSE_MARKS,
    CLOSING_MARKS,
    SENTENCE_MARKS,
    columns,
    cut_short,
    one_direction,
    unbroken_pieces,
    word_pieces,
)

LINE_COLUMNS = 42
"""Netflix Timed Text Style Guide; a full-width character takes two."""

NAME_COLUMNS = 32
"""The name of who speaks takes no more of a caption; the rest of a longer one is left out."""
_MARKS = tuple(CLAUSE_MARKS + SENTENCE_MARKS + CLOSING_MARKS)
_MARK_COLUMNS = 8
"""So much wider may a line be that ends with a mark."""


def clean(text: str) -> str:
    """One line of characters that every player can show: no control characters, no lone surrogates."""
    shown = (" " if character.isspace() else character for character in text)
    kept = "".join("\ufffd" if unicodedata.category(c) == "Cs" else c for c in shown if unicodedata.category(c) != "Cc")
    return " ".join(kept.split())


def clean_name(name: str) -> str:
    """A name as captions have it: short, in one line, and without what turns the direction of the text behind it."""
    return cut_short(clean(one_direction(name)), NAME_COLUMNS)


def named(name: str, text: str) -> str:
    """What somebody says behind the name, as in a play; without a name the text alone."""
    return f"{name}: {text}" if name else text


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
    ends = frozenset(accumulate(map(len, word_pieces(text))))
    halves = {sum(map(len, pieces[:i])): "".join(pieces[:i]).rstrip() for i in range(1, len(pieces))}
    widths = {end: max(columns(first), columns(text[end:])) for end, first in halves.items()}
    fitting = [end for end in widths if end in ends and widths[end] <= LINE_COLUMNS]
    border = min(fitting or widths, key=lambda end: widths[end] - _MARK_COLUMNS * halves[end].endswith(_MARKS))
    return f"{halves[border]}\n{text[border:]}"


def _filled(pieces: Sequence[str]) -> Iterator[str]:
    line = ""
    for piece in pieces:
        if line and columns((line + piece).rstrip()) > LINE_COLUMNS:
            yield line.rstrip()
            line = ""
        line += piece
    yield line.rstrip()
