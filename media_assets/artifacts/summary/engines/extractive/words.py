"""Text as terms that can be counted and compared, in any language.

Scripts that put no blanks between words are cut into pairs of characters, the usual stand-in for words there
(Manning, Raghavan, Schütze: Introduction to Information Retrieval, 2.2.1).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

_UNSPACED_BLOCKS = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x3040, 0x30FF),  # Hiragana, Katakana
    (0x3400, 0x4DBF),  # CJK extension A
    (0x4E00, 0x9FFF),  # CJK
    (0xF900, 0xFAFF),  # CJK compatibility
    (0x20000, 0x323AF),  # CJK extensions B to H
)
_UNSPACED_PUNCTUATION = "。！？｡，、"
_WITHIN_WORDS = "'’-"


@lru_cache(maxsize=4096)
def unspaced(char: str) -> bool:
    """Whether the character belongs to a script without blanks between words."""
    return any(first <= ord(char) <= last for first, last in _UNSPACED_BLOCKS)


def clauses(text: str) -> Iterator[list[str]]:
    """The words of each stretch between punctuation marks, as they are written."""
    for clause in "".join(_kept(char) for char in text).split("\n"):
        words = [part for word in clause.split(" ") for part in _parts(word.strip(_WITHIN_WORDS))]
        if words:
            yield words


@lru_cache(maxsize=65536)
def term(word: str) -> str:
    """What makes two written forms of a word the same."""
    return word.replace("’", "'").casefold()


def is_pair(word: str) -> bool:
    """Whether the word is a piece of a text without blanks."""
    return bool(word) and unspaced(word[0])


def joined(words: Sequence[str]) -> str:
    """The words of a phrase as they stood in the text: pairs overlap by one character."""
    phrase = words[0]
    for before, word in pairwise(words):
        if is_pair(before) and is_pair(word):
            phrase += word[1:] if before[-1] == word[0] else word
        else:
            phrase += f" {word}"
    return phrase


def appended(text: str, more: str) -> str:
    """Both in a row, with a blank between them unless their script has none."""
    if not text:
        return more
    close = text[-1] in _UNSPACED_PUNCTUATION or (unspaced(text[-1]) and unspaced(more[0]))
    return text + more if close else f"{text} {more}"


def word_count(text: str) -> int:
    """About how many words a reader would count: two characters make one where there are no blanks."""
    alone = sum(unspaced(char) for char in text)
    return alone // 2 + sum(any(char.isalnum() and not unspaced(char) for char in word) for word in text.split())


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


def _parts(word: str) -> Iterator[str]:
    """A run of an unspaced script as overlapping pairs, everything else whole."""
    start = 0
    for position in range(1, len(word) + 1):
        if position == len(word) or unspaced(word[position]) != unspaced(word[start]):
            run = word[start:position]
            if unspaced(run[0]) and len(run) > 2:
                yield from (run[i : i + 2] for i in range(len(run) - 1))
            elif run.strip(_WITHIN_WORDS):
                yield run
            start = position
