"""`media-assets login` and `doctor` on a library in Drive, as a person types them."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from media_assets_tests.drive_server import DriveServer, drive_server


@pytest.fixture
def drive() -> Iterator[DriveServer]:
    with drive_server(seed=2) as drive:
        yield drive


def start(root: Path, *arguments: str) -> subprocess.Popen[str]:
    ours = ("DAGSTER", "MEDIA_A", "GOOGLE_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    command = [sys.executable, "-u", "-m", "media_assets.cli", "--config", str(root / "library.yaml"), *arguments]
    return subprocess.Popen(command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def library_in(root: Path, drive: DriveServer) -> None:
    place = {"type": "drive", "api_endpoint": drive.url, "max_retries": 0}
    sections = {
        "sources": {"talks": {**place, "folders": ["My Drive/Talks"]}},
        "stores": {"drive": {**place, "folder": "My Drive/Artifacts"}},
    }
    (root / "library.yaml").write_text(json.dumps(sections))
    (root / "app.json").write_text(json.dumps(drive.client_secrets()))


def test_after_a_login_in_the_browser_the_doctor_is_content(drive: DriveServer, tmp_path: Path) -> None:
    library_in(tmp_path, drive)
    drive.add_path("Talks")
    before = start(tmp_path, "doctor")
    output = before.communicate(timeout=60)[0]
    assert before.returncode == 1
    assert "✗ source talks" in output
    assert "media-assets login" in output

    login = start(tmp_path, "login", "--client-secrets", str(tmp_path / "app.json"), "--no-browser")
    assert login.stdout is not None
    address = next(found[0] for line in login.stdout if (found := re.search(r"http\S+", line)))
    requests.get(address, timeout=20)
    printed = login.communicate(timeout=60)[0]
    assert login.returncode == 0, printed
    token = tmp_path / ".media_assets/google/token.json"
    assert "logged in" in printed
    assert str(token) in printed
    assert stat.S_IMODE(token.stat().st_mode) == 0o600
    assert not [secret for secret in drive.accounts.grants if secret in printed]

    after = start(tmp_path, "doctor")
    output = after.communicate(timeout=60)[0]
    assert after.returncode == 0, output
    assert "✓ source talks: person@example.com: 1 folder found" in output
    assert "✓ store drive" in output


@pytest.mark.slow
def test_a_folder_that_is_not_there_is_named_with_the_account(drive: DriveServer, tmp_path: Path) -> None:
    library_in(tmp_path, drive)
    (tmp_path / "grant.json").write_text(json.dumps(drive.authorized_user_info()))
    text = (tmp_path / "library.yaml").read_text()
    (tmp_path / "library.yaml").write_text(
        text.replace('"type": "drive"', '"type": "drive", "credentials": "grant.json"')
    )
    doctor = start(tmp_path, "doctor")
    output = doctor.communicate(timeout=60)[0]
    assert doctor.returncode == 1
    assert re.search(r"✗ source talks: there is no My Drive/Talks in Google Drive.* person@example.com", output), output
    process = start(tmp_path, "process")
    output = process.communicate(timeout=60)[0]
    assert process.returncode == 2
    assert "My Drive/Talks" in output
