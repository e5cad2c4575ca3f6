"""One bounded cache of fetched source files, shared by all runs of a machine.

A file is fetched once however many runs ask for it at the same time, a broken fetch is taken up where it stopped, and a
file that is in use is never evicted.
"""

from __future__ import annotations

import hashlib
import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from media_assets.errors import Fatal
from media_assets.settings import CacheSettings

_LOCK = ".lock"


@dataclass
class CacheCounts:
    """What happened since the cache object was made."""

    hits: int = 0
    misses: int = 0
    evicted_bytes: int = 0


class FetchCache:
    """See the module.

    Args:
        folder: Where the files lie; its own.
        min_free_bytes: Space on that disk which is left free.
    """

    def __init__(self, folder: Path, settings: CacheSettings, min_free_bytes: int) -> None:
        self._folder = folder
        self._settings = settings
        self._min_free_bytes = min_free_bytes
        self.counts = CacheCounts()

    @contextmanager
    def lease(self, identity: str, size_bytes: int, fetch: Callable[[Path], None]) -> Iterator[Path]:
        """A local path of a file, for as long as the context lasts.

        Args:
            identity: Names one version of one file.
            size_bytes: Its size, for which room is made first.
            fetch: Called with a destination when the file is not there; it goes on with `<destination>.partial`.

        Raises:
            Fatal: there is no room for it.
        """
        entry = self._folder / hashlib.sha256(identity.encode()).hexdigest()
        use = FileLock(entry / f"use-{uuid.uuid4().hex}{_LOCK}")
        with self._eviction_lock():  # else the entry could be evicted between these two lines
            entry.mkdir(parents=True, exist_ok=True)
            use.acquire()
        try:
            path = entry / "file"
            with FileLock(entry / f"fetch{_LOCK}"):
                if path.exists():
                    self.counts.hits += 1
                else:
                    self.counts.misses += 1
                    self._make_room(size_bytes)
                    fetch(path)
            (entry / "used").touch()
            yield path
        finally:
            Path(use.lock_file).unlink(missing_ok=True)
            use.release()

    def _eviction_lock(self) -> FileLock:
        self._folder.mkdir(parents=True, exist_ok=True)
        return FileLock(self._folder / f"evict{_LOCK}")

    def _make_room(self, size_bytes: int) -> None:
        with self._eviction_lock():
            entries = sorted(
                (entry for entry in self._folder.iterdir() if entry.is_dir()), key=lambda entry: self._last_used(entry)
            )
            held = sum(self._size(entry) for entry in entries)
            oldest = time.time() - self._settings.max_age_days * 86_400
            for entry in entries:
                too_old = self._last_used(entry) < oldest
                too_much = held + size_bytes > self._settings.max_bytes
                too_full = shutil.disk_usage(self._folder).free - size_bytes < self._min_free_bytes
                if not (too_old or too_much or too_full):
                    break
                held -= self._evict(entry)
            free = shutil.disk_usage(self._folder).free
            if free - size_bytes < self._min_free_bytes:
                raise Fatal(
                    f"no room in {self._folder} for {size_bytes} bytes: {free} are free and "
                    f"{self._min_free_bytes} stay free",
                    next_step="Free space, or lower limits.min_free_bytes in library.yaml",
                )

    def _evict(self, entry: Path) -> int:
        """Remove an entry unless someone uses it; returns the bytes that came free."""
        for use in entry.glob(f"*{_LOCK}"):
            try:
                FileLock(use).acquire(blocking=False).lock.release()
            except Timeout:
                return 0
        size = self._size(entry)
        shutil.rmtree(entry, ignore_errors=False)
        self.counts.evicted_bytes += size
        return size

    @staticmethod
    def _size(entry: Path) -> int:
        size_bytes = 0
        for name in ("file", "file.partial"):
            with suppress(FileNotFoundError):  # a fetch that ends renames the one to the other
                size_bytes += (entry / name).stat().st_size
        return size_bytes

    @staticmethod
    def _last_used(entry: Path) -> float:
        used = entry / "used"
        return used.stat().st_mtime if used.exists() else entry.stat().st_mtime
