"""A folder as a source: identity is the path, a new size, time or inode is a new revision."""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from media_assets.base.errors import BadMedia, Fatal, SourceChanged, classify
from media_assets.base.files import STAGING_PREFIX, copy_file, folder_identity
from media_assets.base.globs import PathFilter
from media_assets.base.keys import partition_key, split_key
from media_assets.base.paths import LeadsOut, below
from media_assets.base.wording import counted
from media_assets.places.folder.settings import FolderSource
from media_assets.places.folder.sidecars import lying_beside
from media_assets.places.leftovers import is_leftover, is_leftover_file, is_leftover_folder
from media_assets.places.listed.readiness import Readiness
from media_assets.places.listed.snapshot import SUSPICIOUS_LOSS, Seen, Snapshot, compare, look_again
from media_assets.places.sidecars import LyingFile, path_beside, sidecar
from media_assets.places.source import Beside, Changes, DurableState, Sidecar, SourceEntry, no_check
from media_assets.places.watching import AutomationSettings

# How many entries `doctor` counts.
_GLIMPSE = 1000

# What `datetime` can say; file systems keep times far beyond.
_EARLIEST, _LATEST = (datetime(year, 1, 2, tzinfo=UTC).timestamp() for year in (1, 9999))


class _OpenFolder(NamedTuple):
    """A folder that is being walked through."""

    items: Iterator[os.DirEntry[str]]
    real: Path
    """The path of the folder without links in it."""
    followed: tuple[Path, ...]
    """The real folders that were entered through a link on the way, the root first."""


