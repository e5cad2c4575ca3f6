"""What lies beside a file in its folder: as a scan came by it, else as Drive says, which is asked once for a folder."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Collection, Sequence

from media_assets.places.drive.api.errors import NotFound, Refused
from media_assets.places.drive.source import entries as drive_entries
from media_assets.places.drive.source.entries import Resource, name_in_path
from media_assets.places.drive.source.listing import DriveListing
from media_assets.places.sidecars import LyingFile, NotedFiles

_SECONDS = 600.0
"""An answer of Drive is believed for so long, where a process lasts longer than a run."""
_MOST_FOLDERS = 10_000
_MOST_FILES = 100_000


class DriveNeighbours:
    """Files that may be sidecars, by folder; names, sizes and revisions alone are kept.

    Args:
        clock: Seconds.
    """

    def __init__(self, listing: DriveListing, clock: Callable[[], float]) -> None:
        self._listing = listing
        self._clock = clock
        self._scanned: NotedFiles | None = None
        self._asked: dict[str, tuple[float, NotedFiles]] = {}
        self._drives: dict[str, str] = {}
        """The shared drives of folders, and empty for those of My Drive."""
        self._searched_apart: dict[str, bool] = {}
        """Whether a shared drive can be searched, which only its members may."""
        self._asking = threading.Lock()

    def forget(self) -> None:
        """Whatever is known may be another by now."""
        self._scanned = None
        self._asked = {}

    def note_scan(self, resources: Collection[Resource], listed: Collection[str]) -> None:
        """Keep what a scan came by.

        Args:
            resources: The files, none of them ours.
            listed: The folders all of whose files these are.
        """
        noted = NotedFiles(listed)
        for resource in resources:
            for folder in resource.get("parents", ()):
                if folder in listed:
                    _note(noted, folder, resource)
        self.forget()
        self._scanned = noted.close()

    def note_drive(self, resource: Resource) -> None:
        """Keep in which drive the folders of a file are."""
        if len(self._drives) >= _MOST_FOLDERS:
            self._drives.clear()
        self._drives |= dict.fromkeys(resource.get("parents", ()), str(resource.get("driveId", "")))

    def lying_in(self, folder: str, endings: Collection[str]) -> Sequence[LyingFile]:
        """The files of a folder that have such endings, in order.

        Raises:
            NotFound: the folder is gone.
            Transient: Drive does not answer, or only in part.
            NotListed: the folder may not be listed.
        """
        scanned = self._scanned
        known = scanned.of(folder, endings) if scanned is not None else None
        if known is not None:
            return known
        with self._asking:
            if folder in self._asked:
                since, noted = self._asked[folder]
                known = noted.of(folder, endings) if 0 <= self._clock() - since < _SECONDS else None
            return self._ask(folder, endings) if known is None else known

    def _ask(self, folder: str, endings: Collection[str]) -> Sequence[LyingFile]:
        noted = NotedFiles([folder], endings, most=sys.maxsize)
        for resource in self._listing.children([folder], self._drive_of(folder)):
            if drive_entries.is_file(resource):
                _note(noted, folder, resource)
        if len(self._asked) >= _MOST_FOLDERS or sum(other.count for _, other in self._asked.values()) >= _MOST_FILES:
            self._asked = {}
        self._asked[folder] = self._clock(), noted.close()
        return noted.of(folder, endings) or ()

    def _drive_of(self, folder: str) -> str:
        """Where a folder is searched for; see `listing`."""
        if folder not in self._drives:
            self._drives[folder] = str(self._listing.get(folder).get("driveId", ""))
        drive = self._drives[folder]
        return drive if drive and self._is_member(drive) else ""

    def _is_member(self, drive: str) -> bool:
        """A folder of a shared drive can be shared with those who are no members: their own search finds it."""
        if drive not in self._searched_apart:
            try:
                self._listing.start_token(drive)
                self._searched_apart[drive] = True
            except (NotFound, Refused):
                self._searched_apart[drive] = False
        return self._searched_apart[drive]


def _note(noted: NotedFiles, folder: str, resource: Resource) -> None:
    """Keep a file that is whole, and may be a sidecar."""
    name = name_in_path(resource["name"])
    if drive_entries.flaw(resource) or not noted.wants(name, int(resource["size"])):
        return
    noted.note(folder, LyingFile(name, resource["id"], int(resource["size"]), drive_entries.revision(resource)))
