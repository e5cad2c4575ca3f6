"""Child processes of tests: what they are forked off. What a child does, its test says."""

from __future__ import annotations

from functools import cache
from multiprocessing import get_context
from multiprocessing.context import ForkServerContext, SpawnContext

# What commands import when they are run, but for what remembers what its output is.
_PRELOADED = (
    "pytest",
    "media_assets_tests.toy_library",
    "typer",
    "media_assets.pipeline.abandoned_runs",
    "media_assets.definitions",
    "media_assets.operation.doctor.doctor",
    "media_assets.cli.progress_bar",
    "media_assets.cli.terminal",
    "dagster._core.storage.event_log.sqlite",
    "dagster._core.storage.runs.sqlite",
    "dagster._core.storage.schedules.sqlite.sqlite_schedule_storage",
    "dagster._core.storage.local_compute_log_manager",
)


@cache
def processes() -> ForkServerContext:
    """Starts child processes in milliseconds: they are forked off a server that has imported everything once."""
    context = get_context("forkserver")
    context.set_forkserver_preload(list(_PRELOADED))
    return context


def lean_processes() -> SpawnContext:
    """Starts child processes that import what their test imports: for rooms that know no Dagster, half a second."""
    return get_context("spawn")
