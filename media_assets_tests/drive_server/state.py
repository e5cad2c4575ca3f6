"""The drive itself: items, indexes over them, access, ids, and the log of changes.

Every write goes through `put` and `remove`, which keep indexes and log true. Hold `lock` around a read and the write
that follows from it.
"""

from __future__ import annotations

import random
import string
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from media_assets_tests.drive_server.errors import ApiError, not_found
from media_assets_tests.drive_server.model import FOLDER, Account, Caller, Item, Role, SharedDrive

_ID_CHARACTERS = string.ascii_letters + string.digits + "-_"


@dataclass(frozen=True)
class Change:
    """That something changed; what it is like now is looked up when the log is read."""

    sequence: int
    at: datetime
    id: str
    drive_id: str | None
    is_drive: bool = False


class DriveState:
    """All that the server knows about files."""

    def __init__(self, seed: int, *, descendants_in_log: bool) -> None:
        self.lock = threading.RLock()
        self.descendants_in_log = descendants_in_log
        self.items: dict[str, Item] = {}
        self.drives: dict[str, SharedDrive] = {}
        self.children: dict[str, set[str]] = {}
        self.by_property: dict[tuple[str, str], set[str]] = {}
        self.in_drive: Counter[str] = Counter()
        self.reserved_ids: set[str] = set()
        self.gone_ids: set[str] = set()
        self.next_sequence = 1001
        self.storage_limit_bytes: int | None = None
        self.storage_used_bytes = 0
        self.clock_offset = timedelta()
        self.search_lag_seconds = 0.0
        """How long after a change `files.list` still shows the item as it was before."""
        self.checksum_delay_seconds = 0.0
        """How long after an upload or a copy there are no checksums of it."""
        self.foreign_drives: set[str] = set()
        """Shared drives nobody here is a member of, though folders in them may be shared."""
        self._log: dict[tuple[bool, str, str | None], Change] = {}
        self._past: dict[str, list[tuple[datetime, Item | None]]] = {}
        self._random = random.Random(seed)
        self.roots: dict[Account, str] = {"user": self._new_root("user"), "service": self._new_root("service")}
        self._log.clear()

    # ---------------------------------------------------------------------------------------- ids and time

    def new_id(self, prefix: str = "1", length: int = 33) -> str:
        """An id that looks like Drive's and was never used."""
        with self.lock:
            return prefix + "".join(self._random.choices(_ID_CHARACTERS, k=length - len(prefix)))

    def now(self) -> datetime:
        """The server's own time; `clock_offset` lets tests move it."""
        return datetime.now(UTC) + self.clock_offset

    def _new_root(self, owner: Account) -> str:
        now = self.now()
        root = Item(self.new_id("0A", 19), "My Drive", FOLDER, None, now, now, owner=owner)
        self.put(root)
        return root.id

    # ---------------------------------------------------------------------------------------- writing

    def put(self, item: Item, *, log: bool = True) -> Item:
        """Stores an item or its next state, and gives it back with its version."""
        with self.lock:
            before = self.items.get(item.id)
            if self.search_lag_seconds:
                self._past.setdefault(item.id, []).append((self.now(), before))
            if before is not None:
                self._unindex(before)
                item = replace(item, version=before.version + 1)
            self.items[item.id] = item
            self._index(item)
            if log and before is not None and before.drive_id != item.drive_id:
                self.log(item.id, before.drive_id)
            if log:
                self.log(item.id, item.drive_id)
            return item

    def remove(self, item: Item) -> None:
        """Deletes an item for good, with everything below it."""
        with self.lock:
            for below in list(self.below(item.id)):
                self._forget(below, log=self.descendants_in_log)
            self._forget(item, log=True)

    def log(self, item_id: str, drive_id: str | None, *, is_drive: bool = False) -> None:
        """Notes a change; an earlier one of the same item leaves the log, as it does at Drive. What leaves a drive is
        noted there, too."""
        with self.lock:
            self._log.pop((is_drive, item_id, drive_id), None)
            self._log[is_drive, item_id, drive_id] = Change(self.next_sequence, self.now(), item_id, drive_id, is_drive)
            self.next_sequence += 1

    def changes_since(self, sequence: int) -> list[Change]:
        """The log from a sequence number on, oldest first."""
        with self.lock:
            found = []
            for change in reversed(self._log.values()):
                if change.sequence < sequence:
                    break
                found.append(change)
            return found[::-1]

    def _forget(self, item: Item, *, log: bool) -> None:
        self._unindex(item)
        del self.items[item.id]
        self.gone_ids.add(item.id)
        if log:
            self.log(item.id, item.drive_id)

    def _index(self, item: Item) -> None:
        if item.parent is not None:
            self.children.setdefault(item.parent, set()).add(item.id)
        for pair in item.app_properties.items():
            self.by_property.setdefault(pair, set()).add(item.id)
        if item.drive_id is None:
            self.storage_used_bytes += item.size
        else:
            self.in_drive[item.drive_id] += 1

    def _unindex(self, item: Item) -> None:
        if item.parent is not None:
            self.children[item.parent].discard(item.id)
        for pair in item.app_properties.items():
            self.by_property[pair].discard(item.id)
        if item.drive_id is None:
            self.storage_used_bytes -= item.size
        else:
            self.in_drive[item.drive_id] -= 1

    # ---------------------------------------------------------------------------------------- reading

    def as_searched(self, item_id: str) -> Item | None:
        """An item as searches show it by now; None when it is not found yet, or not there any more."""
        if item_id not in self.items:
            return None
        known_until = self.now() - timedelta(seconds=self.search_lag_seconds)
        for changed_at, before in self._past.get(item_id, ()):
            if changed_at > known_until:
                return before
        return self.items[item_id]

    def searched_otherwise(self) -> set[str]:
        """Ids of the items that searches may show in an earlier state."""
        return {item_id for item_id in self._past if item_id in self.items} if self.search_lag_seconds else set()

    def has_checksums(self, item: Item) -> bool:
        """Whether Drive has worked them out."""
        return item.checksums_ready and (item.checksums_at is None or self.now() >= item.checksums_at)

    def checksums_due(self) -> datetime | None:
        """When the checksums of what is uploaded now will be there; see `Item.checksums_at`."""
        delay = self.checksum_delay_seconds
        return self.now() + timedelta(seconds=delay) if delay else None

    def ancestors(self, item: Item) -> Iterator[Item]:
        """The item, its folder, and so on up to the root."""
        current: Item | None = item
        while current is not None:
            yield current
            current = self.items.get(current.parent) if current.parent else None

    def below(self, folder_id: str) -> Iterator[Item]:
        """Everything in a folder, at any depth."""
        for child_id in sorted(self.children.get(folder_id, ())):
            yield self.items[child_id]
            yield from self.below(child_id)

    def is_trashed(self, item: Item) -> bool:
        """By itself or with a folder above it."""
        return any(above.trashed for above in self.ancestors(item))

    def role(self, item: Item) -> Role:
        """What may be done with it: its own role or the nearest one above."""
        return next((above.role for above in self.ancestors(item) if above.role), "writer")

    def sees(self, caller: Caller, item: Item) -> bool:
        """Whether it exists as far as the caller can tell."""
        if item.parent is None and item.drive_id is None and item.owner != caller.account:
            return False
        if self.role(item) == "none":
            return False
        return item.by_app or item.parent is None or not _only_own_files(caller)

    def is_member(self, drive_id: str) -> bool:
        """Whether the shared drive exists as far as its members' methods can tell."""
        return drive_id in self.drives and drive_id not in self.foreign_drives

    def get(self, caller: Caller, file_id: str, *, all_drives: bool) -> Item:
        """The item with an id, or `root`.

        Raises:
            ApiError: `notFound`: absent, not shared with the caller, or in a shared drive that was not asked for.
        """
        with self.lock:
            item = self.items.get(self.roots[caller.account] if file_id == "root" else file_id)
            if item is None or not self.sees(caller, item) or (item.drive_id and not all_drives):
                raise not_found(file_id)
            return item

    def get_writable(self, caller: Caller, file_id: str, *, all_drives: bool) -> Item:
        """The item with an id, if it may be changed.

        Raises:
            ApiError: As `get`; `insufficientFilePermissions`.
        """
        item = self.get(caller, file_id, all_drives=all_drives)
        if self.role(item) != "writer":
            raise ApiError("insufficientFilePermissions", location="Authorization", location_type="header")
        return item


def _only_own_files(caller: Caller) -> bool:
    return all(scope.endswith("/drive.file") for scope in caller.scopes)
