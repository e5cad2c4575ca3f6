"""From the sections of library.yaml to the library they stand for: its sources, its stores, its cache.

What speaks to Drive and to buckets is imported only where a library uses it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from media_assets.base.errors import Fatal
from media_assets.base.interruption import ask
from media_assets.base.secrets import Secrets
from media_assets.config.private_state import make_state_private
from media_assets.config.settings import Settings
from media_assets.pipeline.library import Library
from media_assets.pipeline.observers import Observer
from media_assets.pipeline.workspaces import Workspaces
from media_assets.places.bucket.settings import BucketSource, BucketStore
from media_assets.places.cache.cache import FetchCache
from media_assets.places.drive.settings import DriveAccess, DriveSource, DriveStore
from media_assets.places.drive_desktop.settings import DriveDesktopSource
from media_assets.places.folder.settings import FolderSource, FolderStore
from media_assets.places.folder.source import Folder
from media_assets.places.folder.store import FolderArtifacts
from media_assets.places.source import Source
from media_assets.places.store import ArtifactStore

if TYPE_CHECKING:
    from media_assets.places.drive.api.api import DriveApi
    from media_assets.places.moving import Mover


def token_file(settings: Settings) -> Path:
    """Where `media-assets login` keeps a user's grant for Drive."""
    return settings.state_dir / "google" / "token.json"


def open_library(settings: Settings, secrets: Secrets | None = None, observers: Sequence[Observer] = ()) -> Library:
    """The library that library.yaml describes. Nothing of it is reached before it is asked for."""
    cache = FetchCache(settings.state_dir / "cache", settings.cache, settings.limits.min_free_bytes)
    places = Places(settings, secrets or Secrets(), cache)
    workspaces = Workspaces(settings.state_dir, partial(make_state_private, settings))
    return Library(settings, places, cache, workspaces, observers)


