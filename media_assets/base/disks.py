"""Whether a folder of this machine can take what is to be written to it."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from media_assets.base.errors import Fatal, classify


def writable(folder: Path, min_free_bytes: int) -> str:
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
        known = classify(error)
        step = known.next_step if isinstance(known, Fatal) else ""
        if isinstance(error, PermissionError) or not step:
            step = "Grant this user the right to write there, mount it, or choose another place"
        raise Fatal(f"{existing} cannot be written: {error.strerror}", next_step=step) from None
    free = shutil.disk_usage(existing).free
    if free < min_free_bytes:
        raise Fatal(
            f"the disk of {existing} has {_gigabytes(free)} free, and {_gigabytes(min_free_bytes)} are to be left free",
            next_step="Free space, choose another disk, or lower limits.min_free_bytes",
        )
    place = str(folder) if existing == folder else f"{folder}, which the first run creates"
    return f"{place}: writable, {_gigabytes(free)} free"


def _gigabytes(size_bytes: int) -> str:
    return f"{size_bytes / 1e9:.1f} GB"
