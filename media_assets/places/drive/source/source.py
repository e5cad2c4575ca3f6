"""Folders in Google Drive as a source: identity is the file's id, its checksum is its revision."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from pathlib import Path

from media_assets.base.errors import BadMedia, Fatal, SourceChanged
from media_assets.base.keys import partition_key, split_drive_key
from media_assets.places.drive.api.api import DriveApi
from media_assets.places.drive.api.check import check
from media_assets.places.drive.api.errors import NotFound, Refused
from media_assets.places.drive.api.folders import file_link
from media_assets.places.drive.settings import DriveSource
from media_assets.places.drive.source import entries as drive_entries
from media_assets.places.drive.source import state as drive_state
from media_assets.places.drive.source.entries import Resource, entry_of, key_of
from media_assets.places.drive.source.listing import DriveListing
from media_assets.places.drive.source.look import Look
from media_assets.places.drive.source.neighbours import DriveNeighbours
from media_assets.places.drive.source.paths import FolderPaths
from media_assets.places.drive.source.report import Report
from media_assets.places.drive.source.state import DrivePosition
from media_assets.places.drive.source.tree import Tree
from media_assets.places.listed.snapshot import SUSPICIOUS_LOSS
from media_assets.places.sidecars import belonging, sidecar
from media_assets.places.source import Beside, Changes, DurableState, Sidecar, SourceEntry, no_check
from media_assets.places.watching import AutomationSettings

_MOST_SKIPPED = 1000
_KEPT = "Its artifacts are kept"


class DriveFolders:
    """See `places.source.Source`.

    A configured path means the path: when a folder of it is renamed or moved, the source says that it is gone. One
    that is configured by its id is followed wherever it goes.
    """

    has_ids = True

    def __init__(
        self,
        name: str,
        settings: DriveSource,
        automation: AutomationSettings,
        api: DriveApi,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.name = name
        self._clock = clock
        self._settings = settings
        self._automation = automation
        self._api = api
        self._listing = DriveListing(api)
        self._paths = FolderPaths(self._listing)
        self._neighbours = DriveNeighbours(self._listing, clock)
        self.skipped: dict[str, str] = {}
        """What the last scan or look came by and left out, by key, and why: Google's own documents, shortcuts that lead
        nowhere or back. A look names only what it saw anew; 1,000 at most."""

        self.unreadable: dict[str, str] = {}
        """What the last scan could not list, as the keys that folders would have by their paths, and why."""

    def identity(self, key: str) -> str:
        return f"{self.name}:~{split_drive_key(key)[2]}"

    # ---------------------------------------------------------------------------------------- all files

    def scan(self) -> Iterator[SourceEntry]:
        self.unreadable = {}
        look = self._scan(first=True)
        refused: dict[str, str] = {}
        reach = look.complete(refused)
        self.unreadable = {
            partition_key(self.name, path or "?"): f"cannot be looked at: {reason}" for path, reason in refused.items()
        }
        self._neighbours.note_scan(
            [look.fresh[file_id] for file_id in look.tree.files if file_id in look.fresh],
            reach.folders.keys() - look.refused,
        )
        notes = look.notes(reach)
        for file_id, path in reach.paths.items():
            resource = look.fresh[file_id]
            self._neighbours.note_drive(resource)
            if "size" in resource:
                yield entry_of(self.name, resource, path)
            else:
                notes[key_of(self.name, resource["name"], file_id)] = drive_entries.flaw(resource)
        self._note_skipped(notes)

    def changes(self, cursor: str | None, state: DurableState) -> Changes:
        self._neighbours.forget()
        position = DrivePosition.parse(cursor)
        before = drive_state.load(self.name, position.generation, state) if position else None
        look = self._follow(before, position) if before and position else None
        is_scan = look is None
        look = look or self._scan(first=before is None)
        if before and position and not look.has_news:
            return Changes(cursor=DrivePosition(position.generation, look.tokens).cursor())
        reach = look.complete()
        if before:
            look.tree.remember(before.files)
            if is_scan or look.lost:
                self._check_loss(before, look.tree)
        report = Report(self.name, look, reach, incomplete_seconds=self._automation.incomplete_seconds)
        report.compile(before.files if before else {})
        self._note_skipped(look.notes(reach))
        generation = self._keep(before, position, look.tree, state)
        after = DrivePosition(generation, look.tokens).cursor()
        return Changes(tuple(report.changed), tuple(report.removed), report.waiting, after)

    def _follow(self, before: Tree, position: DrivePosition) -> Look | None:
        """A look that knows what changed since the last; None when only a new scan can tell."""
        if before.settings != drive_state.digest(self._settings):
            return None
        look = Look(
            self.name, self._settings, self._api, before.copy(), position.tokens, first=False, now=self._clock()
        )
        try:
            changed = look.read_logs()
        except (NotFound, Refused):
            return None  # the account lost a drive, or another account goes on with this cursor
        if look.concerns_roots(changed) and self._resolve() != before.roots:
            return None
        look.take(changed)
        waits = any(node.flaw and node.reported != node.revision for node in before.files.values())
        look.has_news = look.has_news or waits
        return look

    def _scan(self, *, first: bool) -> Look:
        """A look that starts from nothing but the configured folders."""
        tree = Tree(settings=drive_state.digest(self._settings))
        look = Look(self.name, self._settings, self._api, tree, {}, first=first, now=self._clock())
        look.begin(self._resolve())
        return look

    def _resolve(self) -> dict[str, str]:
        """Ids of the configured folders, by how they are configured.

        Raises:
            Fatal: one of them is not there.
        """
        return {place: self._folder_id(place) for place in self._settings.folders}

    def _folder_id(self, place: str) -> str:
        try:
            return self._api.folder_id(place)
        except (NotFound, Refused) as error:
            account = self._api.account()
            raise Fatal(
                f"{place!r} of source {self.name!r}, as {account} sees it, {error.reason}",
                next_step=f"Share it with {account}, or change sources.{self.name}.folders in library.yaml",
            ) from error

    def _keep(self, before: Tree | None, position: DrivePosition | None, tree: Tree, state: DurableState) -> int:
        """Save a tree that differs from the one before; its generation."""
        if before and position and tree == before:
            return position.generation
        generation = position.generation + 1 if before and position else 0
        drive_state.save(self.name, generation, tree, state)
        return generation

    def _check_loss(self, before: Tree, tree: Tree) -> None:
        """Refuse to believe that all files are gone for another reason than the trash or a move."""
        is_same_place = not set(tree.roots.values()).isdisjoint(before.roots.values())
        if tree.files or len(before.files) < SUSPICIOUS_LOSS or not is_same_place:
            return
        account = self._api.account()
        raise Fatal(
            f"source {self.name!r} ({', '.join(self._settings.folders)}) shows {account} no files at all, and held "
            f"{len(before.files)} before",
            next_step=f"Share them with {account} again; if they are really gone, reset the cursor of the sensor",
        )

    def _note_skipped(self, notes: Mapping[str, str]) -> None:
        self.skipped = dict(islice(notes.items(), _MOST_SKIPPED))

    # ---------------------------------------------------------------------------------------- one file

    def entry(self, key: str) -> SourceEntry:
        """The file of a key, wherever it lies by now: to be moved makes it no other file, and that it left the watched
        folders is what `changes` tells. Its path is that below a configured folder; its name, when it left."""
        file_id = split_drive_key(key)[2]
        try:
            resource = self._listing.get(file_id)
        except NotFound:
            self._require_roots()
            raise SourceChanged(
                f"was deleted in Google Drive, or is no longer shared with {self._api.account()}",
                next_step=f"{_KEPT}; share it again to have it processed again",
            ) from None
        if reason := _why_no_entry(resource):
            if resource.get("trashed"):
                self._require_roots()
            raise SourceChanged(reason, next_step=f"{_KEPT}; the next look at the source takes it up when it is back")
        self._neighbours.note_drive(resource)
        return entry_of(self.name, resource, self._paths.path(resource, self._roots), key=key)

    def _require_roots(self) -> None:
        """Make sure, when a file is not there, that the source is.

        Raises:
            Fatal: a configured folder is not there either, so the file is not to blame.
        """
        for root in self._roots:
            try:
                is_there = not self._listing.get(root).get("trashed")
                where = "is in the trash of Google Drive"
            except (NotFound, Refused):
                is_there, where = False, f"is gone from Google Drive, or no longer shared with {self._api.account()}"
            if not is_there:
                raise Fatal(
                    f"a folder of source {self.name!r} ({', '.join(self._settings.folders)}) {where}",
                    next_step=f"Restore or share it again, or change sources.{self.name}.folders in library.yaml",
                )

    @cached_property
    def _roots(self) -> frozenset[str]:
        return frozenset(self._resolve().values())

    def direct_path(self, entry: SourceEntry) -> Path | None:  # noqa: ARG002
        return None

    def lies_at(self, entry: SourceEntry) -> Path | None:  # noqa: ARG002
        return None

    def fetch(self, entry: SourceEntry, destination: Path, check: Callable[[], None] = no_check) -> None:
        md5 = entry.checksums.get("md5")
        try:
            self._api.download(
                split_drive_key(entry.key)[2],
                destination,
                size_bytes=entry.size_bytes,
                md5=md5,
                acknowledge_abuse=self._settings.acknowledge_abuse,
                check=check,
            )
        except SourceChanged:
            destination.with_name(f"{destination.name}.partial").unlink(missing_ok=True)
            self.entry(entry.key)  # which says so if the whole source is gone
            raise
        if md5 is None and self.entry(entry.key).revision != entry.revision:
            destination.unlink()
            raise SourceChanged(
                "changed while it was downloaded", next_step="The next look at the source takes it up again"
            )

    def beside(self, entry: SourceEntry) -> Beside:
        if not entry.parent:
            raise BadMedia(
                "lies in a folder of Google Drive that the account cannot see, so nothing can be put beside it",
                next_step="Share that folder with the account, or set placement: folder in library.yaml",
            )
        return Beside(self.name, entry.parent, entry.path.rsplit("/", 1)[-1])

    def sidecars(self, entry: SourceEntry, endings: Collection[str]) -> Sequence[Sidecar]:
        """See `HasSidecars`. A file in a folder that the account cannot see has none."""
        name = entry.path.rpartition("/")[2]
        files = self._neighbours.lying_in(entry.parent, endings) if entry.parent else ()
        return [
            sidecar(file, marks, entry, key_of(self.name, file.name, file.file_id), file.revision, self._fetch_told)
            for file, marks in belonging(files, name, endings)
        ]

    def _fetch_told(self, entry: SourceEntry, destination: Path, check: Callable[[], None]) -> None:
        """Fetch what was told to lie beside a source file. Of what is no longer so, the next question is a new one."""
        try:
            self.fetch(entry, destination, check)
        except SourceChanged:
            self._neighbours.forget()
            raise

    def link(self, entry: SourceEntry) -> str:
        return self.link_of(entry.key)

    def link_of(self, key: str) -> str:
        return file_link(split_drive_key(key)[2])

    def check(self) -> str:
        return check(self._api, self._settings.folders)


def _why_no_entry(resource: Resource) -> str:
    if resource.get("trashed"):
        return "is in the trash of Google Drive"
    if drive_entries.is_folder(resource) or drive_entries.is_shortcut(resource):
        return "is no file"
    if drive_entries.is_artifact(resource):
        return "is an artifact of media_assets itself"
    no_size = drive_entries.flaw(resource) if "size" not in resource else ""
    return drive_entries.why_no_content(resource["mimeType"]) or no_size
