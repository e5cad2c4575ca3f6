"""No token, key or address of an upload is in any log, error or description of an object."""

from __future__ import annotations

import gc
import json
import logging
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from media_assets.base.errors import MediaAssetsError
from media_assets.places.drive.api.api import DriveApi
from media_assets_tests.drive_server import REASONS, DriveServer, Fault, Faults
from media_assets_tests.places.drive.api.clients import api_for, noise, nth, store


def secrets_of(drive: DriveServer, folder: Path) -> set[str]:
    """All there are, as far as tokens and sessions were made."""
    info = json.loads((folder / "credentials.json").read_text())
    key_lines = info.get("private_key", "").splitlines()[1:-1]
    given = {info[name] for name in ("refresh_token", "client_secret") if name in info}
    return given | set(key_lines) | set(drive.accounts.tokens) | set(drive.uploads.sessions)


def everything_in(error: BaseException | None) -> Iterator[str]:
    """What printing an error and all that led to it could show."""
    while error is not None:
        yield from (str(error), repr(error), repr(error.__dict__), repr(getattr(error, "__notes__", ())))
        yield from everything_in(error.__cause__)
        error = error.__context__


@pytest.mark.thorough
def test_secrets_stay_secret(drive: DriveServer, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    drive.faults.random_faults = Faults(rate=0, retry_after_seconds=0)
    api = api_for(drive, tmp_path, service_account=drive.ca_file is not None, max_retries=1)
    md5 = noise(tmp_path / "a")
    shared = drive.add_shared_drive("Team")
    said: list[str] = []
    secrets: set[str] = set()

    def attempt(action: Callable[[], object]) -> None:
        with pytest.raises(MediaAssetsError) as caught:
            action()
        said.extend(everything_in(caught.value))
        secrets.update(secrets_of(drive, tmp_path))
        drive.repair()

    for kind in (*Fault, *REASONS):
        if kind in (Fault.SLOW, Fault.STORED_LESS, Fault.CUT_REQUEST, Fault.EMPTY, "fileIdInUse", "notFound"):
            continue
        drive.fail_always("files.get", kind)
        attempt(partial(api.get, "any", fields="id"))
    for kind in (*Fault, *REASONS):
        if kind == Fault.SLOW:
            continue
        upload = partial(
            store,
            api,
            tmp_path / "a",
            api.new_id(),
            md5=md5,
            parents=[shared],
            check=nth(5, partial(drive.fail_always, "*", kind)),
        )
        attempt(upload)
        (tmp_path / "journal.json").unlink(missing_ok=True)
    for description in ("Token has been expired or revoked.", "Account has been deleted"):
        drive.revoke(description)
        attempt(partial(api.get, "any", fields="id"))
    assert len([secret for secret in secrets if secret.startswith("AP")]) > 10, "sessions were open when it went wrong"
    assert any(secret.startswith("ya29.") for secret in secrets)
    ours = [item for item in gc.get_objects() if str(type(item).__module__).startswith("media_assets.places.drive.api")]
    assert any(isinstance(item, DriveApi) for item in ours)
    text = "\n".join([*said, caplog.text, *map(repr, ours)])
    assert [secret for secret in secrets if secret in text] == []
