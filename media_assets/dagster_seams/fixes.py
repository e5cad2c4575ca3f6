"""Faults of Dagster that we run into, mended in this room and nowhere else. Each says when it can go.

What a run over a range of files reads is mended by `keys_in_range`, how it writes its events by `events_together`.

Dagster 1.13.27: a run whose step waits for a slot of a pool is to look again after an interval, and takes the least of
the intervals and 0. So it looks again and again without a pause, on a whole core, for as long as it waits
(`InstanceConcurrencyContext.interval_to_next_pending_claim_check`). To be removed when that method answers with the
least of the intervals.

The same: a sensor waits until its interval has passed since its last tick. Was the clock ahead at that tick, it waits
until that date, and says nothing. A tick in the future tells nothing of when to look, so the sensor looks at once
(`get_elapsed`). What the daemon needs of this comes to it with `Scheduler`, which dagster.yaml names; what schedules
keep is set right by `future_ticks`. To be removed when `is_under_min_interval` counts from no tick of the future.

The same: whoever opens or makes a SQLite database reads a hundred migration scripts, once for each of the three that an
instance has and thrice for the one of each run; 0.1 s a run. The scripts do not change while a process runs, so they
are read once. To be removed when Dagster makes the database of a run without them.

The same: each access to a SQLite database makes an engine, and with it a cache of compiled statements that ends with
it. So each statement is compiled each time, which costs more than SQLite takes to do it. The engines keep no
connection (`NullPool`), so the last ones are used again. To be removed when Dagster keeps them itself.

The same: its log of events on SQLite looks whether a table is there before each look at the keys of partitions, over a
connection of its own. Tables are never taken away, so one that was seen is there. To be removed when Dagster looks
once.

The same: of its SQLite storages some wait 5 s for a lock that another process holds, some 30 s. They all wait for a
minute: backups and checks hold a lock for so long. To be removed when that can be set.

The same: its PostgreSQL storages wait for ever for a server that takes a connection and then says nothing, as one with
a full disk may. libpq, which they connect with, reads the longest wait from the environment; what is set there already
stays. To be removed when they set one.

The same: where its daemon finds no note of how far it has read the log of events, it begins at the end, as it should in
a new instance, and warns of that. So the end is noted before the daemon starts (`note_end_of_log`). To be removed when
it says nothing.

The same: a daemon that is stopped at its first look at the sensors has closed its workspace already, and tells with two
tracebacks that the code location is not in it. A location that is not there has no sensors to look at, so that tells of
nothing else, and is not logged. To be removed when the daemon waits for its threads before.
"""

from __future__ import annotations

import logging
import os
import time
from functools import lru_cache
from typing import Any

import dagster as dg
from alembic.config import Config
from alembic.script import ScriptDirectory
from dagster._core.errors import DagsterCodeLocationNotFoundError
from dagster._core.execution.plan.instance_concurrency_context import InstanceConcurrencyContext
from dagster._core.scheduler import DagsterDaemonScheduler
from dagster._core.scheduler.instigation import InstigatorState
from dagster._core.storage.event_log.sqlite import sqlite_event_log
from dagster._core.storage.runs.sqlite import sqlite_run_storage
from dagster._core.storage.schedules.sqlite import sqlite_schedule_storage
from dagster._daemon import sensor as sensor_daemon
from dagster._daemon.auto_run_reexecution import event_log_consumer
from sqlalchemy import Engine, NullPool, create_engine

from media_assets.dagster_seams import events_together, keys_in_range

_LOCKED_SECONDS = 60.0
_CONNECT_SECONDS = 10
"""How long one attempt to connect may take; Dagster makes six."""

# A slot that came free meanwhile is noticed within so many seconds.
_MAX_WAIT_SECONDS = 2.0