class Places:
    """All sources and stores of one library."""

    def __init__(self, settings: Settings, secrets: Secrets, cache: FetchCache) -> None:
        self._settings = settings
        self._secrets = secrets
        self._cache = cache
        self._drives: dict[DriveAccess, DriveApi] = {}

    # ------------------------------------------------------------------------------------------- sources

    @cached_property
    def sources(self) -> Mapping[str, Source]:
        """By name."""
        return {name: self._source(name) for name in self._settings.sources}

    def _source(self, name: str) -> Source:
        section = self._settings.sources[name]
        match section:
            case DriveSource():
                from media_assets.places.drive.source.source import DriveFolders

                return DriveFolders(name, section, self._settings.automation, self._drive(section))
            case BucketSource():
                return self._bucket_source(name, section)
            case DriveDesktopSource():
                from media_assets.places.drive_desktop.source import DriveDesktop

                return DriveDesktop(name, section, partial(self._folder_source, name))
            case FolderSource():
                return self._folder_source(name, section)

    def _folder_source(self, name: str, section: FolderSource) -> Folder:
        return Folder(
            name,
            section,
            self._settings.automation,
            artifact_paths=self._is_artifact_path,
            left_out=(
                self._settings.state_dir,
                section.path / self._settings.duplicates.review_folder,
                *self._store_folders,
            ),
        )

    def _bucket_source(self, name: str, section: BucketSource) -> Source:
        from media_assets.places.bucket.client import open_bucket
        from media_assets.places.bucket.source import BucketObjects

        stores = tuple(
            store.url
            for store in self._settings.stores.values()
            if isinstance(store, BucketStore) and store.neighbourhood == section.neighbourhood
        )
        return BucketObjects(
            name,
            section,
            self._settings.automation,
            open_bucket(section, self._secrets, anonymous=section.anonymous),
            is_artifact=self._is_artifact_object,
            left_out=(f"{section.url}/{self._settings.duplicates.review_folder}", *stores),
            large=stores,
        )

    def mover(self, name: str) -> Mover:
        """What moves duplicates within a source to its review folder, and back.

        Raises:
            Fatal: nothing can be moved in a source of that kind.
        """
        section = self._settings.sources.get(name)
        review = self._settings.duplicates.review_folder
        match section:
            case FolderSource():
                from media_assets.places.folder.mover import FolderMover

                return FolderMover(section.path, section.path / review, ask)
            case DriveSource():
                from media_assets.places.drive.mover import DriveMover

                api = self._drive(section)
                return DriveMover(api, lambda: [api.folder_id(place) for place in section.folders], review, check=ask)
            case BucketSource():
                from media_assets.places.bucket.client import open_bucket
                from media_assets.places.bucket.mover import BucketMover

                return BucketMover(open_bucket(section, self._secrets, anonymous=section.anonymous), review, ask)
        raise Fatal(
            f"duplicates in source {name!r} cannot be moved: that is possible in folders, in Drive and in buckets",
            next_step="Move them by hand; `media-assets duplicates --csv FILE` lists them",
        )

    # ------------------------------------------------------------------------------------------- stores

    @cached_property
    def stores(self) -> Mapping[str, ArtifactStore]:
        """By name."""
        return {name: self._store(name) for name in self._settings.stores}

    def _store(self, name: str) -> ArtifactStore:
        section = self._settings.stores[name]
        match section:
            case FolderStore():
                return FolderArtifacts(
                    name,
                    section.path,
                    self._source_folders,
                    mounts=self._mounted_folders,
                    min_free_bytes=self._settings.limits.min_free_bytes,
                )
            case DriveStore():
                from media_assets.places.drive.store.store import DriveArtifacts

                return DriveArtifacts(
                    name, section, self._drive(section), self._cache, self._settings.state_dir, identity=self._identity
                )
            case BucketStore():
                from media_assets.places.bucket.client import open_bucket
                from media_assets.places.bucket.store.store import BucketArtifacts

                return BucketArtifacts(name, section, open_bucket(section, self._secrets), self._cache)

    # ------------------------------------------------------------------------------------------- what they share

    def _drive(self, section: DriveAccess) -> DriveApi:
        """One for each way to reach Drive, however many sources and stores go that way."""
        from media_assets.places.drive.api.api import DriveApi

        access = DriveAccess.model_validate({name: getattr(section, name) for name in DriveAccess.model_fields})
        if access not in self._drives:
            credentials = access.credentials or self._secrets.google_application_credentials
            self._drives[access] = DriveApi(access, credentials, token_file(self._settings))
        return self._drives[access]

    def _identity(self, key: str) -> str:
        """What of a key stays the same when its file is renamed."""
        source = self.sources.get(key.partition(":")[0])
        return source.identity(key) if source else key

    @cached_property
    def _source_folders(self) -> dict[str, Path]:
        return {
            name: section.path for name, section in self._settings.sources.items() if isinstance(section, FolderSource)
        }

    def _mounted_folders(self) -> list[Path]:
        """Those of Drive for desktop that are there now."""
        from media_assets.places.drive_desktop.source import drive_desktop_folder

        found = []
        for section in self._settings.sources.values():
            if isinstance(section, DriveDesktopSource):
                with suppress(Fatal):  # it is not mounted, and so nothing in it is there
                    found.append(drive_desktop_folder(section).path)
        return found

    @property
    def _store_folders(self) -> list[Path]:
        return [store.path for store in self._settings.stores.values() if isinstance(store, FolderStore)]

    def _is_artifact_path(self) -> Callable[[Path], bool]:
        tests = [store.artifact_paths() for store in self.stores.values() if isinstance(store, FolderArtifacts)]
        return lambda path: any(test(path) for test in tests)

    def _is_artifact_object(self) -> Callable[[str], bool]:
        from media_assets.places.bucket.store.store import BucketArtifacts

        tests = [store.artifact_objects() for store in self.stores.values() if isinstance(store, BucketArtifacts)]
        return lambda name: any(test(name) for test in tests)
