"""The room of the cache: who uses what, what is on its way, and what has to go for something new.

    <folder>/room.lock              held while any of this is looked at or changed, but not during a download
    <folder>/uses/<name>-….lock     locked while somebody uses the file or waits for it
    <folder>/fetching/<name>.lock   locked while somebody fetches it

Locks are the kernel's, so those of a process that was killed are free at once; whoever makes room next clears up.
"""

from __future__ import annotations

import logging
import shutil
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal, get_args

from filelock import FileLock

from media_assets.base.errors import Fatal, Transient, classify
from media_assets.base.files import PRIVATE_MODE, private_folder
from media_assets.base.interruption import held_if_free
from media_assets.base.wording import describe_bytes
from media_assets.places.cache.files import CacheFiles, SizeLedger
from media_assets.places.cache.settings import CacheSettings

logger = logging.getLogger("media_assets")

Need = Literal["now", "soon", "perhaps"]
"""What is needed now is never evicted. What is wanted soon goes last, and only for what is needed now; what might be
wanted again is protected no longer than it takes to put it there."""
_BY_URGENCY: tuple[Need, ...] = get_args(Need)

# Share of `max_bytes` for all that is wanted soon.
_SHARE_OF_SOON = 0.5
_LOCK_POLL_SECONDS = 0.01


class NoRoom(Transient):
    """It does not fit beside what others use or fetch at this moment."""


