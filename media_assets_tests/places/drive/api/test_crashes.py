"""Another process goes on where one was killed in mid-transfer."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from media_assets.places.drive.api.api import DriveApi
from media_assets_tests.drive_server import DriveServer, Faults
from media_assets_tests.places.drive.api.clients import CHUNK_BYTES, api_for, noise, store
from media_assets_tests.waiting import wait_until

SIZE_BYTES = 40 * CHUNK_BYTES
TRANSFER = """
import json, sys
from pathlib import Path
from media_assets.places.drive.api.api import DriveApi
from media_assets.places.drive.settings import DriveAccess
from media_assets_tests.places.drive.api.clients import store

assert "dagster" not in sys.modules, "to import it takes longer than to start all the rest"

folder, access, way, file_id, md5 = Path(sys.argv[1]), json.loads(sys.argv[2]), *sys.argv[3:]
api = DriveApi(DriveAccess.model_validate(access), folder / "credentials.json", folder / "token.json")
if way == "up":
    store(api, folder / "source", file_id, md5=md5)
else:
    api.download(file_id, folder / "destination", size_bytes=int(access["chunk_bytes"]) * 40, md5=md5)
"""


@contextmanager
def killed_when(
    folder: Path, api: DriveApi, way: str, file_id: str, md5: str, far: Callable[[], bool]
) -> Iterator[None]:
    """A process that transfers, and is killed when it came far enough."""
    access = json.dumps(api.access.model_dump(mode="json"))
    process = subprocess.Popen([sys.executable, "-c", TRANSFER, str(folder), access, way, file_id, md5])
    try:
        wait_until(far, goes_on=lambda: process.poll() is None, pause_seconds=0.005)
    finally:
        process.kill()
        process.wait()
    yield


@pytest.fixture
def slow_drive(plain_drive: DriveServer) -> DriveServer:
    """So slow that nobody is done before he is killed."""
    plain_drive.faults.random_faults = Faults(rate=0, slow_seconds=0.05)
    plain_drive.fail_always("files.upload_chunk", "slow")
    plain_drive.fail_always("files.download", "slow")
    return plain_drive


@pytest.mark.thorough
def test_an_upload_goes_on_in_another_process(slow_drive: DriveServer, tmp_path: Path) -> None:
    api = api_for(slow_drive, tmp_path)
    file_id, md5 = api.new_id(), noise(tmp_path / "source", SIZE_BYTES)
    with killed_when(tmp_path, api, "up", file_id, md5, lambda: slow_drive.counters.chunks >= 10):
        slow_drive.repair()
    assert slow_drive.files() == []
    stored = store(api, tmp_path / "source", file_id)
    assert (stored["id"], stored["md5Checksum"]) == (file_id, md5)
    assert slow_drive.content(file_id) == (tmp_path / "source").read_bytes()
    assert (len(slow_drive.files()), slow_drive.calls["files.create"]) == (1, 1)
    assert slow_drive.counters.bytes_up <= SIZE_BYTES + CHUNK_BYTES + 2000
    assert not (tmp_path / "journal.json").exists()


@pytest.mark.thorough
def test_a_download_goes_on_in_another_process(slow_drive: DriveServer, tmp_path: Path) -> None:
    api = api_for(slow_drive, tmp_path)
    md5 = noise(tmp_path / "source", SIZE_BYTES)
    file_id = slow_drive.add_file("a", tmp_path / "source")
    with killed_when(tmp_path, api, "down", file_id, md5, lambda: slow_drive.calls["files.download"] >= 10):
        slow_drive.repair()
    assert not (tmp_path / "destination").exists()
    api.download(file_id, tmp_path / "destination", size_bytes=SIZE_BYTES, md5=md5)
    assert (tmp_path / "destination").read_bytes() == (tmp_path / "source").read_bytes()
    assert slow_drive.counters.bytes_down <= SIZE_BYTES + CHUNK_BYTES
