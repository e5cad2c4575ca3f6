"""Text as terms that can be counted and compared, in any language.

Scripts that put no blanks between words are parted into words by ICU's dictionaries (`base.writing`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

from media_assets.base.writing import word_pieces

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
_KOREAN_PARTICLE = re.compile(r"(?<=[가-힣]{2})(?:[은는을를]|에서는?|에게|에는|까지|부터|으로|이라는|라는)$")
_WITHIN_WORDS = "'’-"


@lru_cache(maxsize=4096)
def unspaced(char: str) -> bool:
    """Whether the character belongs to a script without blanks between words."""
    return any(first <= ord(char) <= last for first, last in _UNSPACED_BLOCKS)


def clauses(text: str) -> Iterator[list[str]]:
    """The words of each stretch between punctuation marks, as they are written.

    A blank in a script that has none between words is such a mark.
    """
    for clause in "".join(_kept(char) for char in text).split("\n"):
        words: list[str] = []
        for word in clause.split():
            if words and unspaced(words[-1][-1]) and is_unspaced(word):
                yield words
                words = []
            words += filter(None, (piece.strip(_WITHIN_WORDS) for piece in parted(word)))
        if words:
            yield words


@lru_cache(maxsize=65536)
def term(word: str) -> str:
    """What makes two written forms of a word the same."""
    return word.replace("’", "'").casefold()


def is_unspaced(word: str) -> bool:
    """Whether no blank stands between the word and its like."""
    return bool(word) and unspaced(word[0])


def bare(word: str) -> str:
    """Greek without its accents, as lists of words have it; other words as they are."""
    if not any("\u0370" <= char <= "\u03ff" or "\u1f00" <= char <= "\u1fff" for char in word):
        return word
    return "".join(char for char in unicodedata.normalize("NFD", word) if not unicodedata.combining(char))


def without_particle(word: str) -> str:
    """A Korean noun without what marks its part in the sentence, such as the object; other words as they are.

    Only particles that hardly any noun ends with.
    """
    particle = _KOREAN_PARTICLE.search(word)
    return word[: particle.start()] if particle else word


def is_hiragana(char: str) -> bool:
    """Whether it is a character of Japanese that particles and endings are written with."""
    return "\u3040" <= char < "\u30a0"


def joined(words: Sequence[str]) -> str:
    """The words of a phrase as they stood in the text."""
    phrase = words[0]
    for before, word in pairwise(words):
        phrase += word if unspaced(before[-1]) and is_unspaced(word) else f" {word}"
    return phrase


def word_count(text: str) -> int:
    """How many words a reader would count."""
    return sum(has_text(piece) for word in text.split() for piece in parted(word))


def has_text(word: str) -> bool:
    """Whether it is more than marks."""
    return any(map(str.isalnum, word))


@lru_cache(maxsize=4096)
def _kept(char: str) -> str:
    """The character itself inside words, a blank between words, a line break between clauses."""
    if char in _WITHIN_WORDS:
        return char
    kind = unicodedata.category(char)[0]
    # Letters with their marks, numbers; and the joiners that Persian and Indic scripts write within words.
    if kind in "LMN" or char in "\u200c\u200d":
        return char
    return "\n" if kind == "P" else " "


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
