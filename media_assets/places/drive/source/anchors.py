"""The points a tree hangs on: configured folders and targets of shortcuts, with the logs that tell of them."""

from __future__ import annotations

from collections.abc import Mapping

from media_assets.places.drive.api.errors import NotFound, Refused
from media_assets.places.drive.source import entries as drive_entries
from media_assets.places.drive.source.entries import Resource
from media_assets.places.drive.source.listing import DriveListing
from media_assets.places.drive.source.tree import Anchor, Tree

GONE = "leads to something that is gone, or not shared with the account"
IN_TRASH = "leads to something in the trash"


class Anchors:
    """Keeps `Tree.anchors` true.

    Args:
        tokens: Where the logs of changes are read from, by drive (see `Anchor.drive`). A log that is needed and not
            among them is joined at its present end, before anything is listed whose changes it tells.
    """

    def __init__(self, listing: DriveListing, tree: Tree, tokens: Mapping[str, str]) -> None:
        self.tokens = dict(tokens)
        self._listing = listing
        self._tree = tree
        self._foreign_drives: set[str] = set()
        self._folder_above: dict[str, str | None] = {}

    def affected(self, changed: Mapping[str, Resource | None]) -> list[str]:
        """The anchors that may be another by now: they were changed themselves or with a folder above them. Above what
        the account could not see may be any folder that it has not seen before."""
        new_folder = any(
            found and drive_entries.is_folder(found) and file_id not in self._tree.folders
            for file_id, found in changed.items()
        )
        return [
            key
            for key, anchor in self._tree.anchors.items()
            if key in changed
            or (anchor.fault == GONE and new_folder)
            or any(above in changed for above in anchor.above)
        ]

    def look_at(self, anchor: str) -> Resource | None:
        """Ask for one as it is now. None, and a fault in the tree, when it cannot be followed."""
        try:
            resource = self._listing.get(anchor)
            if self._join_log(resource):
                # What happened to it in between is in no log that is read.
                resource = self._listing.get(anchor)
        except (NotFound, Refused):
            # It keeps what lies above it: to share one of those folders again brings it back.
            before = self._tree.anchors.get(anchor, Anchor())
            self._tree.anchors[anchor] = before._replace(fault=GONE)
            return None
        fault = _why_not_followed(resource)
        self._tree.anchors[anchor] = Anchor(self._log_of(resource), self._folders_above(resource), fault)
        return None if fault else resource

    def leave_logs(self) -> None:
        """Forget the tokens of drives in which nothing is watched any more."""
        needed = {anchor.drive for anchor in self._tree.anchors.values()}
        self.tokens = {drive: token for drive, token in self.tokens.items() if drive in needed}

    def _join_log(self, resource: Resource) -> bool:
        """Whether a token had to be taken."""
        drive = self._log_of(resource)
        if drive in self.tokens:
            return False
        try:
            self.tokens[drive] = self._listing.start_token(drive)
        except (NotFound, Refused):
            if not drive:
                raise
            # A folder of a shared drive can be shared with those who are no members: their own log tells of it.
            self._foreign_drives.add(drive)
            self._join_log(resource)
        return True

    def _log_of(self, resource: Resource) -> str:
        drive = str(resource.get("driveId", ""))
        return "" if drive in self._foreign_drives else drive

    def _folders_above(self, resource: Resource) -> tuple[str, ...]:
        """The folders above, as far up as the account can see."""
        above: list[str] = []
        parent = next(iter(resource.get("parents", ())), None)
        while parent and parent not in above:
            above.append(parent)
            parent = self._parent_of(parent)
        return tuple(above)

    def _parent_of(self, folder: str) -> str | None:
        if folder not in self._folder_above:
            try:
                parents = self._listing.get(folder).get("parents", ())
            except (NotFound, Refused):
                parents = ()
            self._folder_above[folder] = next(iter(parents), None)
        return self._folder_above[folder]


def _why_not_followed(resource: Resource) -> str:
    if resource.get("trashed"):
        return IN_TRASH
    if drive_entries.is_folder(resource):
        return ""
    if drive_entries.is_artifact(resource):
        return "leads to an artifact of media_assets itself"
    if drive_entries.is_shortcut(resource):
        return "leads to another shortcut"
    reason = drive_entries.why_no_content(resource["mimeType"])
    return f"leads to what {reason}" if reason else ""
