"""The sections of library.yaml about places: where files come from and where artifacts go.

The `type` of a section says which kind of place it is; without one it is a folder. A new kind is added to the unions
here, and to nothing else: its section says all that others need to know of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, get_args

from pydantic import Field

from media_assets.places.bucket.settings import BucketSource, BucketStore
from media_assets.places.drive.settings import DriveSource, DriveStore
from media_assets.places.drive_desktop.settings import DriveDesktopSource
from media_assets.places.folder.settings import FolderSource, FolderStore
from media_assets.places.section import SourceSection

SourceSettings = Annotated[FolderSource | DriveDesktopSource | DriveSource | BucketSource, Field(discriminator="type")]
StoreSettings = Annotated[FolderStore | DriveStore | BucketStore, Field(discriminator="type")]

SOURCE_KINDS: tuple[type[SourceSection], ...] = get_args(get_args(SourceSettings)[0])


def with_types(places: object) -> object:
    """The sections of sources or stores, each with a type: without one it is a folder."""
    if not isinstance(places, Mapping):
        return places
    return {
        name: {"type": "folder", **place} if isinstance(place, Mapping) else place for name, place in places.items()
    }
