"""Text as terms that can be counted and compared, in any language.

Scripts that put no blanks between words are parted into words by ICU's dictionaries (`base.words`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

from media_assets.base.words import is_unspaced, parted, unspaced

_KOREAN_PARTICLE = re.compile(r"(?<=[가-힣]{2})(?:[은는을를]|에서는?|에게|에는|까지|부터|으로|이라는|라는)$")
_WITHIN_WORDS = "'’-"


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
