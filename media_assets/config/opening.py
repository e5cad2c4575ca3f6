"""From the sections of library.yaml to the library they stand for: its sources, its stores, its cache."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from media_assets.base.errors import Fatal
from media_assets.base.secrets import Secrets
from media_assets.config.private_state import make_state_private
from media_assets.config.settings import Settings
from media_assets.pipeline.library import Library
from media_assets.pipeline.observers import Observer
from media_assets.pipeline.workspaces import Workspaces
from media_assets.places.cache.cache import FetchCache
from media_assets.places.guarded import open_guarded_source, open_guarded_store
from media_assets.places.section import Shared, SourceSection, StoreSection
from media_assets.places.source import Source
from media_assets.places.store import ArtifactStore
from media_assets.places.watching import AutomationSettings

if TYPE_CHECKING:
    from media_assets.places.moving import Mover


def open_library(settings: Settings, secrets: Secrets | None = None, observers: Sequence[Observer] = ()) -> Library:
    """The library that library.yaml describes. Nothing of it is reached before it is asked for."""
    cache = FetchCache(settings.state_dir / "cache", settings.cache, settings.limits.min_free_bytes)
    places = Places(settings, secrets or Secrets(), cache)
    workspaces = Workspaces(settings.state_dir, partial(make_state_private, settings))
    return Library(settings, places, cache, workspaces, observers)


class Places:
    """All sources and stores of one library, and what they may know of it (`places.section.Surroundings`)."""

    def __init__(self, settings: Settings, secrets: Secrets, cache: FetchCache) -> None:
        self.secrets = secrets
        self.cache = cache
        self._settings = settings
        self._shared: dict[Hashable, Any] = {}

    @cached_property
    def sources(self) -> Mapping[str, Source]:
        """The sources by their names."""
        return {name: open_guarded_source(section, name, self) for name, section in self.source_sections.items()}

    @cached_property
    def stores(self) -> Mapping[str, ArtifactStore]:
        """The stores by their names."""
        return {name: open_guarded_store(section, name, self) for name, section in self.store_sections.items()}

    def mover(self, name: str) -> Mover:
        """What moves duplicates within a source to its review folder, and back.

        Raises:
            Fatal: nothing can be moved in a source of that kind.
        """
        section = self.source_sections.get(name)
        mover = section.open_mover(self) if section else None
        if mover is None:
            raise Fatal(
                f"duplicates in source {name!r} cannot be moved: that is possible in folders, in Drive and in buckets",
                next_step="Move them by hand; `media-assets duplicates --csv FILE` lists them",
            )
        return mover

    # ------------------------------------------------------------------------------------------- what places may know

    @property
    def source_sections(self) -> Mapping[str, SourceSection]:
        return self._settings.sources

    @property
    def store_sections(self) -> Mapping[str, StoreSection]:
        return self._settings.stores

    @property
    def state_dir(self) -> Path:
        return self._settings.state_dir

    @property
    def review_folder(self) -> str:
        return self._settings.duplicates.review_folder

    @property
    def min_free_bytes(self) -> int:
        return self._settings.limits.min_free_bytes

    @property
    def automation(self) -> AutomationSettings:
        return self._settings.automation

    def shared(self, key: Hashable, make: Callable[[], Shared]) -> Shared:
        """See `Surroundings.shared`."""
        if key not in self._shared:
            self._shared[key] = make()
        return cast(Shared, self._shared[key])
