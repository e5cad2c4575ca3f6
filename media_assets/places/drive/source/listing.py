"""The questions a source asks Drive: what is in these folders, what is this file, what changed since.

A log or a search belongs to a shared drive, by its id, or to the account itself, written as the empty string.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from media_assets.base.batches import batched
from media_assets.base.errors import Fatal, Transient
from media_assets.places.drive.api.api import DriveApi
from media_assets.places.drive.api.errors import NotFound, Refused
from media_assets.places.drive.api.folders import pages_of
from media_assets.places.drive.source.entries import FIELDS, Resource

# How many folders one query asks for. rclone lists 39,000 files in 58 s so, against 22 min folder by folder.
_FOLDERS_PER_QUERY = 50


class NotListed(Fatal):
    """Drive refuses to say what lies in a folder."""


class DriveListing:
    """Asks for no more than `entries.FIELDS`."""

    def __init__(self, api: DriveApi) -> None:
        self._api = api

    def get(self, file_id: str) -> Resource:
        """A file, folder or shortcut as it is now.

        Raises:
            NotFound: deleted, or not shared with the account.
        """
        return self._api.get(file_id, fields=FIELDS)

    def children(
        self, folders: Sequence[str], drive: str, *, refused: dict[str, NotListed] | None = None
    ) -> Iterator[Resource]:
        """What lies in these folders, the trash left out.

        Args:
            drive: The shared drive that all of them are in.
            refused: Takes up the folders that may not be listed, and why; None: that ends the listing.

        Raises:
            Transient: Drive searched only a part, or a folder vanished meanwhile.
        """
        for group in batched(folders, _FOLDERS_PER_QUERY):
            silent = set(group)
            for resource in self._search(group, drive) if refused is None else self._allowed(group, drive, refused):
                silent.difference_update(resource.get("parents", ()))
                yield resource
            # Drive is known to answer for some of the folders of a query only, and not to say so (rclone #4289, #9810).
            if len(group) > 1:
                for folder in sorted(silent - set(refused or ())):
                    yield from self._search([folder], drive)

    def _allowed(self, folders: Sequence[str], drive: str, refused: dict[str, NotListed]) -> list[Resource]:
        """What lies in those of the folders that may be listed: one that may not spoils the query for all."""
        try:
            return list(self._search(folders, drive))
        except NotListed as error:
            if len(folders) == 1:
                refused[folders[0]] = error
                return []
        half = len(folders) // 2
        return self._allowed(folders[:half], drive, refused) + self._allowed(folders[half:], drive, refused)

    def start_token(self, drive: str) -> str:
        """Where the log of changes ends at present.

        Raises:
            NotFound: the account is no member of the shared drive.
        """
        which = {"driveId": drive} if drive else {}
        answer = self._api.call(
            lambda service: service.changes().getStartPageToken(
                supportsAllDrives=True, fields="startPageToken", **which
            )
        )
        return str(answer["startPageToken"])

    def changes(self, drive: str, token: str) -> tuple[dict[str, Resource | None], str]:
        """(what changed since the token, by id, as it is now; the next token). None stands for what was deleted or is
        no longer shared.

        Raises:
            NotFound: the account is no longer a member of the shared drive.
        """
        fields = f"nextPageToken,newStartPageToken,changes(fileId,driveId,removed,file({FIELDS}))"
        # rclone asks for the items of shared drives in the account's own log, too: a file may go there.
        which: dict[str, Any] = {"supportsAllDrives": True, "includeItemsFromAllDrives": True, "pageSize": 1000}
        which |= {"driveId": drive} if drive else {}
        pages = self._api.pages(
            lambda service, page_token: service.changes().list(pageToken=page_token or token, fields=fields, **which),
            items="changes",
        )
        changed: dict[str, Resource | None] = {}
        for page in pages:
            for change in page.get("changes", ()):
                # The change of a shared drive itself has no `fileId`; its top folder has the drive's id.
                changed[change.get("fileId") or change["driveId"]] = _present(change)
            token = page.get("newStartPageToken", token)
        return changed, token

    def _search(self, folders: Sequence[str], drive: str) -> Iterator[Resource]:
        parents = " or ".join(f"'{folder}' in parents" for folder in folders)
        try:
            for page in pages_of(self._api, f"({parents}) and trashed = false", drive, fields=FIELDS):
                if page.get("incompleteSearch"):
                    raise Transient(
                        "Drive searched only a part of the folders and says so (incompleteSearch)",
                        next_step="The next look asks again",
                    )
                yield from page.get("files", ())
        except Refused as error:
            raise NotListed(
                f"Google Drive does not list what lies in the folders of the source: it {error.reason}",
                next_step=error.next_step,
            ) from error
        except NotFound as error:
            raise Transient("a folder vanished while it was listed", next_step="The next look asks again") from error


def _present(change: Mapping[str, Any]) -> Resource | None:
    if change.get("removed") or "fileId" not in change:
        return None
    found: Resource | None = change.get("file")
    return found
