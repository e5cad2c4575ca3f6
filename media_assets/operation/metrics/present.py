"""What is going on in Dagster right now: queue, runs, backfills, pools, sensors, daemons; and what the cache holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
from pydantic import ValidationError

from media_assets.base.files import read_if_file
from media_assets.dagster_seams.future_ticks import latest_tick
from media_assets.dagster_seams.runs import BulkActionsFilter, BulkActionStatus
from media_assets.dagster_seams.sensor_state import InstigatorStatus, InstigatorType, SensorInstigatorData, TickStatus
from media_assets.places.cache.files import SizeLedger

_RUNS = {
    "queued": [dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED],
    "starting": [dg.DagsterRunStatus.STARTING],
    "started": [dg.DagsterRunStatus.STARTED],
    "canceling": [dg.DagsterRunStatus.CANCELING],
}
_BACKFILLS = {
    "requested": [BulkActionStatus.REQUESTED],
    "canceling": [BulkActionStatus.CANCELING],
    "failing": [BulkActionStatus.FAILING],
}


@dataclass(frozen=True)
class Pool:
    slots: int
    used: int
    waiting: int
    """Steps."""


@dataclass(frozen=True)
class Sensor:
    last_tick: float
    """When it last looked, in seconds since 1970."""
    ok: bool
    """Whether that went well."""


@dataclass(frozen=True)
class Present:
    """What is going on at the moment of a look."""

    runs: Mapping[str, int]
    """How many runs have which status."""
    backfills: Mapping[str, int]
    pools: Mapping[str, Pool]
    sensors: Mapping[str, Sensor]
    """The sensors that are switched on and have looked at least once."""
    latest_tick: float
    """When a sensor or schedule looked last, by the clock of then; in seconds since 1970."""
    heartbeats: Mapping[str, float]
    """The last sign of life of each daemon, in seconds since 1970."""
    required_daemons: frozenset[str]
    """The daemons that have to run for this instance to do all its work."""
    cache_bytes: int | None
    """What the cache of this machine holds; None when there is none."""


def look(instance: dg.DagsterInstance, pools: Sequence[str], cache: Path) -> Present:
    """A few queries, however large the library is.

    Args:
        pools: Their names.
        cache: The folder of the cache.
    """
    return Present(
        runs={status: instance.get_runs_count(dg.RunsFilter(statuses=each)) for status, each in _RUNS.items()},
        backfills={
            status: instance.get_backfills_count(BulkActionsFilter(statuses=each))
            for status, each in _BACKFILLS.items()
        },
        pools=_pools(instance, pools),
        sensors=_sensors(instance),
        latest_tick=latest_tick(instance),
        heartbeats={name: heartbeat.timestamp for name, heartbeat in instance.get_daemon_heartbeats().items()},
        required_daemons=frozenset(instance.get_required_daemon_types()),
        cache_bytes=_cache_bytes(cache),
    )


def _pools(instance: dg.DagsterInstance, names: Sequence[str]) -> Mapping[str, Pool]:
    infos = instance.event_log_storage.get_concurrency_infos(names)
    return {
        name: Pool(
            info.limit or 0, len(info.claimed_slots), sum(not step.assigned_timestamp for step in info.pending_steps)
        )
        for name, info in infos.items()
    }


def _sensors(instance: dg.DagsterInstance) -> Mapping[str, Sensor]:
    found: dict[str, Sensor] = {}
    for state in instance.all_instigator_state(instigator_type=InstigatorType.SENSOR):
        data = state.instigator_data
        if state.status is InstigatorStatus.STOPPED or not isinstance(data, SensorInstigatorData):
            continue
        ticks = instance.get_ticks(state.instigator_origin_id, state.selector_id, limit=1)
        if ticks:
            found[state.name] = Sensor(ticks[0].timestamp, ticks[0].status is not TickStatus.FAILURE)
    return found


def _cache_bytes(folder: Path) -> int | None:
    """What the cache holds, as its ledger says: to count the files is the affair of those who make room in it."""
    try:
        return SizeLedger.model_validate_json(read_if_file(folder / "ledger.json") or b"").held_bytes
    except (FileNotFoundError, ValidationError):  # nothing was ever fetched, or it is just being written
        return None
