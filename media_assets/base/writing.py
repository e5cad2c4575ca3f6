"""Text by the rules of its script: what stays together in a line, and how wide it is shown.

Sources: UAX #14 (lines) and UAX #29 (grapheme clusters) as ICU does them, with its dictionaries for Thai, Lao, Khmer,
Burmese, Chinese and Japanese, which it takes by script whatever the locale; UAX #11 (width) as `wcwidth` does it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_TURNS_OF_DIRECTION = re.compile(r"[\u202a-\u202e\u2066-\u2069]")

SENTENCE_MARKS = (
    ".!?\u2026\u203c\u2047\u2048\u2049"
    "\u3002\uff01\uff1f\uff61\uff0e"  # full-width
    "\u061f\u06d4"  # Arabic, Urdu
    "\u0964\u0965"  # danda and double danda of the Indic scripts
    "\u0589\u1362\u1367\u1803\u1809\u0f0d\u0f0e"  # Armenian, Ethiopic, Mongolian, Tibetan
    "\u104b\u17d4\u17d5\u0e5a\u0e5b"  # Burmese, Khmer, Thai
)
"""Marks that end a sentence (Unicode property Sentence_Terminal, and those of Thai, which ends texts by them)."""
CLAUSE_MARKS = (
    ",;:\u2014\u2013\u3001\uff0c\uff1a\uff1b\uff64"
    "\u060c\u061b\u104a\u055d\u0387\u1363\u1364\u1365\u17d6"  # Arabic, Burmese, Armenian, Greek, Ethiopic, Khmer
)
"""Marks that part a sentence."""
CLOSING_MARKS = "\"'\u201d\u2019\u00bb)]\u300d\u300f\uff09\u3011\u200e\u200f\u061c\u202c\u2069"
"""What may stand behind a mark and belongs to it: quotes, brackets, and the unseen ends of a change of direction."""

_WIDE = (
    (0x3000, 0x30FF),  # marks of Chinese and Japanese, Hiragana, Katakana
    (0x3400, 0x4DBF),  # CJK extension A
    (0x4E00, 0x9FFF),  # CJK
    (0xF900, 0xFAFF),  # CJK compatibility
    (0xFF01, 0xFF65),  # full-width forms
    (0x20000, 0x323AF),  # CJK extensions B to H
)
_BLANKS_BETWEEN_SENTENCES = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
)
"""Scripts without blanks between words; Chinese and Japanese have none between sentences either."""


def _in_blocks(character: str, blocks: tuple[tuple[int, int], ...]) -> bool:
    return any(first <= ord(character) <= last for first, last in blocks)


def blank_between(text: str, more: str) -> str:
    """What parts two pieces of speech in a row: nothing in Chinese and Japanese, else a blank, in Thai too."""
    if not text or not more:
        return ""
    last, first = text[-1], more[0]
    if not _in_blocks(last, _WIDE) or _in_blocks(first, _BLANKS_BETWEEN_SENTENCES):
        return " "
    # A full-width mark brings its own room.
    return "" if _in_blocks(first, _WIDE) or not last.isalnum() else " "


def storable(text: str) -> str:
    """The text as every file and database takes it: servers answer half a pair of surrogates, and NUL."""
    kept = _LONE_SURROGATE.sub("\ufffd", text)
    return "".join(each for each in kept if unicodedata.category(each) != "Cc" or each.isspace())


def one_direction(text: str) -> str:
    """The text without the unseen marks that turn the direction of what follows: one that is never ended turns the
    rest of its line (UAX #9)."""
    return _TURNS_OF_DIRECTION.sub("", text)


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


def word_pieces(text: str) -> Iterator[str]:
    """The text in words, blanks and marks; together they are the text. Words without blanks between them are parted."""
    from icu4py.breakers import WordBreaker

    position = 0
    for found in WordBreaker(_LONE_SURROGATE.sub("\ufffd", text), "en"):
        yield text[position : position + len(found)]
        position += len(found)


def cut_short(text: str, most_columns: int) -> str:
    """The text, or as many of its words as fit with an ellipsis behind them; half a word only where it is wider."""
    if columns(text) <= most_columns:
        return text
    room = most_columns - 2
    kept = ""
    for piece in word_pieces(text):
        if columns(kept + piece) > room:
            break
        kept += piece
    kept = kept.rstrip() or next(unbroken_pieces(text, room))[:most_columns]
    while kept[:-1] and not kept[-1].isalnum() and unicodedata.category(kept[-1])[0] != "M":
        kept = kept[:-1]
    return kept + ("…" if _in_blocks(kept[-1], _WIDE) else " …")
