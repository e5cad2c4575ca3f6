"""Runs that `media-assets process` executed in its own process, and that look alive though the process died.

Dagster cannot tell: it watches the processes that it started itself. Such a run would keep its slots in the pools for
ever.
"""

from __future__ import annotations

import socket

import dagster as dg
import psutil

HOST_TAG = "media_assets/host"
"""Of a run that is executed in the process that began it."""
_PROCESS_TAG = "media_assets/process"
_CLOCK_SECONDS = 5.0


def owner_tags() -> dict[str, str]:
    """Tags that say which process executes a run: a process id with the time it began, for ids are used again."""
    process = psutil.Process()
    return {HOST_TAG: socket.gethostname(), _PROCESS_TAG: f"{process.pid}@{process.create_time():.2f}"}


def close_abandoned_runs(instance: dg.DagsterInstance) -> int:
    """Mark as failed the runs of dead processes of this host, and free what they held; returns how many."""
    unfinished = dg.RunsFilter(
        statuses=[dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED], tags={HOST_TAG: socket.gethostname()}
    )
    abandoned = [run for run in instance.get_runs(unfinished) if not _is_alive(run.tags[_PROCESS_TAG])]
    for run in abandoned:
        instance.report_run_failed(run, "The process of this run died; what it finished is kept.")
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
    return len(abandoned)


def _is_alive(process: str) -> bool:
    pid, _, began = process.partition("@")
    try:
        found = psutil.Process(int(pid))
        # The time is counted from that of booting, which moves when the clock is set.
        return abs(found.create_time() - float(began)) < _CLOCK_SECONDS and found.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
