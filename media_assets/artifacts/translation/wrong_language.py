"""Whether texts are in another language than was asked for, as models answer in the language of the question, or in
English.

The function words of a language make up half of what is written in it, and hardly a fifth of what is written in another
one; lists of them come with `stopwordsiso`, of some fifty languages. Nothing is said of others, of scripts that do
not part words, and of few words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

FEW_WORDS = 20
"""What is shorter tells nothing."""
_LEAST_SHARE = 0.35
_TIMES = 2.0
"""So many times as many words are of the other language."""
_WORD = re.compile(r"[^\W\d_]{3,}")
"""Shorter ones stand in the lists of languages that have no such word."""


def language_instead(texts: Iterable[str], wanted: str, least_words: int = FEW_WORDS) -> str | None:
    """The language that texts are in instead of the wanted one; None where they may be in that, or have fewer words."""
    lists = _function_words()
    own = lists.get(wanted.split("-")[0])
    words = [word for text in texts for word in _WORD.findall(text.casefold())]
    if own is None or len(words) < least_words:
        return None
    shares = {language: sum(word in known for word in words) / len(words) for language, known in lists.items()}
    nearest = max(shares, key=lambda language: shares[language])
    share = shares[nearest]
    return nearest if share >= _LEAST_SHARE and share > _TIMES * shares[wanted.split("-")[0]] else None


@cache
def _function_words() -> dict[str, frozenset[str]]:
    import stopwordsiso

    return {language: frozenset(stopwordsiso.stopwords(language)) for language in stopwordsiso.langs()}
