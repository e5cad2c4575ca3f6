"""Starts each run in a container of its own, and tells run monitoring which runs are alive.

The instance in deploy/docker/dagster.yaml names it. `DockerRunLauncher` does the work; ours knows, besides, the runs
that `media-assets process` executes itself: they have no container of their own, and Dagster would take them for dead.
"""

from __future__ import annotations

import dagster as dg
import docker
from dagster_docker import DockerRunLauncher
from docker.errors import NotFound

from media_assets.dagster_seams.launching import CheckRunHealthResult, WorkerStatus
from media_assets.pipeline.abandoned_runs import HOST_TAG


class RunLauncher(DockerRunLauncher):
    """`DockerRunLauncher`, for an instance that `media-assets` works on too."""

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        host = run.tags.get(HOST_TAG)
        return super().check_run_worker_health(run) if host is None else _health_of(host)


def _health_of(host: str) -> CheckRunHealthResult:
    """The health of a run in the container of `media-assets`, whose hostname is its id; runs end with it."""
    client = docker.from_env()
    try:
        state = client.containers.get(host).status
    except NotFound:
        return CheckRunHealthResult(WorkerStatus.NOT_FOUND, msg=f"The container {host} of media-assets is gone.")
    finally:
        client.close()
    if state == "running":
        return CheckRunHealthResult(WorkerStatus.RUNNING)
    return CheckRunHealthResult(WorkerStatus.FAILED, msg=f"The container {host} of media-assets is {state}.")
