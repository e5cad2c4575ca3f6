"""Which files among the user's own are ours: those of artifacts that lie beside their sources.

    <folder>/<hash of path>     whose file lies at that path, and the checksums of what was ever put there

A path is claimed before anything is written to it, and what lies there is replaced or removed only while it is what we
put there: a file that the user made or edited is his.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

from media_assets.base.checksums import sha256_of
from media_assets.base.errors import Fatal
from media_assets.base.files import read_if_file, write_whole
from media_assets.places.artifact_names import hash_of, names_beside
from media_assets.places.folder.locations import Locations

_SHA256 = re.compile(r"[0-9a-f]{64}")


class Claims:
    """The files beside sources that belong to one store."""

    def __init__(self, folder: Path, locations: Locations) -> None:
        self._folder = folder
        self._locations = locations

    def test(self) -> Callable[[Path], bool]:
        """Whether a path is claimed, as of now."""
        known = frozenset(item.name for item in self._folder.iterdir()) if self._folder.is_dir() else frozenset()
        return lambda path: bool(known) and self._record(path).name in known

    def claim(self, source: Path, name: str, owner: str, sha256: str) -> Path:
        """A path beside `source` for the file that its artifact calls `name`: free, or the owner's already.

        Args:
            sha256: Of what will be put there.

        Raises:
            Fatal: all names are taken.
        """
        for file_name in names_beside(source.name, name, owner):
            path = source.with_name(file_name)
            with self._lock():
                if self._take(path, owner, sha256):
                    return path
        raise Fatal(f"no free name for {name} beside {source}", next_step="Move the files of that name away")

    def remove(self, path: Path) -> None:
        """Delete what we put at a path, and give the path back."""
        with self._lock():
            _, checksums = self._read(path)
            if _is_one_of(path, checksums):
                path.unlink()
            self._record(path).unlink(missing_ok=True)

    def _take(self, path: Path, owner: str, sha256: str) -> bool:
        claimed_by, checksums = self._read(path)
        if claimed_by not in (None, owner):
            return False
        if os.path.lexists(path) and not _is_one_of(path, checksums):
            self._record(path).unlink(missing_ok=True)
            return False
        write_whole(self._record(path), "\n".join([owner, *{*checksums, sha256}]).encode())
        return True

    def _read(self, path: Path) -> tuple[str | None, list[str]]:
        """Whose it is, and the checksums; nobody's where the record cannot be read, so that what lies there stays."""
        owner, *checksums = (read_if_file(self._record(path)) or b"").decode("utf-8", "replace").splitlines() or [""]
        if not checksums or not all(_SHA256.fullmatch(checksum) for checksum in checksums):
            return None, []
        return owner, checksums

    def _record(self, path: Path) -> Path:
        return self._folder / hash_of(self._locations.written(path))

    def _lock(self) -> FileLock:
        self._folder.mkdir(parents=True, exist_ok=True)
        return FileLock(self._folder.with_suffix(".lock"))


def _is_one_of(path: Path, checksums: list[str]) -> bool:
    return path.is_file() and not path.is_symlink() and sha256_of(path) in checksums
