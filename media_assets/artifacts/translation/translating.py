"""A transcript and its summary into all languages of a list, each apart from the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from media_assets.artifacts.summary.value import Summary, Usage
from media_assets.artifacts.transcript.value import Transcript, TranscriptSegment, language_at
from media_assets.artifacts.translation.by_hand import WrittenByHand
from media_assets.artifacts.translation.into_language import IntoLanguage
from media_assets.artifacts.translation.memory import PortionJournal, TranslationMemory
from media_assets.artifacts.translation.settings import TranslationSettings
from media_assets.artifacts.translation.summary_lines import lines_of, with_texts
from media_assets.artifacts.translation.translator import Line, Order, Translator
from media_assets.artifacts.translation.value import TranslatedLanguage, TranslatedSegment, Translation
from media_assets.base.errors import BadMedia, TimeLimitExceeded
from media_assets.base.languages import language_name, same_language
from media_assets.pipeline.artifact import Earlier
from media_assets.work.engine_errors import named
from media_assets.work.work import Work

_BY_HAND = "by hand"
"""Stands for the code version of what no code made."""


@dataclass(frozen=True)
class ToTranslate:
    """What is there to be translated.

    Args:
        summary_language: What the summary is written in.
    """

    transcript: Transcript
    summary: Summary
    summary_language: str

    def is_in(self, language: str) -> bool:
        """Whether all that is said is in that language already."""
        return not self._speech(language, {}).wanted

    def orders(self, language: str, glossary: Mapping[str, str]) -> tuple[Order, ...]:
        """All that there is to do for a language, as if nothing were known."""
        speech = self._speech(language, glossary)
        if _is(self.summary_language, language):
            return (speech,)
        lines = lines_of(self.summary)
        wanted = frozenset(line.id for line in lines if _has_letters(line.text))
        return speech, Order("summary", self.summary_language, language, lines, wanted, {}, glossary)

    def _speech(self, language: str, glossary: Mapping[str, str]) -> Order:
        labels = {speaker.id: speaker.label for speaker in self.transcript.speakers}
        lines, wanted = [], set()
        for number, segment in enumerate(self.transcript.segments, start=1):
            lines.append(Line(number, segment.text, labels.get(segment.speaker or "")))
            if _has_letters(segment.text) and not _is(self._language_of(segment), language):
                wanted.add(number)
        return Order("speech", self.transcript.language, language, tuple(lines), frozenset(wanted), {}, glossary)

    def _language_of(self, segment: TranscriptSegment) -> str:
        return language_at(segment, self.transcript.languages) or self.transcript.language


def translated(
    what: ToTranslate,
    settings: TranslationSettings,
    engine: Translator,
    earlier: Earlier[Translation],
    written: WrittenByHand,
    code_version: str,
    work: Work,
) -> tuple[Translation, float, BadMedia | None]:
    """The translation, what it cost in US dollars, and why it is not finished, where a language failed.

    Raises:
        MediaAssetsError: of all but what is wrong with one language: nothing further can be done now.
    """
    languages = [language for language in settings.languages if not what.is_in(language)]
    works = [_begun(what, language, settings, earlier, written, code_version, work) for language in languages]
    for each in works:
        each.take_over()
    if orders := [order for each in works for order in each.left if order.wanted]:
        work.spending.require(engine.estimate_usd(orders))
    _ask_all(works, engine, work)
    cost = sum(each.paid.cost_usd or 0.0 for each in works)
    made = _value(what, settings, engine, works).model_copy(update={"by_hand": written.names})
    return made, cost, _failure(works)


def _begun(
    what: ToTranslate,
    language: str,
    settings: TranslationSettings,
    earlier: Earlier[Translation],
    written: WrittenByHand,
    code_version: str,
    work: Work,
) -> IntoLanguage:
    before, by_hand, usage = TranslationMemory(code_version), TranslationMemory(_BY_HAND), Usage()
    manifest = earlier.stored.manifest if earlier.stored else None
    if written.value is not None and manifest is not None:
        usage = next((each.usage for each in written.value.languages if each.language == language), usage)
        if written.texts:
            by_hand.take_up(written.value, {}, language)
        elif manifest.code_version == code_version and not earlier.all_anew:
            before.take_up(written.value, manifest.settings, language)
    orders = what.orders(language, settings.glossary.get(language, {}))
    journal = PortionJournal(work.journal, language)
    return IntoLanguage(language, settings, orders, journal, TranslationMemory(code_version), before, by_hand, usage)


def _ask_all(works: Sequence[IntoLanguage], engine: Translator, work: Work) -> None:
    total = sum(each.missing for each in works) or 1
    finished = 0

    def done(lines: int) -> None:
        nonlocal finished
        finished += lines
        work.report(min(1.0, finished / total))

    for each in works:
        try:
            with named(engine, each.settings.engine, work.directory):
                each.ask(engine, work, done)
        except TimeLimitExceeded:
            raise
        except BadMedia as error:
            each.error = error
    work.report(1.0)


def _value(
    what: ToTranslate, settings: TranslationSettings, engine: Translator, works: Sequence[IntoLanguage]
) -> Translation:
    said = what.transcript
    by_language = {each.language: each for each in works}
    segments = (
        TranslatedSegment(
            id=number,
            start_seconds=segment.start_seconds,
            end_seconds=segment.end_seconds,
            text=segment.text,
            speaker=segment.speaker,
            translations={
                each.language: each.texts["speech", number] for each in works if ("speech", number) in each.texts
            },
        )
        for number, segment in enumerate(said.segments, start=1)
    )
    return Translation(
        source_language=said.language,
        duration_seconds=said.duration_seconds,
        segments=tuple(segments),
        speakers=said.speakers,
        summary=what.summary,
        summary_language=what.summary_language,
        summaries={each.language: made for each in works if (made := _summary(what, each)) is not None},
        languages=tuple(
            _told(by_language[language], engine)
            if language in by_language
            else TranslatedLanguage(language=language, state="already")
            for language in settings.languages
        ),
    )


def _told(each: IntoLanguage, engine: Translator) -> TranslatedLanguage:
    return TranslatedLanguage(
        language=each.language,
        state="failed" if each.error else "translated",
        engine=engine.name,
        model=engine.model,
        usage=each.usage,
        note=None if each.error else each.note(),
        reason=each.error.reason if each.error else None,
    )


def _summary(what: ToTranslate, each: IntoLanguage) -> Summary | None:
    """The summary in a language; None where it is not finished, or was written in that language."""
    texts = {line.id: each.texts.get(("summary", line.id)) for line in lines_of(what.summary)}
    found = {number: text for number, text in texts.items() if text is not None}
    return with_texts(what.summary, found) if len(found) == len(texts) else None


def _failure(works: Sequence[IntoLanguage]) -> BadMedia | None:
    failed = [(each.language, each.error) for each in works if each.error is not None]
    if not failed:
        return None
    done = [each.language for each in works if each.error is None]
    reasons = "; ".join(f"into {language_name(language)} ({language}): {error.reason}" for language, error in failed)
    kept = f"; {', '.join(done)} {'is' if len(done) == 1 else 'are'} done" if done else ""
    error = BadMedia(f"could not be translated {reasons}{kept}", next_step=failed[0][1].next_step)
    error.place = failed[0][1].place
    return error


def _has_letters(text: str) -> bool:
    return any(character.isalpha() for character in text)


def _is(spoken: str, wanted: str) -> bool:
    """Whether a language is the wanted one; a wanted script is another one than whatever somebody speaks."""
    has_script = any(len(part) == 4 for part in wanted.split("-")[1:])
    return spoken == wanted or (same_language(spoken, wanted) and not has_script)