def _interval_to_next_pending_claim_check(self: InstanceConcurrencyContext) -> float:
    if not self._pending_claims:
        return 0.0
    now = time.time()
    waits = [ready_at - now for ready_at in self._pending_timeouts.values()]
    return min(_MAX_WAIT_SECONDS, max(0.0, min(waits, default=0.0)))


_get_elapsed = sensor_daemon.get_elapsed


def _elapsed(state: InstigatorState) -> float | None:
    """Seconds since the last tick of a sensor; None where that is in the future, as for one that never looked."""
    elapsed = _get_elapsed(state)
    return None if elapsed is not None and elapsed < 0 else elapsed


_read_scripts = ScriptDirectory.from_config
_scripts: dict[str | None, ScriptDirectory] = {}


def _scripts_of(config: Config) -> ScriptDirectory:
    """The scripts of one of Dagster's configurations, which differ in nothing but where the scripts are."""
    location = config.get_main_option("script_location")
    if location not in _scripts:
        _scripts[location] = _read_scripts(config)
    return _scripts[location]


# The databases of an instance and of the runs that go on; an engine with its statements takes some hundred kB.
@lru_cache(maxsize=32)
def _engine(url: str, connect_args: tuple[tuple[str, Any], ...]) -> Engine:
    return create_engine(url, poolclass=NullPool, connect_args=dict(connect_args))


def _engine_of(url: str, *, poolclass: type[NullPool], connect_args: dict[str, Any] | None = None) -> Engine:
    """What `create_engine` makes, as Dagster's SQLite storages call it."""
    assert poolclass is NullPool, "an engine that keeps connections is not to be shared"
    return _engine(url, tuple(sorted({**(connect_args or {}), "timeout": _LOCKED_SECONDS}.items())))


_has_table = sqlite_event_log.SqliteEventLogStorage.has_table


def _has_or_had_table(self: sqlite_event_log.SqliteEventLogStorage, table_name: str) -> bool:
    seen: set[str] = vars(self).setdefault("_seen_tables", set())
    if table_name not in seen and _has_table(self, table_name):
        seen.add(table_name)
    return table_name in seen


def _is_more_than_a_stop(record: logging.LogRecord) -> bool:
    return not (record.exc_info and isinstance(record.exc_info[1], DagsterCodeLocationNotFoundError))


def apply() -> None:
    """Mend them, for this process and those that it starts; a second call changes nothing."""
    os.environ.setdefault("PGCONNECT_TIMEOUT", str(_CONNECT_SECONDS))
    for storage in (sqlite_event_log, sqlite_run_storage, sqlite_schedule_storage):
        storage.create_engine = _engine_of  # type: ignore[attr-defined]
    ScriptDirectory.from_config = staticmethod(_scripts_of)  # type: ignore[method-assign]
    InstanceConcurrencyContext.interval_to_next_pending_claim_check = (  # type: ignore[method-assign]
        _interval_to_next_pending_claim_check
    )
    sensor_daemon.get_elapsed = _elapsed
    for daemon in ("AssetDaemon", "SchedulerDaemon", "SensorDaemon"):
        logging.getLogger(f"dagster.daemon.{daemon}").addFilter(_is_more_than_a_stop)
    sqlite_event_log.SqliteEventLogStorage.has_table = _has_or_had_table  # type: ignore[method-assign]
    events_together.apply()
    keys_in_range.apply()


def note_end_of_log(instance: dg.DagsterInstance) -> None:
    """Let the daemon go on from here where it has read nothing yet."""
    names = {event_log_consumer._create_cursor_key(kind) for kind in event_log_consumer.DAGSTER_EVENT_TYPES}
    missing = names - set(instance.daemon_cursor_storage.get_cursor_values(names))
    if missing:
        end = str(instance.event_log_storage.get_maximum_record_id() or 0)
        instance.daemon_cursor_storage.set_cursor_values(dict.fromkeys(missing, end))


class Scheduler(DagsterDaemonScheduler):
    """Dagster's own. The daemon imports nothing else of this project, and so learns of the faults by it."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        apply()
