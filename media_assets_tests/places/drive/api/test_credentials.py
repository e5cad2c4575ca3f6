"""Credentials: read from files as they are, renewed when they end, and explained when they do not do."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from media_assets.base.errors import Fatal
from media_assets.places.drive.api.api import DriveApi
from media_assets_tests.drive_server import DriveServer, Fault, drive_server
from media_assets_tests.drive_server.certificate import make_private_key
from media_assets_tests.places.drive.api.clients import access_to, api_for


def api_with_own_token(drive: DriveServer, folder: Path, **changes: Any) -> DriveApi:
    """As after `media-assets login`."""
    (folder / "token.json").write_text(json.dumps(drive.authorized_user_info() | changes))
    return DriveApi(access_to(drive), None, folder / "token.json", wait_multiplier=0)


def test_a_key_and_a_grant_name_their_own_server(drive: DriveServer, tmp_path: Path) -> None:
    assert api_for(drive, tmp_path).account() == "person@example.com"
    robot = api_for(drive, tmp_path, service_account=True)
    robot.get(drive.add_folder("shared"), fields="id")
    assert robot.account() == "robot@project.example.com"
    assert drive.calls["oauth.token"] == 2


def test_a_service_account_acts_for_a_person_where_the_domain_lets_it(plain_drive: DriveServer, tmp_path: Path) -> None:
    delegated = api_for(plain_drive, tmp_path, service_account=True, subject="person@example.com")
    assert delegated.account() == "person@example.com"
    stranger = api_for(plain_drive, tmp_path, service_account=True, subject="boss@example.com")
    with pytest.raises(Fatal, match="Let the domain's administrator delegate the scope"):
        stranger.account()


HOSTS_ASKED_FOR = """
import json, sys, threading
from pathlib import Path

hosts = set()
sys.addaudithook(lambda event, args: event == "socket.getaddrinfo" and hosts.add(args[0]))

from media_assets.places.drive.api.api import DriveApi
from media_assets.places.drive.settings import DriveAccess

DriveApi(DriveAccess(api_endpoint=sys.argv[1]), Path(sys.argv[2]), Path("none")).get(sys.argv[3], fields="id")
for thread in threading.enumerate():
    if thread is not threading.current_thread():
        thread.join(5)
print(json.dumps(sorted(hosts)))
"""


@pytest.mark.thorough
def test_no_other_server_is_asked(plain_drive: DriveServer) -> None:
    """google-auth would show a service account's token to iamcredentials.googleapis.com, whatever server it is for."""
    key, folder = plain_drive.service_account_file(), plain_drive.add_folder("shared")
    command = [sys.executable, "-c", HOSTS_ASKED_FOR, plain_drive.url, str(key), folder]
    assert json.loads(subprocess.check_output(command)) == ["127.0.0.1"]


def test_a_token_that_ended_is_renewed(drive: DriveServer, api: DriveApi) -> None:
    file_id = drive.add_file("a", b"")
    api.get(file_id, fields="id")
    drive.expire_tokens()
    api.get(file_id, fields="id")
    assert drive.calls["oauth.token"] == 2
    drive.advance(drive.accounts.token_lifetime_seconds)
    api.get(file_id, fields="id")
    assert drive.calls["oauth.token"] == 3


def test_the_next_process_uses_the_token_of_the_last(plain_drive: DriveServer, tmp_path: Path) -> None:
    api_with_own_token(plain_drive, tmp_path).account()
    token_file = tmp_path / "token.json"
    assert stat.S_IMODE(token_file.stat().st_mode) == 0o600
    DriveApi(access_to(plain_drive), None, token_file).account()
    assert plain_drive.calls["oauth.token"] == 1
    assert list(tmp_path.iterdir()) == [token_file]


def test_files_that_are_not_ours_are_not_written(plain_drive: DriveServer, tmp_path: Path) -> None:
    api = api_for(plain_drive, tmp_path)
    before = (tmp_path / "credentials.json").read_text()
    api.account()
    assert (tmp_path / "credentials.json").read_text() == before
    assert not (tmp_path / "token.json").exists()


def test_a_login_in_the_meantime_is_not_overwritten(plain_drive: DriveServer, tmp_path: Path) -> None:
    api = api_with_own_token(plain_drive, tmp_path)
    api.account()
    newer = json.dumps(plain_drive.authorized_user_info() | {"refresh_token": "1//newer"})
    (tmp_path / "token.json").write_text(newer)
    plain_drive.expire_tokens()
    api.account()
    assert (tmp_path / "token.json").read_text() == newer


