"""Work goes on while connections to Dagster's database and to Google Drive break: no file is blamed for it."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from media_assets.base.errors import Fatal
from media_assets.dagster_seams.database_trouble import explained
from media_assets.operation.selection import Selection
from media_assets_tests import postgres
from media_assets_tests.drive_library import access_to
from media_assets_tests.drive_server import DriveServer, drive_server
from media_assets_tests.drive_worker import library_on
from media_assets_tests.dropping_proxy import DroppingProxy, dropping
from media_assets_tests.test_drive_storm import each_artifact_is_there_once, fill
from media_assets_tests.toy_library import ToyLibrary

RATE = 0.1
_MOST_PASSES = 30


def to_database(address: str) -> Callable[[], socket.socket]:
    """Makes a connection to a PostgreSQL that listens at a socket in a folder."""
    (folder,) = parse_qs(urlsplit(address).query)["host"]

    def connect() -> socket.socket:
        server = socket.socket(socket.AF_UNIX)
        server.connect(f"{folder}/.s.PGSQL.5432")
        return server

    return connect


def through(proxy: DroppingProxy, address: str) -> str:
    """The address of the same database behind a proxy."""
    return f"postgresql://postgres:@127.0.0.1:{proxy.port}{urlsplit(address).path}"


@pytest.fixture
def drive() -> Iterator[DriveServer]:
    with drive_server(seed=21) as drive:
        yield drive


@pytest.fixture
def breaking(drive: DriveServer) -> Iterator[DroppingProxy]:
    """What stands before the stand-in for Drive from now on."""
    where = urlsplit(drive.url)
    with dropping(lambda: socket.create_connection((where.hostname, where.port)), RATE) as proxy:
        drive.url = f"http://127.0.0.1:{proxy.port}"
        drive.accounts.url = drive.url
        yield proxy


def process(toy: ToyLibrary) -> None:
    toy.process()
    assert toy.status().failures == {}


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_a_batch_through_a_database_and_a_drive_whose_connections_break_leaves_no_cell_red(
    tmp_path: Path, databases: postgres.Databases, drive: DriveServer, breaking: DroppingProxy
) -> None:
    address, contents = databases.with_tables(), fill(drive, 60)
    way = access_to(drive, tmp_path, max_retries=8, retry_wait_seconds=0.01)
    with dropping(to_database(address), RATE) as proxy:
        for _ in range(_MOST_PASSES):
            try:
                with explained(tmp_path), library_on(tmp_path, way, database=through(proxy, address)) as toy:
                    process(toy)
                    break
            except Fatal as stopped:
                assert "Dagster's database" in str(stopped), "what stops the work is named"
        assert min(proxy.drops, breaking.drops) > 5
    with library_on(tmp_path, way, database=address) as toy:
        assert toy.processor().status(toy.processor().select(Selection())).failures == {}
        process(toy)
        assert set(toy.bench.calls_of("echo").values()) == {1}
    each_artifact_is_there_once(drive, contents)


@pytest.mark.thorough
def test_a_few_files_of_a_drive_whose_connections_break_are_done_at_once(
    tmp_path: Path, drive: DriveServer, breaking: DroppingProxy
) -> None:
    contents = fill(drive, 6)
    way = access_to(drive, tmp_path, max_retries=8, retry_wait_seconds=0.01)
    with library_on(tmp_path, way) as toy:
        process(toy)
    assert breaking.drops > 0
    each_artifact_is_there_once(drive, contents)
