"""The stand-in lets callers in, and keeps them out, as Google's accounts server does."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import google_auth_httplib2
import httplib2
import pytest
from google.auth.exceptions import RefreshError
from google.oauth2 import service_account

from media_assets_tests.drive_server import DRIVE_SCOPE, DriveServer, drive_server
from media_assets_tests.drive_server.certificate import make_private_key
from media_assets_tests.drive_server.refusals import refused


@pytest.fixture
def drive():
    with drive_server() as server:
        yield server


def test_a_key_file_and_a_stored_consent_both_open_the_drive(drive: DriveServer) -> None:
    client, robot = drive.client(), drive.client("service")
    assert client.about().get(fields="user(emailAddress)").execute()["user"]["emailAddress"] == "person@example.com"
    assert robot.about().get(fields="user(emailAddress)").execute()["user"]["emailAddress"].startswith("robot@")
    assert json.loads(drive.service_account_file().read_text())["token_uri"].startswith(drive.url)


def test_a_service_account_sees_what_is_shared_with_it_but_not_the_folder_above(drive: DriveServer) -> None:
    folder = drive.add_folder("f")
    files = drive.client("service").files()
    assert files.get(fileId=folder, fields="name,ownedByMe,parents").execute() == {"name": "f", "ownedByMe": False}
    assert files.list(q="'root' in parents").execute()["files"] == []
    with refused("notFound"):
        files.get(fileId=drive.root_id).execute()


def test_a_token_ends_and_is_renewed(drive: DriveServer) -> None:
    client = drive.client()
    client.files().list().execute()
    drive.advance(drive.accounts.token_lifetime_seconds)
    client.files().list().execute()
    assert drive.calls["oauth.token"] == 2
    assert drive.calls["files.list"] == 3, "one was answered 401"


@pytest.mark.parametrize("account", ["user", "service"])
def test_revoked_access_is_invalid_grant_until_it_is_given_back(drive: DriveServer, account: Any) -> None:
    client = drive.client(account)
    client.files().list().execute()
    drive.revoke()
    with pytest.raises(RefreshError, match="invalid_grant: Token has been expired or revoked"):
        client.files().list().execute()
    drive.repair()
    client.files().list().execute()


def test_a_foreign_key_and_an_unknown_account_are_refused(drive: DriveServer) -> None:
    def refresh(**changes: str) -> None:
        info = drive.service_account_info() | changes
        credentials = service_account.Credentials.from_service_account_info(info, scopes=[DRIVE_SCOPE])
        credentials.refresh(google_auth_httplib2.Request(httplib2.Http()))

    refresh()
    with pytest.raises(RefreshError, match="invalid_grant: Invalid JWT Signature"):
        refresh(private_key=make_private_key().key)
    with pytest.raises(RefreshError, match="invalid_grant: Invalid grant: account not found"):
        refresh(client_email="stranger@example.com")


def test_no_token_and_a_wrong_token_are_401(drive: DriveServer) -> None:
    for headers in ({}, {"authorization": "Bearer wrong"}):
        response, body = httplib2.Http().request(f"{drive.url}/drive/v3/files", headers=headers)
        assert response.status == 401
        assert json.loads(body)["error"]["errors"][0]["reason"] == "authError"


def test_scopes_limit_what_may_be_done(drive: DriveServer) -> None:
    file_id = drive.add_file("a", b"abc")
    reader = drive.client(scopes=[f"{DRIVE_SCOPE}.readonly"]).files()
    assert reader.get_media(fileId=file_id).execute() == b"abc"
    with refused("insufficientPermissions", status=403):
        reader.create(body={"name": "b"}).execute()
    lister = drive.client(scopes=[f"{DRIVE_SCOPE}.metadata.readonly"]).files()
    assert len(lister.list().execute()["files"]) == 1
    with refused("insufficientPermissions"):
        lister.get_media(fileId=file_id).execute()


def test_the_scope_drive_file_sees_only_what_the_app_made(drive: DriveServer) -> None:
    files, uploaded_by_hand = drive.client(scopes=[f"{DRIVE_SCOPE}.file"]).files(), drive.add_file("a", b"")
    made = files.create(body={"name": "b"}).execute()["id"]
    assert [file["id"] for file in files.list().execute()["files"]] == [made]
    with refused("notFound"):
        files.get(fileId=uploaded_by_hand).execute()


def test_the_installed_app_flow_ends_in_a_refresh_token(drive: DriveServer) -> None:
    app = drive.client_secrets()["installed"]
    http = httplib2.Http()
    http.follow_redirects = False
    asked = {
        "client_id": app["client_id"],
        "response_type": "code",
        "redirect_uri": "http://localhost:1/",
        "scope": DRIVE_SCOPE,
        "state": "xyz",
    }
    response, _ = http.request(f"{app['auth_uri']}?{urlencode(asked)}")
    assert re.match(r"http://localhost:1/\?", response["location"])
    back = parse_qs(urlsplit(response["location"]).query)
    assert back["state"] == ["xyz"]
    form = {
        "grant_type": "authorization_code",
        "code": back["code"][0],
        "redirect_uri": "http://localhost:1/",
        "client_id": app["client_id"],
        "client_secret": app["client_secret"],
    }
    headers = {"content-type": "application/x-www-form-urlencoded"}
    _, body = http.request(app["token_uri"], "POST", urlencode(form), headers)
    tokens = json.loads(body)
    assert tokens["refresh_token"] in drive.accounts.grants
    assert tokens["scope"] == DRIVE_SCOPE
    response, body = http.request(app["token_uri"], "POST", urlencode(form), headers)
    assert (response.status, json.loads(body)["error"]) == (400, "invalid_grant"), "a code works once"
