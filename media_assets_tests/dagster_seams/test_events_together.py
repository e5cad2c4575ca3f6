"""Events of a run are written together, and leave what they leave one by one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import sqlalchemy
from dagster._core.storage.event_log.schema import AssetKeyTable
from dagster._core.storage.event_log.sql_event_log import SqlEventLogStorage
from dagster._core.storage.event_log.sqlite import sqlite_event_log
from dagster._core.storage.tags import ASSET_PARTITION_RANGE_END_TAG, ASSET_PARTITION_RANGE_START_TAG

from media_assets.dagster_seams import fixes as dagster_fixes
from media_assets.dagster_seams.check_records import check_records, evaluations
from media_assets.dagster_seams.steps import record_checks
from media_assets_tests import postgres
from media_assets_tests.postgres import Databases
from media_assets_tests.sql import commits, statements
from media_assets_tests.toy_library import QUIET

_PARTS = dg.StaticPartitionsDefinition(["a", "b", "c"])


@dg.asset(partitions_def=_PARTS, backfill_policy=dg.BackfillPolicy.single_run())
def of_parts(context) -> None:  # Dagster reads no annotation that is a string
    for key in context.partition_keys:
        context.add_asset_metadata({"name": key}, partition_key=key)


class CheckingIOManager(dg.IOManager):
    """Says of each partition but one that it passes."""

    def load_input(self, context: dg.InputContext) -> None:
        raise NotImplementedError

    def handle_output(self, context: dg.OutputContext, obj: object) -> Any:
        found = [
            dg.AssetCheckEvaluation(
                context.asset_key, "fine", passed=key != "b", description=f"of {key}", partition=key, metadata={"n": 1}
            )
            for key in context.asset_partition_keys
        ]
        yield from record_checks(context.step_context, found)


@dg.asset(
    partitions_def=_PARTS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    check_specs=[dg.AssetCheckSpec("fine", asset="checked_parts", partitions_def=_PARTS)],
    io_manager_def=CheckingIOManager(),
)
def checked_parts():
    yield dg.Output(None)
    yield dg.Output(None, output_name="checked_parts_fine")


_COLUMNS = "id, asset_key, check_name, partition, execution_status, evaluation_event_storage_id"


@pytest.mark.thorough
def test_results_of_checks_are_written_together_and_leave_what_they_leave_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dagster_fixes.apply()
    job = dg.Definitions([checked_parts], executor=dg.in_process_executor).resolve_implicit_global_asset_job_def()
    tags = {ASSET_PARTITION_RANGE_START_TAG: "a", ASSET_PARTITION_RANGE_END_TAG: "c"}
    left, committed = {}, {}
    for size in ("0", "200"):
        monkeypatch.setenv("DAGSTER_EVENT_BATCH_SIZE", size)
        (tmp_path / size).mkdir()
        with dg.instance_for_test(temp_dir=str(tmp_path / size)) as instance:
            instance.get_dynamic_partitions("none")  # makes the databases
            with commits() as seen:
                job.execute_in_process(instance=instance, asset_selection=[checked_parts.key], tags=tags)
            committed[size] = len(seen)
            storage = instance.event_log_storage
            assert isinstance(storage, sqlite_event_log.SqliteEventLogStorage)
            with storage.index_connection() as connection:
                left[size] = connection.exec_driver_sql(
                    f"SELECT {_COLUMNS} FROM asset_check_executions ORDER BY id"
                ).all()
            found = check_records(instance, "checked_parts")
            assert {(one.partition, one.passed) for one in found} == {("a", True), ("b", False), ("c", True)}
            (red,) = evaluations(instance, [one.id for one in found if not one.passed])
            assert (red.partition, red.description) == ("b", "of b")
    assert left["0"] == left["200"]
    assert committed["200"] < committed["0"]


def _events_of_a_run(folder: Path) -> tuple[list[tuple[Any, Any]], list[Any], list[str | None], int]:
    """What a run over three partitions leaves: its own events, those in the index, the latest, and commits."""
    job = dg.Definitions([of_parts], executor=dg.in_process_executor).resolve_implicit_global_asset_job_def()
    with dg.instance_for_test(temp_dir=str(folder)) as instance:
        instance.get_dynamic_partitions("none")  # makes the databases
        with commits() as seen:
            tags = {ASSET_PARTITION_RANGE_START_TAG: "a", ASSET_PARTITION_RANGE_END_TAG: "c"}
            run = job.execute_in_process(instance=instance, asset_selection=[of_parts.key], tags=tags)
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
        return own, [*index, *tagged], [latest.dagster_event.partition], len(seen)


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
    own, _, latest, committed = left["200"]
    made = [partition for kind, partition in own if kind is dg.DagsterEventType.ASSET_MATERIALIZATION]
    assert sorted(made) == ["a", "b", "c"] and made[-1:] == latest, "in the order of Dagster"
    assert committed <= left["0"][3] - 8, "four for three files instead of twelve"


_MANY = dg.StaticPartitionsDefinition([f"{number:03}" for number in range(450)])


@dg.asset(partitions_def=_MANY, backfill_policy=dg.BackfillPolicy.single_run())
def of_many_parts(context) -> None:
    pass


@pytest.mark.thorough
def test_events_of_an_asset_have_times_of_their_own() -> None:
    """Dagster's UI shows those of one millisecond as one event."""
    dagster_fixes.apply()
    job = dg.Definitions([of_many_parts], executor=dg.in_process_executor).resolve_implicit_global_asset_job_def()
    tags = {ASSET_PARTITION_RANGE_START_TAG: "000", ASSET_PARTITION_RANGE_END_TAG: "449"}
    with dg.instance_for_test() as instance:
        job.execute_in_process(instance=instance, asset_selection=[of_many_parts.key], tags=tags)
        records = instance.fetch_materializations(of_many_parts.key, limit=1000).records
    shown = [round(record.timestamp * 1000) for record in reversed(records)]
    assert len(shown) == len(set(shown)) == 450
    assert shown == sorted(shown)


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


@pytest.mark.thorough
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


@pytest.mark.thorough
def test_events_on_postgres_that_come_together_are_written_together_too(
    tmp_path: Path, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    dagster_fixes.apply()
    job = dg.Definitions([of_parts], executor=dg.in_process_executor).resolve_implicit_global_asset_job_def()
    left, inserts = {}, {}
    for size in ("0", "200"):
        monkeypatch.setenv("DAGSTER_EVENT_BATCH_SIZE", size)
        overrides = QUIET | postgres.storage(databases.with_tables())
        (tmp_path / size).mkdir()
        with dg.DagsterInstance.local_temp(str(tmp_path / size), overrides=overrides) as instance, statements() as seen:
            tags = {ASSET_PARTITION_RANGE_START_TAG: "a", ASSET_PARTITION_RANGE_END_TAG: "c"}
            run = job.execute_in_process(instance=instance, asset_selection=[of_parts.key], tags=tags)
            storage = instance.event_log_storage
            assert isinstance(storage, SqlEventLogStorage)
            with storage.index_connection() as connection:
                (asset,) = connection.execute(sqlalchemy.select(AssetKeyTable)).mappings()
            left[size] = [
                (entry.dagster_event_type, entry.dagster_event and entry.dagster_event.partition)
                for entry in instance.all_logs(run.run_id)
            ]
            assert asset["last_run_id"] == run.run_id and asset["last_materialization_timestamp"]
        inserts[size] = [statement for statement in seen if statement.startswith("INSERT INTO event_logs")]
    assert left["0"] == left["200"]
    assert len(inserts["200"]) == len(inserts["0"]) - 4, "one of planned and one of made instead of three"
