"""What work that nobody took up again left behind, and when it goes: journals hold what was said in recordings.

<state_dir>/journal/<asset>/<fingerprint>/    pieces of long work
<state_dir>/google/uploads/…/                 what was on its way to Drive; the ids stay, so that nothing is made twice

Besides these, rows that runs leave in the database of the instance.
"""

from __future__ import annotations

import logging
import re
import shutil
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import sqlalchemy
from filelock import FileLock
from sqlalchemy.exc import SQLAlchemyError

from media_assets.base.batches import batched
from media_assets.base.errors import classify
from media_assets.base.files import PRIVATE_MODE
from media_assets.base.interruption import held_if_free
from media_assets.dagster_seams.runs import KeyValueStoreTable, SqlRunStorage
from media_assets.pipeline.ledger import SPENT_ROWS
from media_assets.pipeline.postponed import POSTPONED_ROWS
from media_assets.pipeline.run_settings import RunSettings

logger = logging.getLogger("media_assets")

_DAY_SECONDS = 86_400
_RUNS_PER_QUERY = 500


def remove_what_is_old(instance: dg.DagsterInstance, settings: RunSettings) -> None:
    """Both of what follows, as far as it goes now: no run is held up by what it would merely tidy."""
    keep = settings.retention
    try:
        remove_old_journals(settings.state_dir, keep.journal_days)
        remove_old_rows(instance, keep.row_days)
    except (OSError, SQLAlchemyError, dg.DagsterError) as error:
        logger.warning("what is older than `retention` says is left to the next run: %s", classify(error).reason)


def remove_old_journals(state_dir: Path, keep_days: float, now: float | None = None) -> None:
    """Remove journals to which nothing was added for so long, unless their work is being done at this moment."""
    before = (time.time() if now is None else now) - keep_days * _DAY_SECONDS
    for folder in _folders(state_dir / "journal", "*/*"):
        lock = _lock(state_dir / "locks" / f"{folder.parent.name}-{folder.name[:3]}.lock")
        if _last_change(folder) < before:
            with held_if_free(lock) as is_free:
                if is_free and 0 < _last_change(folder) < before:
                    shutil.rmtree(folder)
    for folder in _folders(state_dir / "google" / "uploads", "*"):
        if _last_change(folder) < before:
            with held_if_free(_lock(state_dir / "google" / "locks" / f"{folder.name[:3]}.lock")) as is_free:
                for path in (*folder.glob("*.session"), folder / "manifest.json") if is_free else ():
                    path.unlink(missing_ok=True)


def remove_old_rows(instance: dg.DagsterInstance, keep_days: int, now: datetime | None = None) -> None:
    """Remove what runs noted for their day that began so long ago or are gone: what they spent, and postponed."""
    storage = instance.run_storage
    if not isinstance(storage, SqlRunStorage):
        return
    runs = {name: name.split("/")[-1] for name in _names(storage, SPENT_ROWS)}
    runs |= {name: name.split("/")[2] for name in _names(storage, POSTPONED_ROWS)}
    recent = _recent(instance, sorted(set(runs.values())), (now or datetime.now(UTC)) - timedelta(days=keep_days))
    old = [name for name, run_id in runs.items() if run_id not in recent]
    for page in batched(old, _RUNS_PER_QUERY):
        with storage.connect() as connection:
            connection.execute(KeyValueStoreTable.delete().where(KeyValueStoreTable.c.key.in_(page)))


def _names(storage: SqlRunStorage, prefix: str) -> list[str]:
    column = KeyValueStoreTable.c.key
    with storage.connect() as connection:
        found = connection.execute(sqlalchemy.select(column).where(column.startswith(prefix, autoescape=True)))
        return [str(name) for name in found.scalars()]


def _recent(instance: dg.DagsterInstance, run_ids: list[str], since: datetime) -> set[str]:
    found: set[str] = set()
    for page in batched(run_ids, _RUNS_PER_QUERY):
        found.update(instance.get_run_ids(dg.RunsFilter(run_ids=page, created_after=since)))
    return found


def _lock(path: Path) -> FileLock:
    path.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(path, mode=PRIVATE_MODE)


def _folders(folder: Path, pattern: str) -> list[Path]:
    return [path for path in folder.glob(pattern) if path.is_dir() and re.fullmatch(r"[0-9a-f]+", path.name)]


def _last_change(folder: Path) -> float:
    """The time of its last change, in seconds since 1970; zero for one that is gone."""
    try:
        times = [folder.stat().st_mtime, *(path.stat().st_mtime for path in folder.iterdir())]
    except FileNotFoundError:
        return 0.0
    return max(times)
