"""The one short sentence of a talk, or of a chapter, that can stand above it.

A person who looks for a headline takes a sentence that holds much of what the talk is about in few words, rather one
from its beginning, and none that greets, names somebody or leans on what was said before. Only sentences that
punctuation ends are taken: of others nobody knows whether they are whole.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from media_assets.artifacts.summary.engines.extractive.sentences import Sentence
from media_assets.artifacts.summary.engines.extractive.words import clauses, term
from media_assets.base.words import word_count
from media_assets.base.writing import CLAUSE_MARKS, columns

MOST_COLUMNS = 75
_WORDS = (4, 13)
"""Fewest and most words of a headline."""
_BESIDES = 6.0
"""So many words count for nothing: else the shortest sentence would have the most in it."""
_BEGINNING = 1.4
"""How much better the first sentence of a long talk is than one of its middle."""
_SHORT, _LONG = 10, 30
"""Sentences: a shorter talk than the longer one has less of an introduction, though it has one."""
_LEAST_TERMS = 2
_DOUBTFUL = 0.5
"""How good a sentence is that leans on others, names somebody or is half a sentence."""
_FULL_STOPS = ".\u3002\uff0e\uff61\u06d4\u0964\u0589\u1362\u17d4\u104b"

# By ISO 639-1 code. A language that has none gets by without.
_LEANING = {
    "en": "it he she they i we this that these those then and but so because or also there here his her their who if "
    "okay ok well now yes no right sure",
    "de": "er sie es ich wir das dies diese dieser dieses dann und aber oder denn weil deshalb so auch da dort hier "
    "damit daran dabei dafür danach ihr ihre sein seine wenn ja nein gut genau na also",
    "fr": "il elle ils elles je nous ce cet cette ces cela ça alors et mais donc parce ou aussi ici là son sa ses leur "
    "si",
    "es": "él ella ellos ellas yo nosotros esto eso este esta ese esa estos estas entonces y pero así porque o también "
    "aquí ahí allí su sus si",
    "it": "lui lei loro io noi questo questa questi queste quello quella allora e ma quindi perché o anche qui lì suo "
    "sua se",
    "pt": "ele ela eles elas eu nós isto isso este esta esse essa então e mas porque ou também aqui ali seu sua se",
    "nl": "hij zij ze ik wij we het dit dat deze die dan en maar dus want of ook hier daar zijn haar hun als",
}
"""Words that a sentence begins with that goes on with another one."""
_PERSONAL = {
    "en": "i me my mine he him his she her we our",
    "de": "ich mich mir mein meine er ihn ihm wir unser unsere",
    "fr": "je me moi mon ma mes il elle notre nos",
    "es": "yo me mí mi mis él ella nosotros nuestro nuestra",
    "it": "io mi me mio mia lui lei noi nostro nostra",
    "pt": "eu me mim meu minha ele ela nós nosso nossa",
    "nl": "ik me mij mijn hij hem zij wij we onze",
}
"""Words of a sentence about people that nobody knows who reads the headline alone."""
_GREETING = re.compile(
    r"\b(?:good (?:morning|afternoon|evening)|hello|welcome|thank you|thanks|my name is|see you|goodbye"
    r"|(?:guten|schönen) (?:morgen|tag|abend)|hallo|willkommen|danke|vielen dank|mein name ist|ich heiße|begrüße"
    r"|auf wiedersehen|bonjour|bonsoir|bienvenue|merci|au revoir|je m['’]appelle"
    r"|buenos días|buenas (?:tardes|noches)|hola|bienvenid[oa]s?|gracias|adiós|me llamo"
    r"|buongiorno|buonasera|benvenut[oiae]|grazie|arrivederci|mi chiamo"
    r"|bom dia|boa (?:tarde|noite)|olá|bem-vind[oa]s?|obrigad[oa]|meu nome"
    r"|goede(?:morgen|middag|navond)|welkom|bedankt|mijn naam)\b",
    re.IGNORECASE,
)
_COMMA = re.compile(rf"[{re.escape(CLAUSE_MARKS)}]\s+")


def without_greetings(text: str) -> str:
    """The text without what people say to be polite: that is no subject."""
    return _GREETING.sub(";", text)


@dataclass(frozen=True)
class Talk:
    """What is said, as headlines are chosen from it.

    Args:
        said: Its sentences.
        terms: The terms of each that can be a subject.
        language: ISO 639-1 code.
        names: Terms that name those who speak.
        asked: The positions of those that ask somebody to do something.
    """

    said: Sequence[Sentence]
    terms: Sequence[frozenset[str]]
    language: str
    names: frozenset[str]
    asked: frozenset[int] = frozenset()

    def headline(
        self, weights: Mapping[str, float], first: int, last: int, without: Collection[int] = ()
    ) -> int | None:
        """The position of the best sentence from `first` to before `last`; None where none can stand alone.

        Args:
            weights: How much each term has to do with what the headline is of.
            without: Those that are taken already.
        """
        merits = {i: self._merit(i, weights, first, last) for i in range(first, last) if i not in without}
        best = max(merits, key=lambda i: (merits[i], -i), default=None)
        return best if best is not None and merits[best] > 0 else None

    def written(self, position: int) -> str:
        """The sentence as a headline: without a full stop, and with a capital."""
        text = self._core(position).rstrip(_FULL_STOPS)
        return text[:1].title() + text[1:]

    def _core(self, position: int) -> str:
        """The sentence without whom it greets or addresses at its beginning: `Good morning, Anna, let us begin`."""
        text = self.said[position].text
        while (comma := _COMMA.search(text)) and self._is_idle(text[: comma.start()]):
            text = text[comma.end() :]
        return text

    def _is_idle(self, clause: str) -> bool:
        words = [term(word) for words in clauses(without_greetings(clause)) for word in words]
        return self.names.issuperset(words) or (len(words) < 2 and self._leans(words))

    def _merit(self, position: int, weights: Mapping[str, float], first: int, last: int) -> float:
        text, (fewest, most) = self._core(position), _WORDS
        words, terms = word_count(text), self.terms[position]
        fits = fewest <= words <= most and columns(text) <= MOST_COLUMNS and self.said[position].ends_itself
        if not fits or len(terms) < _LEAST_TERMS or _GREETING.search(text):
            return 0.0
        subject = sum(weights.get(each, 0.0) for each in sorted(terms))
        length = last - first
        early = 1 + _BEGINNING * min(1.0, (length + _SHORT) / _LONG) * math.exp(-(position - first) / (1 + length / 10))
        return subject / (words + _BESIDES) * early * (_DOUBTFUL if self._is_doubtful(position, text) else 1.0)

    def _is_doubtful(self, position: int, text: str) -> bool:
        words = [term(word) for clause in clauses(text) for word in clause]
        about = self.names.union(_listed(_PERSONAL, self.language))
        return position in self.asked or text[0].islower() or self._leans(words[:1]) or not about.isdisjoint(words)

    def _leans(self, words: Sequence[str]) -> bool:
        return not _listed(_LEANING, self.language).isdisjoint(words)


def _listed(words: Mapping[str, str], language: str) -> frozenset[str]:
    return frozenset(words.get(language.lower().split("-")[0], "").split())
