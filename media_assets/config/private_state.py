"""Closes `state_dir` to other users of the machine: what was said in recordings passes through it.

Artifacts, and what is written beside sources, are for others too: those get the permissions that the process gives to
any new file (umask).
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from media_assets.base.files import close_to_others, private_folder
from media_assets.config.settings import Settings

_OURS = (
    *("cache", "dagster", "duplicates", "google", "journal", "locks", "metrics", "work"),
    *("import.lock", "process.log", "process.log.1", "work.lock"),
)
"""What may lie in `state_dir`."""


def make_state_private(settings: Settings) -> None:
    """Make `state_dir`, closed to others, and close what an older version left open in it.

    Where library.yaml, a source or a store lies in it, it stays as open as it is, and only what is in it is closed.
    """
    folder = settings.state_dir
    if any(place.resolve().is_relative_to(folder.resolve()) for place in _for_others(settings)):
        folder.mkdir(parents=True, exist_ok=True)
    else:
        private_folder(folder)
    for name in _OURS:
        with suppress(FileNotFoundError):
            close_to_others(folder / name)


def _for_others(settings: Settings) -> list[Path]:
    places = (*settings.stores.values(), *settings.sources.values())
    found = [folder for place in places if (folder := place.folder_here())]
    return [*found, settings.config_path] if settings.config_path else found
