"""Folders of Google Drive: how they are told and shown, how one is searched for, made exactly once, and put away."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from media_assets.places.drive.api.calls import DriveCalls
from media_assets.places.drive.api.errors import NotFound
from media_assets.places.source import no_check

FOLDER = "application/vnd.google-apps.folder"
SHORTCUT = "application/vnd.google-apps.shortcut"


def file_link(file_id: str) -> str:
    """An address that opens a file."""
    return f"https://drive.google.com/file/d/{file_id}/view"


def folder_link(folder_id: str) -> str:
    """An address that opens a folder."""
    return f"https://drive.google.com/drive/folders/{folder_id}"


def quoted(text: str) -> str:
    """A text as it stands in a query, quotes included."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def pages_of(
    api: DriveCalls, query: str, drive: str, *, fields: str, check: Callable[[], None] = no_check
) -> Iterator[dict[str, Any]]:
    """The pages of a search; `incompleteSearch` stands in one where Drive looked at a part of its files only.

    Args:
        drive: The id of a shared drive; empty for all that the account deals with.
        fields: What to tell of each file; its `id` among it.
    """
    where: dict[str, Any] = {"corpora": "drive", "driveId": drive} if drive else {"corpora": "user"}
    return api.pages(
        lambda service, token: service.files().list(
            q=query,
            pageToken=token,
            pageSize=1000,
            fields=f"nextPageToken,incompleteSearch,files({fields})",
            includeItemsFromAllDrives=True,
            supportsAllDrives=True,
            **where,
        ),
        check=check,
    )


def search(
    api: DriveCalls, terms: Sequence[str], drive: str, *, fields: str, check: Callable[[], None] = no_check
) -> list[dict[str, Any]]:
    """All files and folders for which the terms hold, each once; see `pages_of`."""
    pages = pages_of(api, " and ".join(terms), drive, fields=fields, check=check)
    return list({item["id"]: item for page in pages for item in page["files"]}.values())


def by_age(folder: dict[str, Any]) -> tuple[str, str]:
    """What to sort by: the oldest is first, for every machine the same."""
    return folder["createdTime"], folder["id"]


def the_one_that_stays(
    api: DriveCalls,
    made: str,
    find: Callable[[], Sequence[dict[str, Any]]],
    looks: Iterable[None],
    check: Callable[[], None] = no_check,
) -> dict[str, Any] | None:
    """The oldest of several folders that were made at the same time, by whichever machine; None while nobody knows.

    A search shows older folders before younger ones: once it shows ours, it shows all that came before. Until then
    nobody uses ours, so that one that has to go is empty.

    Args:
        made: The id of ours, which was just made.
        find: Searches for all of them, the oldest first.
        looks: The times to do so.
    """
    for _ in looks:
        found = find()
        if any(folder["id"] == made for folder in found):
            if found[0]["id"] != made:
                put_folder_away(api, made, check)
            return found[0]
    return None


def put_folder_away(api: DriveCalls, folder_id: str, check: Callable[[], None] = no_check) -> None:
    """Put an empty folder of ours into the trash; one that is gone is no error."""
    try:
        api.call(
            lambda drive: drive.files().update(fileId=folder_id, body={"trashed": True}, supportsAllDrives=True),
            check=check,
        )
    except NotFound:
        return
