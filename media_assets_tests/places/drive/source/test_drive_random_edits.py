"""Whatever is done to a drive in whichever order: what the looks told, taken together, is what a new scan finds."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from media_assets_tests.drive_server import DriveServer, drive_server
from media_assets_tests.places.drive.source.drive_watch import Watch

_NAMES = ("a", "b", ".hidden", "draft", "c")


class Person:
    """Edits a drive at random."""

    def __init__(self, drive: DriveServer, seed: int) -> None:
        self.drive = drive
        self.random = random.Random(seed)
        self.shared = drive.add_shared_drive("Team")
        self.roots = [drive.add_path("one"), drive.add_path("one/nested/two"), drive.add_folder("three", self.shared)]
        for _ in range(60):
            self.add()

    def pick(self, *, folders: bool) -> str:
        """A folder, or anything but what is configured."""
        items = [item for item in self.drive.files(trashed=None) if item.is_folder or not folders]
        chosen = [item.id for item in items if item.id not in self.roots]
        return self.random.choice([*self.roots, *chosen] if folders else chosen)

    def add(self) -> None:
        name, parent = self.random.choice(_NAMES), self.pick(folders=True)
        kind = self.random.random()
        if kind < 0.4:
            self.drive.add_folder(name, parent)
        elif kind < 0.55 and self.drive.files():
            self.drive.add_shortcut(name, self.random.choice(self.drive.files(trashed=None)).id, parent)
        else:
            self.drive.add_file(name, self.random.randbytes(4), parent=parent)

    def move(self) -> None:
        item, target = self.pick(folders=False), self.pick(folders=True)
        above = {item.id for item in self.drive.state.ancestors(self.drive.item(target))}
        below = {item.id for item in self.drive.state.below(item)}
        if item not in above and not below.intersection(self.roots):
            self.drive.move(item, target)

    def edit(self) -> None:
        act = self.random.choice(["add", "move", "move", "rename", "trash", "restore", "share", "unshare", "content"])
        item = self.pick(folders=False)
        below = {item.id for item in self.drive.state.below(item)}
        if act in ("trash", "unshare") and below.intersection(self.roots):
            return
        match act:
            case "add":
                self.add()
            case "move":
                self.move()
            case "rename":
                self.drive.rename(item, self.random.choice(_NAMES))
            case "trash":
                self.drive.trash(item)
            case "restore":
                self.drive.restore(item)
            case "share":
                self.drive.share_back(item)
            case "unshare":
                self.drive.share_away(item)
            case "content":
                if self.drive.item(item).content:
                    self.drive.replace_content(item, self.random.randbytes(4))


@pytest.mark.thorough
@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 8))])
def test_looks_and_scans_agree(seed: int, tmp_path: Path) -> None:
    with drive_server(seed=seed, descendants_in_log=bool(seed % 2)) as drive:
        person = Person(drive, seed)
        watch = Watch(drive, tmp_path, *person.roots, exclude=("**/draft/**",))
        told: dict[str, str] = {}
        for _ in range(16):
            changes = watch.look()
            for key in changes.removed:
                del told[watch.source.identity(key)]
            told |= {watch.source.identity(entry.key): entry.revision for entry in changes.changed}
            assert told == {watch.source.identity(entry.key): entry.revision for entry in watch.scan()}
            for _ in range(person.random.randrange(1, 12)):
                person.edit()
