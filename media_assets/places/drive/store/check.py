"""What `doctor` wants to know of a store in Google Drive: whether its folder can be written and how much fits in.

It looks and asks, and leaves nothing behind.
"""

from __future__ import annotations

from media_assets.base.errors import Fatal
from media_assets.places.drive.api.api import DriveApi
from media_assets.places.drive.api.errors import NoSuchFolder
from media_assets.places.drive.store.folders import DriveFolder, StoreFolders

_GIB = 1 << 30


def check_store(api: DriveApi, folders: StoreFolders, place: str) -> str:
    """A line on the folder.

    Raises:
        Fatal: artifacts cannot be stored there.
    """
    folders.forget()
    folder = folders.root()
    comes = folder is None
    if folder is None:
        folder = _above(api, folders, place)
    folders.require_writable(folder)
    return f"{place}: {'will be made by the first artifact' if comes else 'can be written'}, {_room(api, folder)}"


def _above(api: DriveApi, folders: StoreFolders, place: str) -> DriveFolder:
    """The nearest folder on a path that is there."""
    above = place.strip().rstrip("/").rpartition("/")[0]
    try:
        return folders.folder(api.folder_id(above))
    except NoSuchFolder:
        if above.count("/") <= (1 if above.startswith("Shared drives") else 0):
            raise  # that is where a drive begins
        return _above(api, folders, above)


def _room(api: DriveApi, folder: DriveFolder) -> str:
    if folder.drive:
        return "in a shared drive"
    if api.identity.service_account:
        raise Fatal(
            f"{folder.name!r} lies in somebody's My Drive, and a service account owns no storage to write files with",
            next_step="Give the store a folder of a shared drive, or name the person it acts for as `subject`",
        )
    quota = api.call(lambda drive: drive.about().get(fields="storageQuota(limit,usage)"))["storageQuota"]
    if "limit" not in quota:
        return "without a limit of storage"
    free_bytes = int(quota["limit"]) - int(quota.get("usage", 0))
    if free_bytes <= 0:
        raise Fatal("Google Drive is full", next_step="Free storage there, or give the store a shared drive")
    return f"{free_bytes / _GIB:.1f} GiB are free"
