"""The sections of library.yaml about places: where files come from and where artifacts go.

The `type` of a place says of which kind it is; without one it is a folder.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from media_assets.places.bucket.settings import BucketSource, BucketStore
from media_assets.places.drive.settings import DriveSource, DriveStore
from media_assets.places.drive_desktop.settings import DriveDesktopSource
from media_assets.places.folder.settings import FolderSource, FolderStore

# ------------------------------------------------------------------------------------------- folders


# ------------------------------------------------------------------------------------------- Google Drive


# ------------------------------------------------------------------------------------------- buckets


# ------------------------------------------------------------------------------------------- any of them


SourceSettings = Annotated[FolderSource | DriveDesktopSource | DriveSource | BucketSource, Field(discriminator="type")]
StoreSettings = Annotated[FolderStore | DriveStore | BucketStore, Field(discriminator="type")]


def with_types(places: object) -> object:
    """The sections of sources or stores, each with a type: without one it is a folder."""
    if not isinstance(places, Mapping):
        return places
    return {
        name: {"type": "folder", **place} if isinstance(place, Mapping) else place for name, place in places.items()
    }
