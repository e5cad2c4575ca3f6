"""Running totals of what happened, kept by cursors on Dagster's event log and on its runs.

What is read once is never read again, and a page at a time is in memory. The totals begin with the event log, not with
this process: they are the same after a restart, as Prometheus wants its counters.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import Counter, OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg

from media_assets.artifacts.values import source_bytes_of
from media_assets.dagster_seams.runs import FINISHED_STATUSES
from media_assets.operation.metrics.cells import FileCells, cause_of
from media_assets.pipeline.latest_records import made_ids, newest_id
from media_assets.pipeline.marks import CACHE_TAGS
from media_assets.pipeline.partitions import media_files
from media_assets.pipeline.records import Event, Failed, Gone, Made, Withdrawn, read_asset

DURATION_BUCKETS_SECONDS = (0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200)

_RUNS_PAGE = 1000
_KEYS_PAGE = 10_000
# Runs that changed so shortly before the newest are looked at again: the times are those of several machines.
_RUNS_OVERLAP = timedelta(minutes=5)
_RUNS_REMEMBERED = 20_000


@dataclass
class StageTotals:
    """What happened to one asset since its first event."""

    made: int = 0
    """Artifacts that were made, each once, whatever was recorded of it later."""
    reused: int = 0
    """Times an artifact was found or copied instead of made."""
    seconds: float = 0.0
    durations: list[int] = field(default_factory=lambda: [0] * (len(DURATION_BUCKETS_SECONDS) + 1))
    """How many took at most each of DURATION_BUCKETS_SECONDS and more than the one before; the last: longer."""
    artifact_bytes: int = 0
    source_bytes: int = 0
    media_seconds: float = 0.0
    cost_usd: Counter[str] = field(default_factory=Counter)
    """What was paid to each engine."""
    failures: Counter[str] = field(default_factory=Counter)
    """Attempts that failed, by class of the error."""
    materialized_to: int = 0
    """Storage id of the last materialization that is in here."""
    observed_to: int = 0


@dataclass
class RunTotals:
    """Totals over all runs that ended."""

    ended: Counter[str] = field(default_factory=Counter)
    """How many ended with which status."""
    cache: Counter[str] = field(default_factory=Counter)
    """Counts of the cache, by the names of CACHE_TAGS."""
    changed_to: float = 0.0
    """Time of change, in seconds since 1970, of the last run that is in here."""
    counted: OrderedDict[str, None] = field(default_factory=OrderedDict)
    """The last runs that are in here."""


class History:
    """The running totals of an instance.

    Args:
        settled_seconds: Events younger than this are left for later; see `records.SETTLE_SECONDS`.
    """

    def __init__(self, instance: dg.DagsterInstance, assets: Sequence[str], *, settled_seconds: float) -> None:
        self._instance = instance
        self._settled_seconds = settled_seconds
        self._assets = assets
        self._begin()

    def _begin(self) -> None:
        self.files = FileCells(self._assets)
        self.stages = {asset: StageTotals() for asset in self._assets}
        self.runs = RunTotals()
        self.keys_cursor: str | None = None
        self._all_to: int | None = None
        """Id of the newest event when all were taken in the last time; None when some were left for later."""
        self._left = False

    def read(self) -> Iterator[int]:
        """Take in what is new; yields the number of events in each page, so that the caller can stop or report."""
        newest = newest_id(self._instance)
        if newest < max(max(totals.materialized_to, totals.observed_to) for totals in self.stages.values()):
            self._begin()  # events were wiped, and SQLite gives their ids to others
        yield from self._read_keys()
        if newest == self._all_to:
            return
        self._left = False
        for asset in self.stages:
            yield from self._read_events(asset, dg.DagsterEventType.ASSET_MATERIALIZATION)
            yield from self._read_events(asset, dg.DagsterEventType.ASSET_OBSERVATION)
        yield from self._read_runs()
        self._all_to = None if self._left else newest

    def reconcile(self) -> None:
        """Take in what no event tells: partitions that were deleted, and assets whose events were wiped."""
        self.files.unregister_all()
        self.keys_cursor = None
        for _ in self._read_keys():
            pass
        for asset, cells in self.files.stages.items():
            latest = made_ids(self._instance, asset)
            for position, made in enumerate(cells.made):
                if made and self.files.keys[position] not in latest:
                    cells.made[position] = cells.saved_bytes[position] = 0
                    self.files.settle(asset, position)

    # ------------------------------------------------------------------------------------------ files and their events

    def _read_keys(self) -> Iterator[int]:
        more = True
        while more:
            page = self._instance.get_paginated_dynamic_partitions(
                str(media_files.name), limit=_KEYS_PAGE, ascending=True, cursor=self.keys_cursor
            )
            self.files.register(page.results)
            self.keys_cursor, more = page.cursor, page.has_more
            yield 0

    def _read_events(self, asset: str, kind: dg.DagsterEventType) -> Iterator[int]:
        totals = self.stages[asset]
        materializations = kind is dg.DagsterEventType.ASSET_MATERIALIZATION
        more = True
        while more:
            after = totals.materialized_to if materializations else totals.observed_to
            page = read_asset(self._instance, asset, kind, after, now=time.time(), settle_seconds=self._settled_seconds)
            for event in page.events:
                self._take(asset, event)
            if materializations:
                totals.materialized_to = page.cursor
            else:
                totals.observed_to = page.cursor
            yield page.records
            self._left, more = self._left or page.left, page.more

    def _take(self, asset: str, event: Event) -> None:
        if isinstance(event, Made) and event.key is not None:
            self._take_made(asset, event, self.files.position(event.key))
        elif isinstance(event, Gone):
            self.files.remove_source(self.files.position(event.key), event.id)
        elif isinstance(event, Withdrawn):
            position, cells = self.files.position(event.key), self.files.stages[asset]
            cells.failed[position] = 0
            self.files.settle(asset, position)
        elif isinstance(event, Failed):
            position, cells = self.files.position(event.key), self.files.stages[asset]
            cells.failed[position], cells.causes[position] = event.id, cause_of(event.kind, event.reason)
            self.files.settle(asset, position)
            if not (event.is_held or event.imported):
                self.stages[asset].failures[event.kind] += 1

    def _take_made(self, asset: str, made: Made, position: int) -> None:
        cells, totals = self.files.stages[asset], self.stages[asset]
        cells.made[position] = made.id
        cells.not_applicable[position] = made.not_applicable
        cells.saved_bytes[position] = _saved_bytes(made.metadata)
        self.files.settle(asset, position)
        fingerprint = 0 if made.not_applicable else _number(made.fingerprint)
        made = replace(made, is_first=fingerprint != cells.fingerprint[position])
        cells.fingerprint[position] = fingerprint
        if made.is_new:
            _add_work(totals, made)
        elif not (made.is_work or made.imported or made.not_applicable):
            totals.reused += 1

    # ------------------------------------------------------------------------------------------ runs

    def _read_runs(self) -> Iterator[int]:
        totals = self.runs
        since = datetime.fromtimestamp(totals.changed_to, UTC) - _RUNS_OVERLAP if totals.changed_to else None
        ended = dg.RunsFilter(statuses=FINISHED_STATUSES, updated_after=since)
        changed_to, cursor, more = totals.changed_to, None, True
        while more:
            page = self._instance.get_run_records(ended, limit=_RUNS_PAGE, ascending=True, cursor=cursor)
            for record in page:
                changed_to = max(changed_to, record.update_timestamp.timestamp())
                cursor = record.dagster_run.run_id
                if cursor not in totals.counted:
                    self._take_run(record.dagster_run)
            more = len(page) == _RUNS_PAGE
            yield len(page)
        totals.changed_to = changed_to
        while len(totals.counted) > _RUNS_REMEMBERED:
            totals.counted.popitem(last=False)

    def _take_run(self, run: dg.DagsterRun) -> None:
        self.runs.counted[run.run_id] = None
        self.runs.ended[run.status.value.lower()] += 1
        self.runs.cache.update({name: int(run.tags.get(tag, 0)) for name, tag in CACHE_TAGS.items()})


def _add_work(totals: StageTotals, made: Made) -> None:
    known = made.metadata
    seconds = float(known.get("made_in_seconds", 0.0))
    totals.made += 1
    totals.seconds += seconds
    totals.durations[bisect_left(DURATION_BUCKETS_SECONDS, seconds)] += 1
    totals.artifact_bytes += int(known.get("size_bytes", 0))
    totals.source_bytes += source_bytes_of(known)
    totals.media_seconds += float(known.get("duration_seconds") or 0.0)
    totals.cost_usd[str(known.get("engine", ""))] += made.cost_usd  # type: ignore[assignment]


def _saved_bytes(known: Mapping[str, Any]) -> int:
    """What a smaller version of the source saves; 0 for anything else, and where nothing was gained."""
    size = int(known.get("size_bytes", 0))
    return source_bytes_of(known) - size if "source_bytes" in known and size else 0


def _number(fingerprint: str) -> int:
    """The first 64 bits of a fingerprint, which is what an event tells of it."""
    return int(fingerprint[:16] or "0", 16)
