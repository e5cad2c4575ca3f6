"""A store in a bucket that holds objects of the user's, which no test may touch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from media_assets_tests.places.bucket.bucket_store import (
    USERS,
    Store,
    with_users_objects,
)
from media_assets_tests.s3_server import Place, S3Server


@pytest.fixture
def place(server: S3Server) -> Iterator[Place]:
    yield with_users_objects(place := Place(server))
    assert {path: place.get(path) for path in USERS} == USERS
    server.repair()


@pytest.fixture
def store(place: Place, tmp_path: Path) -> Store:
    return Store(place.settings("out"), tmp_path / "work")
