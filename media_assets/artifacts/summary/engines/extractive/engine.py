"""Summaries made of sentences of the transcript: no key, no download, the same result every time.

TextRank says which sentences are central, TextTiling where chapters begin, and C-value what the phrases are; which
sentence is a headline has a module of its own, too. This one puts them together.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain, pairwise

from media_assets.artifacts.summary.engines.extractive.action_items import action_items
from media_assets.artifacts.summary.engines.extractive.chapters import chapter_starts
from media_assets.artifacts.summary.engines.extractive.headlines import Talk, without_greetings
from media_assets.artifacts.summary.engines.extractive.names import spoken_names
from media_assets.artifacts.summary.engines.extractive.sentences import Sentence, sentences
from media_assets.artifacts.summary.engines.extractive.settings import ExtractiveSummary
from media_assets.artifacts.summary.engines.extractive.stop_words import (
    STOP_WORDS_WITHOUT_BLANKS,
    derived_stop_words,
    stop_words,
)
from media_assets.artifacts.summary.engines.extractive.text_rank import choose, text_rank, vectors
from media_assets.artifacts.summary.engines.extractive.topics import content_runs, phrases, share_a_word
from media_assets.artifacts.summary.engines.extractive.words import clauses, term
from media_assets.artifacts.summary.summarizer import spoken_segments
from media_assets.artifacts.summary.value import Summary, TimedHeading
from media_assets.artifacts.transcript.value import Transcript
from media_assets.base.words import said_in_a_row, word_count
from media_assets.base.writing import blank_between, columns, cut_short
from media_assets.work.work import Work

_MIN_WORDS = 5
"""A shorter sentence is no summary of anything, unless there are no longer ones."""
_MAX_WORDS = 60
_MAX_ACTION_ITEMS = 10
_TITLE_PHRASES = 3
_TITLE_WORDS = 8
"""A recording with so few words is its own title."""
_TITLE_COLUMNS = 80
"""Titles are no wider as displayed; a full-width character takes two."""
_CHAPTER_PHRASES = 2
_MANY_SENTENCES = 15
_MET = 0.25
"""A headline has to do with a chapter that has terms with this share of its weight."""
_SPREAD = 0.3
"""What a term counts that comes up in no chapter; one that comes up in all counts 1 more."""


class ExtractiveSummarizer:
    """A summarizer that quotes."""

    name = "extractive"
    model = "textrank"

    def __init__(self, settings: ExtractiveSummary) -> None:
        self._settings = settings

    def summarize(self, transcript: Transcript, work: Work) -> Summary:
        """See `Summarizer`."""
        said = sentences(spoken_segments(transcript))
        work.check()
        known = [speaker.name for speaker in transcript.speakers if speaker.name]
        runs, names = _content(said, transcript.language, known)
        terms = [list(map(term, chain.from_iterable(runs_of_one))) for runs_of_one in runs]
        matrix = vectors(terms)
        work.report(0.2)
        ranks = text_rank(matrix, work.check)
        work.report(0.7)
        starts = chapter_starts(said, matrix, self._settings.max_chapters)
        work.check()

        ranked = sorted(range(len(said)), key=lambda i: (-ranks[i], i))
        order = _candidates(said, ranked)
        abstract = choose(order, matrix, self._settings.abstract_sentences)
        points = choose(_in_turn(order, starts), matrix, self._settings.key_points, without=abstract)
        asked = set(action_items([sentence.text for sentence in said], transcript.language))
        todo = choose([i for i in ranked if i in asked], matrix, _MAX_ACTION_ITEMS)
        topics = phrases(list(chain.from_iterable(runs)), self._settings.topics)
        talk = Talk(said, list(map(frozenset, terms)), transcript.language, names, frozenset(asked))
        headline = _headline(talk, starts)
        title = _title(said, topics, starts) if headline is None else talk.written(headline)
        work.report(1.0)
        return Summary(
            title=title,
            abstract=_quoted([said[i] for i in sorted(abstract)]),
            key_points=tuple(said[i].text for i in points),
            chapters=_chapters(talk, runs, starts, title, headline),
            action_items=tuple(said[i].text for i in sorted(todo)),
            topics=tuple(cut_short(topic, _TITLE_COLUMNS) for topic in topics),
            engine=self.name,
            model=self.model,
            extractive=True,
            note=None if stop_words(transcript.language) else _unknown(transcript.language),
        )

    def check(self) -> str:
        """See `Summarizer`."""
        return f"{self.name} ({self.model}): needs no key and no download"


def _unknown(language: str) -> str:
    told = "The language is not known" if language == "und" else f"The language {language} is not known to this engine"
    return f"{told}: its function words may stand in the title and the topics"


def _content(
    said: Sequence[Sentence], language: str, known: Sequence[str]
) -> tuple[list[list[list[str]]], frozenset[str]]:
    """The content words of each sentence in runs, all words when there is nothing else anywhere; and the terms that
    name those who speak, which are none."""
    texts = [without_greetings(sentence.text) for sentence in said]
    stops = stop_words(language)
    if not stops:
        spoken = [chain.from_iterable(clauses(text)) for text in texts]
        stops = derived_stop_words([list(map(term, words)) for words in spoken])
    names = spoken_names([sentence.text for sentence in said], stops, known)
    for words in (stops | names, stops, STOP_WORDS_WITHOUT_BLANKS):
        runs = [content_runs(text, words) for text in texts]
        if any(runs):
            return runs, names
    return [list(clauses(text)) for text in texts], names


def _candidates(said: Sequence[Sentence], order: Sequence[int]) -> list[int]:
    """What can stand in a summary by itself, best first; the rest only when there is nothing else."""
    fit = [i for i in order if _MIN_WORDS <= word_count(said[i].text) <= _MAX_WORDS]
    return fit or list(order)


def _in_turn(order: Sequence[int], starts: Sequence[int]) -> list[int]:
    """The best of every chapter, then the second best of every chapter, and so on: no part of a talk is passed over."""
    seen = [0] * len(starts)
    turns = []
    for i in order:
        chapter = sum(start <= i for start in starts) - 1
        turns.append((seen[chapter], i))
        seen[chapter] += 1
    return [i for _, i in sorted(turns, key=lambda turn: turn[0])]


def _headline(talk: Talk, starts: Sequence[int]) -> int | None:
    """The sentence that stands above the whole; None where none has to do with more than half of the chapters, as of
    a talk on two subjects."""
    length = len(talk.said)
    if sum(word_count(sentence.text) for sentence in talk.said) <= _TITLE_WORDS:
        return None
    counts = Counter(chain.from_iterable(talk.terms))
    chapters = [
        (Counter(chain.from_iterable(talk.terms[a:b])), (b - a) / length) for a, b in pairwise([*starts, length])
    ]
    least = 2 if length >= _MANY_SENTENCES else 1  # what comes up once in a long talk is no subject of it
    weights = {
        each: math.log1p(count) * (_SPREAD + sum(each in chapter for chapter, _ in chapters) / len(chapters))
        for each, count in counts.items()
        if count >= least
    }
    best = talk.headline(weights, 0, length)
    if best is None:
        return None
    subjects = {each: weights[each] for each in talk.terms[best] if each in weights}
    # A term is at home in a chapter where it comes up half as often as anywhere.
    met = [
        sum(weight for each, weight in subjects.items() if 2 * chapter[each] >= counts[each] * share)
        for chapter, share in chapters
    ]
    there = sum(weight >= _MET * sum(subjects.values()) for weight in met)
    return best if 2 * there > len(chapters) else None


def _title(said: Sequence[Sentence], topics: Sequence[str], starts: Sequence[int]) -> str:
    """The strongest phrases, each of another chapter where there are several, and none with a word of another."""
    if sum(word_count(sentence.text) for sentence in said) <= _TITLE_WORDS:
        return cut_short(said_in_a_row(sentence.text for sentence in said), _TITLE_COLUMNS)
    texts = [" ".join(sentence.text for sentence in said[a:b]).casefold() for a, b in pairwise([*starts, len(said)])]
    chosen: list[str] = []
    homes: set[int] = set()
    for topic in topics:
        counts = [text.count(topic.casefold()) for text in texts]
        home = counts.index(max(counts))
        if (home in homes and len(texts) > 1) or any(share_a_word(topic, other) for other in chosen):
            continue
        chosen.append(topic)
        homes.add(home)
    return _heading(chosen[:_TITLE_PHRASES]) or _short(said[0].text)


def _chapters(
    talk: Talk, runs: Sequence[list[list[str]]], starts: Sequence[int], title: str, taken: int | None
) -> tuple[TimedHeading, ...]:
    """Each chapter is titled by what is said in it more often than elsewhere.

    Args:
        taken: The position of the sentence that stands above the whole.
    """
    said = talk.said
    if len(starts) == 1:
        return (TimedHeading(start_seconds=said[0].start_seconds, title=title),)
    everywhere = _term_counts(chain.from_iterable(runs))
    headings = []
    for start, end in pairwise([*starts, len(said)]):
        inside = list(chain.from_iterable(runs[start:end]))
        here = _term_counts(inside)
        share = here.total() / everywhere.total()
        # Logarithm of how many times more frequent a term is here than in the whole.
        weights = {t: max(0.0, math.log(count / everywhere[t] / share)) for t, count in here.items()}
        often = {t: weight * math.log1p(here[t]) for t, weight in weights.items()}
        another = talk.headline(often, start, end, () if taken is None else (taken,))
        best = talk.headline(often, start, end) if another is None else another
        if best is None:
            found = phrases(inside, _CHAPTER_PHRASES, weights) or phrases(inside, _CHAPTER_PHRASES)
            heading = _heading(found) or _short(said[start].text)
        else:
            heading = talk.written(best)
        headings.append(TimedHeading(start_seconds=said[start].start_seconds, title=heading))
    return tuple(headings)


def _term_counts(runs: Iterable[Sequence[str]]) -> Counter[str]:
    return Counter(map(term, chain.from_iterable(runs)))


def _heading(found: Sequence[str]) -> str:
    """The first phrase, and those behind it that fit."""
    line = ""
    for phrase in found:
        longer = f"{line}, {phrase}" if line else phrase
        if line and columns(longer) > _TITLE_COLUMNS:
            break
        line = longer
    # In title case: Georgian has capitals for whole words alone.
    return cut_short(line[:1].title() + line[1:], _TITLE_COLUMNS)


def _short(text: str) -> str:
    """The first words, for want of a subject."""
    words = text.split()
    return cut_short(text if len(words) <= _TITLE_WORDS else f"{' '.join(words[:_TITLE_WORDS])} …", _TITLE_COLUMNS)


def _appended(text: str, more: str) -> str:
    return text + blank_between(text, more) + more


def _quoted(chosen: Sequence[Sentence]) -> str:
    """Sentences in a row; an ellipsis stands where one was left without an end by the recogniser."""
    text = ""
    for sentence in chosen:
        text = _appended(text, sentence.text)
        if not sentence.ends_itself:
            text += " …"
    return text
