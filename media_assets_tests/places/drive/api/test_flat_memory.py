"""Memory does not grow with the file."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest

from media_assets_tests.drive_server import DriveServer, Fault, drive_server
from media_assets_tests.places.drive.api.clients import api_for
from media_assets_tests.waiting import wait_until

CHUNK_BYTES = 4 << 20
OVERHEAD_BYTES = 100_000
"""Small calls around the two transfers."""
TRANSFER = """
import json, resource, sys
from pathlib import Path
from media_assets.places.drive.api.api import DriveApi
from media_assets.places.drive.settings import DriveAccess
from media_assets_tests.places.drive.api.clients import store

assert "dagster" not in sys.modules, "to import it takes longer than to start all the rest"

folder, access, file_id, md5 = Path(sys.argv[1]), json.loads(sys.argv[2]), *sys.argv[3:5]
api = DriveApi(DriveAccess.model_validate(access), folder / "credentials.json", folder / "token.json")
new_id = api.new_id()
(folder / "small").write_bytes(bytes(100))
store(api, folder / "small", api.new_id())
peaks = [resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024]
store(api, folder / "sparse", new_id, md5=md5)
peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
api.download(file_id, folder / "destination", size_bytes=int(sys.argv[5]), md5=md5)
peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
print(json.dumps(peaks))
"""


def break_at(drive: DriveServer, moved: Callable[[], int], bytes_moved: int, method: str, fault: Fault) -> Thread:
    """Let a request fail once so many bytes have gone over the line."""

    def watch() -> None:
        wait_until(lambda: moved() >= bytes_moved, 300)
        drive.fail_next(method, fault)

    thread = Thread(target=watch, daemon=True)
    thread.start()
    return thread


@pytest.mark.thorough
@pytest.mark.parametrize(
    "size_bytes",
    [
        300_000_000,
        pytest.param(5_000_000_000, marks=[pytest.mark.slow, pytest.mark.timeout(900)]),
    ],
)
def test_memory_is_a_matter_of_chunks_not_of_files_and_a_break_costs_one(tmp_path: Path, size_bytes: int) -> None:
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(size_bytes)
    with (tmp_path / "sparse").open("rb") as file:
        md5 = hashlib.file_digest(file, "md5").hexdigest()
    with drive_server(keep_uploads=False) as drive:
        api = api_for(drive, tmp_path, chunk_bytes=CHUNK_BYTES)
        file_id = drive.add_file("a", tmp_path / "sparse", md5=md5)
        access = json.dumps(api.access.model_dump(mode="json"))
        watches = [
            break_at(
                drive, lambda: drive.counters.bytes_up, size_bytes * 6 // 10, "files.upload_chunk", Fault.CUT_REQUEST
            ),
            break_at(
                drive, lambda: drive.counters.bytes_down, size_bytes * 6 // 10, "files.download", Fault.CUT_ANSWER
            ),
        ]
        command = [sys.executable, "-c", TRANSFER, str(tmp_path), access, file_id, md5, str(size_bytes)]
        before, after_upload, after_download = json.loads(subprocess.check_output(command))
        for watch in watches:
            watch.join(1)
        assert sorted(drive.faults.injected) == [Fault.CUT_ANSWER, Fault.CUT_REQUEST]
        assert drive.counters.bytes_up <= size_bytes + CHUNK_BYTES + OVERHEAD_BYTES
        assert drive.counters.bytes_down <= size_bytes + CHUNK_BYTES + OVERHEAD_BYTES
    assert (tmp_path / "destination").stat().st_size == size_bytes
    assert after_upload - before < CHUNK_BYTES, "not even a chunk is held"
    assert after_download - before < 6 * CHUNK_BYTES
