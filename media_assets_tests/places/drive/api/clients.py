"""What the tests of this folder share: an API on a stand-in, and something to send."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from media_assets.places.drive.api.api import DriveApi
from media_assets.places.drive.api.credentials import FULL_DRIVE
from media_assets.places.drive.settings import DriveAccess
from media_assets.places.source import no_check
from media_assets_tests.drive_server import UNIT_BYTES, DriveServer

CHUNK_BYTES = UNIT_BYTES
SIZE_BYTES = 5_000_000 + 3 * CHUNK_BYTES + 1000
"""Just beyond what goes up in one request."""


def api_for(
    drive: DriveServer,
    folder: Path,
    *,
    service_account: bool = False,
    scopes: Sequence[str] = (FULL_DRIVE,),
    **access: Any,
) -> DriveApi:
    """The API with credentials in `folder`, short chunks and no waits."""
    info = drive.service_account_info() if service_account else drive.authorized_user_info(scopes)
    credentials = folder / "credentials.json"
    credentials.write_text(json.dumps(info))
    return DriveApi(access_to(drive, **access), credentials, folder / "token.json", wait_multiplier=0)


def access_to(drive: DriveServer, **access: Any) -> DriveAccess:
    """Settings for a stand-in."""
    settings = {"chunk_bytes": CHUNK_BYTES, "timeout_seconds": 10, "max_retries": 4} | access
    return DriveAccess(**{"api_endpoint": drive.url, "ca_file": drive.ca_file} | settings)


def noise(path: Path, size_bytes: int = SIZE_BYTES, seed: int = 0) -> str:
    """Write so many bytes; returns their MD5."""
    data = random.Random(seed).randbytes(size_bytes)
    path.write_bytes(data)
    return hashlib.md5(data).hexdigest()


def store(
    api: DriveApi, path: Path, file_id: str, *, md5: str = "", check: Callable[[], None] = no_check, **metadata: Any
) -> dict[str, Any]:
    """Upload a new file."""
    return api.upload(
        path,
        {"name": path.name, **metadata},
        file_id=file_id,
        update=False,
        mime_type="video/mp4",
        md5=md5 or hashlib.md5(path.read_bytes()).hexdigest(),
        journal=path.with_name("journal.json"),
        fields="id,name",
        check=check,
    )


def nth(count: int, action: Callable[[], None]) -> Callable[[], None]:
    """A `check` that acts when it is called for the `count`th time."""
    calls = 0

    def check() -> None:
        nonlocal calls
        calls += 1
        if calls == count:
            action()

    return check
