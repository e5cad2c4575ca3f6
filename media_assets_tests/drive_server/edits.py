"""Creating and changing files as the API allows it: the rules that stand between a request and the state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from media_assets_tests.drive_server.contents import Bytes, Content
from media_assets_tests.drive_server.errors import ApiError, invalid
from media_assets_tests.drive_server.model import SHORTCUT, Caller, Item
from media_assets_tests.drive_server.state import DriveState

PROPERTY_BYTES = 124
PROPERTIES_PER_APP = 30
_GOOGLE_TYPES = "application/vnd.google-apps."
_READ_ONLY = {"id", "kind", "size", "md5Checksum", "sha256Checksum", "version", "headRevisionId", "driveId", "owners"}


def check_new_id(state: DriveState, file_id: str) -> None:
    """Refuses an id that is taken, was taken once, or was never handed out by `files.generateIds`."""
    with state.lock:
        if file_id in state.items or file_id in state.gone_ids:
            raise ApiError("fileIdInUse", location="file.id")
        if file_id not in state.reserved_ids:
            raise invalid("file.id", "The provided file ID is not usable.")


def check_space(state: DriveState, caller: Caller, drive_id: str | None, more_bytes: int) -> None:
    """Refuses bytes that nobody has storage for: My Drive beyond its limit, and files of a service account's own."""
    if drive_id is not None or more_bytes <= 0:
        return
    if caller.account == "service":
        message = "Service Accounts do not have storage quota. Leverage shared drives, or use OAuth delegation instead."
        raise ApiError("storageQuotaExceeded", message)
    limit = state.storage_limit_bytes
    if limit is not None and state.storage_used_bytes + more_bytes > limit:
        raise ApiError("storageQuotaExceeded")


def check_create(
    state: DriveState, caller: Caller, metadata: Mapping[str, Any], size: int | None, *, all_drives: bool
) -> Item:
    """The folder for a new file, if a file with this metadata and size may be made there."""
    with state.lock:
        if "id" in metadata:
            check_new_id(state, metadata["id"])
        parents = metadata.get("parents") or ["root"]
        if len(parents) != 1:
            raise ApiError("teamDrivesParentLimit", location="parents")
        folder = state.get(caller, parents[0], all_drives=all_drives)
        _check_folder(state, folder)
        shared = state.drives.get(folder.drive_id or "")
        if shared and shared.item_limit is not None and state.in_drive[shared.id] >= shared.item_limit:
            raise ApiError("teamDriveFileLimitExceeded")
        check_space(state, caller, folder.drive_id, size or 0)
        _properties({}, metadata.get("appProperties"))
        return folder


def create(
    state: DriveState,
    caller: Caller,
    metadata: Mapping[str, Any],
    content: Content | None,
    content_type: str = "",
    *,
    all_drives: bool,
) -> Item:
    """Makes a file. Without content and type it is an empty binary file, as at Drive."""
    with state.lock:
        mime_type = metadata.get("mimeType") or content_type or "application/octet-stream"
        folder = check_create(state, caller, metadata, content.size if content else 0, all_drives=all_drives)
        now = state.now()
        item = Item(
            id=metadata.get("id") or state.new_id(),
            name=metadata.get("name", "Untitled"),
            mime_type=mime_type,
            parent=folder.id,
            created_at=_moment(metadata, "createdTime") or now,
            modified_at=_moment(metadata, "modifiedTime") or now,
            drive_id=folder.drive_id,
            owner=caller.account,
            content=content if content or mime_type.startswith(_GOOGLE_TYPES) else Bytes(b""),
            checksums_at=state.checksums_due(),
            app_properties=_properties({}, metadata.get("appProperties")),
            properties=_properties({}, metadata.get("properties")),
            description=metadata.get("description"),
            by_app=True,
        )
        if mime_type == SHORTCUT:
            target = metadata.get("shortcutDetails", {}).get("targetId", "")
            item = replace(item, shortcut_target=state.get(caller, target, all_drives=all_drives).id)
        return state.put(item)


