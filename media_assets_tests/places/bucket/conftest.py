"""A server that speaks as S3 does, and a bucket of it for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from media_assets.places.bucket.client import Bucket
from media_assets_tests.s3_server import Place, S3Server, s3_server


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with s3_server() as running:
        yield running


@pytest.fixture
def place(server: S3Server) -> Iterator[Place]:
    yield Place(server)
    server.repair()


@pytest.fixture
def bucket(place: Place) -> Bucket:
    return place.bucket()
