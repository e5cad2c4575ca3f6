"""What is wrong with the database of a Dagster instance, which file of it, and what to do: for people, in one line."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from media_assets.base.errors import Fatal, MediaAssetsError, classify

# The databases of an instance. Beside them lies one for each run, which Dagster makes and reads by itself.
_FILES = ("history/runs.db", "history/runs/index.db", "schedules/schedules.db")
_ADVICE = {
    "BUSY": "End the process that holds it, then run again",
    "FULL": "Free space on that disk, then run again",
    "IOERR": "See to its disk, then run again",
    "CANTOPEN": "Mount its disk again and grant this user the right to read and write there",
    "READONLY": "Mount its disk for writing and grant this user the right to write there",
    "PERM": "Grant this user the right to read and write there",
}
_PUT_BACK = (
    "Mount its disk again, or put it back, then run again. If it is lost, `media-assets import --from-stores` records "
    "anew what is in the stores, and nothing is made again"
)
# What SQLite needs to open a database in: without it, it tells of a disk that fails.
_LEAST_BYTES = 1 << 17
_START_ANEW = (
    "Move that file away (do not delete it) and run `media-assets import --from-stores`: what is in the stores is "
    "recorded again, and nothing is made anew"
)


@contextmanager
def explained(home: Path) -> Iterator[None]:
    """What a database or its disk refuse while it is used becomes one error that names the file and the way back.

    Raises:
        Fatal: the database cannot be used.
    """
    try:
        yield
    except MediaAssetsError:
        raise
    except Exception as error:
        if not _is_of_database(error) and not (isinstance(error, OSError) and _is_inside(error, home)):
            raise
        raise _explanation(error, home) from error


def check_files(home: Path) -> None:
    """Read the databases of an instance through.

    Raises:
        Fatal: one is damaged, locked or may not be written.
    """
    for path in _there(home):
        code = _fault(path, thorough=True)
        if code:
            raise _of_file(path, code)


def _is_of_database(error: BaseException | None) -> bool:
    while error is not None:
        if any(
            kind.__module__.partition(".")[0] in ("sqlalchemy", "sqlite3", "psycopg2") for kind in type(error).__mro__
        ):
            return True
        error = error.__cause__
    return False


def _is_inside(error: OSError, home: Path) -> bool:
    return bool(error.filename) and Path(os.fsdecode(error.filename)).is_relative_to(home)


def _explanation(error: Exception, home: Path) -> Fatal:
    if not home.exists():
        return Fatal(f"the folder {home}, which holds Dagster's database, is gone", next_step=_PUT_BACK)
    for path in _there(home):
        code = _fault(path)
        if code:
            return _of_file(path, code)
    known = classify(error)
    wait = "Wait until it answers again, then run again; `media-assets doctor` tells whether it does"
    return Fatal(f"{known.reason}; it belongs to {home}", next_step=known.next_step or wait)


def _of_file(path: Path, code: str) -> Fatal:
    kind = code.partition("_")[0]
    if kind in ("IOERR", "CANTOPEN") and shutil.disk_usage(path.parent).free < _LEAST_BYTES:
        kind = "FULL"
    what = {
        "BUSY": "is locked by another process",
        "FULL": "cannot grow: the disk is full",
        "IOERR": "cannot be read or written: its disk fails",
        "CANTOPEN": "cannot be opened",
        "READONLY": "cannot be written",
        "PERM": "may not be used",
    }.get(kind, "is damaged")
    return Fatal(f"Dagster's database {path} {what}", next_step=_ADVICE.get(kind, _START_ANEW))


def _there(home: Path) -> list[Path]:
    return [path for path in (home / name for name in _FILES) if path.exists()]


def _fault(path: Path, *, thorough: bool = False) -> str:
    """SQLite's name of what is wrong with a database; empty when nothing is.

    Args:
        thorough: Read all of it, which takes as long as reading the file.
    """
    try:
        if not (_may_write(path) and _may_write(path.parent)):
            return "READONLY"
        with closing(
            sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, timeout=1.0, isolation_level=None)
        ) as database:
            database.execute("BEGIN IMMEDIATE")
            database.execute("ROLLBACK")
            if not database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                return "EMPTY"
            (sound,) = database.execute("PRAGMA quick_check(1)" if thorough else "SELECT 'ok'").fetchone()
            short = path.stat().st_size < _pages_bytes(database)
            return "CORRUPT" if sound != "ok" or (short and not _has_log(path)) else ""
    except sqlite3.Error as error:
        return str(getattr(error, "sqlite_errorname", "SQLITE_CORRUPT")).removeprefix("SQLITE_")


def _may_write(path: Path) -> bool:
    return os.access(path, os.R_OK | os.W_OK, effective_ids=os.access in os.supports_effective_ids)


def _pages_bytes(database: sqlite3.Connection) -> int:
    (count,), (size,) = (database.execute(f"PRAGMA {name}").fetchone() for name in ("page_count", "page_size"))
    return int(count) * int(size)


def _has_log(path: Path) -> bool:
    """Whether what was written last may lie beside it still."""
    log = path.with_name(f"{path.name}-wal")
    return log.exists() and log.stat().st_size > 0
