"""What holds for all tests: the one that mostly waits for a daemon begins first, so that the others fill its time."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: "test_dagster_dev" not in item.nodeid)
