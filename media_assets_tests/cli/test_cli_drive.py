"""`media-assets login` and `doctor` on a library in Drive, as a person types them."""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from media_assets_tests.command_line import Command
from media_assets_tests.drive_server import DriveServer, drive_server


@pytest.fixture
def drive() -> Iterator[DriveServer]:
    with drive_server(seed=2) as drive:
        yield drive


def start(root: Path, *arguments: str) -> Command:
    return Command("--config", root / "library.yaml", *arguments, cwd=root)


def done(root: Path, *arguments: str) -> tuple[int, str]:
    """The exit code and all that was said."""
    command = start(root, *arguments)
    return command.wait(60), command.stdout + command.stderr


def library_in(root: Path, drive: DriveServer) -> None:
    place = {"type": "drive", "api_endpoint": drive.url, "max_retries": 0}
    sections = {
        "sources": {"talks": {**place, "folders": ["My Drive/Talks"]}},
        "stores": {"drive": {**place, "folder": "My Drive/Artifacts"}},
    }
    (root / "library.yaml").write_text(json.dumps(sections))
    (root / "app.json").write_text(json.dumps(drive.client_secrets()))


@pytest.mark.thorough
def test_after_a_login_in_the_browser_the_doctor_is_content(drive: DriveServer, tmp_path: Path) -> None:
    library_in(tmp_path, drive)
    drive.add_path("Talks")
    code, output = done(tmp_path, "doctor")
    assert code == 1
    assert "✗ source talks" in output
    assert "media-assets login" in output

    login = start(tmp_path, "login", "--client-secrets", str(tmp_path / "app.json"), "--no-browser")
    (address,) = re.findall(r"http\S+", login.line_with("http"))
    requests.get(address, timeout=20)
    assert login.wait(60) == 0, login.stdout + login.stderr
    printed = login.stdout + login.stderr
    token = tmp_path / ".media_assets/google/token.json"
    assert "logged in" in printed
    assert str(token) in printed
    assert stat.S_IMODE(token.stat().st_mode) == 0o600
    assert not [secret for secret in drive.accounts.grants if secret in printed]

    code, output = done(tmp_path, "doctor")
    assert code == 0, output
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
    code, output = done(tmp_path, "doctor")
    assert code == 1
    assert re.search(r"✗ source talks: there is no My Drive/Talks in Google Drive.* person@example.com", output), output
    code, output = done(tmp_path, "process")
    assert code == 2
    assert "My Drive/Talks" in output
