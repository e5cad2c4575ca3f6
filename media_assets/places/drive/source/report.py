"""From two states of a tree to what a source hands on: changed, removed and waiting files."""

from __future__ import annotations

from collections.abc import Mapping

from media_assets.places.drive.source import entries as drive_entries
from media_assets.places.drive.source.entries import entry_of, key_of
from media_assets.places.drive.source.look import Look
from media_assets.places.drive.source.tree import FileNode
from media_assets.places.drive.source.walk import Reach
from media_assets.places.source import SourceEntry


class Report:
    """Decides on each file that is reached, and notes in the tree what was handed on.

    A file that Drive shows with a size and a checksum is whole: Drive takes in a content all at once. One without
    waits; after `incomplete_seconds` at the same revision it is handed on all the same, and the run that reads it says
    what is wrong with it. One without a size cannot be read and goes on waiting.
    """

    def __init__(self, source: str, look: Look, reach: Reach, *, incomplete_seconds: float) -> None:
        self.changed: list[SourceEntry] = []
        self.removed: list[str] = []
        self.waiting: dict[str, str] = {}
        self._source = source
        self._look = look
        self._reach = reach
        self._incomplete_seconds = incomplete_seconds

    def compile(self, before: Mapping[str, FileNode]) -> None:
        """Fill in the three.

        Args:
            before: The files at the last look.
        """
        files = self._look.tree.files
        news = [key for key in self._reach.paths if files[key].reported != files[key].revision]
        due = [key for key in news if not self._is_young(files[key])]
        # What is due by time or by a folder's new name was not in the logs; a checksum may have come since, too.
        self._look.refresh((key for key in due if key not in self._look.fresh), self._reach)
        for key in news:
            if self._is_young(files[key]):
                # Not after now: the clock may have been ahead when it was first seen.
                files[key] = files[key]._replace(since=min(files[key].since, self._look.now))
                self.waiting[self._key(key)] = files[key].flaw
            elif key in self._look.fresh:
                self._hand_on(key)
        for key, node in before.items():
            if node.reported is not None and key not in self._reach.paths:
                self.removed.append(key_of(self._source, node.name, key))
        for key in files.keys() - self._reach.paths.keys():
            files[key] = files[key]._replace(reported=None)

    def _hand_on(self, file_id: str) -> None:
        node = self._look.tree.files[file_id]
        resource = self._look.fresh[file_id]
        if "size" not in resource:
            # To be asked for again after as long a time.
            self._look.tree.files[file_id] = node._replace(since=self._look.now)
            self.waiting[self._key(file_id)] = drive_entries.flaw(resource)
            return
        self._look.tree.files[file_id] = node._replace(reported=node.revision)
        self.changed.append(entry_of(self._source, resource, self._reach.paths[file_id]))

    def _is_young(self, node: FileNode) -> bool:
        return bool(node.flaw) and self._look.now - min(self._look.now, node.since) < self._incomplete_seconds

    def _key(self, file_id: str) -> str:
        return key_of(self._source, self._look.tree.files[file_id].name, file_id)
