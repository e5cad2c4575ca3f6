"""For tests of libraries whose places are all folders."""

from __future__ import annotations

from pathlib import Path

from media_assets.places.folder.settings import FolderSource, FolderStore
from media_assets.places.folder.store import FolderArtifacts
from media_assets.places.manifest import StoredFile
from media_assets.places.settings import SourceSettings, StoreSettings
from media_assets.places.store import ArtifactStore


def folder_of(place: SourceSettings | StoreSettings) -> Path:
    """The folder of a source or a store."""
    assert isinstance(place, FolderSource | FolderStore)
    return place.path


def path_of(store: ArtifactStore, stored: StoredFile) -> Path:
    """Where a file of an artifact lies."""
    assert isinstance(store, FolderArtifacts)
    return store.local_path(stored)
