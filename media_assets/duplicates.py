"""The duplicates of a library: found in what `dedup_index` knows, moved to a review folder, and brought back.

Nothing is ever deleted. Every move stands in a journal in `<state_dir>/duplicates` before it is made.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from media_assets.engines.duplicates.folder_mover import FolderMover
from media_assets.engines.duplicates.journal import Journal
from media_assets.engines.duplicates.moves import apply_moves, plan_moves, undo_moves
from media_assets.engines.duplicates.near import duplicate_groups
from media_assets.errors import Fatal, SourceChanged
from media_assets.library import Library
from media_assets.models_duplicates import DedupRow, DuplicateGroup, Move, MoveOutcome
from media_assets.partitions import split_key
from media_assets.settings_places import FolderSource

INDEX = "dedup_index"


class Duplicates:
    """What is twice among some files.

    Args:
        keys: The files to compare; those without an entry in the index are left out, see `unknown`.
    """

    def __init__(self, library: Library, keys: Sequence[str]) -> None:
        self._library = library
        self._keys = keys

    @cached_property
    def rows(self) -> dict[str, DedupRow]:
        """The index, by key."""
        reader = self._library.store(INDEX).as_of_now(INDEX)
        manifests = ((key, reader.manifest(INDEX, key)) for key in self._keys if not self._is_gone(key))
        return {
            key: DedupRow.model_validate(manifest.value)
            for key, manifest in manifests
            if manifest and not manifest.not_applicable
        }

    @property
    def unknown(self) -> list[str]:
        """Files that the index does not know yet."""
        return [key for key in self._keys if key not in self.rows and not self._is_gone(key)]

    def _is_gone(self, key: str) -> bool:
        """Whether a file is no longer there, in review say, as far as that can be told without a request."""
        if not isinstance(self._library.settings.sources.get(split_key(key)[0]), FolderSource):
            return False
        try:
            self._library.entry(key)
        except SourceChanged:
            return True
        return False

    @cached_property
    def groups(self) -> list[DuplicateGroup]:
        """Those that free most first."""
        return duplicate_groups(self.rows.values(), self._library.settings.duplicates)

    def moves(self, *, near: bool) -> dict[str, list[Move]]:
        """What would be moved, by source. A copy of a file in another source stays where it is.

        Args:
            near: Whether near duplicates are moved too, not only files that are equal byte for byte.

        Raises:
            Fatal: copies lie in a source in which nothing can be moved.
        """
        chosen = [_within_a_source(group, near=near) for group in self.groups]
        planned: dict[str, list[Move]] = {}
        for move in plan_moves([group for group in chosen if group.members], self.rows):
            planned.setdefault(split_key(move.key)[0], []).append(move)
        for source in planned:
            self._folder(source)
        return planned

    def apply(self, planned: dict[str, list[Move]]) -> Iterator[MoveOutcome]:
        """Move the copies; what changed since it was indexed is skipped."""
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
        for source, moves in planned.items():
            yield from apply_moves(moves, self._mover(source), Journal(self._journals() / f"{stamp}~{source}.jsonl"))

    def undo(self) -> Iterator[MoveOutcome]:
        """Bring back everything that was ever moved and is not back yet, the last first."""
        for path in sorted(self._journals().glob("*.jsonl"), reverse=True):
            yield from undo_moves(self._mover(path.stem.partition("~")[2]), Journal(path))

    def _journals(self) -> Path:
        folder = self._library.settings.state_dir / "duplicates"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _mover(self, source: str) -> FolderMover:
        folder = self._folder(source)
        return FolderMover(folder, folder / self._library.settings.duplicates.review_folder)

    def _folder(self, source: str) -> Path:
        section = self._library.settings.sources.get(source)
        if not isinstance(section, FolderSource):
            raise Fatal(
                f"duplicates in source {source!r} cannot be moved: that is possible in folders only",
                next_step="Move them by hand; `media-assets duplicates --csv FILE` lists them",
            )
        return section.path


def _within_a_source(group: DuplicateGroup, *, near: bool) -> DuplicateGroup:
    source = split_key(group.keep_key)[0]
    members = tuple(
        member
        for member in group.members
        if split_key(member.key)[0] == source and member.freed_bytes and (near or member.kind == "exact")
    )
    return group.model_copy(update={"members": members})


def freed_bytes(groups: Iterable[DuplicateGroup]) -> int:
    """What the removal of all redundant copies would free."""
    return sum(group.freed_bytes for group in groups)