class Room:
    """Keeps the cache within its size.

    Args:
        evicted: Called with the bytes of each file that was evicted.
    """

    def __init__(
        self, folder: Path, settings: CacheSettings, min_free_bytes: int, evicted: Callable[[int], None]
    ) -> None:
        self._folder = folder
        self._uses = folder / "uses"
        self._files = CacheFiles(folder)
        self._settings = settings
        self._min_free_bytes = min_free_bytes
        self._evicted = evicted
        self._has_warned = False

    def path(self, name: str) -> Path:
        return self._files.path(name)

    def fetch_lock(self, name: str) -> FileLock:
        """A lock held by the one who fetches a file. Only for those who `use` it: else its lock file may be removed."""
        return FileLock(self._files.fetching / f"{name}.lock", mode=PRIVATE_MODE)

    @contextmanager
    def use(self, name: str, size_bytes: int, need: Need) -> Iterator[None]:
        """Keeps a file from being evicted, whether it is there already or not.

        A file of another size than it must have is what a power cut left of it, and dropped.
        """
        # Another thread may end the use than began it.
        lock = FileLock(self._uses / f"{name}-{need}-{uuid.uuid4().hex}.lock", mode=PRIVATE_MODE, thread_local=False)
        with self._locked():
            path = self.path(name)
            if path.exists() and path.stat().st_size != size_bytes and name not in self._live_uses():
                ledger = self._files.ledger()
                self._evict(ledger, name)
                self._files.save(ledger)
            lock.acquire()
        try:
            yield
        finally:
            self._files.touch(name)
            lock.release()
            with suppress(PermissionError):  # Windows: someone is just looking whether it is free, and removes it
                Path(lock.lock_file).unlink(missing_ok=True)
            self._let_go()

    def reserve(self, name: str, size_bytes: int, need: Need) -> None:
        """Make room for a file about to be fetched, by the holder of its `fetch_lock`; `settle` ends it.

        What is needed now may exceed `max_bytes` when all the rest is in use: only the disk's free space bounds it
        until the use ends.

        Raises:
            NoRoom: it does not fit beside what others use or fetch.
            Fatal: it would not fit without them either.
        """
        with self._locked():
            uses = self._live_uses()
            ledger = self._files.ledger()
            self._clear_up(ledger, uses)
            self._files.settle(ledger, name)  # for a predecessor that was killed
            try:
                self._evict_aged(ledger, uses)
                if need == "soon":
                    self._require_share(uses, name, size_bytes)
                self._make_room(ledger, uses, name, size_bytes, need)
                self._files.reserve(ledger, name, size_bytes)
            finally:
                self._files.save(ledger)

    def settle(self, name: str) -> None:
        """End a reservation: what came of the file counts as held."""
        self._files.touch(name)
        with self._locked():
            ledger = self._files.ledger()
            self._files.settle(ledger, name)
            self._files.save(ledger)

    def _let_go(self) -> None:
        """Keep to `max_bytes` as soon as what exceeded it is not in use any more."""
        if not self._files.files.is_dir():
            return  # it vanished, which `require_folder` says
        with self._locked():
            ledger = self._files.ledger()
            if ledger.held_bytes <= self._settings.max_bytes:
                return
            uses = self._live_uses()
            self._files.count(ledger, uses)
            candidates = self._candidates(ledger, uses, self._files.reservations(), "perhaps")
            while ledger.held_bytes > self._settings.max_bytes and (victim := next(candidates, None)):
                self._evict(ledger, victim)
            self._files.save(ledger)

    def discard(self, name: str) -> None:
        """Let go of a complete file that is not what was fetched. Who reads it just now keeps what he has opened."""
        with self._locked():
            if self.path(name).exists():
                ledger = self._files.ledger()
                self._evict(ledger, name)
                self._files.save(ledger)

    def require_folder(self) -> None:
        """Say so when the folder vanished together with what was being fetched into it.

        Raises:
            Fatal: it did.
        """
        if not self._files.files.is_dir():
            raise Fatal(
                f"the cache folder {self._folder} vanished while it was in use",
                next_step="Empty it only while nothing runs; then run again",
            )

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            for folder in (self._files.files, self._files.fetching, self._uses):
                private_folder(folder)
            with FileLock(self._folder / "room.lock", mode=PRIVATE_MODE, poll_interval=_LOCK_POLL_SECONDS):
                yield
        except OSError as error:
            raise Fatal(
                f"the cache folder {self._folder} cannot be used: {error.strerror or error}",
                next_step=_step_after(error),
            ) from error

    # ------------------------------------------------------------------------------------------- under the lock

    def _live_uses(self) -> dict[str, Need]:
        """The files in use, each with its most urgent need; marks of the dead are removed."""
        needs: dict[str, set[str]] = {}
        for mark in self._uses.glob("*.lock"):
            name, need, _ = mark.name.split("-")
            with held_if_free(FileLock(mark)) as is_dead:
                if is_dead:
                    mark.unlink(missing_ok=True)
                else:
                    needs.setdefault(name, set()).add(need)
        return {name: next(need for need in _BY_URGENCY if need in found) for name, found in needs.items()}

    def _clear_up(self, ledger: SizeLedger, uses: Mapping[str, Need]) -> None:
        """Settle what the dead were fetching, and remove the locks of fetches that nobody waits for."""
        for name in self._files.reservations():
            if name not in uses:
                self._files.settle(ledger, name)
        for lock in self._files.fetching.glob("*.lock"):
            if lock.stem not in uses:
                lock.unlink(missing_ok=True)

    def _require_share(self, uses: Mapping[str, Need], name: str, size_bytes: int) -> None:
        coming = self._files.reservations()
        others = (other for other, need in uses.items() if need == "soon" and other != name)
        soon_bytes = sum(coming.get(other, self._files.size(other)) for other in others)
        if soon_bytes + size_bytes > self._settings.max_bytes * _SHARE_OF_SOON:
            raise NoRoom(f"{size_bytes} bytes are more than is set aside in {self._folder} for what is wanted soon")

    def _make_room(self, ledger: SizeLedger, uses: Mapping[str, Need], name: str, size_bytes: int, need: Need) -> None:
        size, coming = self._files.size, self._files.reservations()
        pinned = [
            other
            for other, urgency in uses.items()
            if other not in coming and (other == name or urgency == "now" or need != "now")
        ]
        pinned_bytes = sum(size(other) for other in pinned)
        coming_bytes = sum(max(reserved, size(other)) for other, reserved in coming.items())
        unwritten_bytes = coming_bytes - sum(size(other) for other in coming) + max(size_bytes - size(name), 0)

        def over_limit() -> int:
            return ledger.held_bytes + coming_bytes + size_bytes - size(name) - self._settings.max_bytes

        def over_disk() -> int:
            return self._min_free_bytes + unwritten_bytes - shutil.disk_usage(self._folder).free

        def short() -> int:
            return max(0, over_disk(), over_limit() if need != "now" else 0)

        if short() > ledger.held_bytes - pinned_bytes or (max(over_limit(), over_disk()) > 0 and not ledger.oldest):
            self._files.count(ledger, uses)  # before anything is refused or goes: a crash may have put the sum wrong
        if short() <= max(0, ledger.held_bytes - pinned_bytes):  # else it would be evicted in vain
            candidates = self._candidates(ledger, uses, coming, need)
            while max(over_limit(), over_disk()) > 0 and (victim := next(candidates, None)):
                self._evict(ledger, victim)
        if need == "now" and over_limit() > 0:
            self._warn(ledger.held_bytes + coming_bytes + size_bytes - size(name))
        if short():
            in_use_bytes = pinned_bytes - size(name) + coming_bytes
            reason = (
                f"no room in {self._folder} for {size_bytes} bytes: {shutil.disk_usage(self._folder).free} are free, "
                f"{self._min_free_bytes} stay free, and files in use take {in_use_bytes}"
            )
            if need != "now" or short() <= max(0, ledger.held_bytes - pinned_bytes) + in_use_bytes:
                raise NoRoom(reason)
            raise Fatal(reason, next_step="Free space, or lower limits.min_free_bytes in library.yaml")

    def _warn(self, in_use_bytes: int) -> None:
        if not self._has_warned:
            self._has_warned = True
            logger.warning(
                "the files in use in %s take %s together, more than cache.max_bytes (%s): none is kept there for "
                "later, and what is needed again is fetched again. Raise cache.max_bytes in library.yaml",
                self._folder,
                describe_bytes(in_use_bytes),
                describe_bytes(self._settings.max_bytes),
            )

    def _candidates(
        self, ledger: SizeLedger, uses: Mapping[str, Need], coming: Mapping[str, int], need: Need
    ) -> Iterator[str]:
        """What to evict, in this order: what was used longest ago first, what is wanted soon last."""
        while True:
            while ledger.oldest:
                used_at, name = ledger.oldest.pop(0)
                if name not in uses and self._files.used_at(name) == used_at:
                    yield name
            self._files.count(ledger, uses)
            if not ledger.oldest:
                break
        if need == "now":
            soon = (name for name, urgency in uses.items() if urgency != "now" and name not in coming)
            yield from sorted(soon, key=self._files.used_at)

    def _evict_aged(self, ledger: SizeLedger, uses: Mapping[str, Need]) -> None:
        limit = time.time_ns() - int(self._settings.max_age_days * 86_400e9)
        while ledger.oldest and ledger.oldest[0][0] < limit:
            used_at, name = ledger.oldest.pop(0)
            if name not in uses and self._files.used_at(name) == used_at:
                self._evict(ledger, name)

    def _evict(self, ledger: SizeLedger, name: str) -> None:
        size_bytes = self._files.size(name)
        self._files.remove(name)
        ledger.held_bytes -= size_bytes
        self._evicted(size_bytes)


def _step_after(error: OSError) -> str:
    known = classify(error)
    otherwise = "Let the process write there and see that its disk is well, or choose another state_dir"
    return known.next_step if isinstance(known, Fatal) and not isinstance(error, PermissionError) else otherwise
