"""What a drive holds, as values that never change: a new state of a file is a new `Item`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from media_assets_tests.drive_server.contents import Content

FOLDER = "application/vnd.google-apps.folder"
SHORTCUT = "application/vnd.google-apps.shortcut"
DOCUMENT = "application/vnd.google-apps.document"

Account = Literal["user", "service"]
"""The person whose My Drive this is, or a service account that things were shared with."""

Role = Literal["none", "reader", "writer"]


@dataclass(frozen=True)
class Item:
    """A file, folder, shortcut or document, in one of its states."""

    id: str
    name: str
    mime_type: str
    parent: str | None
    """None for the root of a drive."""
    created_at: datetime
    modified_at: datetime
    drive_id: str | None = None
    """The shared drive it is in; None in My Drive."""
    owner: Account = "user"
    content: Content | None = None
    """None for what has no binary content: folders, shortcuts, documents."""
    export: bytes = b""
    """What a document exports as."""
    checksums_ready: bool = True
    """False while Drive still takes in the content: no checksum is shown."""
    checksums_at: datetime | None = None
    """When Drive will have worked out the checksums of what was uploaded; None: at once."""
    declared_md5: str | None = None
    """Shown instead of the true one."""
    version: int = 1
    """Counts every change."""
    revision: int = 0
    """Counts contents."""
    trashed: bool = False
    """By itself; what lies in a trashed folder is trashed too."""
    role: Role | None = None
    """What the caller may do; None: as with the parent, and everything at the top."""
    app_properties: Mapping[str, str] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)
    description: str | None = None
    shortcut_target: str | None = None
    abusive: bool = False
    download_quota_used_up: bool = False
    video: Mapping[str, object] | None = None
    """`videoMediaMetadata`; Drive works it out some time after the upload."""
    by_app: bool = False
    """Made through the API: what the scope `drive.file` can see."""

    @property
    def is_folder(self) -> bool:
        return self.mime_type == FOLDER

    @property
    def size(self) -> int:
        """In bytes; 0 for what has no content."""
        return self.content.size if self.content else 0


@dataclass(frozen=True)
class Caller:
    """On whose behalf a request is made, and what the token allows."""

    account: Account
    scopes: frozenset[str]


@dataclass(frozen=True)
class SharedDrive:
    """A shared drive. Its root folder has the same id."""

    id: str
    name: str
    created_at: datetime
    item_limit: int | None = None
