"""The phrases that a text is about: frequent terms, longer phrases before the words they are made of.

The score is the C-value of Frantzi, Ananiadou and Mima (2000) in its simplest form: how often a phrase comes up outside
of longer phrases that were chosen already, times its number of words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from media_assets.artifacts.summary.engines.extractive.stop_words import is_content, is_stem
from media_assets.artifacts.summary.engines.extractive.words import clauses, joined, term, without_particle
from media_assets.base.words import is_unspaced

_LONGEST = 3
"""Words of a phrase at most."""
_STICKS = 0.5
"""A phrase is one when it makes up this share of the occurrences of its rarer half."""

Phrase = tuple[str, ...]


def content_runs(text: str, stops: frozenset[str]) -> list[list[str]]:
    """The content words of a text as written, in runs that no stop word and no punctuation interrupts."""
    runs: list[list[str]] = []
    for clause in clauses(text):
        runs.append([])
        for written, following in zip(clause, [*clause[1:], ""], strict=True):
            word = without_particle(written)
            if is_content(term(word), stops) and term(written) not in stops and not is_stem(word, following):
                if runs[-1] and is_unspaced(runs[-1][-1]) != is_unspaced(word):
                    runs.append([])  # nobody can tell whether a blank stood between them
                runs[-1].append(word)
            else:
                runs.append([])
    return [run for run in runs if run]


def phrases(runs: Sequence[Sequence[str]], count: int, weights: Mapping[str, float] | None = None) -> list[str]:
    """The strongest phrases as they are mostly written, best first; none that nearly repeats a better one.

    Args:
        runs: Of `content_runs`, over the whole text.
        count: How many at most.
        weights: How telling a term is; 1 for all when absent.
    """
    counts: Counter[Phrase] = Counter()
    forms: dict[Phrase, Counter[str]] = {}
    for run in runs:
        for words in _windows(run):
            phrase = tuple(map(term, words))
            counts[phrase] += 1
            forms.setdefault(phrase, Counter())[joined(words)] += 1
    scores = _scores(counts)
    if weights is not None:
        scores = {p: score * sum(weights.get(t, 0.0) for t in p) / len(p) for p, score in scores.items()}
    # Dictionaries keep the order of first appearance, and sorting is stable: equal scores come as they were said.
    found: list[Phrase] = []
    for phrase in sorted(scores, key=lambda p: -scores[p]):
        if len(found) == count or scores[phrase] <= 0:
            break
        if not any(_alike(phrase, other) for other in found):
            found.append(phrase)
    return [_form(forms[phrase]) for phrase in found]


def _windows(run: Sequence[str]) -> Iterator[list[str]]:
    for start in range(len(run)):
        for length in range(1, min(_LONGEST, len(run) - start) + 1):
            yield list(run[start : start + length])


def _scores(counts: Counter[Phrase]) -> dict[Phrase, float]:
    """Scores in the order of first appearance; a term that only comes up within chosen phrases has 0."""
    free = Counter(counts)
    scores = dict.fromkeys(counts, 0.0)
    for length in range(_LONGEST, 1, -1):
        for phrase, count in counts.items():
            left = free[phrase]
            if len(phrase) != length or left < 2 or len(set(phrase)) < length:
                continue
            if count < _STICKS * min(counts[phrase[:-1]], counts[phrase[1:]]):
                continue
            scores[phrase] = left * length
            for inner in _windows(phrase):
                if len(inner) < length:
                    free[tuple(inner)] -= left
    for phrase in counts:
        if len(phrase) == 1:
            scores[phrase] = max(0, free[phrase])
    return scores


def share_a_word(phrase: str, other: str) -> bool:
    """Whether a word of one comes up in the other, be it with another ending."""
    return any(_same(a, b) for a in phrase.casefold().split() for b in other.casefold().split())


def _alike(phrase: Phrase, other: Phrase) -> bool:
    """One contains the other, or they differ in an ending (`network`, `networks`)."""
    short, long = sorted((phrase, other), key=len)
    if any(long[i : i + len(short)] == short for i in range(len(long) - len(short) + 1)):
        return True
    return len(phrase) == len(other) and all(_same(a, b) for a, b in zip(phrase, other, strict=True))


def _same(a: str, b: str) -> bool:
    """Equal, or equal but for an ending (`network`, `networks`)."""
    short, long = sorted((a, b), key=len)
    return a == b or (len(short) > 2 and long.startswith(short) and len(long) - len(short) <= 2)


def _form(written: Counter[str]) -> str:
    """The form met most, the one with fewer capitals where two are equal: a sentence's first word proves nothing."""
    return min(written, key=lambda form: (-written[form], sum(map(str.isupper, form)), form))
