"""What happened, in order, read once: the new events of Dagster's event log since a number that the reader keeps.

Nothing is looked at twice and nothing is polled file by file: a look costs three queries on an index, and what is new.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import dagster as dg
from dagster import DagsterEventType
from dagster._core.event_api import EventLogCursor

from media_assets.errors import OverBudget
from media_assets.io_managers.base import FAILED, IMPORTED_TAG, KIND, NEXT_STEP

# On PostgreSQL an event gets its number a moment before others can see it. What is so young is left for the next look.
_SETTLE_SECONDS = 2.0
# Of the metadata of a materialization.
_READ = ("reused", "not_applicable", "cost_usd")
_ASSET_EVENTS = (DagsterEventType.ASSET_MATERIALIZATION, DagsterEventType.ASSET_OBSERVATION)


@dataclass(frozen=True)
class Event:
    """What all events have.

    Args:
        id: Grows with each event of the instance.
        at: Seconds since the epoch.
    """

    id: int
    at: float
    run_id: str


@dataclass(frozen=True)
class Made(Event):
    """An artifact is there."""

    asset: str
    key: str | None
    """None for an asset of the whole library."""
    reused: bool
    """It was there before; nothing was made."""
    not_applicable: bool
    cost_usd: float


@dataclass(frozen=True)
class Failed(Event):
    """An artifact of one file could not be made."""

    asset: str
    key: str
    reason: str
    next_step: str
    kind: str
    """Name of the class in `errors`."""

    @property
    def is_held(self) -> bool:
        """It was left alone for what it would cost; nothing is wrong with it."""
        return self.kind == OverBudget.__name__


@dataclass(frozen=True)
class Gone(Event):
    """A source file is no longer there."""

    key: str


@dataclass(frozen=True)
class RunFailed(Event):
    """A run ended badly, for the files in it or for something else."""

    message: str


@dataclass(frozen=True)
class Page:
    """What is new."""

    events: Sequence[Event]
    cursor: int
    """Up to here all has been read."""
    more: bool


class EventFeed:
    """Reads the event log of an instance."""

    def __init__(self, instance: dg.DagsterInstance, *, settle_seconds: float = _SETTLE_SECONDS) -> None:
        self._instance = instance
        self._settle_seconds = settle_seconds

    def latest(self) -> int:
        """The cursor behind everything there is now."""
        newest = [records[0].storage_id for records in self._records(None, 1, ascending=False) if records]
        return max(newest, default=0)

    def after(self, cursor: int, *, limit: int, now: float) -> Page:
        """At most about `limit` events of each kind since `cursor`, in order.

        Args:
            now: Seconds since the epoch.
        """
        found = self._records(cursor, limit, ascending=True)
        # Of a kind with more to come, nothing is known behind the last one that was read.
        ends = [records[-1].storage_id for records in found if len(records) >= limit]
        border = min(ends, default=None)
        merged = sorted((record for records in found for record in records), key=lambda record: record.storage_id)
        events: list[Event] = []
        for record in merged:
            if border is not None and record.storage_id > border:
                break
            if 0 <= now - record.timestamp < self._settle_seconds:
                return Page(events, cursor, more=False)
            cursor = record.storage_id
            event = _event(record)
            if event:
                events.append(event)
        return Page(events, cursor, more=border is not None)

    def _records(self, cursor: int | None, limit: int, *, ascending: bool) -> list[Sequence[dg.EventLogRecord]]:
        storage = self._instance.event_log_storage
        found: list[Sequence[dg.EventLogRecord]] = [
            storage.get_event_records(
                dg.EventRecordsFilter(event_type=kind, after_cursor=cursor), limit=limit, ascending=ascending
            )
            for kind in _ASSET_EVENTS
        ]
        position = EventLogCursor.from_storage_id(cursor).to_string() if cursor is not None else None
        failures = storage.fetch_run_status_changes(
            DagsterEventType.RUN_FAILURE, limit=limit, cursor=position, ascending=ascending
        )
        return [*found, failures.records]


def _event(record: dg.EventLogRecord) -> Event | None:
    entry = record.event_log_entry
    common = (record.storage_id, record.timestamp, entry.run_id)
    made, noted = record.asset_materialization, entry.asset_observation
    happened = made or noted
    if happened and IMPORTED_TAG in (happened.tags or {}):
        return None
    if made:
        metadata = {name: made.metadata[name].value for name in _READ if name in made.metadata}
        cost = metadata.get("cost_usd")
        return Made(
            *common,
            asset=made.asset_key.path[-1],
            key=made.partition,
            reused=bool(metadata.get("reused")),
            not_applicable="not_applicable" in metadata,
            cost_usd=float(cost) if isinstance(cost, int | float) else 0.0,
        )
    if noted and noted.partition:
        text = {name: str(value.value) for name, value in noted.metadata.items()}
        if FAILED in text:
            return Failed(
                *common,
                asset=noted.asset_key.path[-1],
                key=noted.partition,
                reason=text[FAILED],
                next_step=text.get(NEXT_STEP, ""),
                kind=text.get(KIND, ""),
            )
        return Gone(*common, key=noted.partition) if "removed" in text else None
    if entry.dagster_event and entry.dagster_event_type is DagsterEventType.RUN_FAILURE:
        return RunFailed(*common, message=entry.dagster_event.message or "")
    return None
