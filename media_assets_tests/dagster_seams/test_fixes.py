"""Each fault of Dagster that is mended, seen on a real instance."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import dagster as dg
import pytest
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from dagster._core.errors import DagsterCodeLocationNotFoundError
from dagster._core.execution.plan.instance_concurrency_context import InstanceConcurrencyContext
from dagster._core.storage.event_log.sqlite import sqlite_event_log
from dagster._core.storage.runs.sqlite.sqlite_run_storage import SqliteRunStorage
from dagster._core.storage.sql import get_alembic_config
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
