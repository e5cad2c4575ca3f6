"""A folder as a source: identity is the path, a new size, time or inode is a new revision."""

from __future__ import annotations

import os
import shutil
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from media_assets.errors import Fatal, SourceChanged
from media_assets.partitions import partition_key, split_key
from media_assets.settings import AutomationSettings, FolderSource
from media_assets.sources.base import Changes, SourceEntry, State
from media_assets.sources.globs import PathFilter
from media_assets.sources.readiness import why_incomplete
from media_assets.sources.snapshot import Seen, Snapshot

# Names of artifacts that are being written beside their sources.
STAGING_PREFIX = ".media_assets-"

# A share that is not mounted shows an empty folder. So many files do not vanish all at once otherwise.
_SUSPICIOUS_LOSS = 10


class Folder:
    """See `sources.base.Source`.

    Args:
        artifact_paths: Called at each listing; what it returns tells the artifacts that lie beside their sources, by
            absolute path.
        left_out: Folders that are not entered: the stores and `state_dir`, when they lie inside.
    """

    def __init__(
        self,
        name: str,
        settings: FolderSource,
        automation: AutomationSettings,
        *,
        artifact_paths: Callable[[], Callable[[Path], bool]] = lambda: lambda _: False,
        left_out: tuple[Path, ...] = (),
    ) -> None:
        self.name = name
        self.root = settings.path
        self._settings = settings
        self._automation = automation
        self._artifact_paths = artifact_paths
        self._left_out = frozenset(os.fspath(path) for path in left_out)
        self._filter = PathFilter(settings.include, settings.exclude)
        self.unreadable: dict[str, str] = {}
        """Folders (as keys) that the last scan was not allowed to list, and why."""

    def scan(self) -> Iterator[SourceEntry]:
        if not self.root.is_dir():
            raise Fatal(
                f"the folder {self.root} of source {self.name!r} is not there",
                next_step=f"Create or mount it, or change sources.{self.name}.path in library.yaml",
            )
        is_artifact = self._artifact_paths()
        self.unreadable = {}
        for path, status in self._walk(self.root):
            relative = path.relative_to(self.root).as_posix()
            if self._filter.accepts(relative) and not is_artifact(path):
                yield self._entry(relative, status)

    def changes(self, cursor: str | None, state: State) -> Changes:
        before = Snapshot.load(self.name, cursor, state)
        entries = list(self.scan())
        if before and not entries and len(before.files) >= _SUSPICIOUS_LOSS:
            raise Fatal(
                f"the folder {self.root} of source {self.name!r} is empty, and held {len(before.files)} files before",
                next_step="Mount it again; if the files are really gone, reset the cursor of the sensor",
            )
        files: dict[str, Seen] = {}
        changed: list[SourceEntry] = []
        waiting = dict(self.unreadable)
        for entry in entries:
            seen = self._look(entry, before)
            if not seen.reported:
                reason = self._why_wait(entry, seen, first_look=before is None)
                if reason:
                    waiting[entry.key] = reason
                else:
                    seen = replace(seen, reported=True)
                    changed.append(entry)
            files[entry.key] = seen
        removed: list[str] = []
        for key, seen in (before.files if before else {}).items():
            if key not in files:
                if any(key.startswith(f"{folder}/") for folder in self.unreadable):
                    files[key] = seen
                else:
                    removed.append(key)
        if before and files == before.files:
            return Changes(waiting=waiting, cursor=str(before.generation))
        after = Snapshot(before.generation + 1 if before else 0, files)
        return Changes(tuple(changed), tuple(removed), waiting, after.save(self.name, state))

    def entry(self, key: str) -> SourceEntry:
        _, relative = split_key(key)
        path = self._path(relative)
        try:
            status = path.stat()
        except (FileNotFoundError, NotADirectoryError):
            raise SourceChanged(
                f"is no longer in {self.root}",
                next_step="Its artifacts are kept; put it back to have it processed again",
            ) from None
        return self._entry(relative, status)

    def direct_path(self, entry: SourceEntry) -> Path | None:
        return None if self._settings.cache else self._path(entry.path)

    def fetch(self, entry: SourceEntry, destination: Path) -> None:
        partial = destination.with_name(destination.name + ".partial")
        have = partial.stat().st_size if partial.exists() else 0
        with self._path(entry.path).open("rb") as source, partial.open("ab") as target:
            source.seek(have)
            shutil.copyfileobj(source, target, 1 << 20)
            target.flush()
            os.fsync(target.fileno())
        if self.entry(entry.key).revision != entry.revision or partial.stat().st_size != entry.size_bytes:
            partial.unlink()
            raise SourceChanged(
                "changed while it was copied", next_step="The next look at the source takes it up again"
            )
        partial.replace(destination)

    def link(self, entry: SourceEntry) -> str:
        return self._path(entry.path).as_uri()

    def _path(self, relative: str) -> Path:
        path = self.root / PurePosixPath(relative)
        if ".." in path.parts:
            raise Fatal(f"{relative!r} leads out of source {self.name!r}", next_step="Delete that partition")
        return path

    def _entry(self, relative: str, status: os.stat_result) -> SourceEntry:
        return SourceEntry(
            key=partition_key(self.name, relative),
            path=relative,
            size_bytes=status.st_size,
            modified_at=datetime.fromtimestamp(status.st_mtime, UTC),
            revision=f"{status.st_size}-{status.st_mtime_ns}-{status.st_ino}",
        )

    def _walk(self, folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
        """Regular files below `folder` in the order of their names, so that ranges of partitions are neighbours."""
        try:
            with os.scandir(folder) as listing:
                items = sorted(listing, key=lambda item: item.name)
        except (PermissionError, FileNotFoundError) as error:
            if folder == self.root:
                raise Fatal(f"the folder {folder} cannot be listed: {error.strerror}") from error
            self.unreadable[partition_key(self.name, folder.relative_to(self.root).as_posix())] = (
                f"this folder cannot be listed: {error.strerror}"
            )
            return
        for item in items:
            if item.name.startswith(STAGING_PREFIX) or (item.name.startswith(".") and not self._settings.hidden):
                continue
            try:
                status = item.stat(follow_symlinks=self._settings.follow_symlinks)
            except FileNotFoundError:
                continue  # deleted since the listing, or a dangling link
            if stat.S_ISDIR(status.st_mode) and item.path not in self._left_out:
                if not (item.is_symlink() and self._is_loop(item.path)):
                    yield from self._walk(Path(item.path))
            elif stat.S_ISREG(status.st_mode):
                yield Path(item.path), status

    def _is_loop(self, link: str) -> bool:
        """Whether a link leads to a folder that contains it, or back into this source, which is walked anyway."""
        target = Path(link).resolve()
        root = self.root.resolve()
        return target == root or target in root.parents or root in target.parents

    def _look(self, entry: SourceEntry, before: Snapshot | None) -> Seen:
        old = before.files.get(entry.key) if before else None
        if old and old.revision == entry.revision:
            return old
        return Seen(entry.revision, time.time(), reported=False)

    def _why_wait(self, entry: SourceEntry, seen: Seen, *, first_look: bool) -> str | None:
        """Time is measured from when we saw the revision, for a copy may carry any time of modification; at the first
        look there is nothing else to go by than the file's own."""
        now = time.time()
        since = min(now, entry.modified_at.timestamp()) if first_look else seen.since
        if now - since < self._automation.settle_seconds:
            return "changed a moment ago; waiting until it no longer does"
        if now - since < self._automation.incomplete_seconds:
            try:
                return why_incomplete(self._path(entry.path))
            except OSError:
                return None  # the run that reads it says what is wrong
        return None
