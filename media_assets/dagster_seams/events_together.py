"""The events of a run, written to the log together.

Dagster 1.13.27: it writes its events one by one unless `DAGSTER_EVENT_BATCH_SIZE` is set, and on SQLite then too: two
commits for each file that a run is to make, and two for each that it has made. On PostgreSQL the first two stay, each
with its ways to the server and back. Both kinds come all at once, so they are written together, and so are the events
of asset checks. A run that is killed before has stored artifacts without an event, as ever, and the next run finds
them. What is set in the environment already stays, and 0 writes them one by one. To be removed when Dagster's storages
have a `store_event_batch` for these kinds of events; the size is to stay.

Dagster's UI takes events of an asset that have the same millisecond for one, so those that were made within one get
times of their own.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from threading import Lock
from typing import Any

import dagster as dg
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.event_log.base import EventLogStorage
from dagster._core.storage.event_log.schema import SqlEventLogStorageTable
from dagster._core.storage.event_log.sql_event_log import SqlEventLogStorage
from dagster._core.storage.event_log.sqlite import sqlite_event_log
from sqlalchemy import Connection

_EVENTS_AT_ONCE = 200
_PLANNED = dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED
_CHECKS = {dg.DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED, dg.DagsterEventType.ASSET_CHECK_EVALUATION}
_ONE_BY_ONE_ON_POSTGRES = {_PLANNED, *_CHECKS}
_TOGETHER = {*_ONE_BY_ONE_ON_POSTGRES, dg.DagsterEventType.ASSET_MATERIALIZATION, dg.DagsterEventType.ASSET_OBSERVATION}
_INSERT_FOR_IDS = SqlEventLogStorageTable.insert().returning(SqlEventLogStorageTable.c.id, sort_by_parameter_order=True)

_SHOWN = {dg.DagsterEventType.ASSET_MATERIALIZATION, dg.DagsterEventType.ASSET_OBSERVATION}
_MILLISECOND = 0.001

_one_by_one = EventLogStorage.store_event_batch


def _store_on_sqlite(self: sqlite_event_log.SqliteEventLogStorage, events: Sequence[EventLogEntry]) -> None:
    """What `store_event` does with each event, in one transaction for the index and one for the run's own log."""
    events = _told_apart(events)
    run_ids = {event.run_id for event in events}
    if len(run_ids) != 1 or not all(event.dagster_event_type in _TOGETHER for event in events):
        _one_by_one(self, events)
        return
    # The index first, which other processes hold at times: where it takes none, the run's own log has none either, and
    # Dagster writes them one by one.
    rows = [self._event_to_row(event) for event in events]
    with self.index_transaction() as connection:
        _store_in_index(self, connection, events, rows)
    with self.run_connection(run_ids.pop()) as connection:
        connection.execute(SqlEventLogStorageTable.insert(), rows)


def _store_on_postgres(self: SqlEventLogStorage, events: Sequence[EventLogEntry]) -> None:
    """What PostgreSQL's storage does with each event of the kinds that it cannot write together, in a transaction.

    It notifies nobody: Dagster has nobody who listens any more.
    """
    events = _told_apart(events)
    kinds = {event.dagster_event_type for event in events}
    if type(self).__module__.startswith("dagster_postgres") and kinds <= _ONE_BY_ONE_ON_POSTGRES:
        with self.index_transaction() as connection:
            _store_in_index(self, connection, events, [self._event_to_row(event) for event in events])
    else:
        _one_by_one(self, events)


class _Clock:
    """The times of the events of the run that is at work, of which no two are the same to the millisecond."""

    def __init__(self) -> None:
        self._run_id = ""
        self._latest = 0.0
        self._lock = Lock()

    def next(self, event: EventLogEntry) -> float:
        with self._lock:
            is_same = event.run_id == self._run_id
            self._run_id = event.run_id
            self._latest = max(event.timestamp, self._latest + _MILLISECOND) if is_same else event.timestamp
            return self._latest


_clock = _Clock()


def _told_apart(events: Sequence[EventLogEntry]) -> list[EventLogEntry]:
    return [
        event._replace(timestamp=_clock.next(event)) if event.dagster_event_type in _SHOWN else event
        for event in events
    ]


def _store_in_index(
    storage: SqlEventLogStorage, connection: Connection, events: Sequence[EventLogEntry], rows: Sequence[dict[str, Any]]
) -> None:
    """Enter events, their tags, and what is kept of their assets beside them: of each only what came last.

    Args:
        rows: The events as rows of the table.
    """
    numbers = list(connection.scalars(_INSERT_FOR_IDS, rows))
    checks = _ChecksWithin(storage, connection)
    for event, number in zip(events, numbers, strict=True):
        if event.dagster_event_type in _CHECKS:
            checks.store(event, number)
    storage._store_asset_event_tags(connection, events, numbers)
    last = {
        (event.get_dagster_event().asset_key, event.dagster_event_type): (event, number)
        for event, number in zip(events, numbers, strict=True)
        if event.dagster_event_type not in _CHECKS
    }
    for event, number in last.values():
        storage._store_asset_event(connection, event, number)


class _ChecksWithin:
    """A storage for what it does with an event of an asset check, within a transaction that is open already."""

    def __init__(self, storage: SqlEventLogStorage, connection: Connection) -> None:
        self._storage = storage
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._storage, name)

    def index_connection(self) -> AbstractContextManager[Connection]:
        return nullcontext(self._connection)

    def store(self, event: EventLogEntry, number: int) -> None:
        # Called by the class: the storage's own methods would open a connection beside ours, and wait for it forever.
        if event.dagster_event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            SqlEventLogStorage._update_asset_check_evaluation(self, event, number)  # type: ignore[arg-type]
        else:
            SqlEventLogStorage._store_asset_check_evaluation_planned(self, event, number)  # type: ignore[arg-type]


def apply() -> None:
    """Mend it, for this process and those that it starts; a second call changes nothing."""
    os.environ.setdefault("DAGSTER_EVENT_BATCH_SIZE", str(_EVENTS_AT_ONCE))
    sqlite_event_log.SqliteEventLogStorage.store_event_batch = _store_on_sqlite  # type: ignore[method-assign,assignment]
    SqlEventLogStorage.store_event_batch = _store_on_postgres  # type: ignore[method-assign,assignment]
