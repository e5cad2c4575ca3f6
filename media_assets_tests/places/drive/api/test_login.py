"""The login: a browser, a consent page, a grant in a file, and every way in which a person says no."""

from __future__ import annotations

import json
import logging
import stat
import threading
import webbrowser
from pathlib import Path
from typing import Any

import pytest
import requests

from media_assets.base.errors import Fatal
from media_assets.places.drive.api.api import DriveApi
from media_assets.places.drive.api.credentials import FULL_DRIVE, READ_ONLY
from media_assets.places.drive.api.login import login
from media_assets_tests.drive_server import DriveServer
from media_assets_tests.places.drive.api.clients import access_to


class Browser(webbrowser.BaseBrowser):
    """A browser that follows redirects, in a thread of its own as browsers do."""

    visited = ""

    def __init__(self, ca_file: Path | None) -> None:
        super().__init__("test")
        self._verify = str(ca_file) if ca_file else True

    def open(self, url: str, new: int = 0, autoraise: bool = True) -> bool:
        self.visited = url
        threading.Thread(target=requests.get, args=(url,), kwargs={"verify": self._verify}).start()
        return True


def logged_in(drive: DriveServer, folder: Path, **arguments: Any) -> Path:
    """The token file that a login leaves."""
    secrets_file, token_file = folder / "client_secrets.json", folder / "google" / "token.json"
    secrets_file.write_text(json.dumps(drive.client_secrets()))
    webbrowser.register("test", None, Browser(drive.ca_file), preferred=True)
    with pytest.MonkeyPatch.context() as patch:
        if drive.ca_file:
            patch.setenv("REQUESTS_CA_BUNDLE", str(drive.ca_file))
        login(secrets_file, token_file, open_browser=True, **arguments)
    return token_file


def test_a_login_ends_in_a_grant_that_works(drive: DriveServer, tmp_path: Path) -> None:
    token_file = logged_in(drive, tmp_path)
    assert stat.S_IMODE(token_file.stat().st_mode) == 0o600
    assert DriveApi(access_to(drive), None, token_file).account() == "person@example.com"
    assert drive.calls["oauth.token"] == 1, "the token that came with the login is used"
    grant = json.loads(token_file.read_text())
    assert grant["scopes"] == [FULL_DRIVE] == list(drive.accounts.grants[grant["refresh_token"]].scopes)


def test_less_can_be_asked_for(plain_drive: DriveServer, tmp_path: Path) -> None:
    api = DriveApi(access_to(plain_drive), None, logged_in(plain_drive, tmp_path, scopes=[READ_ONLY]))
    assert api.account() == "person@example.com"
    with pytest.raises(Fatal, match="do not have the scope"):
        api.new_id()


def test_nothing_secret_is_logged_or_printed(
    plain_drive: DriveServer,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    grant = json.loads(logged_in(plain_drive, tmp_path).read_text())
    ours = [record.getMessage() for record in caplog.records if record.threadName == "MainThread"]  # not the browser's
    said = "\n".join([*ours, *capsys.readouterr()])
    assert plain_drive.url in said, "the page to visit"
    for secret in (grant["refresh_token"], grant["token"], grant["client_secret"], "code=4"):
        assert secret not in said


@pytest.mark.parametrize(
    ("agrees_to", "expected"),
    [(frozenset[str](), "access_denied"), (frozenset({READ_ONLY}), "less was agreed to")],
)
def test_a_person_who_says_no_leaves_no_grant(
    plain_drive: DriveServer, tmp_path: Path, agrees_to: frozenset[str], expected: str
) -> None:
    plain_drive.accounts.agrees_to = agrees_to
    with pytest.raises(Fatal, match=expected) as caught:
        logged_in(plain_drive, tmp_path, scopes=[FULL_DRIVE, READ_ONLY])
    assert caught.value.__context__ is None
    assert not (tmp_path / "google").exists()


@pytest.mark.parametrize("content", ["{", "[]", '{"installed": {"client_secret": "planted"}}', '{"other": {}}'])
def test_a_file_that_is_no_app_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "secrets.json").write_text(content)
    with pytest.raises(Fatal, match=r"secrets.json holds no secret of an OAuth app") as caught:
        login(tmp_path / "secrets.json", tmp_path / "token.json", open_browser=False)
    assert caught.value.__context__ is None
    with pytest.raises(Fatal, match=r"none.json cannot be read"):
        login(tmp_path / "none.json", tmp_path / "token.json", open_browser=False)
