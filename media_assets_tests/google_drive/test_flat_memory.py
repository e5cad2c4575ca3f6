"""Memory does not grow with the file."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

from media_assets_tests.drive_server import drive_server
from media_assets_tests.google_drive.clients import api_for

SIZE_BYTES = 300_000_000
CHUNK_BYTES = 4 << 20
TRANSFER = """
import json, resource, sys
from pathlib import Path
from media_assets.google_drive.api import DriveApi
from media_assets.settings_places import DriveAccess
from media_assets_tests.google_drive.clients import store

folder, access, file_id, md5 = Path(sys.argv[1]), json.loads(sys.argv[2]), *sys.argv[3:5]
api = DriveApi(DriveAccess.model_validate(access), folder / "credentials.json", folder / "token.json")
new_id = api.new_id()
(folder / "small").write_bytes(bytes(100))
store(api, folder / "small", api.new_id())
peaks = [resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024]
store(api, folder / "sparse", new_id, md5=md5)
peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
api.download(file_id, folder / "destination", size_bytes=int(sys.argv[5]), md5=None)
peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
print(json.dumps(peaks))
"""


def test_memory_is_a_matter_of_chunks_not_of_files(tmp_path: Path) -> None:
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(SIZE_BYTES)
    with (tmp_path / "sparse").open("rb") as file:
        md5 = hashlib.file_digest(file, "md5").hexdigest()
    with drive_server(keep_uploads=False) as drive:
        api = api_for(drive, tmp_path, chunk_bytes=CHUNK_BYTES)
        file_id = drive.add_file("a", tmp_path / "sparse", md5="0" * 32)
        access = json.dumps(api.access.model_dump(mode="json"))
        command = [sys.executable, "-c", TRANSFER, str(tmp_path), access, file_id, md5, str(SIZE_BYTES)]
        before, after_upload, after_download = json.loads(subprocess.check_output(command))
    assert (tmp_path / "destination").stat().st_size == SIZE_BYTES
    assert after_upload - before < CHUNK_BYTES, "not even a chunk is held"
    assert after_download - before < 6 * CHUNK_BYTES
