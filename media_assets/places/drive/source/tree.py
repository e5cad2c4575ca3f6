"""What a source knows of Drive: folders, files and shortcuts by id, and the points from where they are reached.

Files that no filter wants are kept too: when a folder above them is renamed Drive says nothing of them, and then they
may be wanted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Self

from media_assets.places.drive.source import entries as drive_entries
from media_assets.places.drive.source.entries import Resource


class FolderNode(NamedTuple):
    parent: str
    name: str
    drive: str = ""
    """The shared drive it was in when it was seen last."""
    listed: bool = False
    """Whether what lies in it is known."""


class FileNode(NamedTuple):
    parent: str
    name: str
    revision: str
    reported: str | None = None
    """The revision that was handed on as changed last; None: none, or it was handed on as removed since."""
    flaw: str = ""
    """Why it may not be whole."""
    since: float = 0.0
    """Unix time since when it has this flaw at this revision."""


class ShortcutNode(NamedTuple):
    parent: str
    name: str
    target: str


class Anchor(NamedTuple):
    """What is looked at for another reason than the folder it lies in: it is configured, or a shortcut leads there."""

    drive: str = ""
    """Whose log tells its changes: a shared drive's id, or empty for the account's own."""
    above: tuple[str, ...] = ()
    """The folders it lies in, nearest first: what happens to them happens to it, and the log names only them."""
    fault: str = ""
    """Why it leads nowhere."""


@dataclass
class Tree:
    """Knows what is in every folder that can be reached, once it is complete."""

    settings: str = ""
    """Digest of the settings whose tree this is."""
    roots: dict[str, str] = field(default_factory=dict)
    """Ids of the configured folders, by how they are configured."""
    anchors: dict[str, Anchor] = field(default_factory=dict)
    """All of `roots`, and targets of shortcuts, by id."""
    folders: dict[str, FolderNode] = field(default_factory=dict)
    files: dict[str, FileNode] = field(default_factory=dict)
    shortcuts: dict[str, ShortcutNode] = field(default_factory=dict)

    def copy(self) -> Self:
        return type(self)(
            self.settings,
            dict(self.roots),
            dict(self.anchors),
            dict(self.folders),
            dict(self.files),
            dict(self.shortcuts),
        )

    def put(self, resource: Resource, since: float) -> None:
        """Take in a folder, a shortcut or a file with content.

        Args:
            since: Unix time from when on a flaw of the file counts, unless it had the same before.
        """
        file_id, name, parent = resource["id"], resource["name"], self._parent(resource)
        if drive_entries.is_folder(resource):
            before, drive = self.folders.get(file_id), str(resource.get("driveId", ""))
            # With a folder that goes to another drive the logs lose sight of what is in it.
            listed = before is not None and before.listed and before.drive == drive
            self.folders[file_id] = FolderNode(parent, name, drive, listed)
        elif drive_entries.is_shortcut(resource):
            target = resource.get("shortcutDetails", {}).get("targetId", "")
            self.shortcuts[file_id] = ShortcutNode(parent, name, target)
        else:
            self.files[file_id] = self._file(resource, parent, since)

    def remember(self, files: Mapping[str, FileNode]) -> None:
        """Take over what was reported of these files, and since when they wait, where they are still known."""
        for file_id, past in files.items():
            node = self.files.get(file_id)
            if node:
                since = past.since if (node.revision, node.flaw) == (past.revision, past.flaw) else node.since
                self.files[file_id] = node._replace(reported=past.reported, since=since)

    def drop(self, file_id: str) -> bool:
        """Forget it; what lies in it is no longer reached then. False when it was not known."""
        known = [nodes.pop(file_id, None) for nodes in (self.folders, self.files, self.shortcuts)]
        return any(node is not None for node in known)

    def children(self) -> dict[str, list[str]]:
        """Ids of all nodes by parent, in the order of their names."""
        found: dict[str, list[tuple[str, str]]] = {}
        for nodes in (self.folders, self.files, self.shortcuts):
            for file_id, node in nodes.items():
                found.setdefault(node[0], []).append((node[1], file_id))
        return {parent: [file_id for _, file_id in sorted(pairs)] for parent, pairs in found.items()}

    def _parent(self, resource: Resource) -> str:
        """Items from before 2020 may lie in several folders."""
        parents = resource.get("parents", ())
        return next((parent for parent in parents if parent in self.folders), next(iter(parents), ""))

    def _file(self, resource: Resource, parent: str, since: float) -> FileNode:
        before = self.files.get(resource["id"])
        revision, flaw = drive_entries.revision(resource), drive_entries.flaw(resource)
        if before and before.flaw and before.revision == revision:
            since = before.since
        reported = before.reported if before else None
        return FileNode(parent, resource["name"], revision, reported, flaw, since if flaw else 0.0)
