"""One look at Drive: brings a tree up to date, by what the logs of changes say and by listing what is not known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from media_assets.base.errors import Fatal
from media_assets.base.globs import PathFilter
from media_assets.places.drive.api.api import DriveApi
from media_assets.places.drive.settings import DriveSource
from media_assets.places.drive.source import entries as drive_entries
from media_assets.places.drive.source.anchors import GONE, IN_TRASH, Anchors
from media_assets.places.drive.source.entries import Resource, key_of, name_in_path
from media_assets.places.drive.source.listing import DriveListing, NotListed
from media_assets.places.drive.source.tree import Tree
from media_assets.places.drive.source.walk import Reach, Walk, prune
from media_assets.places.leftovers import is_leftover_folder


class Look:
    """What is found stays in `tree`; nothing is kept anywhere else.

    Args:
        source: Name of the source.
        tokens: Where the logs of changes are read from, by drive; see `Anchors`.
        first: Whether nothing was known before, so that files are judged by their own times.
    """

    def __init__(
        self,
        source: str,
        settings: DriveSource,
        api: DriveApi,
        tree: Tree,
        tokens: Mapping[str, str],
        *,
        first: bool,
        now: float,
    ) -> None:
        self.tree = tree
        self.fresh: dict[str, Resource] = {}
        """What Drive said at this look, by id."""
        self.lost = 0
        """How many known items were deleted or are no longer shared, as far as the logs tell."""
        self.has_news = False
        """Whether anything at all was found."""
        self.refused: set[str] = set()
        """Folders that may not be listed."""
        self.now = now
        self._source = source
        self._settings = settings
        self._account = api.account
        self._listing = listing = DriveListing(api)
        self._first = first
        self._anchors = Anchors(listing, tree, tokens)
        self._wanted = PathFilter(settings.include, settings.exclude)
        self._left_out: dict[str, tuple[str, str, str]] = {}
        """(folder, name, reason) by id."""

    @property
    def tokens(self) -> dict[str, str]:
        return self._anchors.tokens

    # ---------------------------------------------------------------------------------------- what changed

    def read_logs(self) -> dict[str, Resource | None]:
        """What changed since the tokens, which move on.

        Raises:
            NotFound, Refused: a log is not there any more, so that only a new scan can tell.
        """
        changed: dict[str, Resource | None] = {}
        for drive, token in self.tokens.items():
            entries, self.tokens[drive] = self._listing.changes(drive, token)
            for file_id, resource in entries.items():
                # What leaves a drive is gone in its log, and there in that of the other.
                changed[file_id] = resource or changed.get(file_id)
        return changed

    def concerns_roots(self, changed: Mapping[str, Resource | None]) -> bool:
        """Whether a configured folder was changed itself or with a folder above it."""
        return not set(self.tree.roots.values()).isdisjoint(self._anchors.affected(changed))

    def take(self, changed: Mapping[str, Resource | None]) -> None:
        """Bring what is known up to date.

        Raises:
            Fatal: a configured folder is not there.
        """
        self.has_news = bool(changed)
        for anchor in self._anchors.affected(changed):
            self._look_at(anchor)
        others = {file_id: found for file_id, found in changed.items() if file_id not in self.tree.anchors}
        for file_id, found in others.items():
            if found is None or found.get("trashed"):
                known = self.tree.drop(file_id)
                self.lost += known and found is None
        present = [found for found in others.values() if found and not found.get("trashed")]
        # Folders first, for others may lie in new ones. Those that cannot be reached are forgotten in the end.
        for folder in filter(drive_entries.is_folder, present):
            self._put(folder)
        for resource in present:
            if drive_entries.is_folder(resource):
                continue
            if any(parent in self.tree.folders for parent in resource.get("parents", ())):
                self._put(resource)
            else:
                self.tree.drop(resource["id"])

    # ---------------------------------------------------------------------------------------- what is not known

    def begin(self, roots: Mapping[str, str]) -> None:
        """Start from nothing but the configured folders.

        Args:
            roots: Their ids, by how they are configured.

        Raises:
            Fatal: one of them is not there.
        """
        self.has_news = True
        self.tree.roots = dict(roots)
        for root in dict.fromkeys(roots.values()):
            self._look_at(root)

    def complete(self, refused: dict[str, str] | None = None) -> Reach:
        """List all that can be reached and is not known, forget what cannot, and tell what is reached.

        Args:
            refused: Takes up the paths of folders that may not be listed, and why; None: that ends the look.

        Raises:
            Fatal: a folder may not be listed that has to be.
        """
        while True:
            reach = self._walk().reach()
            if reach.unlisted:
                self._list(reach.unlisted, refused)
            elif reach.unknown:
                for target in sorted(reach.unknown):
                    self._look_at(target)
            else:
                break
        prune(self.tree, reach)
        self._anchors.leave_logs()
        return reach

    def _walk(self) -> Walk:
        settings = self._settings
        return Walk(self.tree, self._wanted, hidden=settings.hidden, leftovers=settings.leftovers)

    def refresh(self, files: Iterable[str], reach: Reach) -> None:
        """Have `fresh` tell of these files, as far as they are still where they were."""
        ids = set(files)
        lone = {file_id for file_id in ids if file_id in self.tree.anchors}
        by_drive: dict[str, set[str]] = {}
        for file_id in ids - lone:
            folder = self.tree.files[file_id].parent
            by_drive.setdefault(reach.folders[folder], set()).add(folder)
        for drive, folders in sorted(by_drive.items()):
            for resource in self._listing.children(sorted(folders), drive):
                if resource["id"] in ids:
                    self._put(resource)
        for file_id in sorted(lone):
            self._look_at(file_id)

    def notes(self, reach: Reach) -> dict[str, str]:
        """Why items are left out that were seen at this look, by key."""
        notes = {
            key_of(self._source, name, file_id): reason
            for file_id, (folder, name, reason) in self._left_out.items()
            if folder in reach.folders
        }
        for shortcut, fault in reach.faults.items():
            notes[key_of(self._source, self.tree.shortcuts[shortcut].name, shortcut)] = fault
        return notes

    def _list(self, unlisted: Mapping[str, str], refused: dict[str, str] | None) -> None:
        """List folders and all that are found in them, level by level."""
        by_id: dict[str, NotListed] | None = None if refused is None else {}
        pending = dict(unlisted)
        while pending:
            deeper: dict[str, str] = {}
            for drive in sorted(set(pending.values())):
                folders = sorted(folder for folder in pending if pending[folder] == drive)
                for resource in self._listing.children(folders, drive, refused=by_id):
                    self._put(resource)
                    if self._is_to_be_listed(resource):
                        deeper[resource["id"]] = drive
                for folder in folders:
                    self.tree.folders[folder] = self.tree.folders[folder]._replace(listed=True)
            pending = {folder: drive for folder, drive in deeper.items() if not self.tree.folders[folder].listed}
        for folder, error in (by_id or {}).items():
            if refused is None or folder in self.tree.roots.values():
                raise error
            self.refused.add(folder)
            refused[self._path_of(folder)] = error.reason

    def _path_of(self, folder: str) -> str:
        names: list[str] = []
        while folder in self.tree.folders and folder not in self.tree.anchors:
            names.append(name_in_path(self.tree.folders[folder].name))
            folder = self.tree.folders[folder].parent
        return "/".join(reversed(names))

    def _is_to_be_listed(self, resource: Resource) -> bool:
        if not drive_entries.is_folder(resource) or drive_entries.is_for_review(resource):
            return False
        if not self._settings.leftovers and is_leftover_folder(resource["name"]):
            return False
        return self._settings.hidden or not resource["name"].startswith(".")

    def _put(self, resource: Resource) -> None:
        """Take in what Drive shows, unless it is no source."""
        reason = _why_left_out(resource)
        if reason is None:
            since = self.now
            if self._first:
                since = min(since, drive_entries.modified_at(resource).timestamp())
            self.tree.put(resource, since)
            self.fresh[resource["id"]] = resource
            return
        self.tree.drop(resource["id"])
        if reason:
            folder = next(iter(resource.get("parents", ())), "")
            self._left_out[resource["id"]] = (folder, resource["name"], reason)

    def _look_at(self, anchor: str) -> None:
        resource = self._anchors.look_at(anchor)
        if anchor in self.tree.roots.values() and not (resource and drive_entries.is_folder(resource)):
            raise self._no_folder(anchor)
        if resource:
            self._put(resource)
        else:
            self.tree.drop(anchor)

    def _no_folder(self, root: str) -> Fatal:
        place = next(place for place, folder in self.tree.roots.items() if folder == root)
        account = self._account()
        wrong = {GONE: f"is gone, or not shared with {account}", IN_TRASH: f"is in the trash, as {account} sees it"}
        what = wrong.get(self.tree.anchors[root].fault, f"is no folder, as {account} sees it")
        return Fatal(
            f"{place!r} of source {self._source!r} {what}",
            next_step=f"Restore it, share it with {account}, or change sources.{self._source}.folders in library.yaml",
        )


def _why_left_out(resource: Resource) -> str | None:
    """The reason, empty for what is left out without a word; None for what is taken in."""
    if drive_entries.is_folder(resource):
        return "" if drive_entries.is_for_review(resource) else None
    if drive_entries.is_artifact(resource):
        return ""
    if not drive_entries.is_shortcut(resource):
        return drive_entries.why_no_content(resource["mimeType"])
    details = resource.get("shortcutDetails", {})
    if not details.get("targetId"):
        return GONE
    reason = drive_entries.why_no_content(details.get("targetMimeType", ""))
    return reason and f"leads to what {reason}"
