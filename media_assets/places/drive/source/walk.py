"""Which files of a tree are reached from the configured folders, under which paths, and what is not known yet."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from media_assets.base.globs import PathFilter
from media_assets.places.drive.source.entries import name_in_path
from media_assets.places.drive.source.tree import Tree
from media_assets.places.leftovers import is_leftover_file, is_leftover_folder


@dataclass
class Reach:
    """What was come by on a walk; ids unless stated otherwise."""

    paths: dict[str, str] = field(default_factory=dict)
    """Paths of the files that are wanted."""
    folders: dict[str, str] = field(default_factory=dict)
    """Drives of the folders, see `Anchor.drive`."""
    files: set[str] = field(default_factory=set)
    """Files that were met, wanted or not."""
    shortcuts: set[str] = field(default_factory=set)
    anchors: set[str] = field(default_factory=set)
    unlisted: dict[str, str] = field(default_factory=dict)
    """Folders whose content is not known."""
    unknown: set[str] = field(default_factory=set)
    """Targets of shortcuts of which nothing is known."""
    faults: dict[str, str] = field(default_factory=dict)
    """Why shortcuts were not followed."""


@dataclass
class _Visit:
    """The walk from one configured folder."""

    came_from: dict[str, str | None]
    """The folder that each folder was entered from."""
    shortcuts: deque[tuple[str, str, str]]
    """(id, folder it was found in, path of that folder) of shortcuts that are still to be followed."""


class Walk:
    """Every file is found once, under its own path where it has one below a configured folder; shortcuts come last.

    Args:
        hidden: Whether names that begin with a dot are looked at.
        leftovers: Whether what programs leave is looked at, see `places.leftovers`.
    """

    def __init__(self, tree: Tree, wanted: PathFilter, *, hidden: bool, leftovers: bool = False) -> None:
        self._tree = tree
        self._wanted = wanted
        self._hidden = hidden
        self._leftovers = leftovers
        self._children = tree.children()
        self._reach = Reach()

    def reach(self) -> Reach:
        visits = []
        for root in dict.fromkeys(self._tree.roots.values()):
            self._reach.anchors.add(root)
            visits.append(_Visit({root: None}, deque()))
            self._descend(visits[-1], root, "", self._tree.anchors[root].drive)
        for visit in visits:
            while visit.shortcuts:
                self._follow(visit, *visit.shortcuts.popleft())
        return self._reach

    def _descend(self, visit: _Visit, top: str, path: str, drive: str) -> None:
        pending = [(top, path)]
        while pending:
            folder, prefix = pending.pop()
            self._reach.folders[folder] = drive
            if not self._tree.folders[folder].listed:
                self._reach.unlisted[folder] = drive
            below: list[tuple[str, str]] = []
            for child in self._children.get(folder, ()):
                self._meet(visit, folder, prefix, child, below)
            pending.extend(reversed(below))

    def _meet(self, visit: _Visit, folder: str, prefix: str, child: str, below: list[tuple[str, str]]) -> None:
        if child in self._tree.files:
            self._find(child, prefix)
        elif child in self._tree.folders:
            name = self._tree.folders[child].name
            if self._enters(name) and child not in visit.came_from:
                visit.came_from[child] = folder
                below.append((child, f"{prefix}{name_in_path(name)}/"))
        elif self._shows(self._tree.shortcuts[child].name):
            self._reach.shortcuts.add(child)
            visit.shortcuts.append((child, folder, prefix))

    def _find(self, file_id: str, prefix: str) -> None:
        name = self._tree.files[file_id].name
        if not self._shows(name) or (not self._leftovers and is_leftover_file(name)):
            return
        self._reach.files.add(file_id)
        path = prefix + name_in_path(name)
        if file_id not in self._reach.paths and self._wanted.accepts(path):
            self._reach.paths[file_id] = path

    def _follow(self, visit: _Visit, shortcut: str, folder: str, prefix: str) -> None:
        _, name, target = self._tree.shortcuts[shortcut]
        anchor = self._tree.anchors.get(target)
        if anchor:
            self._reach.anchors.add(target)
        if anchor and anchor.fault:
            self._reach.faults[shortcut] = anchor.fault
        elif target in visit.came_from:
            if self._leads_back(visit, folder, target):
                self._reach.faults[shortcut] = "leads back to a folder it lies in itself"
        elif target in self._tree.files and (anchor or target in self._reach.files):
            self._find(target, prefix)
        elif target in self._tree.folders and (anchor or target in self._reach.folders):
            visit.came_from[target] = folder
            drive = anchor.drive if anchor else self._reach.folders[target]
            self._descend(visit, target, f"{prefix}{name_in_path(name)}/", drive)
        else:
            self._reach.unknown.add(target)

    def _shows(self, name: str) -> bool:
        return self._hidden or not name.startswith(".")

    def _enters(self, name: str) -> bool:
        return self._shows(name) and (self._leftovers or not is_leftover_folder(name))

    @staticmethod
    def _leads_back(visit: _Visit, folder: str, target: str) -> bool:
        current: str | None = folder
        while current is not None and current != target:
            current = visit.came_from[current]
        return current == target


def prune(tree: Tree, reach: Reach) -> None:
    """Forget what was not reached. A file whose name is hidden stays when a shortcut leads to it: else it would be
    asked for again at every look."""
    tree.folders = {key: node for key, node in tree.folders.items() if key in reach.folders}
    tree.files = {key: node for key, node in tree.files.items() if key in reach.files or key in reach.anchors}
    tree.shortcuts = {key: node for key, node in tree.shortcuts.items() if key in reach.shortcuts}
    tree.anchors = {key: anchor for key, anchor in tree.anchors.items() if key in reach.anchors}
