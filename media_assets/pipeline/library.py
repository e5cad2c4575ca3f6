"""The sources, the stores and the cache of one library, as it is given them; no Dagster in here.

`config.opening.open_library` makes one from library.yaml.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from media_assets.base.errors import BadMedia
from media_assets.base.holes import stored_bytes
from media_assets.base.keys import split_key
from media_assets.pipeline.first_failures import FirstFailures
from media_assets.pipeline.observers import Observer
from media_assets.pipeline.run_settings import RunSettings
from media_assets.pipeline.workers import Patience
from media_assets.pipeline.workspaces import Workspaces
from media_assets.places.cache.cache import FetchCache
from media_assets.places.source import Source, SourceEntry, no_check
from media_assets.places.store import ArtifactStore

if TYPE_CHECKING:
    from media_assets.places.moving import Mover


OneSection = TypeVar("OneSection")


class OpenPlaces(Protocol):
    """All sources and stores of a library; each is opened when it is first asked for."""

    @property
    def sources(self) -> Mapping[str, Source]: ...

    @property
    def stores(self) -> Mapping[str, ArtifactStore]: ...

    def mover(self, name: str) -> Mover: ...


class Library:
    """Finds for a partition key its source, and for an asset its store.

    Args:
        settings: Those of the library; what is not of the machine is reached by `section` alone.
        observers: Who is told what became of each file of a batch.
    """

    def __init__(
        self,
        settings: RunSettings,
        places: OpenPlaces,
        cache: FetchCache,
        workspaces: Workspaces,
        observers: Sequence[Observer] = (),
    ) -> None:
        self.settings = settings
        self.cache = cache
        self.workspaces = workspaces
        self.observers = observers
        self.patience = Patience()
        """How long is waited for what does not answer."""
        self.first_failures = defaultdict[str, FirstFailures](FirstFailures)
        """The first failures of this process in each stage."""
        self._places = places

    def section(self, pick: Callable[[Any], OneSection]) -> OneSection:
        """What an asset picks for itself from all the settings: `library.section(lambda settings: settings.images)`."""
        return pick(self.settings)

    @property
    def stores(self) -> Mapping[str, ArtifactStore]:
        return self._places.stores

    @property
    def sources(self) -> Mapping[str, Source]:
        return self._places.sources

    def store(self, asset: str) -> ArtifactStore:
        """Where the artifacts of an asset are kept."""
        return self.stores[self.settings.output_for(asset).store]

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

    def mover(self, source: str) -> Mover:
        """What moves duplicates within the source of that name; see `Places.mover`."""
        return self._places.mover(source)

    def local_file(
        self, entry: SourceEntry, check: Callable[[], None] = no_check, *, sha256: str | None = None
    ) -> AbstractContextManager[Path]:
        """A path at which a source file can be read, for as long as the context lasts.

        Args:
            check: Called while it is fetched; what it raises ends that.
            sha256: Of its content, where that is known: a copy in the cache that is another is fetched again.
        """
        source = self.source(entry.key)
        direct = source.direct_path(entry)
        if direct is not None:
            return nullcontext(direct)
        fetch = partial(source.fetch, entry, check=check)
        return self.cache.lease(_identity(source, entry), entry.size_bytes, fetch, sha256=sha256, check=check)

    def lies_at(self, entry: SourceEntry) -> Path | None:
        """Where a source file lies on this machine, be it read there or copied first."""
        return self.source(entry.key).lies_at(entry)

    def stored_bytes(self, entry: SourceEntry) -> int:
        """How much of a source file is really there: of one on this machine, without its holes."""
        path = self.lies_at(entry)
        if path is None:
            return entry.size_bytes
        try:
            return min(entry.size_bytes, stored_bytes(path))
        except OSError:  # whoever reads it says what is wrong
            return entry.size_bytes

    def know_content(self, entry: SourceEntry, sha256: str) -> None:
        """Note what a source file holds that is read just now, so that its copy in the cache is not read for that."""
        source = self.source(entry.key)
        if source.direct_path(entry) is None:
            self.cache.know(_identity(source, entry), sha256)

    def require_sound_copy(self, entry: SourceEntry, sha256: str, check: Callable[[], None]) -> None:
        """Make sure, before a file is called bad that was read from the cache, that its copy there is sound.

        Raises:
            Transient: its copy in the cache was damaged, and is fetched again.
        """
        source = self.source(entry.key)
        if source.direct_path(entry) is None:
            self.cache.require_sound(_identity(source, entry), sha256, check)

    def keep_near(self, entry: SourceEntry, check: Callable[[], None]) -> AbstractContextManager[None]:
        """Fetch a source file that will soon be read, where reading takes fetching, and keep it until the context ends.

        Raises:
            NoRoom: the cache has no room for it now.
        """
        source = self.source(entry.key)
        if source.direct_path(entry) is not None:
            return nullcontext()
        fetch = partial(source.fetch, entry, check=check)
        return self.cache.keep(_identity(source, entry), entry.size_bytes, fetch, check=check)

    def origin_of(self, sha256: str) -> str | None:
        """Which artifact of ours a file of this content is; None when it is none."""
        return next((origin for store in self.stores.values() if (origin := store.origin_of(sha256))), None)


def _identity(source: Source, entry: SourceEntry) -> str:
    """What the cache calls one version of one file."""
    return f"{source.identity(entry.key)}@{entry.revision}"
