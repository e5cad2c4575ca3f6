"""How items, changes and shared drives look in JSON. Only the fields that were asked for are computed."""

from __future__ import annotations

from collections.abc import Callable, Container
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

from media_assets_tests.drive_server.model import SHORTCUT, Caller, Item, SharedDrive
from media_assets_tests.drive_server.state import Change, DriveState

DEFAULT_FILE = "kind,id,name,mimeType"
DEFAULT_LIST = f"kind,incompleteSearch,nextPageToken,files({DEFAULT_FILE})"
DEFAULT_CHANGES = (
    f"kind,nextPageToken,newStartPageToken,"
    f"changes(kind,type,changeType,time,removed,fileId,driveId,file({DEFAULT_FILE}),drive)"
)
DEFAULT_DRIVE = "kind,id,name"

_EMAIL = {"user": "person@example.com", "service": "robot@project.example.com"}


def timestamp(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds, as Drive writes it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def user_json(account: str) -> dict[str, Any]:
    """A person or service account."""
    return {
        "kind": "drive#user",
        "displayName": account,
        "emailAddress": _EMAIL[account],
        "permissionId": f"perm-{account}",
        "me": True,
    }


def file_json(state: DriveState, caller: Caller, item: Item, names: Container[str] | None) -> dict[str, Any]:
    """A file resource with the fields `names`, or all; what does not apply to the item is absent."""
    found = {name: value(item) for name, value in _OF_ITEM.items() if names is None or name in names}
    found |= {name: value(state, caller, item) for name, value in _OF_VIEW.items() if names is None or name in names}
    return {name: value for name, value in found.items() if value is not None}


def change_json(
    state: DriveState, caller: Caller, change: Change, names: Container[str] | None, *, everywhere: bool
) -> dict[str, Any]:
    """An entry of the change log with the present state of what changed, whatever it was when it was logged.

    Args:
        everywhere: Whether the log covers all drives; from any other what went to another drive is removed.
    """
    entry: dict[str, Any] = {"kind": "drive#change", "time": timestamp(change.at)}
    if change.is_drive:
        shared = state.drives.get(change.id)
        entry |= {"type": "drive", "changeType": "drive", "driveId": change.id, "removed": shared is None}
        return entry | ({"drive": drive_json(shared)} if shared else {})
    item = state.items.get(change.id)
    entry |= {"type": "file", "changeType": "file", "fileId": change.id}
    if item is None or not state.sees(caller, item) or not (everywhere or item.drive_id == change.drive_id):
        return entry | {"removed": True}
    return entry | {"removed": False, "file": file_json(state, caller, item, names)}


def drive_json(shared: SharedDrive) -> dict[str, Any]:
    """A shared drive."""
    return {
        "kind": "drive#drive",
        "id": shared.id,
        "name": shared.name,
        "createdTime": timestamp(shared.created_at),
        "hidden": False,
        "capabilities": {"canAddChildren": True, "canListChildren": True},
    }


def _parents(state: DriveState, caller: Caller, item: Item) -> list[str] | None:
    """Absent when the caller may not see the folder, and for the root itself."""
    parent = state.items.get(item.parent) if item.parent else None
    return [parent.id] if parent and state.sees(caller, parent) else None


def _checksum(state: DriveState, item: Item, algorithm: str) -> str | None:
    return item.content.checksum(algorithm) if item.content and state.has_checksums(item) else None


def _md5(state: DriveState, _caller: Caller, item: Item) -> str | None:
    return item.declared_md5 if item.declared_md5 and state.has_checksums(item) else _checksum(state, item, "md5")


def _shortcut(state: DriveState, _caller: Caller, item: Item) -> dict[str, str] | None:
    if item.mime_type != SHORTCUT or item.shortcut_target is None:
        return None
    target = state.items.get(item.shortcut_target)
    return {"targetId": item.shortcut_target} | ({"targetMimeType": target.mime_type} if target else {})


def _capabilities(state: DriveState, _caller: Caller, item: Item) -> dict[str, bool]:
    writable = state.role(item) == "writer"
    return {
        "canEdit": writable,
        "canRename": writable,
        "canTrash": writable,
        "canDelete": writable,
        "canAddChildren": writable and item.is_folder,
        "canListChildren": item.is_folder,
        "canDownload": item.content is not None,
        "canMoveItemWithinDrive": writable,
    }


def _owners(_state: DriveState, caller: Caller, item: Item) -> list[dict[str, Any]] | None:
    return None if item.drive_id else [user_json(item.owner) | {"me": item.owner == caller.account}]


def _link(item: Item) -> str:
    if item.is_folder:
        return f"https://drive.google.com/drive/folders/{item.id}"
    return f"https://drive.google.com/file/d/{item.id}/view?usp=drivesdk"


_OF_ITEM: dict[str, Callable[[Item], Any]] = {
    "kind": lambda _: "drive#file",
    "id": lambda i: i.id,
    "name": lambda i: i.name,
    "mimeType": lambda i: i.mime_type,
    "description": lambda i: i.description,
    "starred": lambda _: False,
    "explicitlyTrashed": lambda i: i.trashed,
    "driveId": lambda i: i.drive_id,
    "teamDriveId": lambda i: i.drive_id,
    "spaces": lambda _: ["drive"],
    "version": lambda i: str(i.version),
    "createdTime": lambda i: timestamp(i.created_at),
    "modifiedTime": lambda i: timestamp(i.modified_at),
    "size": lambda i: None if i.content is None else str(i.size),
    "quotaBytesUsed": lambda i: str(0 if i.drive_id else i.size),
    "headRevisionId": lambda i: None if i.content is None else f"{i.id[:10]}-r{i.revision}",
    "originalFilename": lambda i: None if i.content is None else i.name,
    "fileExtension": lambda i: None if i.content is None else PurePosixPath(i.name).suffix[1:],
    "appProperties": lambda i: dict(i.app_properties) or None,
    "properties": lambda i: dict(i.properties) or None,
    "videoMediaMetadata": lambda i: i.video,
    "webViewLink": _link,
    "webContentLink": lambda i: None if i.content is None else f"https://drive.google.com/uc?id={i.id}&export=download",
}

_OF_VIEW: dict[str, Callable[[DriveState, Caller, Item], Any]] = {
    "trashed": lambda state, _, i: state.is_trashed(i),
    "md5Checksum": _md5,
    "sha256Checksum": lambda state, _, i: _checksum(state, i, "sha256"),
    "parents": _parents,
    "shortcutDetails": _shortcut,
    "owners": _owners,
    "ownedByMe": lambda _, caller, i: None if i.drive_id else i.owner == caller.account,
    "shared": lambda _, caller, i: i.owner != caller.account or i.drive_id is not None,
    "capabilities": _capabilities,
}
"""Those that depend on more than the item."""
