"""Which files are done, and what they have: asked for a few files at a time, never for the whole library."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import dagster as dg

from media_assets.pipeline.latest_records import failures, made_ids, noted_ids
from media_assets.pipeline.library import Library
from media_assets.pipeline.recipe import Stage
from media_assets.pipeline.records import Event, Failed, Gone, Made
from media_assets.places.manifest import Manifest


class Files:
    """The files of one library.

    Args:
        stages: Those that are enabled, each after those it is made from.
    """

    def __init__(self, instance: dg.DagsterInstance, library: Library, stages: Sequence[Stage]) -> None:
        self._instance = instance
        self._library = library
        self._stages = {stage.name: stage for stage in stages}

    def wanted(self, assets: Collection[str]) -> Sequence[str]:
        """The enabled ones among these assets; all that are enabled, for none."""
        return [name for name in self._stages if not assets or name in assets]

    def manifest(self, asset: str, key: str) -> Manifest | None:
        return self._library.store(asset).manifest(asset, key)

    def link(self, manifest: Manifest) -> str:
        return self._library.store(manifest.asset).link(manifest)

    def completed_by(self, events: Iterable[Made], assets: Collection[str]) -> frozenset[int]:
        """The events (by id) with which a file got the last of these assets.

        It is the last event of its file, nothing failed since, and what is there was made from what is there: of
        a source that changed the artifacts before the change do not count.
        """
        names = self._with_upstreams(assets)
        events = [event for event in events if event.key and event.asset in names]
        keys = {str(event.key) for event in events}
        if not keys:
            return frozenset()
        made = {name: made_ids(self._instance, name, keys) for name in names}
        newest = {
            key: max(ids[key] for ids in made.values()) for key in keys if all(key in ids for ids in made.values())
        }
        last = {str(event.key): event.id for event in events if newest.get(str(event.key)) == event.id}
        red = {key for name in names for key in failures(self._instance, name, made[name], set(last))}
        return frozenset(number for key, number in last.items() if key not in red and self._fits(key, names))

    def missing(self, event: Event, assets: Collection[str]) -> Sequence[str]:
        """Which of these assets the file of an event stays without, after a failure or when its source is gone.

        A failure takes with it all that is made from that artifact, at whatever remove; a file that is gone takes what
        is not there yet.
        """
        if isinstance(event, Failed):
            return [name for name in assets if event.asset in self._with_upstreams([name])]
        if isinstance(event, Gone):
            return [name for name in assets if not self._fits(event.key, self._with_upstreams([name]))]
        return ()

    def manifests(self, key: str, assets: Collection[str]) -> Sequence[Manifest] | None:
        """The manifests of all these assets; None when one is missing, or was made from something that is not there."""
        if not self._fits(key, self._with_upstreams(assets)):
            return None
        found = [self.manifest(name, key) for name in assets]
        return [manifest for manifest in found if manifest]

    def latest_note(self, key: str, assets: Iterable[str]) -> int:
        """The id of the latest event that says something else of these artifacts than that they are there, such as a
        failure; 0 when there is none."""
        noted = (noted_ids(self._instance, name, {key}).get(key, 0) for name in assets)
        return max(noted, default=0)

    def _with_upstreams(self, assets: Collection[str]) -> frozenset[str]:
        names: set[str] = set()
        waiting = list(assets)
        while waiting:
            name = waiting.pop()
            if name not in names:
                names.add(name)
                waiting += self._stages[name].upstreams
        return frozenset(names)

    def _fits(self, key: str, names: Collection[str]) -> bool:
        found = {name: self.manifest(name, key) for name in names}
        present = {name: manifest for name, manifest in found.items() if manifest}
        return len(present) == len(names) and all(
            manifest.inputs.get(upstream) == present[upstream].version
            for name, manifest in present.items()
            for upstream in self._stages[name].upstreams
        )
