"""A stand-in Drive, and a store on it as one machine sees it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from media_assets_tests.drive_server import DriveServer, drive_server
from media_assets_tests.places.drive.store.drive_stores import Account, Store


@pytest.fixture
def drive() -> Iterator[DriveServer]:
    with drive_server(seed=2) as drive:
        yield drive


@pytest.fixture
def store(drive: DriveServer, tmp_path: Path) -> Store:
    return Store(Account(drive, tmp_path), tmp_path)
