"""The stand-in's searches that lag and checksums that come late, on its own clock."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from googleapiclient.http import MediaInMemoryUpload

from media_assets_tests.drive_server import DriveServer, Fault, drive_server
from media_assets_tests.drive_server.refusals import refused


@pytest.fixture
def drive() -> Iterator[DriveServer]:
    with drive_server(seed=1) as drive:
        yield drive


def found(drive: DriveServer, query: str, fields: str = "id") -> list[Any]:
    return list(drive.client().files().list(q=query, fields=f"files({fields})").execute()["files"])


def test_a_search_shows_what_was_true_a_while_ago_and_an_id_what_is_true_now(drive: DriveServer) -> None:
    old = drive.add_file("old", b"old", app_properties={"mark": "x"})
    drive.lag(search_seconds=100)
    new = drive.add_file("new", b"new", app_properties={"mark": "x"})
    drive.change(old, name="renamed", app_properties={})
    query = "appProperties has { key='mark' and value='x' }"
    assert [file["name"] for file in found(drive, query, "name")] == ["old"]
    assert drive.client().files().get(fileId=new, fields="name").execute() == {"name": "new"}
    drive.advance(101)
    assert [file["name"] for file in found(drive, query, "name")] == ["new"]
    drive.delete(new)
    assert found(drive, query) == []


def test_what_changed_twice_is_shown_in_the_state_between(drive: DriveServer) -> None:
    drive.lag(search_seconds=100)
    file = drive.add_file("first", b"x")
    drive.advance(60)
    drive.rename(file, "second")
    drive.advance(60)
    assert [item["name"] for item in found(drive, "name contains 's' or name contains 'f'", "name")] == ["first"]


def test_checksums_of_what_is_uploaded_come_late_and_those_of_what_was_there_stay(drive: DriveServer) -> None:
    there = drive.add_file("a", b"a")
    drive.lag(checksum_seconds=100)
    media = MediaInMemoryUpload(b"text", "text/plain")
    made = drive.client().files().create(body={"name": "b"}, media_body=media, fields="id,size,md5Checksum").execute()
    assert made["size"] == "4"
    assert "md5Checksum" not in made
    copied = drive.client().files().copy(fileId=there, fields="md5Checksum").execute()
    assert copied == {}
    drive.advance(101)
    shown = drive.client().files().get(fileId=made["id"], fields="md5Checksum").execute()
    assert shown["md5Checksum"] == drive.item(made["id"]).content.checksum("md5")  # type: ignore[union-attr]


def test_requests_can_be_the_clock(drive: DriveServer) -> None:
    drive.seconds_per_request = 30
    drive.lag(search_seconds=100)
    drive.add_file("a", b"a")
    seen = [len(found(drive, "name = 'a'")) for _ in range(5)]
    assert seen[0] == 0
    assert seen[-1] == 1


def test_tokens_of_pages_can_expire(drive: DriveServer) -> None:
    for number in range(3):
        drive.add_file(str(number), b"x")
    drive.listing.page_limit = 1
    files = drive.client().files()
    page = files.list(fields="nextPageToken").execute()
    drive.listing.expire_tokens()
    with refused("invalid"):
        files.list(pageToken=page["nextPageToken"]).execute()


def test_an_answer_may_have_nothing_in_it(drive: DriveServer) -> None:
    drive.fail_next("files.list", Fault.EMPTY)
    assert drive.client().files().list().execute() == {}
