"""What is to be done in a stage: planned for many files at once, or for a few after a few.

A planner looks once at what the database and the store say of a stage, of all files. What this process has done since
it is told; so a library need not be looked at anew for each of its chunks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import dagster as dg

from media_assets.base.errors import Fatal, MediaAssetsError, Transient, is_passing
from media_assets.operation.selection import Selection, is_forced, is_refreshed
from media_assets.pipeline.library import Library
from media_assets.pipeline.recipe import Recipe
from media_assets.pipeline.stage import FileAsset
from media_assets.pipeline.status import StageStatus, State
from media_assets.places.manifest import Manifest
from media_assets.places.source import SourceEntry
from media_assets.places.store import ArtifactStore, ManifestReader


@dataclass
class StagePlan:
    """What is to be done in one stage; each selected file is in one of the lists."""

    stage: str
    todo: list[str] = field(default_factory=list)
    current: list[str] = field(default_factory=list)
    """The artifact is there already."""
    failed_before: list[str] = field(default_factory=list)
    """Failed, and nothing it depends on has changed: left alone until a person asks."""
    blocked: list[str] = field(default_factory=list)
    """An earlier stage has no artifact of it."""

    def add(self, other: StagePlan) -> None:
        """Take up what is to be done with other files."""
        self.todo += other.todo
        self.current += other.current
        self.failed_before += other.failed_before
        self.blocked += other.blocked


class StagePlanner:
    """Plans the stages of some files, each stage of each file once.

    Args:
        keys: All files that will be asked for.
        entries: Source files that were just listed, by key.
    """

    def __init__(
        self,
        instance: dg.DagsterInstance,
        library: Library,
        keys: Collection[str],
        selection: Selection,
        entries: Mapping[str, SourceEntry],
    ) -> None:
        self._instance = instance
        self._library = library
        self._keys = keys
        self._selection = selection
        self._entries = entries
        self._looks: dict[str, StageStatus] = {}
        self._upstreams: dict[str, Upstreams] = {}
        self._made: defaultdict[str, set[str]] = defaultdict(set)
        self._run: defaultdict[str, set[str]] = defaultdict(set)

    def note(self, stage: str, run: Collection[str], made: Collection[str]) -> None:
        """This process has run a stage on files, and has the artifact of some of them."""
        self._run[stage].update(run)
        self._made[stage].update(made)

    def plan(self, stage: FileAsset[Any], keys: Sequence[str]) -> StagePlan:
        """What of a stage is to be done with files, now that they are through the stages before it."""
        plan = StagePlan(stage.name)
        look = self._looks.get(stage.name)
        if look is None:
            look = self._looks[stage.name] = StageStatus(self._instance, self._library, stage, self._keys)
        for key in keys:
            self._place(plan, stage, key, look)
        return plan

    def _place(self, plan: StagePlan, stage: FileAsset[Any], key: str, look: StageStatus) -> None:
        forced = is_forced(stage.name, self._selection) or is_refreshed(stage, self._selection)
        cell = look.look(key)
        is_missing = cell.state is State.MISSING and not cell.failure
        if (forced or is_missing) and self._has_just_made(stage.upstreams, key):
            plan.todo.append(key)
            return
        upstreams = {name: self._upstream(name) for name in (*stage.upstreams, *stage.consulted)}
        recipe = Recipe(stage, key, self._library, upstreams, entry=self._entries.get(key))
        try:
            fingerprint = recipe.fingerprint
        except (Fatal, Transient):
            raise
        except MediaAssetsError:
            plan.blocked.append(key)
            return
        if cell.failure:
            again = self._selection.retry or forced or is_passing(cell.failure.kind)
            again = again or self._may_be_mended(stage, key, fingerprint, look)
            (plan.todo if again or cell.failure.attempt != fingerprint else plan.failed_before).append(key)
        elif not forced and not is_missing and recipe.is_current(cell.manifest, look.reader):
            plan.current.append(key)
        else:
            plan.todo.append(key)

    def _may_be_mended(self, stage: FileAsset[Any], key: str, fingerprint: str, look: StageStatus) -> bool:
        """Whether nothing but a person's edit can have made it fail: that may be mended, and no fingerprint tells."""
        there = look.reader.manifest(stage.name, key) if stage.takes_edits else None
        return there is not None and there.fingerprint == fingerprint

    def _has_just_made(self, upstreams: Collection[str], key: str) -> bool:
        """Whether this process has all that the stage is made from, so that nothing needs to be looked up."""
        return bool(upstreams) and all(key in self._made[name] for name in upstreams)

    def _upstream(self, name: str) -> Upstreams:
        if name not in self._upstreams:
            self._upstreams[name] = Upstreams(self._library.store(name), name, self._run[name])
        return self._upstreams[name]


class Upstreams:
    """The artifacts of an earlier stage as one look shows them, and as they are of files that were worked on since.

    Args:
        run: The keys of those files; whoever works on more adds them.
    """

    def __init__(self, store: ArtifactStore, asset: str, run: Collection[str]) -> None:
        self._store = store
        self._asset = asset
        self._run = run

    def manifest(self, asset: str, key: str) -> Manifest | None:
        """See `ManifestReader`."""
        return (self._store if key in self._run else self._then).manifest(asset, key)

    def intact(self, manifest: Manifest) -> bool:
        """See `ManifestReader`."""
        return (self._store if manifest.key in self._run else self._then).intact(manifest)

    @cached_property
    def _then(self) -> ManifestReader:
        return self._store.as_of_now(self._asset)
