"""Each fault of Dagster that is mended, seen on a real instance."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import sqlalchemy
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from dagster._core.errors import DagsterCodeLocationNotFoundError
from dagster._core.execution.plan.instance_concurrency_context import InstanceConcurrencyContext
from dagster._core.storage.event_log.sqlite import sqlite_event_log
from dagster._core.storage.runs.sqlite.sqlite_run_storage import SqliteRunStorage
from dagster._core.storage.sql import get_alembic_config
from dagster._core.storage.tags import ASSET_PARTITION_RANGE_END_TAG, ASSET_PARTITION_RANGE_START_TAG
from dagster._daemon.auto_run_reexecution.event_log_consumer import DAGSTER_EVENT_TYPES, _fetch_persisted_cursors
from dagster._daemon.daemon import SensorDaemon
from dagster._daemon.utils import DaemonErrorCapture
from sqlalchemy import NullPool

from media_assets.dagster_seams import fixes as dagster_fixes


@pytest.mark.thorough
def test_a_run_that_waits_for_a_pool_pauses_before_it_looks_again(tmp_path: Path) -> None:
    dagster_fixes.apply()
    with dg.instance_for_test(temp_dir=str(tmp_path)) as instance:
        instance.event_log_storage.set_concurrency_slots("transcriber", 1)
        runs = [dg.DagsterRun("__ASSET_JOB", run_id=run_id) for run_id in ("11111111", "22222222")]
        for run in runs:
            instance.add_run(run)
        with (
            InstanceConcurrencyContext(instance, runs[0]) as first,
            InstanceConcurrencyContext(instance, runs[1]) as second,
        ):
            assert first.claim("transcriber", "transcript")
            assert first.interval_to_next_pending_claim_check() == 0
            assert not second.claim("transcriber", "transcript")
            assert 0 < second.interval_to_next_pending_claim_check() <= 2


def test_databases_are_made_as_before_with_migration_scripts_that_are_read_once(tmp_path: Path) -> None:
    dagster_fixes.apply()
    config = get_alembic_config(sqlite_event_log.__file__)
    scripts = ScriptDirectory.from_config(config)
    assert ScriptDirectory.from_config(get_alembic_config(sqlite_event_log.__file__)) is scripts
    storage = sqlite_event_log.SqliteEventLogStorage(str(tmp_path))
    with storage.run_connection("11111111-1111-4111-8111-111111111111") as connection:
        made = MigrationContext.configure(connection).get_current_revision()
    assert made == scripts.get_current_head()
    assert Path(scripts.dir).is_dir()


def test_databases_are_reached_by_engines_that_remember_their_statements_and_keep_no_connection(tmp_path: Path) -> None:
    dagster_fixes.apply()
    events = sqlite_event_log.SqliteEventLogStorage(str(tmp_path))
    runs = SqliteRunStorage.from_local(str(tmp_path))
    for connect in (events.index_connection, runs.connect):
        with connect() as first:
            assert isinstance(first.engine.pool, NullPool)
        with connect() as second:
            assert first.engine is second.engine
    events.add_dynamic_partitions("files", ["a"])
    with events.index_connection() as connection:
        statements = connection.engine._compiled_cache
    assert statements is not None
    assert events.get_dynamic_partitions("files") == ["a"]
    known = len(statements)
    assert events.get_dynamic_partitions("files") == ["a"]
    assert len(statements) == known > 0


def test_a_table_that_was_seen_is_not_looked_for_again_and_one_that_is_missing_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dagster_fixes.apply()
    events = sqlite_event_log.SqliteEventLogStorage(str(tmp_path))
    assert not events.has_table("later")
    assert events.has_table("dynamic_partitions")
    with events.index_connection() as connection:
        connection.exec_driver_sql("CREATE TABLE later (id INTEGER)")
    assert events.has_table("later")
    monkeypatch.setattr(sqlite_event_log, "create_engine", None)
    assert events.has_table("later") and events.has_table("dynamic_partitions")


_PARTS = dg.StaticPartitionsDefinition(["a", "b", "c"])


@dg.asset(partitions_def=_PARTS, backfill_policy=dg.BackfillPolicy.single_run())
def of_parts(context) -> None:  # Dagster reads no annotation that is a string
    for key in context.partition_keys:
        context.add_asset_metadata({"name": key}, partition_key=key)


def _events_of_a_run(folder: Path) -> tuple[list[tuple[Any, Any]], list[Any], list[str | None], int]:
    """What a run over three partitions leaves: its own events, those in the index, the latest, and commits."""
    job = dg.Definitions([of_parts], executor=dg.in_process_executor).resolve_implicit_global_asset_job_def()
    commits = 0

    def count(connection: object) -> None:
        nonlocal commits
        commits += 1

    with dg.instance_for_test(temp_dir=str(folder)) as instance:
        instance.get_dynamic_partitions("none")  # makes the databases
        sqlalchemy.event.listen(sqlalchemy.Engine, "commit", count)
        try:
            tags = {ASSET_PARTITION_RANGE_START_TAG: "a", ASSET_PARTITION_RANGE_END_TAG: "c"}
            run = job.execute_in_process(instance=instance, asset_selection=[of_parts.key], tags=tags)
        finally:
            sqlalchemy.event.remove(sqlalchemy.Engine, "commit", count)
        own = [
            (entry.dagster_event_type, entry.dagster_event and entry.dagster_event.partition)
            for entry in instance.all_logs(run.run_id)
        ]
        storage = instance.event_log_storage
        assert isinstance(storage, sqlite_event_log.SqliteEventLogStorage)
        with storage.index_connection() as connection:
            index = connection.exec_driver_sql(
                "SELECT id, dagster_event_type, partition, asset_key FROM event_logs ORDER BY id"
            ).all()
            tagged = connection.exec_driver_sql("SELECT event_id, key FROM asset_event_tags ORDER BY 1, 2").all()
        latest = instance.get_latest_materialization_event(of_parts.key)
        assert latest and latest.dagster_event and latest.run_id == run.run_id
        return own, [*index, *tagged], [latest.dagster_event.partition], commits


@pytest.mark.thorough
def test_events_that_come_together_are_written_together_and_leave_what_they_leave_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dagster_fixes.apply()
    left = {}
    for size in ("0", "2", "200"):
        monkeypatch.setenv("DAGSTER_EVENT_BATCH_SIZE", size)
        (tmp_path / size).mkdir()
        left[size] = _events_of_a_run(tmp_path / size)
    assert left["0"][:3] == left["2"][:3] == left["200"][:3]
    own, _, latest, commits = left["200"]
    made = [partition for kind, partition in own if kind is dg.DagsterEventType.ASSET_MATERIALIZATION]
    assert sorted(made) == ["a", "b", "c"] and made[-1:] == latest, "in the order of Dagster"
    assert commits <= left["0"][3] - 8, "four for three files instead of twelve"


@dg.asset(partitions_def=_PARTS, backfill_policy=dg.BackfillPolicy.single_run())
def refused_once(context) -> None:
    """While its events are written, the index takes nothing for a moment."""
    storage = context.instance.event_log_storage
    with storage.index_connection() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER full BEFORE INSERT ON event_logs WHEN NEW.partition = 'b' AND "
            "(SELECT count(*) FROM event_logs WHERE dagster_event_type = 'ASSET_MATERIALIZATION') = 1 "
            "BEGIN SELECT RAISE(ABORT, 'disk full'); END"
        )


def test_an_index_that_takes_no_events_leaves_none_twice_in_the_log_of_the_run(tmp_path: Path) -> None:
    dagster_fixes.apply()
    job = dg.Definitions([refused_once], executor=dg.in_process_executor).resolve_implicit_global_asset_job_def()
    with dg.instance_for_test(temp_dir=str(tmp_path)) as instance:
        tags = {ASSET_PARTITION_RANGE_START_TAG: "a", ASSET_PARTITION_RANGE_END_TAG: "c"}
        run = job.execute_in_process(
            instance=instance, asset_selection=[refused_once.key], tags=tags, raise_on_error=False
        )
        made = [
            entry.dagster_event.partition
            for entry in instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)
            if entry.dagster_event
        ]
    assert len(made) == len(set(made)) and made


def test_events_are_written_together_unless_the_environment_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DAGSTER_EVENT_BATCH_SIZE", raising=False)
    dagster_fixes.apply()
    assert int(os.environ["DAGSTER_EVENT_BATCH_SIZE"]) > 1
    monkeypatch.setenv("DAGSTER_EVENT_BATCH_SIZE", "0")
    dagster_fixes.apply()
    assert os.environ["DAGSTER_EVENT_BATCH_SIZE"] == "0"


def test_the_daemon_of_a_new_instance_begins_at_the_end_of_the_log_and_warns_of_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with dg.instance_for_test(temp_dir=str(tmp_path)) as instance:

        @dg.asset
        def made() -> int:
            return 1

        assert dg.materialize([made], instance=instance).success
        dagster_fixes.note_end_of_log(instance)
        end = instance.event_log_storage.get_maximum_record_id()
        found = _fetch_persisted_cursors(instance, DAGSTER_EVENT_TYPES, logging.getLogger("daemon"))
        assert found == dict.fromkeys(DAGSTER_EVENT_TYPES, end), "and what is older is not retried"
        assert "No cursor" not in caplog.text
        assert dg.materialize([made], instance=instance).success
        dagster_fixes.note_end_of_log(instance)
        assert _fetch_persisted_cursors(instance, DAGSTER_EVENT_TYPES, logging.getLogger("daemon")) == found


@pytest.mark.parametrize(
    ("error", "is_told"), [(DagsterCodeLocationNotFoundError("gone"), False), (OSError("odd"), True)]
)
def test_a_workspace_that_is_closed_already_is_no_error_of_a_sensor(
    error: Exception, is_told: bool, caplog: pytest.LogCaptureFixture
) -> None:
    dagster_fixes.apply()
    logger = SensorDaemon(settings={})._logger
    logger.addHandler(caplog.handler)
    try:
        raise error
    except type(error):
        DaemonErrorCapture.process_exception(sys.exc_info(), logger, "Sensor tick caught an error")
    finally:
        logger.removeHandler(caplog.handler)
    assert bool(caplog.records) == is_told
