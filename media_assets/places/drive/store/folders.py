"""The folders a store in Google Drive writes to: the one library.yaml names, those below it, those of the sources.

    <folder>/<asset>/               files of artifacts
    <folder>/.manifests/<asset>/    their manifests

Every folder gets an id first, which is written down before the folder is made, and is asked for by that id from then
on: searches show new folders late, and people may rename and move them. When several machines make one at the same
time, the oldest stays for all of them: whoever made a folder uses it only once a search shows it, and with it all that
are older, and else puts his own, which is empty, into the trash.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from filelock import FileLock

from media_assets.base.errors import Fatal, SourceChanged
from media_assets.base.files import PRIVATE_MODE, private_folder
from media_assets.base.interruption import holding
from media_assets.places.drive.api.api import DriveApi
from media_assets.places.drive.api.errors import NoSuchFolder, NotDrive, NotFound, Refused, StoreGone
from media_assets.places.drive.api.folders import FOLDER, by_age, quoted, search, the_one_that_stays
from media_assets.places.drive.store.marks import PART, fitting, has
from media_assets.places.drive.store.memory import DriveMemory, KnownFolder

MANIFESTS = ".manifests"

_FIELDS = "id,name,driveId,trashed,capabilities(canAddChildren)"
# How often a search is asked for a new folder below the store's: about half a minute. Should there be two of it in the
# end, what lies in either is found.
_LOOKS_FOR_NEW = 15


@dataclass(frozen=True)
class DriveFolder:
    """A folder as Drive shows it."""

    id: str
    name: str
    drive: str
    """Id of the shared drive; empty in My Drive."""
    writable: bool
    trashed: bool = False


class StoreFolders:
    """Finds or makes the folders a store writes to. Remembers what it found; shared by threads.

    Args:
        place: The store's folder, as library.yaml names it.
        locks: A folder of this machine for lock files.
    """

    def __init__(self, api: DriveApi, place: str, locks: Path, memory: DriveMemory) -> None:
        self._api = api
        self._place = place
        self._locks = locks
        self._memory = memory
        self._lock = threading.Lock()
        self._root = ""
        self._known: dict[str, DriveFolder] = {}
        self._below: dict[tuple[str, ...], str] = {}

    @property
    def is_path(self) -> bool:
        """Whether the store's folder is named by a path, which can be created."""
        return self._place.strip().partition("/")[0] in ("My Drive", "Shared drives")

    def forget(self) -> None:
        """Look everything up again, for somebody may have removed or moved a folder; the store's stays the same."""
        with self._lock:
            self._known.clear()
            self._below.clear()

    # ------------------------------------------------------------------------------------------------ the store's

    def root(self) -> DriveFolder | None:
        """The store's folder; None for a path that is not there yet.

        Raises:
            StoreGone: it was there, and is not any more.
            Fatal: it cannot be reached.
        """
        with self._lock:
            if not self._root:
                self._root = self._remembered_root() or self._found_root()
            return self._checked_root() if self._root else None

    def made_root(self) -> DriveFolder:
        """The store's folder; a path is created.

        Raises:
            StoreGone, Fatal: as `root`.
            Transient: it was made, and searches do not show it yet.
        """
        found = self.root()
        if found:
            return found
        with self._lock:
            if not self._root:
                with holding(self._machine_lock()):
                    root = self._api.folder_id(self._place, create=True, ids=self._ids)
                    self._memory.note_folder(self._key(self._place), KnownFolder(root, True))
                    self._root = root
            return self._checked_root()

    def require_root(self) -> None:
        """Make sure, when something of the store is not there, that the store is.

        Raises:
            StoreGone: it is not.
        """
        with self._lock:
            self._known.pop(self._root, None)
            if self._root:
                self._checked_root()

    def _checked_root(self) -> DriveFolder:
        try:
            with self.of_the_store("the folder for artifacts"):
                folder = self._get(self._root)
        except NotFound:
            who = self._api.account()
            raise StoreGone(
                f"the folder for artifacts, {self._place}, is gone from Google Drive, or no longer shared with {who}",
                next_step=f"Share it with {who} again. If it was deleted, make an empty one in its place, or name "
                "another one in library.yaml, to have all artifacts made again",
            ) from None
        if folder.trashed:
            raise StoreGone(
                f"the folder for artifacts, {self._place}, is in the trash of Google Drive",
                next_step="Restore it; or start again, to have all artifacts made again in a new one",
            )
        return folder

    def _remembered_root(self) -> str:
        """The one this machine used before, if it is still what the path means; its name may lag behind in searches."""
        known = self._memory.folder(self._key(self._place)) if self.is_path else None
        if known is None:
            return ""
        try:
            with self.of_the_store("the folder for artifacts"):
                found = self._get(known.file_id)
        except NotFound:
            found = None
        if found and not found.trashed and found.name == self._normal_place.rpartition("/")[2]:
            return found.id
        other = self._found_root()
        if other or (found and found.trashed):
            return other  # people chose another folder, or to begin anew
        return known.file_id  # renamed by people; or gone, which is said when it is used

    def _found_root(self) -> str:
        try:
            with self.of_the_store("the folder for artifacts"):
                found = self._api.folder_id(self._place)
        except NoSuchFolder:
            if not self.is_path:
                raise
            return ""
        if self.is_path:
            known = self._memory.folder(self._key(self._place))
            if known is None and self._ids.known(self._normal_place) == found:
                return ""  # made by a process that did not live to see whether it is the oldest
            self._memory.note_folder(self._key(self._place), KnownFolder(found, True))
        return found

    @property
    def _ids(self) -> _Written:
        return _Written(self._memory, self._key("making "))

    @property
    def _normal_place(self) -> str:
        """The folder as `api.places` writes it."""
        return "/".join(part for part in self._place.strip().split("/") if part)

    # ------------------------------------------------------------------------------------------------ others

    def folder(self, folder_id: str) -> DriveFolder:
        """Any folder.

        Raises:
            SourceChanged: it is gone, or not shared with the account.
        """
        with self._lock:
            folder = self._get(folder_id)
        if folder.trashed:
            raise SourceChanged(f"lies in the folder {folder.name!r}, which is in the trash of Google Drive")
        return folder

    def below(self, *names: str) -> DriveFolder:
        """A folder below the store's; made when it is missing."""
        root = self.made_root()
        parent = root.id
        with self._lock:
            for depth in range(len(names)):
                path = names[: depth + 1]
                if path not in self._below:
                    self._below[path] = self._remembered_or_made(root, parent, path)
                parent = self._below[path]
        return DriveFolder(parent, names[-1], root.drive, root.writable)

    def require_writable(self, folder: DriveFolder) -> None:
        """
        Raises:
            Fatal: the account may not put files there.
        """
        if not folder.writable:
            account = self._api.account()
            raise Fatal(
                f"{account} may not write into the folder {folder.name!r} in Google Drive",
                next_step=f"Share it with {account} as an editor, or change where artifacts go in library.yaml",
            )

    @contextmanager
    def of_the_store(self, what: str) -> Iterator[None]:
        """A call that is about the store: what Drive refuses is no fault of the file at hand.

        Raises:
            Fatal: Drive does not let the account in, or something else answers in its place.
        """
        try:
            yield
        except Refused as error:
            if error.is_of_this_file:
                raise
            step = error.next_step or "See whether `media-assets doctor` gets further, and try again"
            raise Fatal(f"{what} in {self._place} {error.reason}", next_step=step) from error
        except NotDrive as error:
            raise Fatal(
                f"{what} in {self._place} cannot be asked for: {error.reason}", next_step=error.next_step
            ) from error

    def _get(self, folder_id: str) -> DriveFolder:
        if folder_id not in self._known:
            found = self._api.get(folder_id, fields=_FIELDS)
            folder = DriveFolder(
                found["id"],
                found.get("name", ""),
                found.get("driveId", ""),
                found.get("capabilities", {}).get("canAddChildren", False),
                found.get("trashed", False),
            )
            if folder.trashed or not folder.writable:
                return folder  # not remembered: that is to be mended
            self._known[folder_id] = folder
        return self._known[folder_id]

    def _remembered_or_made(self, root: DriveFolder, parent: str, path: tuple[str, ...]) -> str:
        place = self._key("/".join((root.id, *path)))
        with holding(self._machine_lock()), self.of_the_store(f"the folder {path[-1]!r}"):
            known = self._memory.folder(place)
            if known and known.is_settled and self._is_there(known.file_id):
                return known.file_id
            oldest = next(iter(self._find(root.drive, parent, path[-1])), None)
            settled = oldest["id"] if oldest else None
            if settled is None or (known and not known.is_settled):
                settled = self._made(root.drive, parent, path[-1], place, known)
            if settled:
                self._memory.note_folder(place, KnownFolder(settled, True))
                return settled
            made = self._memory.folder(place)
            assert made is not None
            return made.file_id

    def _is_there(self, folder_id: str) -> bool:
        try:
            return not self._get(folder_id).trashed
        except NotFound:
            return False

    def _made(self, drive: str, parent: str, name: str, place: str, known: KnownFolder | None) -> str | None:
        """The oldest folder of this kind, after one was made; None when searches do not show it yet."""
        marks = {PART: fitting(PART, f"folder {name}")}
        metadata = {"name": name, "mimeType": FOLDER, "parents": [parent], "appProperties": marks}
        file_id = known.file_id if known and not known.is_settled and self._is_there(known.file_id) else ""
        if not file_id:
            file_id = self._api.new_id()
            self._memory.note_folder(place, KnownFolder(file_id, False))
            self._api.create({"id": file_id, **metadata}, fields="id")
        looks = islice(self._api.retries.polls(), _LOOKS_FOR_NEW)
        chosen = the_one_that_stays(self._api, file_id, lambda: self._find(drive, parent, name), looks)
        return chosen["id"] if chosen else None

    def _find(self, drive: str, parent: str, name: str) -> list[dict[str, Any]]:
        """The folders of that property, the oldest first."""
        terms = [
            f"{quoted(parent)} in parents",
            f"mimeType = {quoted(FOLDER)}",
            has(PART, fitting(PART, f"folder {name}")),
            "trashed = false",
        ]
        return sorted(search(self._api, terms, drive, fields="id,createdTime"), key=by_age)

    def _key(self, place: str) -> str:
        """Under which a folder is written down; another server has other folders."""
        return f"{self._api.access.api_endpoint or ''} {place}"

    def _machine_lock(self) -> FileLock:
        private_folder(self._locks)
        return FileLock(self._locks / "folders.lock", mode=PRIVATE_MODE)


class _Written:
    """See `places.drive.api.places.FolderIds`."""

    def __init__(self, memory: DriveMemory, prefix: str) -> None:
        self._memory = memory
        self._prefix = prefix

    def known(self, path: str) -> str | None:
        folder = self._memory.folder(self._prefix + path)
        return folder.file_id if folder else None

    def note(self, path: str, folder_id: str) -> None:
        self._memory.note_folder(self._prefix + path, KnownFolder(folder_id, False))
