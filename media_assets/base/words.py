"""Words as readers count them, in every script.

Scripts that put no blanks between words are parted into words by ICU's dictionaries (`base.writing`).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from media_assets.base.writing import blank_between, word_pieces

_UNSPACED_BLOCKS = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x3005, 0x3007),  # marks that stand for characters
    (0x3040, 0x30FF),  # Hiragana, Katakana
    (0x3400, 0x4DBF),  # CJK extension A
    (0x4E00, 0x9FFF),  # CJK
    (0xF900, 0xFAFF),  # CJK compatibility
    (0xFF66, 0xFF9F),  # half-width Katakana
    (0x20000, 0x323AF),  # CJK extensions B to H
)
_KATAKANA = 0x30A0
"""The code points behind it are those of Katakana and Chinese."""


@lru_cache(maxsize=4096)
def unspaced(char: str) -> bool:
    """Whether the character belongs to a script without blanks between words."""
    return any(first <= ord(char) <= last for first, last in _UNSPACED_BLOCKS)


def is_unspaced(word: str) -> bool:
    """Whether no blank stands between the word and its like."""
    return bool(word) and unspaced(word[0])


def word_count(text: str) -> int:
    """How many words a reader would count."""
    return sum(has_text(piece) for word in text.split() for piece in parted(word))


def has_text(word: str) -> bool:
    """Whether it is more than marks."""
    return any(map(str.isalnum, word))


@lru_cache(maxsize=2048)
def parted(word: str) -> tuple[str, ...]:
    """The words and marks of what stands between two blanks, whole where its script has blanks between words.

    ICU parts them, but for letters and numbers before what belongs to them, as in `iPS細胞`, `Tシャツ`, `100円`.
    """
    if not any(map(unspaced, word)):
        return (word,)
    pieces: list[str] = []
    for piece in word_pieces(word):
        if pieces and has_text(pieces[-1]) and not is_unspaced(pieces[-1]) and _completes(piece):
            pieces[-1] += piece
        else:
            pieces.append(piece)
    return tuple(pieces)


def _completes(piece: str) -> bool:
    """Whether it is Chinese or Katakana: Hiragana begins another word there, and Thai has a blank."""
    return is_unspaced(piece) and ord(piece[0]) >= _KATAKANA


def said_in_a_row(pieces: Iterable[str]) -> str:
    """Pieces of speech as one text, with blanks between them where their script has any."""
    parts: list[str] = []
    for piece in filter(None, pieces):
        if parts:
            parts.append(blank_between(parts[-1], piece))
        parts.append(piece)
    return "".join(parts)
