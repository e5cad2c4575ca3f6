"""The section `vocabulary` of library.yaml: words and texts that help engines to hear, by the files they are for.

It is no part of an engine's section: engines are kept by their sections, and no model is loaded twice for some words.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Self

from pydantic import AfterValidator, StringConstraints, model_validator

from media_assets.base.section import Section
from media_assets.pipeline.conditions import RecordingCondition
from media_assets.pipeline.rules import Collected


def _in_one_line(text: str) -> str:
    return " ".join(text.split())


HotWord = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(_in_one_line)
]
Prompt = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1), AfterValidator(_in_one_line)]


class Vocabulary(Section):
    """What an engine is told of one recording before it hears it."""

    hot_words: tuple[str, ...] = ()
    initial_prompt: str | None = None

    @property
    def text(self) -> str:
        """All of it as the text that a model is to take for what was said before; empty where there is none."""
        words = f"{', '.join(self.hot_words)}." if self.hot_words else ""
        return " ".join(filter(None, (self.initial_prompt, words)))


class VocabularyEntry(Section):
    """Words and a text for some files, or for all."""

    when: RecordingCondition | None = None
    """Which files; absent: all."""
    hot_words: tuple[HotWord, ...] = ()
    """Names and terms that are likely to be said."""
    initial_prompt: Prompt | None = None
    """A text in the style that is wanted, in the language that is spoken."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.hot_words and self.initial_prompt is None:
            raise ValueError("should have at least one of hot_words, initial_prompt")
        return self


def joined(entries: Iterable[VocabularyEntry]) -> Vocabulary:
    """All entries as one: words in order and each once, texts one after the other."""
    found = list(entries)
    words = dict.fromkeys(word for entry in found for word in entry.hot_words)
    texts = dict.fromkeys(entry.initial_prompt for entry in found if entry.initial_prompt)
    return Vocabulary(hot_words=tuple(words), initial_prompt=" ".join(texts) or None)


VOCABULARY = Collected(lambda settings: settings.vocabulary, joined)
"""How the vocabulary of a recording is found."""
