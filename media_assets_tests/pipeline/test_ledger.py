"""What was spent, in the database of the Dagster instance."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest
from dagster import DagsterInstance, DagsterRun

from media_assets.pipeline.ledger import InstanceLedger, spent_usd

TODAY, YESTERDAY = date(2026, 3, 31), date(2026, 3, 30)


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[DagsterInstance]:
    with DagsterInstance.local_temp(str(tmp_path)) as made:
        yield made


def ledger(instance: DagsterInstance) -> InstanceLedger:
    """Of a new run."""
    run = instance.add_run(DagsterRun(job_name="stage"))
    return InstanceLedger(instance, run.run_id)


def test_every_run_sees_what_all_runs_spent_on_the_same_day(instance: DagsterInstance) -> None:
    first, second = ledger(instance), ledger(instance)
    first.add(YESTERDAY, 8.0)
    first.add(TODAY, 2.0)
    second.add(TODAY, 0.5)
    first.add(TODAY, -1.0)
    assert first.spent_usd(TODAY) == second.spent_usd(TODAY) == spent_usd(instance, TODAY) == 1.5


def test_it_outlives_the_process_and_a_second_stage_of_the_run_goes_on_counting(
    instance: DagsterInstance, tmp_path: Path
) -> None:
    run = instance.add_run(DagsterRun(job_name="stage"))
    InstanceLedger(instance, run.run_id).add(TODAY, 1.0)
    InstanceLedger(instance, run.run_id).add(TODAY, 1.0)
    with DagsterInstance.local_temp(str(tmp_path)) as reopened:
        assert spent_usd(reopened, TODAY) == 2.0


@pytest.mark.thorough
def test_nothing_is_lost_when_threads_and_runs_write_at_once(instance: DagsterInstance) -> None:
    ledgers = [ledger(instance) for _ in range(3)]
    with ThreadPoolExecutor(6) as pool:
        for done in [pool.submit(ledgers[index % 3].add, TODAY, 0.25) for index in range(30)]:
            done.result()
    assert spent_usd(instance, TODAY) == 7.5
