"""The sources, the stores and the cache of one library, made from its settings; no Dagster in here."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from pathlib import Path

from media_assets.cache import FetchCache
from media_assets.errors import BadMedia
from media_assets.io_managers.folder import FolderArtifacts
from media_assets.io_managers.store import ArtifactStore, Target
from media_assets.partitions import split_key
from media_assets.settings import Settings
from media_assets.sources.base import Source, SourceEntry
from media_assets.sources.folder import Folder
from media_assets.workspaces import Workspaces


class Library:
    """Finds for a partition key its source, and for an asset its store."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.workspaces = Workspaces(settings.state_dir)
        self.cache = FetchCache(settings.state_dir / "cache", settings.cache, settings.limits.min_free_bytes)

    @cached_property
    def stores(self) -> dict[str, ArtifactStore]:
        folders = {name: source.path for name, source in self.settings.sources.items()}
        free = self.settings.limits.min_free_bytes
        return {
            name: FolderArtifacts(name, store.path, folders, min_free_bytes=free)
            for name, store in self.settings.stores.items()
        }

    @cached_property
    def sources(self) -> dict[str, Source]:
        left_out = (self.settings.state_dir, *(store.path for store in self.settings.stores.values()))
        return {
            name: Folder(
                name, source, self.settings.automation, artifact_paths=self._is_artifact_path, left_out=left_out
            )
            for name, source in self.settings.sources.items()
        }

    def store(self, asset: str) -> ArtifactStore:
        """Where the artifacts of an asset are kept."""
        return self.stores[self.settings.output_for(asset).store]

    def target(self, asset: str, key: str) -> Target:
        """Where the artifact of one file is to lie."""
        placement = self.settings.output_for(asset).placement
        if placement == "folder":
            return Target(placement)
        _, path = split_key(key)
        return Target(placement, self.settings.sources[self.source(key).name].path / path)

    def source(self, key: str) -> Source:
        """The source a key belongs to.

        Raises:
            BadMedia: library.yaml names no such source.
        """
        name, _ = split_key(key)
        if name not in self.sources:
            raise BadMedia(
                f"belongs to the source {name!r}, which is not in library.yaml; that has {sorted(self.sources)}",
                next_step="Add it again, or delete its partitions",
            )
        return self.sources[name]

    def entry(self, key: str) -> SourceEntry:
        """The source file of a key as it is now."""
        return self.source(key).entry(key)

    def local_file(self, entry: SourceEntry) -> AbstractContextManager[Path]:
        """A path at which a source file can be read, for as long as the context lasts."""
        source = self.source(entry.key)
        direct = source.direct_path(entry)
        if direct is not None:
            return nullcontext(direct)
        return self.cache.lease(
            f"{entry.key}@{entry.revision}", entry.size_bytes, lambda path: source.fetch(entry, path)
        )

    def origin_of(self, sha256: str) -> str | None:
        """Which artifact of ours a file of this content is; None when it is none."""
        return next((origin for store in self.stores.values() if (origin := store.origin_of(sha256))), None)

    def _is_artifact_path(self) -> Callable[[Path], bool]:
        tests = [store.artifact_paths() for store in self.stores.values()]
        return lambda path: any(test(path) for test in tests)