def check_update(
    state: DriveState,
    caller: Caller,
    file_id: str,
    metadata: Mapping[str, Any],
    params: Mapping[str, str],
    *,
    all_drives: bool,
) -> Item:
    """The file as it is, if this change of it is allowed."""
    item = state.get_writable(caller, file_id, all_drives=all_drives)
    if "parents" in metadata:
        message = (
            "The parents field is not directly writable in update requests. "
            "Use the addParents and removeParents parameters instead."
        )
        raise ApiError("fieldNotWritable", message)
    if _READ_ONLY & set(metadata):
        raise ApiError("fieldNotWritable")
    _properties(item.app_properties, metadata.get("appProperties"))
    _new_parent(state, caller, item, params, all_drives=all_drives)
    return item


def update(
    state: DriveState,
    caller: Caller,
    file_id: str,
    metadata: Mapping[str, Any],
    content: Content | None,
    content_type: str = "",
    *,
    params: Mapping[str, str],
    all_drives: bool,
) -> Item:
    """Changes metadata, folder and content of a file in one step. Only new content moves `modifiedTime` by itself."""
    with state.lock:
        item = check_update(state, caller, file_id, metadata, params, all_drives=all_drives)
        folder = _new_parent(state, caller, item, params, all_drives=all_drives)
        if content is not None:
            check_space(state, Caller(item.owner, caller.scopes), item.drive_id, content.size - item.size)
            item = replace(
                item,
                content=content,
                revision=item.revision + 1,
                modified_at=state.now(),
                declared_md5=None,
                checksums_at=state.checksums_due(),
                video=None,
            )
        item = replace(
            item,
            name=metadata.get("name", item.name),
            mime_type=metadata.get("mimeType") or (content_type if content is not None else "") or item.mime_type,
            description=metadata.get("description", item.description),
            trashed=metadata.get("trashed", item.trashed),
            modified_at=_moment(metadata, "modifiedTime") or item.modified_at,
            app_properties=_properties(item.app_properties, metadata.get("appProperties")),
            properties=_properties(item.properties, metadata.get("properties")),
            parent=folder.id if folder else item.parent,
            drive_id=folder.drive_id if folder else item.drive_id,
        )
        return state.put(item)


def _new_parent(
    state: DriveState, caller: Caller, item: Item, params: Mapping[str, str], *, all_drives: bool
) -> Item | None:
    """The folder that `addParents` and `removeParents` move the item to; None when it stays."""
    added = [name for name in params.get("addParents", "").split(",") if name]
    removed = [name for name in params.get("removeParents", "").split(",") if name]
    if not added:
        return None
    if len(added) > 1:
        raise ApiError("teamDrivesParentLimit", location="addParents")
    folder = state.get(caller, added[0], all_drives=all_drives)
    _check_folder(state, folder)
    stays = item.parent is not None and item.parent not in removed and item.parent != folder.id
    if stays and params.get("enforceSingleParent") != "true":
        raise ApiError("cannotAddParent")
    return folder


def _check_folder(state: DriveState, folder: Item) -> None:
    if not folder.is_folder:
        raise ApiError("parentNotAFolder")
    if state.role(folder) != "writer":
        raise ApiError("insufficientParentPermissions")


def _properties(present: Mapping[str, str], changes: Mapping[str, str | None] | None) -> dict[str, str]:
    """Properties merged with changes to them; null takes one away."""
    merged = dict(present)
    for key, value in (changes or {}).items():
        if value is None:
            merged.pop(key, None)
            continue
        if len(key.encode()) + len(value.encode()) > PROPERTY_BYTES:
            raise ApiError("propertyLengthLimitExceeded")
        merged[key] = value
    if len(merged) > PROPERTIES_PER_APP:
        raise ApiError("propertyCountLimitExceeded")
    return merged


def _moment(metadata: Mapping[str, Any], name: str) -> datetime | None:
    if name not in metadata:
        return None
    try:
        return datetime.fromisoformat(metadata[name])
    except ValueError:
        raise invalid(name) from None
