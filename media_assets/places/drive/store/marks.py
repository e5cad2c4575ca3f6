"""The marks on our files in Google Drive: which properties say what a file is, and what they prove.

What was written on a file (`appProperties`) says what it is; its name never does. Every file bears its own id and the
MD5 of what was put into it, so that two things can be told without any other record: a copy that somebody made of one
of our files bears the id of another file and is not ours; content that somebody edited or replaced has another MD5 than
the one we noted, and is his. `appProperties` are private to the OAuth client: with another client the store looks
empty.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from media_assets.places.drive.api.folders import quoted
from media_assets.places.drive.source.entries import ARTIFACT_PROPERTY
from media_assets.places.manifest import Manifest, StoredFile

ARTIFACT = ARTIFACT_PROPERTY
"""A hash of what a file is the artifact of, see `artifact_id`; on every file of an artifact."""
ASSET = "media_assets_asset"
"""The name of the asset; on manifests only."""
FINGERPRINT = "media_assets_fingerprint"
"""The fingerprint of what the artifact was made from; on manifests only."""
SHA256 = "media_assets_sha256"
"""SHA-256 of the content; on all files but manifests."""
MD5 = "media_assets_md5"
"""MD5 of the content that we put there."""
STORE = "media_assets_store"
"""Name of the store."""
PART = "media_assets_part"
"""What the asset calls the file."""
PLACE = "media_assets_of"
"""`<id of the store's folder>/<asset>`: tells two stores apart, and finds all files of an asset."""
ID = "media_assets_id"
"""The file's own."""
ALL = (ARTIFACT, ASSET, FINGERPRINT, SHA256, MD5, STORE, PART, PLACE, ID)

FIELDS = "id,name,size,md5Checksum,sha256Checksum,createdTime,modifiedTime,parents,driveId,trashed,appProperties"
"""What `DriveFile.of` wants to know."""

# The most bytes of a property's key and value together, in UTF-8: a limit of the API.
_PROPERTY_BYTES = 124


@dataclass(frozen=True)
class DriveFile:
    """A file as Drive shows it."""

    id: str
    name: str
    size_bytes: int
    md5: str
    """Empty while Drive does not know it yet."""
    sha256: str
    """Empty where Drive does not know it."""
    created: str
    """RFC 3339 in UTC: sorts by time."""
    modified: str
    """When its content was last put there, in the same form."""
    parent: str
    drive: str
    """Id of the shared drive; empty in My Drive."""
    trashed: bool
    properties: Mapping[str, str]

    @classmethod
    def of(cls, resource: Mapping[str, Any]) -> DriveFile:
        return cls(
            id=resource["id"],
            name=resource.get("name", ""),
            size_bytes=int(resource.get("size", 0)),
            md5=resource.get("md5Checksum", ""),
            sha256=resource.get("sha256Checksum", ""),
            created=resource.get("createdTime", ""),
            modified=resource.get("modifiedTime", ""),
            parent=next(iter(resource.get("parents", ())), ""),
            drive=resource.get("driveId", ""),
            trashed=resource.get("trashed", False),
            properties=resource.get("appProperties", {}),
        )

    @property
    def made_by_us(self) -> bool:
        """Whether it is a file of ours, and no copy that somebody made of one."""
        return self.properties.get(ID) == self.id

    @property
    def is_pending(self) -> bool:
        """Whether Drive still works out the checksum of what was put there; its marks say what that should be."""
        return self.made_by_us and not self.md5

    @property
    def content_md5(self) -> str:
        """The MD5 of the content: as Drive says, or as our marks say while Drive does not. Whoever reads the content
        compares it anyway; whoever writes over it asks Drive first (see `is_pending`)."""
        return self.properties.get(MD5, "") if self.is_pending else self.md5

    @property
    def is_as_we_left_it(self) -> bool:
        """Whether it is as we put it there: nobody edited or replaced it."""
        return self.made_by_us and self.content_md5 == self.properties.get(MD5)

    @property
    def is_manifest(self) -> bool:
        return self.made_by_us and ASSET in self.properties

    def holds(self, stored: StoredFile) -> bool:
        """Whether it is there, and as it was published."""
        return not self.trashed and self.has_content_of(stored)

    def has_content_of(self, stored: StoredFile) -> bool:
        """Whether the content is what was published, also when it lies in the trash."""
        if self.size_bytes != stored.size_bytes:
            return False
        if self.sha256:
            return self.sha256 == stored.sha256
        return self.is_as_we_left_it and self.properties.get(SHA256) == stored.sha256


def artifact_id(asset: str, identity: str) -> str:
    """What all files of an artifact have in common."""
    return hashlib.sha256(f"{asset}\n{identity}".encode("utf-8", "surrogateescape")).hexdigest()[:40]


def place(folder_id: str, asset: str) -> str:
    """The value of PLACE; cut where the name of the asset is very long."""
    return f"{folder_id}/{asset}"[: _PROPERTY_BYTES - len(PLACE)]


def asset_of(file: DriveFile) -> str:
    """The asset a file of ours belongs to; cut as in `place`."""
    return file.properties[PLACE].partition("/")[2]


def twin_mark(asset: str, fingerprint: str) -> str:
    """The value of FINGERPRINT; cut, so whoever finds it looks into the manifest, too."""
    return fitting(FINGERPRINT, f"{asset[:20]}-{fingerprint}")


def marks(
    file_id: str, artifact: str, store: str, folder_id: str, asset: str, part: str, md5: str, sha256: str
) -> dict[str, str]:
    """The properties of a file that is not a manifest."""
    return {
        ID: file_id,
        ARTIFACT: artifact,
        STORE: fitting(STORE, store),
        PLACE: place(folder_id, asset),
        PART: fitting(PART, part),
        MD5: md5,
        SHA256: sha256,
    }


def manifest_marks(
    file_id: str, artifact: str, store: str, folder_id: str, manifest: Manifest, md5: str
) -> dict[str, str]:
    """The properties of a manifest."""
    return {
        ID: file_id,
        ARTIFACT: artifact,
        STORE: fitting(STORE, store),
        PLACE: place(folder_id, manifest.asset),
        PART: "manifest",
        MD5: md5,
        ASSET: fitting(ASSET, manifest.asset),
        FINGERPRINT: twin_mark(manifest.asset, manifest.fingerprint),
    }


def fitting(key: str, value: str) -> str:
    """A value as long as Drive takes it: what is too long is replaced by its hash."""
    if len(key.encode()) + len(value.encode()) <= _PROPERTY_BYTES:
        return value
    return hashlib.sha256(value.encode()).hexdigest()


def has(key: str, value: str) -> str:
    """A term of a query: files with this property."""
    return f"appProperties has {{ key={quoted(key)} and value={quoted(value)} }}"
