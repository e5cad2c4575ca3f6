"""Looks at the machine before work begins: is what the settings name there, readable, writable and usable?

Each check looks at one thing, really tries it, and says what to do when it fails; a failed one never stops the others.
Nothing is kept: what a check writes it removes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from media_assets.base.disks import writable
from media_assets.base.errors import MediaAssetsError, classify
from media_assets.base.secrets import Secrets
from media_assets.base.wording import counted
from media_assets.config.opening import open_library
from media_assets.config.settings import Settings
from media_assets.media.ffmpeg import FFmpeg
from media_assets.operation.alerts.channels import channels_of
from media_assets.operation.doctor.engines import engine_checks
from media_assets.operation.selection import Selection
from media_assets.operation.selection_checks import LooksAtFolders, unseen
from media_assets.operation.webhooks.signing import Signer
from media_assets.pipeline.library import Library

# What engines and the operating system raise when they cannot be used. Anything else is a mistake in a check.


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
    exit_code: int = 1
    """What `doctor` ends with, when this is the worst that it found."""


def checks(settings: Settings, secrets: Secrets) -> Iterator[Check]:
    """Looks at one thing after the other; some take seconds."""
    ffmpeg = FFmpeg(settings.ffmpeg)
    sources = counted(len(settings.sources), "source")
    yield Check("settings", True, f"{settings.config_path or 'built in code'}: {sources}")
    library, min_free_bytes = open_library(settings, secrets), settings.limits.min_free_bytes
    for name, section in settings.sources.items():
        yield _checked(f"source {name}", lambda: library.sources[name].check())  # noqa: B023  called at once
        if (folder := section.folder_here()) and _written_beside(settings):
            yield _checked(f"artifacts beside {name}", partial(writable, folder, min_free_bytes))
        yield from _unseen(library, name)
    for name in settings.stores:
        yield _checked(f"store {name}", lambda: library.stores[name].check())  # noqa: B023
    yield _checked("state_dir", partial(writable, settings.state_dir, min_free_bytes))
    yield _checked("ffmpeg", lambda: f"{ffmpeg.version} at {ffmpeg.path}")
    for name, look in engine_checks(settings, secrets, ffmpeg):
        yield _checked(name, look)
    for name, channel in channels_of(settings, secrets).items():
        yield _checked(f"alerts to {name}", channel.check)
    for name in settings.webhooks:
        yield _checked(f"webhook {name}", partial(_webhook, name, secrets))


def failed(name: str, error: BaseException) -> Check:
    """The check that an error ended; also for errors that come before there are settings to check."""
    known = classify(error)
    return Check(name, False, known.reason, known.next_step)


def _checked(name: str, look: Callable[[], str | Check]) -> Check:
    try:
        found = look()
    except Exception as error:  # noqa: BLE001  whatever a place or an engine of others raises, the other checks go on
        return failed(name, error)
    return found if isinstance(found, Check) else Check(name, True, found)


def _unseen(library: Library, name: str) -> Iterator[Check]:
    """What of a source cannot be looked at; that it cannot be listed at all was said before."""
    try:
        source = library.sources[name]
        if not isinstance(source, LooksAtFolders):
            return
        source.look_at_folders()
    except MediaAssetsError:
        return
    for problem in unseen(source, Selection()):
        yield Check(f"source {name}", False, problem.reason, problem.next_step, exit_code=2)


def _webhook(name: str, secrets: Secrets) -> str:
    Signer.of(name, secrets.webhook_secrets.get(name))
    return "its events can be signed; `media-assets webhooks test` sends one"


def _written_beside(settings: Settings) -> bool:
    return any(settings.output_for(asset).placement == "beside_source" for asset in settings.assets)
