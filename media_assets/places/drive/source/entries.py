"""What Drive says of a file, as a source sees it: whether it is one at all, its name, revision and entry."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from media_assets.base.keys import drive_key
from media_assets.places.drive.api.folders import FOLDER, SHORTCUT
from media_assets.places.source import SourceEntry

FIELDS = (
    "id,name,mimeType,parents,driveId,trashed,size,md5Checksum,sha256Checksum,headRevisionId,modifiedTime,"
    "appProperties,properties,shortcutDetails(targetId,targetMimeType)"
)
"""The fields of a file that Drive is asked for; there are no others."""

ARTIFACT_PROPERTY = "media_assets_artifact"
"""The `appProperties` key that every file of an artifact carries, its manifest included."""

REVIEW_PROPERTY = "media_assets_review"
"""The `properties` key of a folder that redundant copies were moved to. Unlike `appProperties`, all clients see it."""

Resource = Mapping[str, Any]
"""A file as the API describes it, with `FIELDS`."""

_GOOGLE = "application/vnd.google-apps."
_GOOGLE_KINDS = {
    "document": "a Google Doc",
    "drawing": "a Google Drawing",
    "form": "a Google Form",
    "map": "a Google My Map",
    "presentation": "Google Slides",
    "script": "a Google Apps Script",
    "site": "a Google Site",
    "spreadsheet": "a Google Sheet",
    "vid": "a Google Vid",
}
_UNREADABLE_TIME = datetime(1970, 1, 1, tzinfo=UTC)


def is_folder(resource: Resource) -> bool:
    return bool(resource["mimeType"] == FOLDER)


def is_shortcut(resource: Resource) -> bool:
    return bool(resource["mimeType"] == SHORTCUT)


def is_artifact(resource: Resource) -> bool:
    return ARTIFACT_PROPERTY in resource.get("appProperties", {})


def is_for_review(resource: Resource) -> bool:
    """Whether it is a folder of copies that `media-assets duplicates` moved aside: nothing in it is a source."""
    return is_folder(resource) and REVIEW_PROPERTY in resource.get("properties", {})


def why_no_content(mime_type: str) -> str | None:
    """Why nothing of this type can be downloaded; None for what is a file. Folders and shortcuts count as files."""
    if not mime_type.startswith(_GOOGLE) or mime_type in (FOLDER, SHORTCUT):
        return None
    kind = _GOOGLE_KINDS.get(mime_type.removeprefix(_GOOGLE), "a document of an application")
    return f"is {kind}, which has no file behind it; export it to one to have it processed"


def is_file(resource: Resource) -> bool:
    """Whether it is somebody's file, with a content of its own: no folder, no shortcut, no document of Google's, and no
    artifact of ours."""
    is_other = is_folder(resource) or is_shortcut(resource) or is_artifact(resource)
    return not is_other and why_no_content(resource["mimeType"]) is None


def flaw(resource: Resource) -> str:
    """What says that a file is not whole; empty for one that is. Drive shows a checksum once it has a whole content."""
    if "size" not in resource:
        return "is still being uploaded: Drive shows no size yet"
    if resource["size"] == "0":
        return "is empty (0 bytes)"
    return "" if "md5Checksum" in resource else "is still taken in by Drive: it has no checksum yet"


def revision(resource: Resource) -> str:
    """The checksum of the content: to touch, rename or describe a file is no change of it."""
    if "md5Checksum" in resource:
        return str(resource["md5Checksum"])
    version = resource.get("headRevisionId") or resource.get("modifiedTime", "")
    return f"{version}-{resource.get('size', '')}"


def modified_at(resource: Resource) -> datetime:
    """Clients set this to whatever they like."""
    try:
        return datetime.fromisoformat(resource["modifiedTime"]).astimezone(UTC)
    except (KeyError, ValueError, OverflowError):
        return _UNREADABLE_TIME


def name_in_path(name: str) -> str:
    """A name as it can stand in a path and in a key: Drive allows every character in names, and any number of them.

    `/` becomes its full-width twin, as do the dots of `.` and `..`; half a surrogate pair becomes the bytes it would
    have in UTF-8, as Python writes stray bytes; no name is the one Drive gives by itself.
    """
    if not name:
        return "Untitled"
    if name in (".", ".."):
        return name.replace(".", "\N{FULLWIDTH FULL STOP}")
    slashless = name.replace("/", "\N{FULLWIDTH SOLIDUS}")
    return slashless.encode("utf-8", "surrogatepass").decode("utf-8", "surrogateescape")


def key_of(source: str, name: str, file_id: str) -> str:
    """The partition key of a file by its present name."""
    return drive_key(source, name_in_path(name), file_id)


def entry_of(source: str, resource: Resource, path: str, *, key: str = "") -> SourceEntry:
    """The entry of a file that has a size.

    Args:
        path: Its names from below the configured folder on, each by `name_in_path`.
        key: The key it is known by; made from its present name when empty.
    """
    checksums = {"md5": resource.get("md5Checksum"), "sha256": resource.get("sha256Checksum")}
    return SourceEntry(
        key=key or key_of(source, resource["name"], resource["id"]),
        path=path,
        size_bytes=int(resource["size"]),
        modified_at=modified_at(resource),
        revision=revision(resource),
        checksums={algorithm: digest for algorithm, digest in checksums.items() if digest},
        parent=next(iter(resource.get("parents", ())), ""),
    )
