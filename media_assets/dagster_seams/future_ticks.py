"""Ticks of sensors and schedules that lie in the future, because the clock of this machine was ahead once.

Dagster counts from the last tick, so nothing is watched until the date that the clock showed then. Dagster's daemon is
mended in `fixes`; here is what stands in the database already, and what the daemon of an older instance reads. Seen
with Dagster 1.13, whose public interface does not show the state of a sensor.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import dagster as dg
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorTick,
    ScheduleInstigatorData,
    SensorInstigatorData,
)

GO_ON = "Start `media-assets dev` or Dagster's daemon anew: they set it right"
TOLERANCE_SECONDS = 60.0
"""How far the clocks of machines that share a database may differ."""


def latest_tick(instance: dg.DagsterInstance) -> float:
    """When the last look of any sensor or schedule was, by the clock of then; seconds since 1970, 0 for never."""
    return max((_latest(state) for state in instance.all_instigator_state()), default=0.0)


def ahead(latest: float, now: float) -> str:
    """What a tick in the future means, in words."""
    date = datetime.fromtimestamp(latest, UTC)
    days = (latest - now) / 86_400
    return (
        f"sensors and schedules looked at {date:%Y-%m-%d %H:%M} UTC, {days:.1f} days ahead of this clock, and may wait"
    )


def why_waiting(instance: dg.DagsterInstance, now: float | None = None) -> str:
    """What is wrong with the times that are recorded; empty when nothing is."""
    now = time.time() if now is None else now
    latest = latest_tick(instance)
    return ahead(latest, now) if latest > now + TOLERANCE_SECONDS else ""


def bring_back(instance: dg.DagsterInstance, now: float | None = None) -> int:
    """Let what looked in the future have looked now. A query, when there is none.

    Args:
        now: In seconds since 1970; the clock's time if not given.

    Returns:
        How many sensors and schedules waited for a date to come.
    """
    now = time.time() if now is None else now
    found = [state for state in instance.all_instigator_state() if _latest(state) > now + TOLERANCE_SECONDS]
    for state in found:
        for tick in _future_ticks(instance, state, now):
            instance.update_tick(InstigatorTick(tick.tick_id, tick.tick_data._replace(timestamp=now)))
        instance.update_instigator_state(state.with_data(_as_of(state, now)))
    return len(found)


def _latest(state: InstigatorState) -> float:
    data = state.instigator_data
    if isinstance(data, SensorInstigatorData):
        return max(data.last_tick_timestamp or 0.0, data.last_tick_start_timestamp or 0.0)
    if isinstance(data, ScheduleInstigatorData):
        return max(data.start_timestamp or 0.0, data.last_iteration_timestamp or 0.0)
    return 0.0


def _future_ticks(instance: dg.DagsterInstance, state: InstigatorState, now: float) -> Iterator[InstigatorTick]:
    yield from instance.get_ticks(state.instigator_origin_id, state.selector_id, after=now)


def _as_of(state: InstigatorState, now: float) -> SensorInstigatorData | ScheduleInstigatorData:
    data = state.instigator_data
    if isinstance(data, SensorInstigatorData):
        return data._replace(
            last_tick_timestamp=_not_after(data.last_tick_timestamp, now),
            last_tick_start_timestamp=_not_after(data.last_tick_start_timestamp, now),
        )
    assert isinstance(data, ScheduleInstigatorData)
    return data._replace(
        start_timestamp=_not_after(data.start_timestamp, now),
        last_iteration_timestamp=_not_after(data.last_iteration_timestamp, now),
    )


def _not_after(timestamp: float | None, now: float) -> float | None:
    return None if timestamp is None else min(timestamp, now)
