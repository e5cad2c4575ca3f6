"""The library as a grid (file × artifact), read from Dagster's event log; there is no other table of states."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

import dagster as dg

from media_assets.base.errors import MediaAssetsError, SourceChanged
from media_assets.pipeline.latest_records import failures, made_ids
from media_assets.pipeline.library import Library
from media_assets.pipeline.recipe import Stage
from media_assets.pipeline.records import Failed
from media_assets.places.manifest import Manifest
from media_assets.places.store import ManifestReader


class State(StrEnum):
    """The state of one cell of the grid."""

    DONE = "done"
    NOT_APPLICABLE = "not_applicable"
    FAILED = "failed"
    MISSING = "missing"


@dataclass(frozen=True)
class LibraryStatus:
    """The state of every cell, by key and then by asset, and the failures."""

    assets: tuple[str, ...]
    grid: Mapping[str, Mapping[str, State]]
    failures: Mapping[tuple[str, str], Failed]
    """Why the last attempt failed, by (key, asset), or why the file was left alone: over budget, it is no failure."""
    gone: Mapping[tuple[str, str], Failed] = field(default_factory=dict)
    """Why files failed that are no longer in their source, by (key, asset): nobody's concern any more."""

    def counts(self) -> dict[str, dict[str, int]]:
        """How many files are in each state, by asset."""
        counts = {asset: {state.value: 0 for state in State} for asset in self.assets}
        for cells in self.grid.values():
            for asset, state in cells.items():
                counts[asset][state.value] += 1
        return counts

    def lost(self, assets: Sequence[str]) -> list[tuple[str, str]]:
        """The first of `assets`, all just made, that each file misses for no reason of its own, as (key, asset).

        Nothing of the file failed, was left alone or is gone from its source: its store has lost it since.
        """
        explained = {key for key, _ in (*self.failures, *self.gone)}
        missing = {
            key: next((asset for asset in assets if cells[asset] is State.MISSING), None)
            for key, cells in self.grid.items()
            if key not in explained
        }
        return [(key, asset) for key, asset in missing.items() if asset is not None]


class FoundCell(NamedTuple):
    """What there is of one cell."""

    state: State
    manifest: Manifest | None = None
    failure: Failed | None = None
    gone: Failed | None = None
    """What a file failed for that is no longer in its source."""
    is_recorded: bool = False
    """Whether Dagster was told of an artifact; of a missing one, that it was there once."""


class StageStatus:
    """What is known of one stage: of which files its artifact is recorded, and which failed since.

    Args:
        keys: The files that will be asked for.
    """

    def __init__(self, instance: dg.DagsterInstance, library: Library, stage: Stage, keys: Collection[str]) -> None:
        self.stage = stage
        self._library = library
        self._made = made_ids(instance, stage.name, keys)
        self._failed = failures(instance, stage.name, self._made, keys)

    @cached_property
    def reader(self) -> ManifestReader:
        """The artifacts of the stage, as one look shows them; it is made when it is first needed."""
        return self._library.store(self.stage.name).as_of_now(self.stage.name)

    def look(self, key: str) -> FoundCell:
        """The cell of a file; costs a look-up in the store where the artifact is recorded."""
        is_recorded, failure = key in self._made, self._failed.get(key)
        gone = failure if failure and _is_gone(self._library, key) else None
        if failure and not gone:
            state = State.MISSING if failure.is_held else State.FAILED
            return FoundCell(state, failure=failure, is_recorded=is_recorded)
        manifest = self.reader.manifest(self.stage.name, key) if is_recorded else None
        state = State.MISSING
        if manifest:
            state = State.NOT_APPLICABLE if manifest.not_applicable else State.DONE
        return FoundCell(state, manifest, gone=gone, is_recorded=is_recorded)


def library_status(
    instance: dg.DagsterInstance, library: Library, pipeline: Sequence[Stage], keys: Sequence[str]
) -> LibraryStatus:
    """The state of the files of `keys` in every stage.

    Costs a few queries for each stage and a look-up in its store for each file that has the artifact.
    """
    found: dict[tuple[str, str], Failed] = {}
    gone: dict[tuple[str, str], Failed] = {}
    grid: dict[str, dict[str, State]] = {key: {} for key in keys}
    for stage in pipeline:
        status = StageStatus(instance, library, stage, grid.keys())
        for key in keys:
            cell = status.look(key)
            grid[key][stage.name] = cell.state
            if cell.failure:
                found[key, stage.name] = cell.failure
            if cell.gone:
                gone[key, stage.name] = cell.gone
    return LibraryStatus(tuple(stage.name for stage in pipeline), grid, found, gone)


def _is_gone(library: Library, key: str) -> bool:
    """Whether a file is no longer in its source, by the word of that."""
    try:
        library.entry(key)
    except SourceChanged:
        return True
    except MediaAssetsError:
        return False  # it belongs to no source, and that is what it failed for; or the source cannot be asked now
    return False
