"""translation: what is said in a recording, in other languages, as captions, Markdown and JSON."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from media_assets.artifacts.summary.markdown import to_markdown
from media_assets.artifacts.summary.value import Summary
from media_assets.artifacts.transcript.captions import to_srt, to_vtt
from media_assets.artifacts.transcript.value import Transcript
from media_assets.artifacts.translation.by_hand import DOCUMENT, written_by_hand
from media_assets.artifacts.translation.engines.openai.prompts import PROMPT_VERSION
from media_assets.artifacts.translation.settings import TranslationSettings
from media_assets.artifacts.translation.translating import ToTranslate, translated
from media_assets.artifacts.translation.translators import Translators
from media_assets.artifacts.translation.value import TranslatedLanguage, Translation
from media_assets.base.errors import NotApplicable
from media_assets.base.languages import language_name
from media_assets.pipeline.artifact import Artifact, Earlier, Stored
from media_assets.pipeline.recording import Recording, write_texts
from media_assets.pipeline.settings import AssetTuning
from media_assets.pipeline.stage import Metadata, file_asset
from media_assets.work.work import Work

_CODE_VERSION = f"1-prompts{PROMPT_VERSION}"


def describe(stored: Stored[Translation]) -> Metadata:
    translation = stored.value
    already = [each.language for each in translation.languages if each.state == "already"]
    notes = [f"{each.language}: {each.note}" for each in translation.languages if each.note]
    engines = dict.fromkeys(f"{each.engine} {each.model}".strip() for each in translation.languages if each.engine)
    return {
        "languages": ", ".join(translation.finished),
        **({"already": f"it is in {', '.join(already)}"} if already else {}),
        **({"note": "; ".join(notes)} if notes else {}),
        **({"by_hand": f"as a person wrote it: {', '.join(translation.by_hand)}"} if translation.by_hand else {}),
        "source_language": translation.source_language,
        "segments": len(translation.segments),
        "engine": ", ".join(engines),
        "input_tokens": sum(each.usage.input_tokens for each in translation.languages),
        "output_tokens": sum(each.usage.output_tokens for each in translation.languages),
    }


def pages(translation: Translation, recording: Recording) -> Mapping[str, str]:
    """The summary in each language, as a page about the recording."""
    return {
        f"summary.{each.language}.md": to_markdown(
            _with_note(translation.summaries[each.language], translation.source_language, each), recording
        )
        for each in translation.languages
        if each.state == "translated"
        and each.language in translation.summaries
        and f"summary.{each.language}.md" not in translation.by_hand
    }


def _with_note(summary: Summary, source: str, told: TranslatedLanguage) -> Summary:
    by = f"translated from {language_name(source)} by {told.engine}"
    said = f"{by} ({told.model})" if told.model else by
    return summary.model_copy(update={"note": "; ".join(filter(None, (summary.note, said)))})


def languages_of(translation: Translation) -> Mapping[str, str]:
    """The language of each file of captions."""
    return {f"transcript.{language}.{form}": language for language in translation.finished for form in ("srt", "vtt")}


@file_asset(
    group="text",
    kinds={"translation"},
    code_version=_CODE_VERSION,
    pool="summarizer",
    tuning=AssetTuning(enabled=False, batch=30, workers=2, time_limit_seconds=600, time_limit_per_media_second=4.0),
    result_settings=lambda settings: settings.translation,
    describe=describe,
    rules=lambda settings: settings.translation_rules,
    texts=pages,
    languages=languages_of,
    takes_edits=True,
)
def translation(
    transcript: Stored[Transcript],
    summary: Stored[Summary],
    earlier: Earlier[Translation],
    translators: Translators,
    settings: TranslationSettings,
    work: Work,
) -> Artifact[Translation]:
    """What is said in a recording, in each language of a list: captions with the times and speakers of the transcript,
    and the summary.

    What is spoken in a language already is not translated into it. Another language, a corrected segment or another
    word in the glossary costs that alone: the rest is taken over. Where a language fails, the others are stored, the
    cell says which it was, and the next attempt asks for what is missing. `translation_rules` may choose other
    languages, or another engine, for some recordings.
    """
    written_in = summary.manifest.settings.get("language")
    language = written_in if isinstance(written_in, str) else transcript.value.language
    what = ToTranslate(transcript.value, summary.value, language)
    if not settings.languages:
        raise NotApplicable("is to be translated into no language")
    if all(what.is_in(language) for language in settings.languages):
        raise NotApplicable(f"is in {language_name(transcript.value.language)} already, and is wanted in nothing else")
    engine = translators.engine(settings)
    written = written_by_hand(earlier)
    made, cost_usd, failure = translated(what, settings, engine, earlier, written, _CODE_VERSION, work)
    if failure is not None and not _is_more(made, written.value):
        raise failure
    paths = write_texts(work.directory, dict(_forms(made)))
    for name, path in written.files.items():
        paths[name] = Path(shutil.copyfile(path, work.directory / name))
    return Artifact(made, paths, document=DOCUMENT, cost_usd=cost_usd, by_hand=bool(made.by_hand), unfinished=failure)


def _forms(translation: Translation) -> Iterator[tuple[str, str]]:
    """The files, by their names: captions only of what is translated whole."""
    yield DOCUMENT, translation.model_dump_json(indent=1)
    for each in translation.languages:
        if each.state != "translated":
            continue
        said = translation.transcript_in(each.language)
        yield f"transcript.{each.language}.srt", to_srt(said)
        yield f"transcript.{each.language}.vtt", to_vtt(said)


def _is_more(made: Translation, before: Translation | None) -> bool:
    """Whether there is anything in it that is not stored already."""
    if before is None:
        return any(each.translations for each in made.segments)
    return any(each.translations for each in made.segments) and (
        before.segments != made.segments or before.summaries != made.summaries
    )
