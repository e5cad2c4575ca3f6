"""Text by the rules of its script: what stays together in a line, and how wide it is shown.

Sources: UAX #14 (lines) and UAX #29 (grapheme clusters) as ICU does them, with its dictionaries for Thai, Lao, Khmer,
Burmese, Chinese and Japanese, which it takes by script whatever the locale; UAX #11 (width) as `wcwidth` does it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def columns(text: str) -> int:
    """The width of a line as displayed: full-width characters are 2, combining marks 0."""
    from wcwidth import wcswidth

    width: int = wcswidth(text)
    return width if width >= 0 else len(text)


def unbroken_pieces(text: str, most_columns: int) -> Iterator[str]:
    """The text in pieces between which a line may end; together they are the text.

    Args:
        most_columns: A piece that is wider, such as a long URL, is parted between two graphemes.
    """
    from icu4py.breakers import LineBreaker

    position = 0
    # ICU takes no lone surrogates; what stands for them is as long.
    for found in LineBreaker(_LONE_SURROGATE.sub("\ufffd", text), "en"):
        piece = text[position : position + len(found)]
        position += len(found)
        if columns(piece.rstrip()) <= most_columns:
            yield piece
        else:
            yield from _parted(piece, most_columns)


def _parted(piece: str, most_columns: int) -> Iterator[str]:
    from icu4py.breakers import CharacterBreaker

    line, position = "", 0
    for found in CharacterBreaker(_LONE_SURROGATE.sub("\ufffd", piece), "en"):
        grapheme = piece[position : position + len(found)]
        position += len(found)
        if line and columns(line + grapheme) > most_columns:
            yield line
            line = ""
        line += grapheme
    if line:
        yield line
