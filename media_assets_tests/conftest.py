"""What holds for all tests: their order, the databases there are, and that the project's log is left as it was."""

from __future__ import annotations

import gc
import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from media_assets_tests import postgres

LONG = ("test_dagster_dev", "test_make_demo", "test_postgres", "test_crashes", "test_drive_storm")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    long = sorted((item for item in items if _rank(item) < len(LONG)), key=_rank)
    ordered = [item for item in items if _rank(item) == len(LONG)]
    # Each worker is given a share of equal length, in this order, and begins it with one of those that take longest.
    for number, item in reversed(list(enumerate(long))):
        ordered.insert(number % workers * len(items) // workers, item)
    items[:] = ordered


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Tests and what they import stay: to look through them for garbage, again and again, takes a third of the time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


def _rank(item: pytest.Item) -> int:
    return next((rank for rank, name in enumerate(LONG) if name in item.nodeid), len(LONG))


@pytest.fixture(scope="session")
def databases() -> Iterator[postgres.Databases]:
    # Not below pytest's own folder: the next session closes that to others, and where root runs the tests the server is
    # another user, who stops when he cannot look at his data.
    with (
        TemporaryDirectory(prefix="media_assets-postgres-") as folder,
        postgres.running(Path(folder) / "data") as found,
    ):
        yield found


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def new_database(request: pytest.FixtureRequest) -> Callable[[], str | None]:
    """Gives the address of an empty database of Dagster's on PostgreSQL; or None: a toy library makes one on SQLite."""
    if request.param == "sqlite":
        return lambda: None
    databases: postgres.Databases = request.getfixturevalue("databases")
    return databases.with_tables


@pytest.fixture
def database(new_database: Callable[[], str | None]) -> str | None:
    return new_database()


@pytest.fixture(autouse=True)
def log_as_it_was() -> Iterator[None]:
    """The command line, run in this process, sends the log to a file for good."""
    logger = logging.getLogger("media_assets")
    logger.propagate = True
    handlers, level = list(logger.handlers), logger.level
    yield
    for handler in [handler for handler in logger.handlers if handler not in handlers]:
        logger.removeHandler(handler)
    logger.propagate = True
    logger.setLevel(level)
