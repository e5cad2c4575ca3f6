"""Runs that `media-assets process` executed in its own process, and that look alive though the process died.

Dagster cannot tell: it watches the processes that it started itself. Such a run would keep its slots in the pools for
ever. A process holds a lock on a file of its own beside Dagster's storage for as long as it lives; so another one knows
whether it does, also from another container or after a start of the machine. A host name and a process id do not tell
that: containers may share the first, and each counts the second from 1.
"""

from __future__ import annotations

import socket
import uuid
from collections.abc import Collection, Iterable, Mapping
from functools import cache
from pathlib import Path

import dagster as dg
import psutil
from filelock import FileLock

from media_assets.base.interruption import held_if_free
from media_assets.dagster_seams.runs import PARENT_RUN_ID_TAG
from media_assets.pipeline.deaths import Death

HOST_TAG = "media_assets/host"
"""Tag of a run that is executed in the process that began it: the machine."""
_PROCESS_TAG = "media_assets/process"
_OWNER_TAG = "media_assets/owner"
"""The name of the file that the process has locked. Absent where there are no locks, and in older runs."""
_CLOCK_SECONDS = 5.0
UNFINISHED = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
"""States of runs that may still make something."""


def owner_tags(instance: dg.DagsterInstance | None = None) -> dict[str, str]:
    """Tags that say which process executes a run: a process id with the time it began, for ids are used again.

    Args:
        instance: That of the run; with it they hold wherever processes share its folder.
    """
    process = psutil.Process()
    tags = {HOST_TAG: socket.gethostname(), _PROCESS_TAG: f"{process.pid}@{process.create_time():.2f}"}
    owner = _owner(_folder(instance), process.pid) if instance else None
    return {**tags, _OWNER_TAG: Path(owner.lock_file).stem} if owner else tags


def close_abandoned_runs(instance: dg.DagsterInstance, deaths: Iterable[Death] = ()) -> int:
    """Mark as failed the runs of dead processes, and free what they held; returns how many.

    Those of processes that cannot be looked at from here are left as they are.

    Args:
        deaths: Files that were at work when processes died; the runs say so.
    """
    at_work = [death.file for death in deaths]
    # Before the runs are asked for: what a process ended in good order before it died is ended by then.
    let_go = {path.stem: path for path in _folder(instance).glob("*.lock") if _can_be_locked(path)}
    unfinished = instance.get_runs(dg.RunsFilter(statuses=UNFINISHED))
    # What somebody executes again has the tags of the run before.
    own = [run for run in unfinished if HOST_TAG in run.tags and PARENT_RUN_ID_TAG not in run.tags]
    abandoned = [run for run in own if _is_dead(run.tags, let_go)]
    for run in abandoned:
        files = ", ".join(str(file) for file in at_work if file.run_id == run.run_id)
        when = f" while it worked on {files}" if files else ""
        instance.report_run_failed(run, f"The process of this run died{when}; what it finished is kept.")
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
    for path in let_go.values():
        path.unlink(missing_ok=True)
    return len(abandoned)


def _folder(instance: dg.DagsterInstance) -> Path:
    return Path(instance.root_directory) / "owners"


@cache
def _owner(folder: Path, pid: int) -> FileLock | None:  # noqa: ARG001  a child has a name of its own
    """The lock of this process, held until it ends; None where there are no locks."""
    lock = FileLock(folder / f"{uuid.uuid4().hex}.lock")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire(blocking=False)
    except (OSError, NotImplementedError):
        return None
    return lock


def _is_dead(tags: Mapping[str, str], let_go: Collection[str]) -> bool:
    """Whether the process of a run is. One whose file is not in this folder is a process elsewhere."""
    if owner := tags.get(_OWNER_TAG):
        return owner in let_go
    return tags[HOST_TAG] == socket.gethostname() and not _is_alive(tags[_PROCESS_TAG])


def _can_be_locked(path: Path) -> bool:
    with held_if_free(FileLock(path)) as is_free:
        return is_free


def _is_alive(process: str) -> bool:
    pid, _, began = process.partition("@")
    try:
        found = psutil.Process(int(pid))
        # The time is counted from that of booting, which moves when the clock is set.
        return abs(found.create_time() - float(began)) < _CLOCK_SECONDS and found.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
