"""Which files among the user's own are ours: those of artifacts that lie beside their sources.

    <folder>/<hash of path>     whose file lies at that path, and the checksums of what was ever put there

A path is claimed before anything is written to it, and what lies there is replaced or removed only while it is what we
put there: a file that the user made or edited is his.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection
from pathlib import Path

from filelock import FileLock

from media_assets.base.checksums import sha256_of
from media_assets.base.errors import Fatal
from media_assets.base.files import read_if_file, write_whole
from media_assets.places.artifact_names import hash_of
from media_assets.places.folder.locations import Locations
from media_assets.places.owners import PartOfArtifact, key_of
from media_assets.places.stems import Stems, without

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

    def stem(self, source: Path, key: str) -> tuple[str, list[str]]:
        """The stem of what is to lie beside `source`, which is the file of that key, and what else bears it there; see
        `Stems`."""
        stems = Stems(source.name, key)
        near = without(source.name, [item.name for item in os.scandir(source.parent) if stems.concern(item.name)])
        own = [name for name in near if key_of(self._read(source.with_name(name))[0] or "") == key]
        others = [name for name in near if name not in own]
        return stems.best(others, own), others

    def claim(
        self,
        source: Path,
        stem: str,
        part: PartOfArtifact,
        sha256: str,
        *,
        language: str = "",
        others: Collection[str] = (),
    ) -> Path:
        """A path beside `source` for a file: free, or its owner's already.

        Args:
            stem: The one it is to bear.
            sha256: Of what will be put there.
            language: That of its text.
            others: What else bears the stem there.

        Raises:
            Fatal: all names are taken.
        """
        for file_name in Stems(source.name, part.key).names(stem, part.name, str(part), language, others):
            path = source.with_name(file_name)
            with self._lock():
                if self._take(path, str(part), sha256):
                    return path
        raise Fatal(f"no free name for {part.name} beside {source}", next_step="Move the files of that name away")

    def remove(self, path: Path, taken_over: str = "") -> None:
        """Delete what we put at a path, and give the path back.

        Args:
            taken_over: SHA-256 of what lies elsewhere now and is ours, though a person may have written it here.
        """
        with self._lock():
            owner, checksums = self._read(path)
            if _is_one_of(path, [*checksums, taken_over] if owner else checksums):
                path.unlink()
            self._record(path).unlink(missing_ok=True)

    def _take(self, path: Path, owner: str, sha256: str) -> bool:
        claimed_by, checksums = self._read(path)
        if claimed_by not in (None, owner):
            return False
        # What a person made of it and we took over word for word is ours from then on.
        if os.path.lexists(path) and not _is_one_of(path, [*checksums, sha256] if claimed_by else checksums):
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