class Folder:
    """See `places.source.Source`.

    Args:
        artifact_paths: Called at each listing; what it returns tells the artifacts that lie beside their sources, by
            absolute path.
        left_out: Folders that are not entered: the stores and `state_dir`, when they lie inside.
    """

    has_ids = False

    def __init__(
        self,
        name: str,
        settings: FolderSource,
        automation: AutomationSettings,
        *,
        artifact_paths: Callable[[], Callable[[Path], bool]] = lambda: lambda _: False,
        left_out: tuple[Path, ...] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.name = name
        self._clock = clock
        self.root = settings.path
        self._settings = settings
        self._automation = automation
        self._artifact_paths = artifact_paths
        self._left_out = left_out
        self._filter = PathFilter(settings.include, settings.exclude)
        self.unreadable: dict[str, str] = {}
        """What the last scan could not look at, as keys of files and folders, and why."""
        self._seen: tuple[int, int] | None = None
        """Which folder it was when there were files in it."""

    def identity(self, key: str) -> str:
        return key

    def scan(self) -> Iterator[SourceEntry]:
        for _, relative, status in self.files():
            yield self._entry(relative, status)

    def files(self) -> Iterator[tuple[Path, str, os.stat_result]]:
        """Where each file lies, on this machine and in the source, and its state; nothing else is asked of it.

        Raises:
            Fatal: the folder cannot be listed.
        """
        is_artifact = self._artifact_paths()
        for path, status in self._begin_walk():
            relative = path.relative_to(self.root).as_posix()
            self._seen = self._seen or folder_identity(self.root)
            if self._filter.accepts(relative) and not is_artifact(path):
                yield path, relative, status

    @property
    def follows_links(self) -> bool:
        """Whether files may lie outside the root, behind links."""
        return self._settings.follow_symlinks

    @property
    def chosen_by(self) -> str:
        """What decides which files below the root are those of this source, in words that differ when it does."""
        settings = self._settings
        return repr(
            (settings.include, settings.exclude, settings.hidden, settings.leftovers, sorted(map(str, self._left_out)))
        )

    def key_of(self, path: Path) -> str:
        """The key of a file of this source by where it lies."""
        return partition_key(self.name, path.relative_to(self.root).as_posix())

    def look_at_folders(self) -> None:
        """Find out what a scan could not look at, by a look at the folders and one file in each: thousands of files
        cost next to nothing.

        Raises:
            Fatal: the folder of the source cannot be listed.
        """
        for _ in self._begin_walk(folders_alone=True):
            pass

    def why_not_ready(self, entry: SourceEntry) -> str | None:
        """Why a file is taken to be still written, by itself alone; None when nothing says so."""
        return self._why_wait(entry, Seen(entry.revision, self._clock(), reported=False), Readiness(), first_look=True)

    def changes(self, cursor: str | None, state: DurableState) -> Changes:
        before = Snapshot.load(self.name, cursor, state)
        entries = list(self.scan())
        if before and not entries and len(before.files) >= SUSPICIOUS_LOSS:
            raise Fatal(
                f"the folder {self.root} of source {self.name!r} is empty, and held {len(before.files)} files before",
                next_step="Mount it again; if the files are really gone, reset the cursor of the sensor",
            )
        looks = look_again(entries, before, self._clock())
        waiting = self._waiting(entries, looks, first_look=before is None)
        return compare(self.name, entries, looks, before, state, waiting=waiting, unreadable=self.unreadable)

    def entry(self, key: str) -> SourceEntry:
        _, relative = split_key(key)
        path = self._path(relative)
        try:
            status = path.stat(follow_symlinks=self._settings.follow_symlinks)
        except (FileNotFoundError, NotADirectoryError):
            self._require_files()
            raise SourceChanged(
                f"is no longer in {self.root}",
                next_step="Its artifacts are kept; put it back to have it processed again",
            ) from None
        except OSError as error:
            raise classify(error, source=path) from error
        if not stat.S_ISREG(status.st_mode):
            raise SourceChanged("is no longer a file", next_step="Its artifacts are kept")
        self._seen = self._seen or folder_identity(self.root)
        return self._entry(relative, status)

    def direct_path(self, entry: SourceEntry) -> Path | None:
        return None if self._settings.cache else self._path(entry.path)

    def lies_at(self, entry: SourceEntry) -> Path | None:
        return self._path(entry.path)

    def fetch(self, entry: SourceEntry, destination: Path, check: Callable[[], None] = no_check) -> None:
        partial = destination.with_name(destination.name + ".partial")
        have = partial.stat().st_size if partial.exists() else 0
        try:
            copy_file(self._path(entry.path), partial, check, have)
        except OSError as error:
            if isinstance(error, FileNotFoundError | NotADirectoryError):
                self._require_files()
            raise classify(error, source=self._path(entry.path)) from error
        if self.entry(entry.key).revision != entry.revision or partial.stat().st_size != entry.size_bytes:
            partial.unlink()
            raise SourceChanged(
                "changed while it was copied", next_step="The next look at the source takes it up again"
            )
        partial.replace(destination)

    def beside(self, entry: SourceEntry) -> Beside:
        path = self._path(entry.path)
        return Beside(self.name, str(path.parent), path.name)

    def sidecars(self, entry: SourceEntry, endings: Collection[str]) -> Sequence[Sidecar]:
        """See `HasSidecars`."""
        path, follow = self._path(entry.path), self._settings.follow_symlinks
        found = lying_beside(path, endings, is_artifact=self._artifact_paths(), follow_links=follow)
        return [
            sidecar(file, marks, entry, self._key_beside(entry, file), None, self._fetch_small) for file, marks in found
        ]

    def _key_beside(self, entry: SourceEntry, file: LyingFile) -> str:
        return partition_key(self.name, path_beside(entry, file.name))

    def _fetch_small(self, entry: SourceEntry, destination: Path, check: Callable[[], None]) -> None:
        """Copy what was small when it was told; what grew since is not read."""
        if self.entry(entry.key).revision != entry.revision:
            raise SourceChanged("changed since it was seen")
        self.fetch(entry, destination, check)

    def link(self, entry: SourceEntry) -> str:
        return self._path(entry.path).as_uri()

    def link_of(self, key: str) -> str:
        return self._path(split_key(key)[1], look=False).as_uri()

    def check(self) -> str:
        count = self._glimpse()
        if not count:
            return f"{self.root} is empty: put recordings or photos into it"
        more = " and more" if count > _GLIMPSE else ""
        return f"{self.root}: {counted(min(count, _GLIMPSE), 'entry', 'entries')}{more}"

    def _glimpse(self) -> int:
        """How many entries the folder has, at most one more than are looked at."""
        key = f"sources.{self.name}.path"
        try:
            with os.scandir(self.root) as entries:
                return sum(1 for _ in islice(entries, _GLIMPSE + 1))
        except FileNotFoundError:
            raise Fatal(f"there is no folder {self.root}", next_step=f"Create or mount it, or correct {key}") from None
        except NotADirectoryError:
            raise Fatal(f"{self.root} is no folder", next_step=f"Correct {key}") from None
        except PermissionError:
            raise Fatal(f"{self.root} may not be listed", next_step="Grant this user the right to read it") from None

    def _require_files(self) -> None:
        """Make sure, when a file is missed, that the folder is there, and not another one in its place.

        Raises:
            Fatal: there is nothing where this source was.
        """
        try:
            now = folder_identity(self.root)
            with os.scandir(self.root) as entries:
                there = self._seen or any(entries)
        except OSError as error:
            state = "is gone" if isinstance(error, FileNotFoundError | NotADirectoryError) else "cannot be listed"
            raise Fatal(
                f"the folder {self.root} of source {self.name!r} {state}",
                next_step="Mount it again, or put it back, then run again",
            ) from error
        if self._seen and self._seen != now:
            raise Fatal(
                f"the folder {self.root} of source {self.name!r} is another one than it was a moment ago",
                next_step="Mount it again, or put it back, then run again",
            )
        if not there:
            raise Fatal(f"the folder {self.root} of source {self.name!r} is empty", next_step="Is it mounted?")

    def _path(self, relative: str, *, look: bool = True) -> Path:
        """Where a path in the source leads to.

        Args:
            look: Whether links on the way are looked at, which only an address for people does without.
        """
        try:
            return below(self.root, relative, follow_links=self._settings.follow_symlinks or not look)
        except LeadsOut:
            raise BadMedia(f"leads out of source {self.name!r}", next_step="Delete that partition") from None

    def _entry(self, relative: str, status: os.stat_result) -> SourceEntry:
        return SourceEntry(
            key=partition_key(self.name, relative),
            path=relative,
            size_bytes=status.st_size,
            modified_at=datetime.fromtimestamp(min(max(status.st_mtime, _EARLIEST), _LATEST), UTC),
            # No inode: on network and cloud mounts it is another one after each mount.
            revision=f"{status.st_size}-{status.st_mtime_ns}",
        )

    def _begin_walk(self, *, folders_alone: bool = False) -> Iterator[tuple[Path, os.stat_result]]:
        if not self.root.is_dir():
            raise Fatal(
                f"the folder {self.root} of source {self.name!r} is not there",
                next_step=f"Create or mount it, or change sources.{self.name}.path in library.yaml",
            )
        self.unreadable = {}
        self._seen = None
        left_out = frozenset(path.resolve() for path in self._left_out)
        return self._walk(self.root.resolve(), left_out, folders_alone=folders_alone)

    def _walk(
        self, root: Path, left_out: frozenset[Path], *, folders_alone: bool
    ) -> Iterator[tuple[Path, os.stat_result]]:
        """Regular files below the root in the order of their names, so that ranges of partitions are neighbours.

        Folders lie in one another deeper than functions may call each other.

        Args:
            root: That of the source without links in it.
            left_out: Folders that are not entered, without links in them.
            folders_alone: Leave out all files but the first of each folder, which tells whether others can be read.
        """
        open_folders = [_OpenFolder(self._items(self.root, folders_alone), root, (root,))]
        while open_folders:
            folder = open_folders[-1]
            item = next(folder.items, None)
            if item is None:
                open_folders.pop()
                continue
            try:
                status = item.stat(follow_symlinks=self._settings.follow_symlinks)
            except FileNotFoundError:
                continue  # deleted since the listing, or a dangling link
            except OSError as error:
                self._note_unreadable(Path(item.path), error)
                continue
            if stat.S_ISREG(status.st_mode):
                if self._settings.leftovers or not is_leftover_file(item.name):
                    yield Path(item.path), status
            elif stat.S_ISDIR(status.st_mode):
                if not self._settings.leftovers and is_leftover_folder(item.name):
                    continue
                is_link = item.is_symlink()
                target = Path(item.path).resolve() if is_link else folder.real / item.name
                if target in left_out or (is_link and _leads_back(target, folder.followed)):
                    continue
                followed = (*folder.followed, target) if is_link else folder.followed
                open_folders.append(_OpenFolder(self._items(Path(item.path), folders_alone), target, followed))

    def _items(self, folder: Path, folders_alone: bool) -> Iterator[os.DirEntry[str]]:
        """What is in a folder, by name, but for what is never looked at; nothing of one that cannot be listed."""
        try:
            with os.scandir(folder) as listing:
                items = sorted(listing, key=lambda item: item.name)
        except OSError as error:
            if folder == self.root:
                raise Fatal(
                    f"the folder {folder} cannot be listed: {error.strerror}",
                    next_step="Grant the process access to it, or mount it again",
                ) from error
            self._note_unreadable(folder, error)
            return iter(())
        looked_at = [
            item
            for item in items
            if not item.name.startswith(STAGING_PREFIX) and (self._settings.hidden or not item.name.startswith("."))
        ]
        if folders_alone:
            looked_at[1:] = filter(self._may_be_folder, looked_at[1:])
        return iter(looked_at)

    def _may_be_folder(self, item: os.DirEntry[str]) -> bool:
        try:
            return item.is_dir(follow_symlinks=self._settings.follow_symlinks)
        except OSError:
            return True  # whoever looks at it is told why not

    def _note_unreadable(self, path: Path, error: OSError) -> None:
        relative = path.relative_to(self.root).as_posix()
        if self._filter.excludes(relative) or self._filter.excludes(f"{relative}/"):
            return
        if not self._settings.leftovers and is_leftover(relative):
            return
        key = partition_key(self.name, relative)
        reason = error.strerror or str(error)
        if error.errno == errno.ENAMETOOLONG:
            reason = f"its path has {len(os.fsencode(path))} bytes, more than the system takes; shorten names above it"
        self.unreadable[key] = f"cannot be looked at: {reason}"

    def _waiting(self, entries: list[SourceEntry], looks: dict[str, Seen], *, first_look: bool) -> dict[str, str]:
        """Why files are not reported yet, by key.

        The latest are looked into first, so that what nobody goes on with cannot use up each tick before they come.
        """
        new = [entry for entry in entries if not looks[entry.key].reported]
        new.sort(key=lambda entry: looks[entry.key].since, reverse=True)
        readiness = Readiness()
        reasons = {e.key: self._why_wait(e, looks[e.key], readiness, first_look=first_look) for e in new}
        return {key: reason for key, reason in reasons.items() if reason}

    def _why_wait(self, entry: SourceEntry, seen: Seen, readiness: Readiness, *, first_look: bool) -> str | None:
        """Time is measured from when we saw the revision, for a copy may carry any time of modification; at the first
        look there is nothing else to go by than the file's own."""
        now = self._clock()
        # Not after now: the clock may have been ahead, then or where the file was written.
        since = min(now, entry.modified_at.timestamp() if first_look else seen.since)
        if now - since < self._automation.settle_seconds:
            return "changed a moment ago; waiting until it no longer does"
        if now - since < self._automation.incomplete_seconds:
            try:
                return readiness.why_incomplete(self._path(entry.path))
            except OSError:
                return None  # the run that reads it says what is wrong
        return None


def _leads_back(target: Path, followed: tuple[Path, ...]) -> bool:
    """Whether a link leads to a folder that contains one we came through, or into one, which is walked anyway."""
    return any(target == base or target in base.parents or base in target.parents for base in followed)
