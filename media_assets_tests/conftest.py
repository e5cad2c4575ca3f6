"""Each worker begins with one of the tests that take longest, so that the others fill its time."""

from __future__ import annotations

import os

import pytest

LONG = ("test_dagster_dev", "test_make_demo", "test_postgres", "test_crashes", "test_drive_storm")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    long = sorted((item for item in items if _rank(item) < len(LONG)), key=_rank)
    ordered = [item for item in items if _rank(item) == len(LONG)]
    # Each worker is given a share of equal length, in this order; who is done early takes over from others.
    for number, item in reversed(list(enumerate(long))):
        ordered.insert(number % workers * len(items) // workers, item)
    items[:] = ordered


def _rank(item: pytest.Item) -> int:
    return next((rank for rank, name in enumerate(LONG) if name in item.nodeid), len(LONG))
