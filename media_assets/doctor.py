"""Looks at the machine before work begins: is what the settings name there, readable, writable and usable?

Each check looks at one thing, really tries it, and says what to do when it fails; a failed one never stops the others.
Nothing is kept: what a check writes it removes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit

from media_assets.disks import writable
from media_assets.engines.ffmpeg import FFmpeg
from media_assets.engines.summarizers import build_summarizer
from media_assets.engines.transcribers import build_transcriber
from media_assets.errors import Fatal, MediaAssetsError, classify
from media_assets.library import Library
from media_assets.settings import DEFAULT_TUNING, OpenAISummary, Secrets, Settings
from media_assets.settings_places import FolderSource

# What engines and the operating system raise when they cannot be used. Anything else is a mistake in a check.
_FAILURES = (MediaAssetsError, OSError, ImportError, RuntimeError, ValueError)


@dataclass(frozen=True)
class Check:
    """What one look found.

    Args:
        name: What was looked at.
        ok: Whether work can begin, as far as this is concerned.
        detail: What was found.
        next_step: What to do about it; also of a successful check, where something is worth doing.
    """

    name: str
    ok: bool
    detail: str
    next_step: str = ""


def checks(settings: Settings, secrets: Secrets) -> Iterator[Check]:
    """Looks at one thing after the other; some take seconds."""
    ffmpeg = FFmpeg(settings.ffmpeg)
    yield _checked("settings", partial(_settings, settings))
    library, min_free_bytes = Library(settings, secrets), settings.limits.min_free_bytes
    for name, section in settings.sources.items():
        yield _checked(f"source {name}", partial(_source, library, name))
        if isinstance(section, FolderSource) and _written_beside(settings):
            yield _checked(f"artifacts beside {name}", partial(writable, section.path, min_free_bytes))
    for name in settings.stores:
        yield _checked(f"store {name}", partial(_store, library, name))
    yield _checked("state_dir", partial(writable, settings.state_dir, min_free_bytes))
    yield _checked("ffmpeg", lambda: f"{ffmpeg.version} at {ffmpeg.path}")
    yield _checked("transcriber", lambda: build_transcriber(settings.transcription, ffmpeg).check())
    yield _checked("credentials", partial(_credentials, settings, secrets))
    yield _checked("summarizer", lambda: build_summarizer(settings.summary, secrets).check())


def failed(name: str, error: BaseException) -> Check:
    """The check that an error ended; also for errors that come before there are settings to check."""
    known = classify(error)
    return Check(name, False, known.reason, known.next_step)


def _checked(name: str, look: Callable[[], str | Check]) -> Check:
    try:
        found = look()
    except _FAILURES as error:
        return failed(name, error)
    return found if isinstance(found, Check) else Check(name, True, found)


def _settings(settings: Settings) -> str:
    return f"{settings.config_path or 'built in code'}: {_count(len(settings.sources), 'source')}"


def _source(library: Library, name: str) -> str:
    return library.sources[name].check()


def _store(library: Library, name: str) -> str:
    return library.stores[name].check()


def _written_beside(settings: Settings) -> bool:
    return any(settings.output_for(asset).placement == "beside_source" for asset in DEFAULT_TUNING)


def _credentials(settings: Settings, secrets: Secrets) -> str:
    if not isinstance(settings.summary, OpenAISummary):
        return "the chosen engines need none"
    if secrets.openai_api_key is not None:
        return "OPENAI_API_KEY is set"
    host = urlsplit(settings.summary.base_url).hostname
    if host == "api.openai.com":
        raise Fatal(
            "OPENAI_API_KEY is not set",
            next_step="Set it in the environment or in .env beside library.yaml, or use `summary.engine: extractive`",
        )
    return f"OPENAI_API_KEY is not set, and {host} may not want one"


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or f'{one}s'}"


def _gigabytes(size_bytes: int) -> str:
    return f"{size_bytes / 1e9:.1f} GB"