def test_a_token_that_cannot_be_kept_is_used_all_the_same(
    plain_drive: DriveServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "google"
    folder.mkdir()
    api = api_with_own_token(plain_drive, folder)
    api.account()
    (folder / "token.json").unlink()
    folder.rmdir()
    folder.touch()
    plain_drive.expire_tokens()
    assert api.account() == "person@example.com"
    assert "cannot be kept" in caplog.text


@pytest.mark.parametrize("service_account", [False, True])
def test_revoked_credentials_stop_the_batch_until_the_repair(
    plain_drive: DriveServer, tmp_path: Path, service_account: bool
) -> None:
    api = api_for(plain_drive, tmp_path, service_account=service_account)
    folder = plain_drive.add_folder("f")
    api.get(folder, fields="id")
    plain_drive.revoke()
    with pytest.raises(Fatal, match="invalid_grant: Token has been expired or revoked") as caught:
        api.get(folder, fields="id")
    expected = "whether the service account and this key" if service_account else 'in "Testing", its grants end'
    assert expected in caught.value.next_step
    plain_drive.repair()
    api.get(folder, fields="id")


def test_a_new_login_is_taken_up_by_processes_that_run(plain_drive: DriveServer, tmp_path: Path) -> None:
    api = api_with_own_token(plain_drive, tmp_path, refresh_token="1//revoked")
    with pytest.raises(Fatal, match="invalid_grant"):
        api.account()
    (tmp_path / "token.json").write_text(json.dumps(plain_drive.authorized_user_info()))
    assert api.account() == "person@example.com"


def test_a_key_that_google_does_not_know_is_named(plain_drive: DriveServer, tmp_path: Path) -> None:
    api = api_for(plain_drive, tmp_path, service_account=True)
    info = plain_drive.service_account_info() | {"private_key": make_private_key().key}
    (tmp_path / "credentials.json").write_text(json.dumps(info))
    with pytest.raises(Fatal, match="invalid_grant: Invalid JWT Signature"):
        api.get("any", fields="id")


def test_a_login_that_answers_nonsense_may_pass(plain_drive: DriveServer, api_of_person: DriveApi) -> None:
    plain_drive.fail_next("oauth.token", Fault.BAD_GATEWAY)
    plain_drive.fail_next("oauth.token", Fault.NOT_JSON)
    assert api_of_person.account() == "person@example.com"
    assert plain_drive.calls["oauth.token"] == 3


@pytest.fixture
def api_of_person(plain_drive: DriveServer, tmp_path: Path) -> DriveApi:
    return api_for(plain_drive, tmp_path)


BROKEN: dict[str, tuple[Callable[[DriveServer], Any], str]] = {
    "no JSON": (lambda _: None, "is no JSON of credentials"),
    "a list": (lambda _: [], "is no JSON of credentials"),
    "an app": (DriveServer.client_secrets, "give it to `media-assets login`"),
    "another type": (lambda _: {"type": "external_account"}, "is of the type 'external_account'"),
    "half a grant": (lambda drive: drive.authorized_user_info() | {"refresh_token": ""}, "lacks refresh_token"),
    "odd expiry": (lambda drive: drive.authorized_user_info() | {"expiry": "soon"}, "an expiry that is no time"),
    "half a key": (lambda _: {"type": "service_account"}, "no complete key of a service account"),
    "a broken key": (
        lambda drive: drive.service_account_info() | {"private_key": "-----BEGIN PRIVATE KEY-----\nplanted"},
        "no complete key of a service account",
    ),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_file_that_holds_no_credentials_is_named(tmp_path: Path, kind: str) -> None:
    content, expected = BROKEN[kind]
    with drive_server() as drive:
        api = api_for(drive, tmp_path)
        made = content(drive)
        (tmp_path / "credentials.json").write_text("{" if made is None else json.dumps(made))
        with pytest.raises(Fatal, match=expected) as caught:
            api.account()
        assert "credentials.json" in caught.value.reason
        assert "planted" not in str(caught.value)
        assert caught.value.__context__ is None or "planted" not in str(caught.value.__context__)


def test_without_any_credentials_the_login_is_named(plain_drive: DriveServer, tmp_path: Path) -> None:
    api = DriveApi(access_to(plain_drive), None, tmp_path / "token.json")
    with pytest.raises(Fatal, match="Run `media-assets login`"):
        api.account()
    with pytest.raises(Fatal, match="cannot be read: Is a directory"):
        DriveApi(access_to(plain_drive), tmp_path, tmp_path / "token.json").account()


def test_a_person_cannot_act_for_another(plain_drive: DriveServer, tmp_path: Path) -> None:
    with pytest.raises(Fatal, match="cannot act for the `subject`"):
        api_for(plain_drive, tmp_path, subject="boss@example.com").account()
