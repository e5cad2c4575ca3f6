"""What a source remembers of Drive between two looks: the tree in a durable place, and where it is in the cursor."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any, Self

from media_assets.places import packed
from media_assets.places.drive.settings import DriveSource
from media_assets.places.drive.source.tree import Anchor, FileNode, FolderNode, ShortcutNode, Tree
from media_assets.places.source import DurableState


@dataclass(frozen=True)
class DrivePosition:
    """A tree, and the tokens up to which it follows the logs of changes. The two belong together, so the cursor holds
    both: the tokens themselves, and which generation of the tree. Tokens move on with whatever happens in the account,
    and the tree is not written again for that."""

    generation: int
    tokens: dict[str, str]
    """The token of each drive, by the name that `tree.Anchor` has for it."""

    @classmethod
    def parse(cls, cursor: str | None) -> Self | None:
        """None for what is no cursor of this kind of source."""
        try:
            stored = json.loads(cursor or "")
            return cls(int(stored["generation"]), {str(k): str(v) for k, v in stored["tokens"].items()})
        except (ValueError, TypeError, KeyError, AttributeError):
            return None

    def cursor(self) -> str:
        return json.dumps({"generation": self.generation, "tokens": self.tokens}, sort_keys=True)


def digest(settings: DriveSource) -> str:
    """Stands for the settings a tree depends on."""
    chosen = (settings.folders, settings.include, settings.exclude, settings.hidden, settings.leftovers)
    return hashlib.sha256(json.dumps(chosen).encode("ascii")).hexdigest()[:16]


def load(source: str, generation: int, state: DurableState) -> Tree | None:
    """The tree of a generation; None when it is not there."""
    stored = packed.load(_place(source), generation, state)
    try:
        return _tree(stored) if stored else None
    except (KeyError, TypeError, ValueError, AttributeError):
        return None  # not what any version wrote


def save(source: str, generation: int, tree: Tree, state: DurableState) -> None:
    """Make a tree durable."""
    stored = {
        "settings": tree.settings,
        "roots": tree.roots,
        "anchors": tree.anchors,
        "folders": tree.folders,
        "files": {key: _row(node) for key, node in tree.files.items()},
        "shortcuts": tree.shortcuts,
    }
    packed.save(_place(source), generation, stored, state)


def slots(source: str) -> tuple[str, ...]:
    """Under which names the trees of a source are kept."""
    return packed.slots(_place(source))


def _tree(stored: dict[str, Any]) -> Tree:
    return Tree(
        settings=stored["settings"],
        roots=stored["roots"],
        anchors={key: Anchor(drive, tuple(above), fault) for key, (drive, above, fault) in stored["anchors"].items()},
        folders={key: FolderNode(*row) for key, row in stored["folders"].items()},
        files={key: _file(row) for key, row in stored["files"].items()},
        shortcuts={key: ShortcutNode(*row) for key, row in stored["shortcuts"].items()},
    )


def _row(node: FileNode) -> tuple[object, ...]:
    """A file in a row. For most files the last reported revision is the present one, and three fields say all."""
    is_settled = node == FileNode(node.parent, node.name, node.revision, reported=node.revision)
    return tuple(node)[:3] if is_settled else tuple(node)


def _file(row: list[str]) -> FileNode:
    parent, name, revision = row[:3]
    return FileNode(parent, name, revision, reported=revision) if len(row) == 3 else FileNode(*row)  # type: ignore[arg-type]


def _place(source: str) -> str:
    return f"media_assets/drive/{source}"
