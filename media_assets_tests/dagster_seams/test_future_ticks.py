"""The clock was ahead once and is right again: whatever counts from the last time goes on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import dagster as dg
import pytest
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteInstigatorOrigin, RemoteRepositoryOrigin
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    InstigatorType,
    ScheduleInstigatorData,
    SensorInstigatorData,
    TickData,
    TickStatus,
)
from dagster._daemon.sensor import is_under_min_interval

from media_assets.automation.age_sensor import _Round
from media_assets.dagster_seams import fixes as dagster_fixes
from media_assets.dagster_seams.future_ticks import bring_back, latest_tick, why_waiting
from media_assets.operation.webhooks.position import is_due
from media_assets.pipeline.postponed import days_before

NOW = time.time()
YEAR = 365 * 86_400.0


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    with dg.instance_for_test(temp_dir=str(tmp_path)) as made:
        yield made


def sensor_that_looked(instance: dg.DagsterInstance, at: float, name: str = "watch_talks") -> InstigatorState:
    data = SensorInstigatorData(at, None, 30, "cursor", at, at, None, at)
    return _ticked(instance, name, InstigatorType.SENSOR, data, at)


def schedule_that_looked(instance: dg.DagsterInstance, at: float) -> InstigatorState:
    data = ScheduleInstigatorData("0 3 * * *", NOW - YEAR, at)
    return _ticked(instance, "nightly", InstigatorType.SCHEDULE, data, at)


def _ticked(
    instance: dg.DagsterInstance,
    name: str,
    kind: InstigatorType,
    data: SensorInstigatorData | ScheduleInstigatorData,
    at: float,
) -> InstigatorState:
    repository = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("media_assets"), "__repository__")
    origin = RemoteInstigatorOrigin(repository, name)
    state = InstigatorState(origin, kind, InstigatorStatus.DECLARED_IN_CODE, data)
    instance.add_instigator_state(state)
    tick = TickData(state.instigator_origin_id, name, kind, TickStatus.SKIPPED, at, selector_id=state.selector_id)
    instance.create_tick(tick)
    return state


def waits(state: InstigatorState) -> bool:
    return is_under_min_interval(state, cast(Any, SimpleNamespace(min_interval_seconds=30)))


def test_a_sensor_whose_last_look_lies_in_the_future_looks_at_once(instance: dg.DagsterInstance) -> None:
    dagster_fixes.apply()
    assert not waits(sensor_that_looked(instance, time.time() + YEAR))


@pytest.mark.thorough
def test_a_sensor_that_looked_a_moment_ago_waits_as_ever(instance: dg.DagsterInstance) -> None:
    dagster_fixes.apply()
    assert waits(sensor_that_looked(instance, time.time() - 1))
    assert not waits(sensor_that_looked(instance, time.time() - 31, "watch_photos"))


def test_dagsters_daemon_gets_the_mended_clock_with_the_scheduler_of_our_instances() -> None:
    for path in ("dagster.yaml", "deploy/docker/dagster.yaml", "deploy/kubernetes/values.yaml"):
        text = (Path(__file__).parents[2] / path).read_text()
        assert "module: media_assets.dagster_fixes" in text, path
        assert "class: Scheduler" in text, path


@pytest.mark.thorough
def test_what_looked_in_the_future_is_taken_to_have_looked_now(instance: dg.DagsterInstance) -> None:
    ahead = [sensor_that_looked(instance, NOW + YEAR), schedule_that_looked(instance, NOW + YEAR)]
    assert latest_tick(instance) == NOW + YEAR
    assert "365.0 days ahead of this clock" in why_waiting(instance, NOW)
    assert bring_back(instance, NOW) == 2
    assert latest_tick(instance) == NOW
    assert why_waiting(instance, NOW) == ""
    for state in ahead:
        (tick,) = instance.get_ticks(state.instigator_origin_id, state.selector_id)
        assert tick.timestamp == pytest.approx(NOW)
        assert tick.status is TickStatus.SKIPPED
    kept = instance.get_instigator_state(ahead[0].instigator_origin_id, ahead[0].selector_id)
    assert kept is not None and isinstance(kept.instigator_data, SensorInstigatorData)
    assert kept.instigator_data.cursor == "cursor"
    assert bring_back(instance, NOW) == 0


def test_what_looked_a_moment_ago_by_another_machines_clock_is_left_as_it_is(instance: dg.DagsterInstance) -> None:
    sensor_that_looked(instance, NOW + 30)
    assert bring_back(instance, NOW) == 0
    assert latest_tick(instance) == NOW + 30


def test_a_round_through_the_library_that_began_in_the_future_begins_anew() -> None:
    now = datetime.now(UTC)
    later = _Round(now + timedelta(days=365), "z", ended=True)
    assert _Round.read(later.cursor(), now) == _Round(now)


def test_a_look_at_postponed_work_in_the_future_does_not_end_the_looks_of_today() -> None:
    today = datetime.now(UTC).date()
    assert today - timedelta(days=1) in days_before(today, (today + timedelta(days=365)).isoformat())
    assert days_before(today, today.isoformat()) == []


def test_a_receiver_of_events_is_not_left_alone_until_a_date_that_was_never_meant() -> None:
    assert not is_due(NOW + 3600, NOW)
    assert is_due(NOW - 1, NOW)
    assert is_due(NOW + YEAR, NOW)
