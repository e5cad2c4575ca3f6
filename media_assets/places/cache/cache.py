"""One bounded cache of fetched files, shared by all runs of a machine.

A file is fetched once however many ask for it at the same time, a broken fetch is taken up where it stopped, and a
file that is in use is never evicted. `room` keeps the room.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from filelock import Timeout

from media_assets.base.errors import SourceChanged, Transient
from media_assets.places.cache.room import Need, NoRoom, Room
from media_assets.places.cache.seals import is_sound, seal
from media_assets.places.cache.settings import CacheSettings

logger = logging.getLogger("media_assets")

# How often a lease that waits looks again.
_POLL_SECONDS = 0.5


class CacheCounts:
    """What happened since the cache object was made; for any number of threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.hits = 0
        """Leases that found their file there or on its way."""
        self.misses = 0
        """Fetches, for leases and for what will be wanted soon."""
        self.evicted_bytes = 0

    def add(self, *, hits: int = 0, misses: int = 0, evicted_bytes: int = 0) -> None:
        with self._lock:
            self.hits += hits
            self.misses += misses
            self.evicted_bytes += evicted_bytes


class FetchCache:
    """Hands out fetched files for as long as they are used.

    `max_bytes` bounds what is kept for later. Files that are in use at the same time may exceed it together, and a file
    larger than it is fetched all the same, which is said once; they go as soon as they are not in use. What the disk
    must keep free is never touched.

    Args:
        folder: Where the files lie; its own.
        min_free_bytes: Space on that disk which is left free.
        patience_seconds: How long a thread that holds files waits for room for one more: those it waits for may be
            waiting for it. Who holds none waits as long as there is something to wait for.
    """

    def __init__(
        self, folder: Path, settings: CacheSettings, min_free_bytes: int, *, patience_seconds: float = 60.0
    ) -> None:
        self.counts = CacheCounts()
        self._patience_seconds = patience_seconds
        self._room = Room(folder, settings, min_free_bytes, lambda size: self.counts.add(evicted_bytes=size))
        self._holding = threading.local()

    @contextmanager
    def lease(
        self,
        identity: str,
        size_bytes: int,
        fetch: Callable[[Path], None],
        *,
        sha256: str | None = None,
        check: Callable[[], None] = lambda: None,
    ) -> Iterator[Path]:
        """A local path of a file, for as long as the context lasts.

        Waits while another fetches the same file, and for room on the disk that others use.

        Args:
            identity: Names one version of one file.
            size_bytes: Its exact size, for which room is made first.
            fetch: Called with a destination when the file is not there; it goes on with `<destination>.partial`.
            sha256: What its content has to be, where that is known. A file that is another is fetched again.
            check: Called now and then while waiting; what it raises ends the lease.

        Raises:
            Fatal: there is no room for it, or the folder cannot be used.
            SourceChanged: what was fetched is not what `sha256` says.
            NoRoom: there was none for a long time beside what others use.
        """
        with self._leased(identity, size_bytes, fetch, "now", check, sha256) as path:
            self._holding.count = getattr(self._holding, "count", 0) + 1
            try:
                yield path
            finally:
                self._holding.count = getattr(self._holding, "count", 0) - 1  # perhaps another thread than above

    @contextmanager
    def keep(
        self,
        identity: str,
        size_bytes: int,
        fetch: Callable[[Path], None],
        *,
        check: Callable[[], None] = lambda: None,
    ) -> Iterator[None]:
        """Fetch a file that will be wanted soon, and keep it for as long as the context lasts.

        It takes no room from what is in use or kept, all that is kept stays below half of `max_bytes`, and it is
        evicted all the same when a lease needs its room: so it gives no path.

        Raises:
            NoRoom: it does not fit.
            Fatal: the folder cannot be used.
        """
        with self._leased(identity, size_bytes, fetch, "soon", check):
            yield

    def know(self, identity: str, sha256: str) -> None:
        """Note the checksum of a file that is leased and was read, so that nobody reads it for that again."""
        path = self._room.path(_name(identity))
        if path.exists():
            seal(path, sha256)

    def require_sound(self, identity: str, sha256: str, check: Callable[[], None]) -> None:
        """Read a leased file for its checksum, where something is wrong with it; for that, no seal is trusted.

        Raises:
            Transient: it is not what was fetched, and was let go: the next lease fetches it again.
        """
        name = _name(identity)
        path = self._room.path(name)
        if path.exists() and not is_sound(path, sha256, check, read=True):
            self._room.discard(name)
            raise Transient("its copy in the cache was damaged; it is fetched again")

    def add(self, identity: str, path: Path) -> None:
        """Put a local file into the cache, so that a lease of `identity` finds it there.

        The cache may take the file itself (a hard link), so it must not be written to afterwards; it may be removed.
        Where it does not fit nothing happens.

        Raises:
            Fatal: the folder cannot be used.
        """
        name, size_bytes = _name(identity), path.stat().st_size
        with (
            self._room.use(name, size_bytes, "perhaps"),
            suppress(NoRoom, Timeout),
            self._room.fetch_lock(name).acquire(blocking=False),
        ):
            if not self._room.path(name).exists():
                self._room.reserve(name, size_bytes, "perhaps")
                try:
                    _link_or_copy(path, self._room.path(name))
                    if self._room.path(name).exists():
                        seal(self._room.path(name))
                finally:
                    self._room.settle(name)

    @contextmanager
    def _leased(
        self,
        identity: str,
        size_bytes: int,
        fetch: Callable[[Path], None],
        need: Need,
        check: Callable[[], None],
        sha256: str | None = None,
    ) -> Iterator[Path]:
        name = _name(identity)
        path = self._room.path(name)
        with self._room.use(name, size_bytes, need):
            sound = partial(is_sound, path, sha256, check)
            there = sound() or not self._fetch(name, size_bytes, fetch, need, check, sound)
            if not there and sha256 and not sound():
                self._room.discard(name)
                raise SourceChanged("is not what it was when it was looked at", next_step="It is looked at again")
            self.counts.add(hits=int(there and need == "now"))
            yield path

    def _fetch(
        self,
        name: str,
        size_bytes: int,
        fetch: Callable[[Path], None],
        need: Need,
        check: Callable[[], None],
        sound: Callable[[], bool],
    ) -> bool:
        """Whether it had to be fetched: while one waits for another's fetch, it comes."""
        path = self._room.path(name)
        with self._turn(name, check):
            if sound():
                return False
            self._room.discard(name)
            self._reserve(name, size_bytes, need, check)
            self.counts.add(misses=1)
            try:
                fetch(path)
                seal(path)
            except OSError:
                self._room.require_folder()
                raise
            finally:
                self._room.settle(name)
            return True

    @contextmanager
    def _turn(self, name: str, check: Callable[[], None]) -> Iterator[None]:
        lock = self._room.fetch_lock(name)
        while not lock.is_locked:
            check()
            with suppress(Timeout):
                lock.acquire(timeout=_POLL_SECONDS)
        try:
            yield
        finally:
            lock.release()

    def _reserve(self, name: str, size_bytes: int, need: Need, check: Callable[[], None]) -> None:
        holds_others = getattr(self._holding, "count", 0) > 0
        deadline = time.monotonic() + (self._patience_seconds if holds_others else float("inf"))
        waits = False
        while True:
            check()
            try:
                return self._room.reserve(name, size_bytes, need)
            except NoRoom as error:
                if need != "now" or time.monotonic() > deadline:
                    raise
                if not waits:
                    logger.info("%s; waiting for some", error.reason)
                    waits = True
            time.sleep(_POLL_SECONDS)


def _name(identity: str) -> str:
    return hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()


def _link_or_copy(path: Path, destination: Path) -> None:
    """The destination appears complete or not at all; nothing happens where the disk turns out to be full."""
    partial = destination.with_name(destination.name + ".partial")
    partial.unlink(missing_ok=True)  # of a fetch that broke
    try:
        os.link(path.resolve(), partial)
    except OSError:  # another disk, or one without links
        try:
            shutil.copyfile(path, partial)
        except OSError as error:
            partial.unlink(missing_ok=True)
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                return
            raise
    partial.replace(destination)
