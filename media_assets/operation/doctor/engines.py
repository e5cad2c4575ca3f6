"""What `doctor` looks at of the engines: each that may be used, its key, and its price where there is a budget."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TypeVar, cast
from urllib.parse import urlsplit

from media_assets.artifacts.summary.settings import SummarySettings
from media_assets.artifacts.summary.summarizer import opened_summarizer
from media_assets.artifacts.transcript.settings import TranscriptionSettings
from media_assets.artifacts.transcript.transcriber import Tools, opened_transcriber
from media_assets.artifacts.transcript.voices.diarizer import Diarizer
from media_assets.artifacts.translation.settings import TranslationSettings
from media_assets.artifacts.translation.translator import opened_translator
from media_assets.base.errors import Fatal
from media_assets.base.secrets import Secrets
from media_assets.base.section import Section
from media_assets.config.settings import Settings
from media_assets.media.ffmpeg import FFmpeg
from media_assets.operation.doctor.sound import blamed, second_of_sound
from media_assets.pipeline.rules import EngineRule
from media_assets.services.openai.server import OPENAI_HOST
from media_assets.work.settings import BudgetSettings

_Section = TypeVar("_Section", bound=Section)


def engine_checks(settings: Settings, secrets: Secrets, ffmpeg: FFmpeg) -> Iterator[tuple[str, Callable[[], str]]]:
    """What to look at, by name; each returns what it found, or raises."""
    transcribers = _engines("transcriber", settings.transcription, settings.transcription_rules)
    for name, transcription in transcribers:
        yield name, partial(_transcriber, transcription, ffmpeg, secrets)
    yield "who speaks", Diarizer(settings.speakers, ffmpeg, people=settings.people_path).check
    yield "a second of sound", partial(second_of_sound, [section for _, section in transcribers], ffmpeg)
    yield "credentials", partial(_credentials, settings, secrets)
    for name, summary in _engines("summarizer", settings.summary, settings.summary_rules):
        yield name, partial(_summarizer, summary, secrets)
    for name, translation in _translations(settings):
        yield name, partial(_translator, translation, secrets)
    if settings.budgets != BudgetSettings():
        yield "budgets", partial(_budgets, settings)


def _transcriber(section: TranscriptionSettings, ffmpeg: FFmpeg, secrets: Secrets) -> str:
    with blamed(f"load {section.engine}", section.packages()):
        return opened_transcriber(section, Tools(ffmpeg, secrets)).check()


def _summarizer(section: SummarySettings, secrets: Secrets) -> str:
    with blamed(f"load {section.engine}", section.packages()):
        return opened_summarizer(section, secrets).check()


def _translator(section: TranslationSettings, secrets: Secrets) -> str:
    with blamed(f"load {section.engine}", section.packages()):
        return opened_translator(section, secrets).check()


def _credentials(settings: Settings, secrets: Secrets) -> str:
    servers = [address for section in _chosen(settings) if (address := section.server())]
    if not servers:
        elsewhere = [*settings.sources.values(), *settings.stores.values()]
        if all(place.neighbourhood == "folders" for place in elsewhere):
            return "the chosen engines need none"
        return "the chosen engines need none; those of sources and stores are told with each of them"
    if secrets.openai_api_key is not None:
        return "OPENAI_API_KEY is set"
    hosts = [urlsplit(address).hostname or "" for address in servers]
    if OPENAI_HOST in hosts:
        raise Fatal(
            "OPENAI_API_KEY is not set",
            next_step="Set it in the environment or in .env beside library.yaml, or choose engines that need none",
        )
    return f"OPENAI_API_KEY is not set, and {', '.join(dict.fromkeys(hosts))} may not want one"


def _budgets(settings: Settings) -> str:
    """Whether each engine that is paid for has a price: without one, a budget cannot be kept."""
    unpriced = [model for section in _chosen(settings) if (model := section.unpriced())]
    if unpriced:
        raise Fatal(
            f"there is no price for {', '.join(dict.fromkeys(unpriced))}, so budgets cannot be kept",
            next_step="Set it beside the model in library.yaml (0 where it costs nothing), or remove `budgets`",
        )
    limits = settings.budgets.model_dump(exclude_none=True)
    return ", ".join(f"{name} {usd:g}" for name, usd in limits.items())


def _chosen(settings: Settings) -> list[TranscriptionSettings | SummarySettings | TranslationSettings]:
    """Every section about an engine that may be used."""
    return [
        *(section for _, section in _engines("", settings.transcription, settings.transcription_rules)),
        *(section for _, section in _engines("", settings.summary, settings.summary_rules)),
        *(section for _, section in _translations(settings)),
    ]


def _translations(settings: Settings) -> list[tuple[str, TranslationSettings]]:
    """Those that name a language, where anything is translated."""
    if not settings.assets["translation"].enabled:
        return []
    named = _engines("translator", settings.translation, settings.translation_rules)
    return [(name, section) for name, section in named if section.languages]


def _engines(name: str, default: _Section, rules: Sequence[EngineRule]) -> list[tuple[str, _Section]]:
    """Every section that may be used, once, with a name for its check."""
    named = [(name, default)]
    for index, rule in enumerate(rules):
        section = cast(_Section, rule.use)
        if all(section != known for _, known in named):
            named.append((f"{name} of rule {index + 1}", section))
    return named
