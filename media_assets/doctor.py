"""Looks at the machine before work begins: is what the settings name there, readable, writable and usable?

Each check looks at one thing, really tries it, and says what to do when it fails; a failed one never stops the others.
Nothing is kept: what a check writes it removes.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from urllib.parse import urlsplit

from media_assets.engines.ffmpeg import FFmpeg
from media_assets.engines.summarizers import build_summarizer
from media_assets.engines.transcribers import build_transcriber
from media_assets.errors import Fatal, MediaAssetsError, classify
from media_assets.settings import DEFAULT_TUNING, FolderSource, OpenAISummary, Secrets, Settings

_GLIMPSE = 1000
"""Entries of a folder that are counted; more would take long on a network share."""

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
    for name, source in settings.sources.items():
        yield _checked(f"source {name}", partial(_source, name, source))
        if _written_beside(settings):
            yield _checked(f"artifacts beside {name}", partial(_writable, source.path, settings))
    for name, store in settings.stores.items():
        yield _checked(f"store {name}", partial(_writable, store.path, settings))
    yield _checked("state_dir", partial(_writable, settings.state_dir, settings))
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


def _source(name: str, source: FolderSource) -> Check:
    entries = _entries(source.path, f"sources.{name}.path")
    if entries:
        shown = f"{_GLIMPSE} entries and more" if entries > _GLIMPSE else _count(entries, "entry", "entries")
        return Check(f"source {name}", True, f"{source.path}: {shown}")
    return Check(f"source {name}", True, f"{source.path} is empty", "Put recordings or photos into it")


def _entries(folder: Path, key: str) -> int:
    """How many entries a folder has, at most one more than are looked at."""
    try:
        with os.scandir(folder) as entries:
            return sum(1 for _ in islice(entries, _GLIMPSE + 1))
    except FileNotFoundError:
        raise Fatal(f"there is no folder {folder}", next_step=f"Create or mount it, or correct {key}") from None
    except NotADirectoryError:
        raise Fatal(f"{folder} is no folder", next_step=f"Correct {key}") from None
    except PermissionError:
        raise Fatal(f"{folder} may not be listed", next_step="Grant this user the right to read it") from None


def _written_beside(settings: Settings) -> bool:
    return any(settings.output_for(asset).placement == "beside_source" for asset in DEFAULT_TUNING)


def _writable(folder: Path, settings: Settings) -> str:
    """Writes a file and removes it; into the folder above when this one will only be created by the first run."""
    existing = next(above for above in (folder, *folder.parents) if above.exists())
    if not existing.is_dir():
        raise Fatal(f"{existing} is no folder", next_step=f"Move it away, or choose another place than {folder}")
    try:
        with tempfile.NamedTemporaryFile(dir=existing, prefix=".media_assets-doctor-") as file:
            file.write(b"\0")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise Fatal(
            f"{existing} cannot be written: {error.strerror}",
            next_step="Grant this user the right to write there, mount it, or choose another place",
        ) from None
    free, needed = shutil.disk_usage(existing).free, settings.limits.min_free_bytes
    if free < needed:
        raise Fatal(
            f"the disk of {existing} has {_gigabytes(free)} free, and {_gigabytes(needed)} are to be left free",
            next_step="Free space, choose another disk, or lower limits.min_free_bytes",
        )
    place = str(folder) if existing == folder else f"{folder}, which the first run creates"
    return f"{place}: writable, {_gigabytes(free)} free"


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
