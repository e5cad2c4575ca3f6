"""Calls: repeated when that may help, as often as allowed, and never with two files as their result."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from media_assets.base.errors import Cancelled, Fatal, Transient
from media_assets.places.drive.api.api import DriveApi
from media_assets.places.drive.api.errors import IdTaken, NotDrive, Unavailable, refusal
from media_assets.places.drive.api.service import drive_service
from media_assets_tests.drive_server import FOLDER, DriveServer, Fault, Faults, drive_server
from media_assets_tests.places.drive.api.clients import access_to, api_for

LOST_ANSWERS = (Fault.ANSWER_LOST, Fault.ANSWER_RESET, Fault.CUT_ANSWER, Fault.NOT_JSON)
PASSING = (
    *(Fault.USER_RATE, Fault.RATE, Fault.INTERNAL, Fault.BAD_GATEWAY, Fault.BACKEND, Fault.UNAUTHORIZED),
    *(Fault.CLOSED, Fault.RESET, *LOST_ANSWERS, "sharingRateLimitExceeded"),
)


def name_of(api: DriveApi, file_id: str) -> str:
    return str(api.get(file_id, fields="name")["name"])


@pytest.mark.parametrize("fault", PASSING)
def test_a_call_goes_on_after_a_passing_failure(drive: DriveServer, api: DriveApi, fault: str) -> None:
    file_id = drive.add_file("a.mp4", b"abc")
    drive.fail_next("files.get", fault, times=2)
    assert name_of(api, file_id) == "a.mp4"
    assert drive.calls["files.get"] == 3


@pytest.mark.parametrize("fault", LOST_ANSWERS)
def test_a_lost_answer_makes_no_second_file(drive: DriveServer, api: DriveApi, fault: str) -> None:
    drive.fail_next("files.create", fault)
    made = api.create({"name": "folder", "mimeType": FOLDER}, fields="id,name")
    drive.fail_next("files.copy", fault)
    copied = api.copy(drive.add_file("a", b"abc"), {"name": "copy", "parents": [made["id"]]}, fields="id,name")
    assert [item.id for item in drive.files(name="folder")] == [made["id"]]
    assert [item.id for item in drive.files(name="copy")] == [copied["id"]]
    assert drive.faults.injected[fault] == 2


def test_a_used_id_is_told_apart(plain_drive: DriveServer, plain_api: DriveApi) -> None:
    body = {"id": plain_api.new_id(), "name": "a"}
    plain_api.call(lambda drive: drive.files().create(body=body))
    with pytest.raises(IdTaken):
        plain_api.call(lambda drive: drive.files().create(body=body))


@pytest.mark.parametrize("fault", [Fault.USER_RATE, Fault.BAD_GATEWAY, Fault.CLOSED, Fault.NOT_JSON])
def test_retries_are_bounded(plain_drive: DriveServer, tmp_path: Path, fault: str) -> None:
    api = api_for(plain_drive, tmp_path, max_retries=3)
    plain_drive.fail_always("files.get", fault)
    with pytest.raises(Unavailable):
        api.get("any", fields="id")
    # httplib2 sends a request again by itself, once for each connection that was closed.
    assert plain_drive.calls["files.get"] == (8 if fault == Fault.CLOSED else 4)


def test_the_limit_of_a_day_looks_like_one_of_rate_and_is_named(plain_drive: DriveServer, tmp_path: Path) -> None:
    api = api_for(plain_drive, tmp_path, max_retries=1)
    api.new_id()
    plain_drive.fail_always("files.create", "userRateLimitExceeded")
    with pytest.raises(Unavailable, match="After 750 GB in a day"):
        api.create({"name": "a"}, fields="id")
    assert plain_drive.calls["files.create"] == 2


def test_what_the_server_asks_for_is_waited(plain_drive: DriveServer, plain_api: DriveApi) -> None:
    file_id = plain_drive.add_file("a", b"")
    plain_drive.faults.random_faults = Faults(rate=0, retry_after_seconds=1)
    plain_drive.fail_next("files.get", Fault.TOO_MANY)
    started = time.monotonic()
    assert name_of(plain_api, file_id) == "a"
    assert time.monotonic() - started >= 1, "without it there is no wait in these tests"


def test_nobody_waits_for_an_hour(plain_drive: DriveServer, plain_api: DriveApi) -> None:
    plain_drive.faults.random_faults = Faults(rate=0, retry_after_seconds=3600)
    plain_drive.fail_always("files.get", Fault.TOO_MANY)
    with pytest.raises(Unavailable):
        plain_api.get("any", fields="id")
    assert plain_drive.calls["files.get"] == 1


def test_the_server_may_name_a_date() -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=300), usegmt=True)
    error = refusal({"retry-after": date}, 503, b"", writing=False)
    assert isinstance(error, Unavailable)
    assert 290 < error.retry_after_seconds <= 300
    unclear = refusal({"retry-after": "soon"}, 503, b"", writing=False)
    assert isinstance(unclear, Unavailable)
    assert unclear.retry_after_seconds == 0


def test_a_wait_can_be_ended(plain_drive: DriveServer, plain_api: DriveApi) -> None:
    plain_drive.fail_always("files.get", Fault.TOO_MANY)
    plain_drive.faults.random_faults = Faults(rate=0, retry_after_seconds=500)

    def check() -> None:
        if plain_drive.calls["files.get"]:
            raise Cancelled("the run was stopped")

    with pytest.raises(Cancelled):
        plain_api.get("any", fields="id", check=check)
    assert plain_drive.calls["files.get"] == 1


def test_pages_are_read_to_the_end_whatever_the_length_of_the_address(
    plain_drive: DriveServer, plain_api: DriveApi
) -> None:
    folders = [plain_drive.add_folder(f"f{number}") for number in range(50)]
    files = {plain_drive.add_file("a", b"", parent=folder) for folder in folders for _ in range(2)}
    query = " or ".join(f"'{folder}' in parents" for folder in folders)

    def build(drive: Any, token: str | None) -> Any:
        return drive.files().list(q=query, pageSize=7, pageToken=token, fields="nextPageToken,files(id)")

    plain_drive.fail_next("files.list", Fault.NOT_JSON)
    pages = list(plain_api.pages(build))
    assert {item["id"] for page in pages for item in page["files"]} == files
    assert len(pages) >= len(files) / 7
    assert plain_drive.counters.requests[-1].verb == "GET", "although it came as a form"
    assert "X-HTTP-Method-Override".lower() in plain_drive.counters.requests[-1].headers


def test_a_page_without_its_list_is_no_empty_list(plain_drive: DriveServer, tmp_path: Path) -> None:
    api = api_for(plain_drive, tmp_path, max_retries=1)
    with pytest.raises(Unavailable, match="a page without files"):
        list(api.pages(lambda drive, _: drive.files().list(fields="nextPageToken")))
    assert plain_drive.calls["files.list"] == 2


def test_ids_come_a_hundred_at_a_time_and_to_one_caller_each(plain_drive: DriveServer, plain_api: DriveApi) -> None:
    with ThreadPoolExecutor(4) as pool:
        ids = list(pool.map(lambda _: plain_api.new_id(), range(100)))
    assert len(set(ids)) == 100
    assert plain_drive.calls["files.generateIds"] == 1


def test_threads_share_a_token_and_no_connection(drive: DriveServer, api: DriveApi) -> None:
    file_id = drive.add_file("a", b"")
    drive.faults.random_faults = Faults(rate=0.2, retry_after_seconds=0, slow_seconds=0.01)
    with ThreadPoolExecutor(8) as pool:
        names = list(pool.map(lambda _: name_of(api, file_id), range(80)))
    assert set(names) == {"a"}
    # Those that were answered 401 renewed it, and no thread for another.
    assert drive.calls["oauth.token"] <= 1 + drive.faults.injected[Fault.UNAUTHORIZED]


def test_files_of_shared_drives_are_seen(plain_drive: DriveServer, plain_api: DriveApi) -> None:
    shared = plain_drive.add_shared_drive("Team")
    file_id = plain_drive.add_file("a", b"", parent=shared)
    assert name_of(plain_api, file_id) == "a"
    plain_api.delete(file_id)
    plain_api.delete(file_id)
    assert plain_drive.files(name="a") == []


def test_nothing_is_touched_before_the_first_call(plain_drive: DriveServer, tmp_path: Path) -> None:
    api = DriveApi(access_to(plain_drive), tmp_path / "no.json", tmp_path / "none.json")
    assert api.service is not None
    assert not plain_drive.calls


def test_a_certificate_nobody_vouches_for_is_named(tmp_path: Path) -> None:
    with drive_server(tls=True) as drive:
        api = api_for(drive, tmp_path, ca_file=None)
        with pytest.raises(Fatal, match="Name the certificates to trust as ca_file"):
            api.get("any", fields="id")


def test_an_address_where_nothing_speaks_drive_is_named(plain_drive: DriveServer, tmp_path: Path) -> None:
    api = api_for(plain_drive, tmp_path, api_endpoint=f"{plain_drive.url}/elsewhere")
    with pytest.raises(Fatal, match="Correct api_endpoint"):
        api.get("any", fields="id")


def test_a_server_that_is_not_there_may_come_back(plain_drive: DriveServer, tmp_path: Path) -> None:
    api = api_for(plain_drive, tmp_path, api_endpoint="http://127.0.0.1:9", max_retries=1)
    with pytest.raises(Unavailable, match="ConnectionRefusedError"):
        api.get("any", fields="id")


@pytest.mark.parametrize("kind", ["invalid", "pageTokenExpired", "lost by the server"])
def test_a_list_begins_anew_when_the_token_of_a_page_has_expired(
    plain_drive: DriveServer, plain_api: DriveApi, kind: str
) -> None:
    files = {plain_drive.add_file(str(number), b"x") for number in range(9)}
    plain_drive.listing.page_limit = 2
    asked: list[str] = []

    def expire(token: str) -> None:
        asked.append(token)
        if len(asked) == 3:
            plain_drive.listing.expire_tokens()

    if kind == "lost by the server":
        plain_drive.listing.before_page = expire
    found = set()
    for number, page in enumerate(
        plain_api.pages(lambda drive, token: drive.files().list(pageToken=token, fields="nextPageToken,files(id)"))
    ):
        found |= {item["id"] for item in page["files"]}
        if number == 1 and kind != "lost by the server":
            plain_drive.fail_next("files.list", kind)
    assert found == files
    assert plain_drive.calls["files.list"] > 5


def test_a_list_that_never_ends_is_given_up_for_now(plain_drive: DriveServer, plain_api: DriveApi) -> None:
    for number in range(3):
        plain_drive.add_file(str(number), b"x")
    plain_drive.listing.page_limit = 1
    plain_drive.listing.before_page = lambda _: plain_drive.listing.expire_tokens()
    with pytest.raises(Transient, match="ended a list again and again"):
        list(
            plain_api.pages(lambda drive, token: drive.files().list(pageToken=token, fields="nextPageToken,files(id)"))
        )


@pytest.mark.parametrize("fault", [Fault.NOT_JSON, Fault.EMPTY])
def test_what_never_answers_like_drive_is_told_apart_from_a_busy_drive(
    plain_drive: DriveServer, tmp_path: Path, fault: Fault
) -> None:
    api = api_for(plain_drive, tmp_path, max_retries=2)
    plain_drive.fail_always("files.list", fault)
    with pytest.raises(NotDrive, match="proxy"):
        list(api.pages(lambda drive, token: drive.files().list(pageToken=token)))
    assert plain_drive.calls["files.list"] == 3


def test_the_methods_of_a_resource_are_made_once() -> None:
    drive = drive_service("http://127.0.0.1:9")
    assert drive.files() is drive.files() is not drive.changes()
    requests = [drive.files().get(fileId=file_id, fields="id") for file_id in ("a", "b")]
    assert [request.uri.partition("?")[0] for request in requests] == [
        "http://127.0.0.1:9/drive/v3/files/a",
        "http://127.0.0.1:9/drive/v3/files/b",
    ]
    assert drive_service(None).files().get(fileId="a").uri.startswith("https://www.googleapis.com/drive/v3/files/a")
