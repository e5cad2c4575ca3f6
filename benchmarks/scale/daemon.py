"""A process that does what Dagster's daemon does, tick by tick when it is told to, with a real code server behind it.

    python -m scale.daemon <module with the definitions>

Reads `source` or `automation` from its input, a line for each tick, and answers each with a line of JSON.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import psutil
from dagster._core.definitions.partitions.context import partition_loading_context
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.scheduler.instigation import InstigatorState, InstigatorStatus, SensorInstigatorData
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import ModuleTarget
from dagster._daemon.asset_daemon import AssetDaemon
from dagster._daemon.sensor import _process_tick_generator

SOURCE_SENSOR = "watch_media"
CONDITION_SENSOR = "request_missing"

# Sensors tick once a second at most.
_INTERVAL_SECONDS = 1.1


def source_tick(context: WorkspaceProcessContext) -> None:
    """One tick of the sensor of the source."""
    instance = context.instance
    (location,) = context.create_request_context().code_locations
    (repository,) = location.get_repositories().values()
    sensor = repository.get_sensor(SOURCE_SENSOR)
    state = instance.get_instigator_state(sensor.get_remote_origin_id(), sensor.selector_id)
    if state is None:
        data = SensorInstigatorData(
            min_interval=1, last_sensor_start_timestamp=time.time(), sensor_type=sensor.sensor_type
        )
        state = InstigatorState(
            sensor.get_remote_origin(), InstigatorType.SENSOR, InstigatorStatus.DECLARED_IN_CODE, data
        )
        instance.add_instigator_state(state)
    logger = logging.getLogger("benchmark")
    for _ in _process_tick_generator(context, logger, sensor, state, None, {}, None):
        pass


def automation_tick(context: WorkspaceProcessContext, daemon: AssetDaemon) -> None:
    daemon._run_iteration_impl(context, None, {}, {})


def last_tick(instance: dg.DagsterInstance, sensor: str) -> tuple[str, int]:
    """(what became of the last tick, how many partitions it requested)."""
    (state,) = [s for s in instance.all_instigator_state() if s.instigator_name == sensor]
    tick = instance.get_ticks(state.instigator_origin_id, state.selector_id, limit=1)[0]
    failed = f": {tick.error.message}" if tick.error else ""
    with partition_loading_context(datetime.now(UTC), instance):
        return f"{tick.status.value}{failed}", tick.requested_asset_materialization_count


def peak_bytes(pid: int) -> int:
    """The most memory a process ever had. `ru_maxrss` would count what the process had that started it."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("the kernel does not tell")


def measured(tick: Callable[[], None], server: psutil.Process) -> dict[str, Any]:
    """Seconds on the clock, of CPU here and in the code server, and the peaks of memory so far."""

    def used(process: psutil.Process) -> float:
        times = process.cpu_times()
        return times.user + times.system

    own = psutil.Process()
    before, before_server, started = used(own), used(server), time.monotonic()
    tick()
    return {
        "wall": time.monotonic() - started,
        "daemon_cpu": used(own) - before,
        "server_cpu": used(server) - before_server,
        "daemon_peak": peak_bytes(own.pid),
        "server_peak": peak_bytes(server.pid),
    }


def main(module: str) -> None:
    target = ModuleTarget(module, None, None, "media_assets")
    daemon = AssetDaemon({}, 1)
    # What Dagster and the code server say goes elsewhere.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    with dg.DagsterInstance.get() as instance, WorkspaceProcessContext(instance, target) as context:
        context.create_request_context()
        children = psutil.Process().children(recursive=True)
        server = next(child for child in children if "grpc" in " ".join(child.cmdline()))
        for line in sys.stdin:
            time.sleep(_INTERVAL_SECONDS)
            if line.strip() == "source":
                figures = measured(lambda: source_tick(context), server)
                status, requested = last_tick(instance, SOURCE_SENSOR)
            else:
                figures = measured(lambda: automation_tick(context, daemon), server)
                status, requested = last_tick(instance, CONDITION_SENSOR)
            print(json.dumps({**figures, "status": status, "requested": requested}), file=answers, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
