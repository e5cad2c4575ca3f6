"""Files of artifacts that a person changed in the folder where they lie."""

from __future__ import annotations

import os
import shutil
import stat
from datetime import UTC, datetime
from pathlib import Path

from media_assets.base.checksums import sha256_of
from media_assets.places.manifest import StoredFile
from media_assets.places.store import MOST_EDITED_BYTES, EditedFile

_MOST_COMPARED_BYTES = 16 << 20
"""What is larger is compared by its size alone: a library whose times were lost is not read whole at each look."""


def is_whole(path: Path, stored: StoredFile, published_ns: int) -> bool:
    """Whether a file is there as it was published.

    One of the same size counts as that unless it was written since, is no larger than a text, and has another content.

    Args:
        published_ns: When it was published, by the clock of the file system.

    Raises:
        FileNotFoundError, NotADirectoryError: it is not there.
    """
    status = path.lstat()
    if not stat.S_ISREG(status.st_mode) or status.st_size != stored.size_bytes:
        return False
    may_be_edited = status.st_mtime_ns > published_ns and status.st_size <= _MOST_COMPARED_BYTES
    return not may_be_edited or sha256_of(path) == stored.sha256


def edited_file(path: Path, stored: StoredFile, directory: Path) -> EditedFile | None:
    """What lies at a path instead of what was published, copied to `directory`; None where nothing does."""
    try:
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode) or not 0 < status.st_size <= MOST_EDITED_BYTES:
            return None
        if sha256_of(path) == stored.sha256:
            return None
        copy = directory / stored.name
        shutil.copyfile(path, copy)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return EditedFile(copy, sha256_of(copy), datetime.fromtimestamp(status.st_mtime, UTC), _owner(status))


def _owner(status: os.stat_result) -> str | None:
    """The name of who owns a file, where the system has names."""
    try:
        import pwd
    except ImportError:  # Windows
        return None
    try:
        return pwd.getpwuid(status.st_uid).pw_name
    except KeyError:
        return None
