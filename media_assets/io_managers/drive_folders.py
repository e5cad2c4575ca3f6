"""The folders a store in Google Drive writes to: the one library.yaml names, those below it, those of the sources.

    <folder>/<asset>/               files of artifacts
    <folder>/.manifests/<asset>/    their manifests

Folders below are found by a property, so people may rename them. When two machines make one at the same time there are
two; the older one is used from then on, and what lies in the other is found there just as well.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from media_assets.errors import Fatal, SourceChanged
from media_assets.google_drive.api import DriveApi
from media_assets.google_drive.errors import NoSuchFolder
from media_assets.io_managers.drive_marks import PART, fitting, has, quoted

FOLDER = "application/vnd.google-apps.folder"
MANIFESTS = ".manifests"

_FIELDS = "id,name,driveId,trashed,capabilities(canAddChildren)"


@dataclass(frozen=True)
class DriveFolder:
    """A folder as Drive shows it."""

    id: str
    name: str
    drive: str
    """Id of the shared drive; empty in My Drive."""
    writable: bool
    trashed: bool = False


class DriveFolders:
    """See the module. Remembers what it found; shared by threads.

    Args:
        place: The store's folder, as library.yaml names it.
        locks: A folder of this machine for lock files.
    """

    def __init__(self, api: DriveApi, place: str, locks: Path) -> None:
        self._api = api
        self._place = place
        self._locks = locks
        self._lock = threading.Lock()
        self._root = ""
        self._known: dict[str, DriveFolder] = {}
        self._below: dict[tuple[str, ...], str] = {}

    @property
    def is_path(self) -> bool:
        """Whether the store's folder is named by a path, which can be created."""
        return self._place.strip().partition("/")[0] in ("My Drive", "Shared drives")

    def forget(self) -> None:
        """Look everything up again: somebody may have removed or moved a folder."""
        with self._lock:
            self._root = ""
            self._known.clear()
            self._below.clear()

    def root(self) -> DriveFolder | None:
        """The store's folder; None for a path that is not there yet.

        Raises:
            Fatal: it cannot be reached.
        """
        with self._lock:
            if not self._root:
                try:
                    self._root = self._api.folder_id(self._place)
                except NoSuchFolder:
                    if not self.is_path:
                        raise
                    return None
            return self._get(self._root)

    def made_root(self) -> DriveFolder:
        """The store's folder; a path is created."""
        with self._lock:
            if not self._root:
                with self._machine_lock():
                    self._root = self._api.folder_id(self._place, create=True)
            return self._get(self._root)

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
                    self._below[path] = self._find_or_make(root.drive, parent, names[depth])
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

    def _find_or_make(self, drive: str, parent: str, name: str) -> str:
        with self._machine_lock():
            found = self._find(drive, parent, name)
            if found:
                return found
            marks = {PART: fitting(PART, f"folder {name}")}
            metadata = {"name": name, "mimeType": FOLDER, "parents": [parent], "appProperties": marks}
            made = self._api.create(metadata, fields="id")
            return self._find(drive, parent, name) or str(made["id"])

    def _find(self, drive: str, parent: str, name: str) -> str | None:
        """The oldest folder of that property."""
        terms = [
            f"{quoted(parent)} in parents",
            f"mimeType = {quoted(FOLDER)}",
            has(PART, fitting(PART, f"folder {name}")),
            "trashed = false",
        ]
        found: list[Mapping[str, Any]] = []
        for page in self._api.pages(
            lambda service, token: service.files().list(
                q=" and ".join(terms),
                fields="nextPageToken,files(id,createdTime)",
                pageToken=token,
                **search_in(drive),
            )
        ):
            found += page.get("files", ())
        oldest = min(found, key=lambda folder: (folder["createdTime"], folder["id"]), default=None)
        return str(oldest["id"]) if oldest else None

    def _machine_lock(self) -> FileLock:
        self._locks.mkdir(parents=True, exist_ok=True)
        return FileLock(self._locks / "folders.lock")


def search_in(drive: str) -> dict[str, Any]:
    """Parameters of `files.list` that search one drive: a shared one, or all that the account deals with."""
    where = {"corpora": "drive", "driveId": drive} if drive else {"corpora": "user"}
    return {**where, "includeItemsFromAllDrives": True, "supportsAllDrives": True, "pageSize": 1000}
