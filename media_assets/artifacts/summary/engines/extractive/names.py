"""Whose names come up because people speak to each other, and not because they are spoken of: no subjects of a talk.

People are addressed between commas ("Good morning, Anna, let us begin"), or introduce themselves; names that belong to
such a name stand beside it whenever they come up ("Laura Bennett").
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain, pairwise

from media_assets.artifacts.summary.engines.extractive.words import clauses, term

_NAME = r"(?P<name>[^\W\d_][\w'’-]*(?:\s+[^\W\d_][\w'’-]*){0,3})"
_INTRODUCED = re.compile(
    r"\b(?:my name is|mein name ist|ich heiße|je m['’]appelle|mon nom est|me llamo|mi nombre es|mi chiamo"
    rf"|il mio nome è|(?:o )?meu nome é|mijn naam is|ik heet|меня зовут|mam na imię)\s+{_NAME}",
    re.IGNORECASE,
)
_LONGEST_ADDRESS = 3
"""Words: `Frau Doktor Neumann`."""
_ADDRESSED_SHARE = 0.2
"""Who is spoken of all the time, and addressed once in a quotation, is a subject all the same."""


def spoken_names(texts: Sequence[str], stops: frozenset[str], known: Sequence[str] = ()) -> frozenset[str]:
    """The terms of names of those who speak.

    Args:
        texts: The sentences of a talk.
        stops: Words that are no names: `Yes, of course` addresses nobody.
        known: Names of speakers.
    """
    said = [list(clauses(text)) for text in texts]
    words = list(chain.from_iterable(chain.from_iterable(said)))
    counts = Counter(map(term, words))
    small = {term(word) for word in words if not word[0].isupper()}
    addressed = Counter(
        term(word) for sentence in said for clause in _addresses(sentence) for word in clause if term(word) not in stops
    )
    found = {
        name for name, count in addressed.items() if name not in small and count >= _ADDRESSED_SHARE * counts[name]
    }
    introduced = (found.group("name").split() for text in texts for found in _INTRODUCED.finditer(text))
    found |= {term(word) for name in introduced for word in _capitals(name)}
    found |= {term(word) for name in known for clause in clauses(name) for word in clause}
    return frozenset(_with_neighbours(found, said, small | stops))


def _addresses(sentence: Sequence[Sequence[str]]) -> Iterator[Sequence[str]]:
    """Clauses of a sentence that are a name at most, beside others that are more: no enumeration."""
    for before, clause, behind in zip([None, *sentence], sentence, [*sentence[1:], None], strict=False):
        beside = [other for other in (before, behind) if other]
        longer = beside and all(len(other) > 1 for other in beside)
        if longer and len(clause) <= _LONGEST_ADDRESS and all(word[0].isupper() for word in clause):
            yield clause


def _capitals(words: Sequence[str]) -> Iterator[str]:
    """The words up to the first that begins with a small letter: the name alone."""
    for word in words:
        if not word[0].isupper():
            return
        yield word


def _with_neighbours(names: set[str], said: Sequence[Sequence[Sequence[str]]], others: set[str]) -> set[str]:
    """The names, and what stands beside one of them wherever it comes up."""
    counts: Counter[str] = Counter()
    beside: dict[str, set[int]] = {}
    place = 0
    for clause in chain.from_iterable(said):
        terms = list(map(term, clause))
        counts.update(terms)
        for index, (one, two) in enumerate(pairwise(terms), start=place):
            beside.setdefault(one, set())
            beside.setdefault(two, set())
            if two in names:
                beside[one].add(index)
            if one in names:
                beside[two].add(index + 1)
        place += len(terms)
    fellows = {word for word, places in beside.items() if places and len(places) == counts[word] and word not in others}
    return names if fellows <= names else _with_neighbours(names | fellows, said, others)
