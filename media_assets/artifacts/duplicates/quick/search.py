"""Equal files in the folders of a library, found before anything is processed.

Only sources that are folders of this machine are searched: of others each file would have to be fetched.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console

from media_assets.artifacts.duplicates.quick.file_listing import FileListing
from media_assets.artifacts.duplicates.quick.local_files import EqualFiles, LocalFile, Memory, equal_files
from media_assets.base.errors import Fatal, MediaAssetsError, Transient
from media_assets.base.keys import readable
from media_assets.base.wording import counted, describe_bytes
from media_assets.pipeline.library import Library
from media_assets.places.folder.source import Folder

_MOST_GROUPS = 20


@dataclass(frozen=True)
class Copies:
    """Files with equal bytes."""

    size_bytes: int
    """The size of each."""
    keys: list[str]

    @property
    def freed_bytes(self) -> int:
        """What would be free if one of them was left."""
        return self.size_bytes * (len(self.keys) - 1)


class QuickSearch:
    """A search for exact copies in the folders of a library.

    Args:
        source: The name of the only source to search, one of those in library.yaml; None: all that are folders.

    Raises:
        Fatal: there is no folder to search.
    """

    def __init__(self, library: Library, source: str | None = None) -> None:
        self._settings = library.settings
        self._prepare_state = library.workspaces.prepare
        chosen = {name: each for name, each in library.sources.items() if source in (None, name)}
        self._folders = [each for each in chosen.values() if isinstance(each, Folder)]
        self.left_out = [name for name, each in chosen.items() if not isinstance(each, Folder)]
        """Sources that are not searched."""
        self.unseen: dict[str, str] = {}
        """What could not be looked at or read, by key, and why."""
        self.problems: list[MediaAssetsError] = []
        """Why whole sources could not be searched."""
        if not self._folders:
            raise Fatal(
                f"--quick searches folders of this machine alone, and {', '.join(self.left_out)} is none",
                next_step="Enable assets.dedup_index and run `media-assets process`, which finds copies everywhere",
            )

    def copies(self, check: Callable[[], None]) -> list[Copies]:
        """The groups of equal files, those first that would free most.

        Args:
            check: Called now and then; what it raises ends the search.
        """
        self._prepare_state()
        name = "-".join(["quick", *(folder.name for folder in self._folders)])
        memory = Memory(self._settings.state_dir / "duplicates" / f"{name}.json")
        listing = self._listing()
        groups = memory.found_before(listing)
        if groups is None:
            found = equal_files(self._files(), memory, check)
            self._note_unread(found)
            groups = found.groups
            is_whole = found.is_settled and not self.unseen and not self.problems
            # What changed after the listing changes the next one, but for what changed within one tick of the clock.
            memory.remember(listing if is_whole else None, groups)
        copies = [Copies(size_bytes, list(map(self._key, paths))) for size_bytes, paths in groups]
        return sorted(copies, key=lambda each: (-each.freed_bytes, each.keys))

    def _listing(self) -> str | None:
        """The digest of all that the search depends on; None where a look at the folders does not tell it."""
        beside = (self._settings.output_for(asset).placement != "folder" for asset in self._settings.assets)
        if any(beside) or any(folder.follows_links for folder in self._folders):
            return None
        chosen_by = "\n".join(folder.chosen_by for folder in self._folders)
        return FileListing([folder.root for folder in self._folders], chosen_by).digest()

    def _files(self) -> Iterator[LocalFile]:
        for folder in self._folders:
            try:
                for path, _, state in folder.files():
                    yield str(path), state.st_size, state.st_mtime_ns, state.st_ino, state.st_dev
            except (Fatal, Transient) as error:
                self.problems.append(error)
            self.unseen.update(folder.unreadable)

    def _note_unread(self, found: EqualFiles) -> None:
        self.unseen.update((self._key(path), why) for path, why in found.unread.items())

    def _key(self, path: str) -> str:
        """The key of a file, in the source that is nearest to it."""
        folders = [folder for folder in self._folders if Path(path).is_relative_to(folder.root)]
        return max(folders, key=lambda folder: len(folder.root.parts)).key_of(Path(path))


def print_copies(console: Console, copies: list[Copies], left_out: list[str]) -> None:
    """The groups that free most, and what all of them would free.

    Args:
        left_out: Sources that were not searched.
    """
    for each in copies[:_MOST_GROUPS]:
        size = describe_bytes(each.size_bytes)
        console.print(f"{counted(len(each.keys))} of {size} each, {describe_bytes(each.freed_bytes)} in copies")
        for key in each.keys:
            console.print(f"     {readable(key)}", style="dim", markup=False, soft_wrap=True)
    freed = describe_bytes(sum(each.freed_bytes for each in copies))
    more = f", {len(copies) - _MOST_GROUPS} more than are shown (--json has all)" if len(copies) > _MOST_GROUPS else ""
    console.print(f"{counted(len(copies), 'group')} of equal files{more}; without the copies {freed} would be free")
    if left_out:
        console.print(f"not searched, for they are no folders: {', '.join(left_out)}", markup=False, soft_wrap=True)


def write_copies(output: TextIO, copies: list[Copies], search: QuickSearch) -> None:
    """Write what was found as one JSON object, a line for each group; the names of files are keys."""

    def lines(items: Iterator[dict[str, Any]]) -> str:
        return ",\n  ".join(map(json.dumps, items))

    groups = ({"size_bytes": each.size_bytes, "freed_bytes": each.freed_bytes, "files": each.keys} for each in copies)
    unseen = ({"file": key, "reason": why} for key, why in search.unseen.items())
    output.write(f'{{\n "freed_bytes": {sum(each.freed_bytes for each in copies)},\n')
    output.write(f' "groups": [\n  {lines(groups)}\n ],\n "unseen": [\n  {lines(unseen)}\n ],\n')
    output.write(f' "sources_left_out": {json.dumps(search.left_out)}\n}}\n')
