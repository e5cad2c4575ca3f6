"""The stand-in over plain HTTP and over TLS: broken connections look different in the two."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from media_assets.places.drive.api.api import DriveApi
from media_assets_tests.drive_server import DriveServer, drive_server
from media_assets_tests.places.drive.api.clients import api_for


@pytest.fixture(params=[False, True], ids=["http", "https"])
def drive(request: pytest.FixtureRequest) -> Iterator[DriveServer]:
    """A stand-in; every test with it runs twice."""
    with drive_server(tls=request.param) as server:
        yield server


@pytest.fixture
def plain_drive() -> Iterator[DriveServer]:
    """A stand-in for what has nothing to do with connections."""
    with drive_server() as server:
        yield server


@pytest.fixture
def api(drive: DriveServer, tmp_path: Path) -> DriveApi:
    """A person's API on `drive`."""
    return api_for(drive, tmp_path)


@pytest.fixture
def plain_api(plain_drive: DriveServer, tmp_path: Path) -> DriveApi:
    """A person's API on `plain_drive`."""
    return api_for(plain_drive, tmp_path)
