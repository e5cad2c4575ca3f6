"""Places of library.yaml that lie in one another: a file would be processed twice, or an artifact be a source."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from media_assets.config.errors import Key, Origins, Problem
from media_assets.config.settings import Settings
from media_assets.places.bucket.settings import BucketSource, BucketStore
from media_assets.places.drive.settings import DriveSource
from media_assets.places.drive_desktop.settings import DriveDesktopSource
from media_assets.places.folder.settings import FolderSource, FolderStore


@dataclass(frozen=True)
class _Territory:
    """A place and all below it."""

    key: Key
    shown: str
    realm: str
    """Places of different realms never touch."""
    parts: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.key[1]

    def lies_in(self, other: _Territory) -> bool:
        return self.realm == other.realm and self.parts[: len(other.parts)] == other.parts


def overlaps(settings: Settings, origins: Origins) -> list[Problem]:
    """What is wrong, each with the key to change."""
    sources = list(_sources(settings))
    return [*_sources_in_sources(sources, origins), *_sources_in_stores(settings, sources, origins)]


def _sources(settings: Settings) -> Iterator[_Territory]:
    for name, source in settings.sources.items():
        match source:
            case FolderSource():
                yield _Territory(("sources", name, "path"), str(source.path), "folder", source.path.resolve().parts)
            case DriveDesktopSource():
                realm = f"Drive for desktop {source.mount or source.account}"
                parts = tuple(source.folder.strip("/").split("/"))
                yield _Territory(("sources", name, "folder"), source.folder, realm, parts)
            case DriveSource():
                for folder in source.folders:
                    parts = tuple(folder.strip("/").split("/"))
                    yield _Territory(("sources", name, "folders"), folder, f"Drive {source.api_endpoint}", parts)
            case BucketSource():
                yield _bucket(("sources", name, "url"), source)


def _bucket(key: Key, bucket: BucketSource | BucketStore) -> _Territory:
    address, *prefix = bucket.url.split("://", 1)[1].split("/")
    return _Territory(key, bucket.url, f"bucket {bucket.endpoint} {address}", tuple(prefix))


def _sources_in_sources(sources: list[_Territory], origins: Origins) -> Iterator[Problem]:
    """A file that two sources hold would be two partitions, and be processed twice."""
    for position, source in enumerate(sources):
        around = [
            other
            for other_position, other in enumerate(sources)
            if other.name != source.name
            and source.lies_in(other)
            and (source.parts != other.parts or other_position < position)
        ]
        if around:
            text = (
                f"{source.shown} should not lie in the folder of source {around[0].name}, {around[0].shown}: "
                "its files would be processed twice"
            )
            yield Problem(source.key, text, origins.of(source.key))


def _sources_in_stores(settings: Settings, sources: list[_Territory], origins: Origins) -> Iterator[Problem]:
    """What we write may lie in a source, and is left out there; a source within it would be left out whole.

    Not so on Drive, where each file of ours is marked as such.
    """
    places = [_Territory(("state_dir",), str(settings.state_dir), "folder", settings.state_dir.resolve().parts)]
    for name, store in settings.stores.items():
        if isinstance(store, FolderStore):
            places.append(_Territory(("stores", name, "path"), str(store.path), "folder", store.path.resolve().parts))
        elif isinstance(store, BucketStore):
            places.append(_bucket(("stores", name, "url"), store))
    for place in sorted(places, key=lambda place: place.key == ("state_dir",)):
        for source in sources:
            if source.lies_in(place):
                yield Problem(
                    place.key,
                    f"{place.shown} should be a folder of its own, not the folder of source {source.name}, "
                    f"{source.shown}, or one above it: artifacts would be taken for sources",
                    origins.of(place.key),
                )
