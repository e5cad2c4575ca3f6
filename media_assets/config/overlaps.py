"""Places of library.yaml that lie in one another: a file would be processed twice, or an artifact be a source."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from media_assets.config.errors import Key, Origins, Problem
from media_assets.config.settings import Settings
from media_assets.places.section import Territory, territories_of


@dataclass(frozen=True)
class _Named:
    """A territory, and the key of library.yaml that names it."""

    key: Key
    territory: Territory

    @property
    def name(self) -> str:
        return self.key[1]

    @property
    def shown(self) -> str:
        return self.territory.shown

    @property
    def parts(self) -> tuple[str, ...]:
        return self.territory.parts

    def lies_in(self, other: _Named) -> bool:
        return self.territory.realm == other.territory.realm and self.parts[: len(other.parts)] == other.parts


def overlaps(settings: Settings, origins: Origins) -> list[Problem]:
    """What is wrong, each with the key to change."""
    sources = list(_sources(settings))
    return [*_sources_in_sources(sources, origins), *_sources_in_stores(settings, sources, origins)]


def _sources(settings: Settings) -> Iterator[_Named]:
    for name, source in settings.sources.items():
        for territory in territories_of(source):
            yield _Named(("sources", name, territory.key), territory)


def _sources_in_sources(sources: list[_Named], origins: Origins) -> Iterator[Problem]:
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


def _sources_in_stores(settings: Settings, sources: list[_Named], origins: Origins) -> Iterator[Problem]:
    """What we write may lie in a source, and is left out there; a source within it would be left out whole."""
    state = settings.state_dir
    places = [_Named(("state_dir",), Territory("state_dir", str(state), "folder", state.resolve().parts))]
    for name, store in settings.stores.items():
        places += (_Named(("stores", name, territory.key), territory) for territory in territories_of(store))
    for place in sorted(places, key=lambda place: place.key == ("state_dir",)):
        for source in sources:
            if source.lies_in(place):
                yield Problem(
                    place.key,
                    f"{place.shown} should be a folder of its own, not the folder of source {source.name}, "
                    f"{source.shown}, or one above it: artifacts would be taken for sources",
                    origins.of(place.key),
                )
