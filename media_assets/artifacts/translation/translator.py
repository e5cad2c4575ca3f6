"""What every translator is."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, Protocol

from pydantic import AfterValidator, Field, field_validator

from media_assets.artifacts.summary.value import Usage
from media_assets.base.promises import kept, name_of
from media_assets.base.secrets import Secrets
from media_assets.base.validators import LanguageTag, distinct
from media_assets.work.engine_errors import opening
from media_assets.work.engine_section import EngineSection
from media_assets.work.work import Work


@dataclass(frozen=True)
class Line:
    """A text that is translated by itself: a segment of speech, or a sentence of a summary."""

    id: int
    text: str
    speaker: str | None = None


@dataclass(frozen=True)
class Order:
    """What is to be translated of one file into one language.

    Args:
        lines: All of them, in order: those around a line are what it is understood by.
        wanted: The ids of those that are to be translated.
        known: What others of them are in that language, as far as that is known.
        glossary: How terms are to be translated.
    """

    kind: Literal["speech", "summary"]
    source: str
    target: str
    lines: tuple[Line, ...]
    wanted: frozenset[int]
    known: Mapping[int, str] = field(default_factory=dict)
    glossary: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Portion:
    """Some of the wanted lines, finished, and what they took."""

    texts: Mapping[int, str]
    usage: Usage = field(default_factory=Usage)


class Translator(Protocol):
    """Translates lines. Constructed once per run; `translate` may be called from several threads."""

    name: str
    model: str

    def translate(self, order: Order, work: Work) -> Iterator[Portion]:
        """All lines that are wanted, each once and by itself, in portions as they are finished.

        What was yielded is kept: after a crash, or where a later portion fails, it is not asked for again.

        Raises:
            BadMedia: these lines cannot be translated into this language.
            Transient: the engine's service did not answer this time.
            Fatal: nothing can be translated until a person repairs the configuration.
        """

    def estimate_usd(self, orders: Sequence[Order]) -> float | None:
        """What they cost at most in US dollars; None when no price is configured."""

    def check(self) -> str:
        """One line for `doctor` that says what would be used. Translates nothing.

        Raises:
            Fatal: the engine cannot be used, or does not know a language; its next step says what to do.
        """


class TranslatorSection(EngineSection):
    """A section of library.yaml about one translator."""

    languages: Annotated[tuple[LanguageTag, ...], AfterValidator(distinct)] = ()
    """What recordings are translated into, as BCP 47 tags such as de or pt-BR; none: nothing is translated."""
    glossary: dict[LanguageTag, dict[str, str]] = Field(default_factory=dict)
    """How terms are to be translated, by language."""

    @field_validator("glossary")
    @classmethod
    def _whole_terms(cls, glossary: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
        for terms in glossary.values():
            if not all(term.strip() and translated.strip() for term, translated in terms.items()):
                raise ValueError("should have a term and its translation, neither of them empty")
        return glossary

    @abstractmethod
    def open(self, secrets: Secrets) -> Translator:
        """The engine that it sets. Touches neither network nor disk."""


def made_with(settings: Mapping[str, Any]) -> dict[str, Any]:
    """What of the settings of an engine decides each translation, whatever the language and the text."""
    return {name: value for name, value in settings.items() if name not in ("languages", "glossary")}


def opened_translator(section: TranslatorSection, secrets: Secrets) -> Translator:
    """The engine that a section sets, once it is seen to be one.

    Raises:
        FaultOfCode: it is none, or cannot be opened.
        Fatal, Transient: what it stands on refuses, or does not answer.
    """
    with opening(section):
        engine = section.open(secrets)
    return kept(engine, Translator, f"{name_of(type(section))}.open")
