"""One transcript and its summary into one language: what is known is taken over, the rest is asked of an engine.

What an engine finished is on disk before it goes on, so whatever ends it costs no more than what was in flight.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass, field, replace

from media_assets.artifacts.summary.value import Usage
from media_assets.artifacts.translation.echoes import is_telling, is_untranslated
from media_assets.artifacts.translation.glossary import missed
from media_assets.artifacts.translation.memory import KeptPortion, KeptText, PortionJournal, TranslationMemory, added
from media_assets.artifacts.translation.settings import TranslationSettings
from media_assets.artifacts.translation.translator import Order, Portion, Translator
from media_assets.artifacts.translation.wrong_language import FEW_WORDS, language_instead
from media_assets.base.errors import BadMedia
from media_assets.base.languages import language_name
from media_assets.work.engine_result import nonsense
from media_assets.work.work import Work

_BEGINNING_WORDS = 100
"""The beginning of a recording may be a song or a quotation; with so many words the rest is not asked for."""
_FEW = 3
"""So many texts are no quotation."""


@dataclass
class IntoLanguage:
    """The work on one language of one file.

    Args:
        orders: The speech, and the summary where it is to be translated; all of it, as if nothing were known.
        before: What an earlier artifact has of it.
        by_hand: What a person wrote, whatever settings and glossary say.
        usage_before: What before took.
    """

    language: str
    settings: TranslationSettings
    orders: tuple[Order, ...]
    journal: PortionJournal
    journalled: TranslationMemory
    before: TranslationMemory
    by_hand: TranslationMemory
    usage_before: Usage = field(default_factory=Usage)
    texts: dict[tuple[str, int], str] = field(default_factory=dict)
    """What is finished, by kind and id."""
    paid: Usage = field(default_factory=Usage)
    """What it took in this attempt, and in those that were broken off."""
    error: BadMedia | None = None
    """Why it cannot be finished."""
    left: tuple[Order, ...] = ()
    """What of the orders has to be asked for."""
    _took_over: bool = False

    def take_over(self) -> None:
        """Take what is known; what is not is `left`."""
        self.paid = self.journal.load(self.journalled)
        self.left = tuple(self._without_known(order) for order in self.orders)

    @property
    def missing(self) -> int:
        """How many lines have to be asked for."""
        return sum(len(order.wanted) for order in self.left)

    @property
    def usage(self) -> Usage:
        """What all of it took, in whichever attempt."""
        return added(self.paid, self.usage_before) if self._took_over else self.paid

    def ask(self, engine: Translator, work: Work, done: Callable[[int], None]) -> None:
        """Ask for what is missing.

        Args:
            done: Told how many lines were finished.

        Raises:
            BadMedia: it cannot be translated into this language.
        """
        for order in self.left:
            left = set(order.wanted)
            with closing(_portions(engine, order, work)) as portions:
                for portion in portions:
                    self._keep(order, portion, left, engine)
                    self._require_language(engine, _BEGINNING_WORDS)
                    done(len(portion.texts))
            if left:
                raise nonsense(engine, self.settings.engine, "fewer lines than it was asked for")
        self._require_language(engine, FEW_WORDS)
        self._require_translated(engine)

    def note(self) -> str | None:
        """What whoever reads it has to know, once it is finished."""
        order = next(order for order in self.orders if order.kind == "speech")
        pairs = [(line.id, line.text, self.texts["speech", line.id]) for line in order.lines if line.id in order.wanted]
        same = sum(is_untranslated(text, translated, self.language) for _, text, translated in pairs)
        as_said = f"{same} of {len(pairs)} segments are as they were said" if same else None
        return "; ".join(filter(None, (as_said, missed(pairs, order.glossary)))) or None

    def _without_known(self, order: Order) -> Order:
        found: dict[int, str] = {}
        for line in order.lines:
            if line.id not in order.wanted:
                self.texts[order.kind, line.id] = line.text
                continue
            key = self.journalled.key(self.settings.result_settings(), order, line)
            text = self.by_hand.find(self.by_hand.key({}, replace(order, glossary={}), line), line.id)
            if text is None:
                text = self.journalled.find(key, line.id)
            if text is None and (text := self.before.find(key, line.id)) is not None:
                self._took_over = True
            if text is not None:
                found[line.id] = self.texts[order.kind, line.id] = text
        return replace(order, wanted=order.wanted - found.keys(), known=found)

    def _keep(self, order: Order, portion: Portion, left: set[int], engine: Translator) -> None:
        name = self.settings.engine
        if not portion.texts.keys() <= left:
            raise nonsense(engine, name, "lines that it was not asked for, or one twice")
        if not all(text.strip() for text in portion.texts.values()):
            raise nonsense(engine, name, "an empty translation")
        left.difference_update(portion.texts)
        settings, lines = self.settings.result_settings(), {line.id: line for line in order.lines}
        kept = []
        for number, text in portion.texts.items():
            self.texts[order.kind, number] = text
            # What was given back as it was is asked for again by the next attempt, if this one comes to nothing.
            if not is_untranslated(lines[number].text, text, self.language):
                kept.append(KeptText(key=self.journalled.key(settings, order, lines[number]), number=number, text=text))
        if kept or portion.usage != Usage():
            self.journal.keep(KeptPortion(texts=tuple(kept), usage=portion.usage))
        self.paid = added(self.paid, portion.usage)

    def _require_language(self, engine: Translator, least_words: int) -> None:
        """See that what was translated so far is in the language, if it has so many words. What is not is worth
        nothing, and is not kept.

        Raises:
            BadMedia: it is in another one.
        """
        asked = [(order.kind, line.id) for order in self.orders for line in order.lines if line.id in order.wanted]
        finished = [place for place in asked if place in self.texts]
        instead = language_instead((self.texts[place] for place in finished), self.language, least_words)
        if instead is None:
            return
        for place in finished:
            del self.texts[place]
        self.journal.discard()
        raise BadMedia(
            f"was answered in {language_name(instead)} by {engine.model or engine.name}",
            next_step="Retry it, or configure another model",
        )

    def _require_translated(self, engine: Translator) -> None:
        """See that most of it was translated: a few quotations and names come back as they were.

        Raises:
            BadMedia: most of it was not translated.
        """
        asked = [(order.kind, line) for order in self.orders for line in order.lines if line.id in order.wanted]
        telling = [(kind, line) for kind, line in asked if is_telling(line.text)]
        same = [
            (kind, line.id)
            for kind, line in telling
            if is_untranslated(line.text, self.texts[kind, line.id], self.language)
        ]
        if len(same) >= _FEW and 2 * len(same) > len(telling):
            for place in same:
                del self.texts[place]
            by = engine.model or engine.name
            raise BadMedia(
                f"was given back untranslated by {by}: {len(same)} of {len(telling)} texts are as they were, or in "
                "another script",
                next_step="Retry it, or configure another model",
            )


def _portions(engine: Translator, order: Order, work: Work) -> Generator[Portion]:
    """A generator, whatever the engine returned, so that it is closed when its work is not wanted any more."""
    if order.wanted:
        yield from engine.translate(order, work)
