"""Where a single file lies, told by the folders above it; what was learnt of a folder serves the next file."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from media_assets.places.drive.api.errors import NotFound, Refused
from media_assets.places.drive.source.entries import Resource, name_in_path
from media_assets.places.drive.source.listing import DriveListing

_MOST_FOLDERS = 10_000


class _NamedFolder(NamedTuple):
    name: str
    parent: str


class FolderPaths:
    """Paths of folders, for one process: the name of each is asked for once."""

    def __init__(self, listing: DriveListing) -> None:
        self._listing = listing
        self._folders: dict[str, _NamedFolder] = {}

    def path(self, resource: Resource, roots: Collection[str]) -> str:
        """The path below the nearest of `roots`; the name alone for what lies below none."""
        names = [name_in_path(resource["name"])]
        current, seen = _parent(resource), {""}
        while current not in roots:
            if current in seen:
                return names[0]
            seen.add(current)
            folder = self._folder(current)
            names.append(name_in_path(folder.name))
            current = folder.parent
        return "/".join(reversed(names))

    def _folder(self, file_id: str) -> _NamedFolder:
        if file_id not in self._folders:
            if len(self._folders) >= _MOST_FOLDERS:
                self._folders.clear()
            try:
                resource = self._listing.get(file_id)
                self._folders[file_id] = _NamedFolder(resource["name"], _parent(resource))
            except (NotFound, Refused):
                self._folders[file_id] = _NamedFolder("", "")
        return self._folders.get(file_id, _NamedFolder("", ""))


def _parent(resource: Resource) -> str:
    return str(next(iter(resource.get("parents", ())), ""))
