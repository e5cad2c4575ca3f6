"""How terms are to be translated, and whether they were.

A translation is allowed to inflect what the glossary says: the beginning of each word has to be there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

_KEPT_SHARE = 0.7
"""So much of a word stays the same when it is inflected."""
_FEW_CHARACTERS = 3
_MOST_TOLD = 5


def terms_in(text: str, glossary: Mapping[str, str]) -> dict[str, str]:
    """The part of a glossary that a text has to do with."""
    return {term: translated for term, translated in glossary.items() if _has(text, term)}


def missed(pairs: Iterable[tuple[int, str, str]], glossary: Mapping[str, str]) -> str | None:
    """What is said of terms that were not translated as the glossary says; None where all were.

    Args:
        pairs: Id, text and translation of each line.
    """
    ids: dict[str, list[int]] = {}
    for number, text, translated in pairs:
        for term, wanted in terms_in(text, glossary).items():
            if not _has_in_some_form(translated, wanted):
                ids.setdefault(term, []).append(number)
    told = [f"{term} as {glossary[term]} ({_listed(numbers)})" for term, numbers in ids.items()]
    more = f" and {len(told) - _MOST_TOLD} more" if len(told) > _MOST_TOLD else ""
    return f"the glossary has, and segments have not, {', '.join(told[:_MOST_TOLD])}{more}" if told else None


def _has(text: str, term: str) -> bool:
    """Whether a term stands in a text: as whole words, where the script parts words."""
    term = term.strip()
    front = r"(?<!\w)" if _parts_words(term[0]) else ""
    back = r"(?!\w)" if _parts_words(term[-1]) else ""
    return re.search(f"{front}{re.escape(term)}{back}", text, re.IGNORECASE) is not None


def _parts_words(character: str) -> bool:
    """Whether letters of this script are parted into words by blanks: not those of East and South East Asia."""
    return character.isalnum() and not 0x0E00 <= ord(character) <= 0x0EFF and not 0x3040 <= ord(character) <= 0xFFFF


def _has_in_some_form(text: str, wanted: str) -> bool:
    folded = text.casefold()
    return all(_beginning(word) in folded for word in wanted.casefold().split())


def _beginning(word: str) -> str:
    return word[: max(_FEW_CHARACTERS, round(len(word) * _KEPT_SHARE))]


def _listed(numbers: list[int]) -> str:
    shown = ", ".join(map(str, numbers[:_MOST_TOLD]))
    return f"{shown}, …" if len(numbers) > _MOST_TOLD else shown
