"""Changes to single files in Drive that are no uploads; each may be made twice without harm."""

from __future__ import annotations

from typing import Any

from media_assets.places.drive.api.api import DriveApi
from media_assets.places.drive.api.errors import NotFound
from media_assets.places.drive.store.marks import ALL, FIELDS, DriveFile


def change(api: DriveApi, file_id: str, body: dict[str, Any], **parameters: Any) -> DriveFile:
    """Change what Drive says of a file, not its content.

    Raises:
        NotFound: it is gone.
    """
    answer = api.call(
        lambda drive: drive.files().update(
            fileId=file_id, body=body, fields=FIELDS, supportsAllDrives=True, **parameters
        )
    )
    return DriveFile.of(answer)


def settled(api: DriveApi, file: DriveFile) -> DriveFile:
    """The file, not before Drive says what is in it.

    Raises:
        NotFound: it is gone.
        Transient: Drive does not say.
    """
    return DriveFile.of(api.get_with_checksum(file.id, fields=FIELDS)) if file.is_pending else file


def move(api: DriveApi, file: DriveFile, folder_id: str, name: str) -> DriveFile:
    """Put a file into another folder of the same drive, under a name that is free there."""
    return change(api, file.id, {"name": name}, addParents=folder_id, removeParents=file.parent)


def put_away(api: DriveApi, file: DriveFile) -> None:
    """Rid an artifact of a file it no longer has.

    What we made goes to the trash. What somebody edited is his: it loses our marks and stays. A copy that somebody made
    of a file of ours was never ours.
    """
    if not file.made_by_us or file.trashed:
        return
    try:
        file = file if file.is_manifest else settled(api, file)
    except NotFound:
        return
    body = {"trashed": True} if file.is_manifest or file.is_as_we_left_it else {"appProperties": dict.fromkeys(ALL)}
    try:
        change(api, file.id, body)
    except NotFound:
        return  # somebody was faster
