"""The library as a grid (file × artifact), read from Dagster's event log; there is no other table of states."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import dagster as dg
from dagster._core.storage.event_log.base import EventLogStorage

from media_assets.errors import MediaAssetsError, OverBudget, SourceChanged
from media_assets.file_asset import FileAsset
from media_assets.io_managers.base import ATTEMPT, FAILED, KIND, NEXT_STEP, WITHDRAWN
from media_assets.library import Library

_PAGE = 500


class State(StrEnum):
    """Of one cell of the grid."""

    DONE = "done"
    NOT_APPLICABLE = "not_applicable"
    FAILED = "failed"
    MISSING = "missing"


@dataclass(frozen=True)
class Failure:
    """Why the last attempt at a cell failed, or why it was left alone: over budget, a file is no failure."""

    key: str
    asset: str
    reason: str
    next_step: str
    kind: str
    """Name of the class in `errors`."""
    attempt: str
    """Fingerprint of what was tried; empty when it did not get so far."""

    @property
    def sentence(self) -> str:
        """The reason, and what to do about it."""
        return f"{self.reason}. {self.next_step}" if self.next_step else self.reason


@dataclass(frozen=True)
class LibraryStatus:
    """The state of every cell, by key and then by asset, and the failures."""

    assets: tuple[str, ...]
    grid: Mapping[str, Mapping[str, State]]
    failures: Mapping[tuple[str, str], Failure]
    """By (key, asset)."""

    def counts(self) -> dict[str, dict[str, int]]:
        """How many files are in each state, by asset."""
        counts = {asset: {state.value: 0 for state in State} for asset in self.assets}
        for cells in self.grid.values():
            for asset, state in cells.items():
                counts[asset][state.value] += 1
        return counts

    def to_json(self) -> dict[str, Any]:
        """What `status --json` prints."""
        return {
            "files": len(self.grid),
            "assets": self.counts(),
            "failures": [
                {"file": failure.key, "asset": failure.asset, "reason": failure.sentence}
                for failure in self.failures.values()
            ],
        }


def library_status(
    instance: dg.DagsterInstance, library: Library, pipeline: Sequence[FileAsset[Any]], keys: Sequence[str]
) -> LibraryStatus:
    """The state of the files of `keys` in every stage.

    Costs a few queries for each stage and a look-up in its store for each file that has the artifact.
    """
    failures: dict[tuple[str, str], Failure] = {}
    grid: dict[str, dict[str, State]] = {key: {} for key in keys}
    for stage in pipeline:
        made, failed = _made_and_failed(instance, stage.name, frozenset(keys))
        reader = library.store(stage.name).as_of_now(stage.name)
        for key in keys:
            if key in failed and not _is_gone(library, key):
                held = failed[key].kind == OverBudget.__name__
                grid[key][stage.name] = State.MISSING if held else State.FAILED
                failures[key, stage.name] = failed[key]
            elif key in made and (manifest := reader.manifest(stage.name, key)):
                grid[key][stage.name] = State.NOT_APPLICABLE if manifest.not_applicable else State.DONE
            else:
                grid[key][stage.name] = State.MISSING
    return LibraryStatus(tuple(stage.name for stage in pipeline), grid, failures)


def _is_gone(library: Library, key: str) -> bool:
    """Whether a file is no longer there: what it failed for is nobody's concern any more."""
    try:
        library.entry(key)
    except SourceChanged:
        return True
    except MediaAssetsError:
        return False  # it belongs to no source, and that is what it failed for; or the source cannot be asked now
    return False


def _made_and_failed(
    instance: dg.DagsterInstance, asset: str, keys: frozenset[str]
) -> tuple[frozenset[str], dict[str, Failure]]:
    """Which files have the artifact recorded, and which failed since: `io_managers.base` records failures."""
    made = made_ids(instance, asset)
    failed = latest_failures(instance, asset, made, keys)
    return frozenset(made), {key: _failure(asset, observation) for key, observation in failed.items()}


def made_ids(instance: dg.DagsterInstance, asset: str) -> Mapping[str, int]:
    """The files that have the artifact recorded, each with the storage id of the latest record."""
    storage: EventLogStorage = instance.event_log_storage
    return storage.get_latest_storage_id_by_partition(dg.AssetKey(asset), dg.DagsterEventType.ASSET_MATERIALIZATION)


def latest_failures(
    instance: dg.DagsterInstance, asset: str, made: Mapping[str, int], keys: frozenset[str] | None = None
) -> dict[str, dg.AssetObservation]:
    """By file, the record of its failure, where it failed since it was made last.

    Args:
        made: See `made_ids`.
        keys: The files to look at; None: all.
    """
    storage: EventLogStorage = instance.event_log_storage
    asset_key = dg.AssetKey(asset)
    noted = storage.get_latest_storage_id_by_partition(asset_key, dg.DagsterEventType.ASSET_OBSERVATION)
    suspects = sorted(
        key for key, storage_id in noted.items() if (keys is None or key in keys) and storage_id > made.get(key, -1)
    )
    latest: dict[str, dg.AssetObservation] = {}
    for start in range(0, len(suspects), _PAGE):
        page = suspects[start : start + _PAGE]
        for key, storage_id, observation in _failures(instance, asset_key, page):
            if key not in latest and storage_id > made.get(key, -1):
                latest[key] = observation
    return {key: observation for key, observation in latest.items() if FAILED in observation.metadata}


def _failures(
    instance: dg.DagsterInstance, asset_key: dg.AssetKey, keys: Sequence[str]
) -> list[tuple[str, int, dg.AssetObservation]]:
    """(key, storage id, observation) of the failures, and of those that were taken back, newest first."""
    found: list[tuple[str, int, dg.AssetObservation]] = []
    records_filter = dg.AssetRecordsFilter(asset_key=asset_key, asset_partitions=keys)
    cursor, more = None, True
    while more:
        page = instance.fetch_observations(records_filter, limit=_PAGE, cursor=cursor)
        cursor, more = page.cursor, page.has_more
        for record in page.records:
            observation = record.asset_observation
            if observation and observation.partition and observation.metadata.keys() & {FAILED, WITHDRAWN}:
                found.append((observation.partition, record.storage_id, observation))
    return found


def _failure(asset: str, observation: dg.AssetObservation) -> Failure:
    def text(name: str) -> str:
        value = observation.metadata.get(name)
        return str(value.value) if value else ""

    return Failure(str(observation.partition), asset, text(FAILED), text(NEXT_STEP), text(KIND), text(ATTEMPT))
