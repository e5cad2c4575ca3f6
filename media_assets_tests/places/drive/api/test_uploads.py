"""Uploads: one file whatever breaks, at most a chunk sent twice, and nothing left that differs from what was sent."""

from __future__ import annotations

import hashlib
import json
import stat
from functools import partial
from pathlib import Path

import pytest

from media_assets.base.errors import Cancelled, Transient
from media_assets.places.drive.api.api import DriveApi
from media_assets.places.drive.api.errors import IdTaken, NotFound, Unavailable
from media_assets_tests.drive_server import DriveServer, Fault
from media_assets_tests.places.drive.api.clients import CHUNK_BYTES, SIZE_BYTES, api_for, noise, nth, store
from media_assets_tests.waiting import wait_until

BREAKS = (
    *(Fault.CLOSED, Fault.RESET, Fault.ANSWER_LOST, Fault.ANSWER_RESET, Fault.CUT_ANSWER, Fault.CUT_REQUEST),
    *(Fault.STORED_LESS, Fault.NOT_JSON, Fault.BAD_GATEWAY, Fault.BACKEND, Fault.USER_RATE, Fault.UNAUTHORIZED),
)
OVERHEAD_BYTES = 2000
"""Of metadata, which the server counts as well."""


@pytest.mark.parametrize("size_bytes", [0, 1, 1_000_000, SIZE_BYTES])
def test_a_file_arrives_as_it_is(
    plain_drive: DriveServer, plain_api: DriveApi, tmp_path: Path, size_bytes: int
) -> None:
    file_id, folder = plain_api.new_id(), plain_drive.add_folder("f")
    md5 = noise(tmp_path / "a.mp4", size_bytes)
    stored = store(plain_api, tmp_path / "a.mp4", file_id, parents=[folder], appProperties={"k": "v"})
    assert stored == {"id": file_id, "name": "a.mp4", "md5Checksum": md5, "size": str(size_bytes)}
    item = plain_drive.item(file_id)
    assert (item.parent, item.mime_type, item.app_properties) == (folder, "video/mp4", {"k": "v"})
    assert plain_drive.content(file_id) == (tmp_path / "a.mp4").read_bytes()
    assert (plain_drive.counters.chunks > 0) == (size_bytes == SIZE_BYTES)
    assert not (tmp_path / "journal.json").exists()


@pytest.mark.parametrize("size_bytes", [1000, SIZE_BYTES])
def test_an_update_keeps_the_file_and_replaces_its_content(
    plain_drive: DriveServer, plain_api: DriveApi, tmp_path: Path, size_bytes: int
) -> None:
    file_id = plain_drive.add_file("old.mp4", b"old", app_properties={"keep": "1"})
    md5 = noise(tmp_path / "a", size_bytes)
    plain_drive.fail_next("files.update", Fault.ANSWER_LOST)
    plain_api.upload(
        tmp_path / "a",
        {"name": "new.mp4"},
        file_id=file_id,
        update=True,
        mime_type="video/mp4",
        md5=md5,
        journal=tmp_path / "journal.json",
        fields="id",
    )
    assert plain_drive.content(file_id) == (tmp_path / "a").read_bytes()
    assert (plain_drive.item(file_id).name, plain_drive.item(file_id).app_properties) == ("new.mp4", {"keep": "1"})
    assert len(plain_drive.files()) == 1


@pytest.mark.parametrize("fault", BREAKS)
def test_a_broken_upload_costs_at_most_a_chunk(drive: DriveServer, api: DriveApi, tmp_path: Path, fault: Fault) -> None:
    md5, file_id = noise(tmp_path / "a"), api.new_id()
    stored = store(api, tmp_path / "a", file_id, check=nth(20, partial(drive.fail_next, "files.upload_chunk", fault)))
    assert drive.faults.injected == {fault: 1}
    assert stored["md5Checksum"] == md5
    assert drive.content(file_id) == (tmp_path / "a").read_bytes()
    assert drive.counters.bytes_up <= SIZE_BYTES + CHUNK_BYTES + OVERHEAD_BYTES
    assert (len(drive.files()), drive.calls["files.create"]) == (1, 1)


@pytest.mark.parametrize("fault", [Fault.ANSWER_LOST, Fault.ANSWER_RESET, Fault.CUT_ANSWER, Fault.NOT_JSON])
@pytest.mark.parametrize("size_bytes", [1000, SIZE_BYTES])
def test_the_last_answer_may_be_lost(
    drive: DriveServer, api: DriveApi, tmp_path: Path, fault: Fault, size_bytes: int
) -> None:
    md5, file_id = noise(tmp_path / "a", size_bytes), api.new_id()
    method = "files.create" if size_bytes == 1000 else "files.upload_chunk"

    def fail_the_last() -> None:
        if drive.counters.chunks == size_bytes // CHUNK_BYTES and not drive.faults.injected:
            drive.faults.repair()
            drive.fail_next(method, fault)

    stored = store(api, tmp_path / "a", file_id, check=fail_the_last)
    (failed,) = (request for request in drive.counters.requests if request.fault)
    assert size_bytes == 1000 or failed.headers["content-range"].endswith(f"-{size_bytes - 1}/{size_bytes}")
    assert stored["md5Checksum"] == md5
    assert len(drive.files()) == 1


def test_what_was_not_stored_is_sent_again(plain_drive: DriveServer, plain_api: DriveApi, tmp_path: Path) -> None:
    """Half of a chunk of 256 KiB is nothing: the answer has no `Range`."""
    noise(tmp_path / "a")
    plain_drive.fail_next("files.upload_chunk", Fault.STORED_LESS, times=3)
    store(plain_api, tmp_path / "a", plain_api.new_id())
    first_four = [item for item in plain_drive.counters.requests if item.method == "files.upload_chunk"][:4]
    assert {item.headers["content-range"] for item in first_four} == {f"bytes 0-{CHUNK_BYTES - 1}/{SIZE_BYTES}"}


def test_a_server_that_stores_nothing_is_given_up(plain_drive: DriveServer, tmp_path: Path) -> None:
    api = api_for(plain_drive, tmp_path, max_retries=2)
    noise(tmp_path / "a")
    plain_drive.fail_always("files.upload_chunk", Fault.STORED_LESS)
    with pytest.raises(Unavailable, match="took nothing of what it was sent"):
        store(api, tmp_path / "a", api.new_id())
    assert plain_drive.counters.chunks == 3


def test_breaks_that_leave_progress_are_not_counted_together(plain_drive: DriveServer, tmp_path: Path) -> None:
    api = api_for(plain_drive, tmp_path, chunk_bytes=4 * CHUNK_BYTES, max_retries=1)
    md5 = noise(tmp_path / "a")
    plain_drive.fail_next("files.upload_chunk", Fault.CUT_REQUEST, times=6)
    assert store(api, tmp_path / "a", api.new_id())["md5Checksum"] == md5


def test_chunks_are_whole_units(plain_drive: DriveServer, plain_api: DriveApi, tmp_path: Path) -> None:
    noise(tmp_path / "a")
    store(plain_api, tmp_path / "a", plain_api.new_id())
    *chunks, last = [item.body_bytes for item in plain_drive.counters.requests if item.method == "files.upload_chunk"]
    assert set(chunks) == {CHUNK_BYTES}
    assert last == SIZE_BYTES % CHUNK_BYTES


def test_a_session_that_is_gone_is_begun_again_with_the_same_id(
    plain_drive: DriveServer, plain_api: DriveApi, tmp_path: Path
) -> None:
    file_id, md5 = plain_api.new_id(), noise(tmp_path / "a")
    stored = store(plain_api, tmp_path / "a", file_id, check=nth(20, plain_drive.expire_uploads))
    assert (stored["id"], stored["md5Checksum"]) == (file_id, md5)
    assert plain_drive.calls["files.create"] == 2
    assert len(plain_drive.files()) == 1


def test_sessions_that_are_lost_again_and_again_are_left_for_later(
    plain_drive: DriveServer, plain_api: DriveApi, tmp_path: Path
) -> None:
    noise(tmp_path / "a")
    plain_drive.fail_always("files.upload_chunk", "notFound")
    with pytest.raises(Transient, match="lost the upload 3 times"):
        store(plain_api, tmp_path / "a", plain_api.new_id())
    assert plain_drive.calls["files.create"] == 3
    assert not (tmp_path / "journal.json").exists()


def test_a_token_that_ends_in_mid_upload_is_renewed(drive: DriveServer, api: DriveApi, tmp_path: Path) -> None:
    md5 = noise(tmp_path / "a")
    stored = store(api, tmp_path / "a", api.new_id(), check=nth(20, drive.expire_tokens))
    assert stored["md5Checksum"] == md5
    assert drive.calls["oauth.token"] == 2
    assert drive.counters.bytes_up <= SIZE_BYTES + CHUNK_BYTES + OVERHEAD_BYTES


def test_an_upload_that_was_ended_goes_on_where_it_was(
    plain_drive: DriveServer, plain_api: DriveApi, tmp_path: Path
) -> None:
    def stop() -> None:
        assert stat.S_IMODE((tmp_path / "journal.json").stat().st_mode) == 0o600
        raise Cancelled("the run was stopped")

    md5, file_id = noise(tmp_path / "a"), plain_api.new_id()
    with pytest.raises(Cancelled):
        store(plain_api, tmp_path / "a", file_id, check=nth(20, stop))
    another = api_for(plain_drive, tmp_path)
    assert store(another, tmp_path / "a", file_id)["md5Checksum"] == md5
    assert plain_drive.calls["files.create"] == 1
    assert plain_drive.counters.bytes_up <= SIZE_BYTES + CHUNK_BYTES + OVERHEAD_BYTES


def test_an_upload_can_be_ended_within_a_chunk(plain_drive: DriveServer, tmp_path: Path) -> None:
    def stop() -> None:
        raise Cancelled("the run was stopped")

    api = api_for(plain_drive, tmp_path, chunk_bytes=20 * CHUNK_BYTES)
    md5, file_id = noise(tmp_path / "a"), api.new_id()
    with pytest.raises(Cancelled):
        store(api, tmp_path / "a", file_id, check=nth(10, stop))
    wait_until(lambda: plain_drive.counters.chunks)  # it is counted when the server has seen it break off
    assert plain_drive.counters.chunks == 1
    assert store(api, tmp_path / "a", file_id)["md5Checksum"] == md5


@pytest.mark.parametrize("kind", ["another file", "another content", "nonsense"])
def test_the_journal_of_something_else_is_not_followed(
    plain_drive: DriveServer, plain_api: DriveApi, tmp_path: Path, kind: str
) -> None:
    def stop() -> None:
        raise Cancelled("the run was stopped")

    noise(tmp_path / "a")
    file_id = plain_api.new_id()
    with pytest.raises(Cancelled):
        store(plain_api, tmp_path / "a", file_id, check=nth(20, stop))
    if kind == "another file":
        file_id = plain_api.new_id()
    if kind == "another content":
        noise(tmp_path / "a", seed=1)
    if kind == "nonsense":
        (tmp_path / "journal.json").write_text("{")
    store(plain_api, tmp_path / "a", file_id)
    assert plain_drive.content(file_id) == (tmp_path / "a").read_bytes()
    assert plain_drive.calls["files.create"] == 2


def test_an_upload_that_went_through_before_is_found(
    plain_drive: DriveServer, plain_api: DriveApi, tmp_path: Path
) -> None:
    for size_bytes in (1000, SIZE_BYTES):
        file_id, md5 = plain_api.new_id(), noise(tmp_path / "a", size_bytes)
        before = store(plain_api, tmp_path / "a", file_id)
        assert store(plain_api, tmp_path / "a", file_id) == before
        noise(tmp_path / "a", size_bytes, seed=1)
        with pytest.raises(IdTaken, match="its content is another"):
            store(plain_api, tmp_path / "a", file_id)
        assert hashlib.md5(plain_drive.content(file_id)).hexdigest() == md5
    assert len(plain_drive.files()) == 2


def test_what_arrived_is_compared_with_what_was_sent(
    plain_drive: DriveServer, plain_api: DriveApi, tmp_path: Path
) -> None:
    noise(tmp_path / "a", 1000)
    with pytest.raises(Transient, match="another checksum than it was sent with"):
        store(plain_api, tmp_path / "a", plain_api.new_id(), md5="0" * 32, parents=[plain_drive.root_id])
    assert len(plain_drive.files()) == 1
    assert plain_drive.calls["files.update"] == 1, "the broken file was sent anew in its place"


def test_a_file_to_update_that_is_gone_is_told(plain_api: DriveApi, tmp_path: Path) -> None:
    for size_bytes in (1000, SIZE_BYTES):
        md5 = noise(tmp_path / "a", size_bytes)
        with pytest.raises(NotFound):
            plain_api.upload(
                tmp_path / "a",
                {},
                file_id="1missing",
                update=True,
                mime_type="video/mp4",
                md5=md5,
                journal=tmp_path / "journal.json",
                fields="id",
            )


def test_files_go_into_shared_drives(plain_drive: DriveServer, tmp_path: Path) -> None:
    api = api_for(plain_drive, tmp_path, service_account=True)
    noise(tmp_path / "a")
    shared = plain_drive.add_shared_drive("Team")
    assert store(api, tmp_path / "a", api.new_id(), parents=[shared])["size"] == str(SIZE_BYTES)


def test_the_journal_names_the_session_and_nothing_else_does(
    plain_drive: DriveServer, plain_api: DriveApi, tmp_path: Path
) -> None:
    seen = []

    def look() -> None:
        seen.append(json.loads((tmp_path / "journal.json").read_text())["session"])

    noise(tmp_path / "a")
    store(plain_api, tmp_path / "a", plain_api.new_id(), check=nth(20, look))
    assert [next(iter(plain_drive.uploads.sessions)) in address for address in seen] == [True]


@pytest.mark.parametrize("size_bytes", [1000, SIZE_BYTES])
@pytest.mark.parametrize("update", [False, True])
def test_a_checksum_that_comes_late_is_waited_for_and_nothing_is_sent_again(
    plain_drive: DriveServer, plain_api: DriveApi, tmp_path: Path, size_bytes: int, update: bool
) -> None:
    file_id = plain_drive.add_file("old", b"old") if update else plain_api.new_id()
    md5 = noise(tmp_path / "a", size_bytes)
    plain_drive.lag(checksum_seconds=100)
    plain_drive.seconds_per_request = 30
    stored = plain_api.upload(
        tmp_path / "a",
        {"name": "a"},
        file_id=file_id,
        update=update,
        mime_type="video/mp4",
        md5=md5,
        journal=tmp_path / "journal.json",
        fields="id",
    )
    assert stored["md5Checksum"] == md5
    assert plain_drive.item(file_id).revision == int(update), "its content was put there once"
    assert plain_drive.counters.bytes_up <= size_bytes + OVERHEAD_BYTES


def test_a_checksum_that_does_not_come_is_left_for_later_and_found_then(
    plain_drive: DriveServer, plain_api: DriveApi, tmp_path: Path
) -> None:
    file_id, md5 = plain_api.new_id(), noise(tmp_path / "a", 1000)
    plain_drive.lag(checksum_seconds=10_000)
    for _ in range(2):
        with pytest.raises(Transient, match="has not worked out the checksum"):
            store(plain_api, tmp_path / "a", file_id)
    plain_drive.advance(10_001)
    assert store(plain_api, tmp_path / "a", file_id)["md5Checksum"] == md5
    assert plain_drive.calls["files.update"] == 0
    assert len(plain_drive.files()) == 1
    assert plain_drive.item(file_id).revision == 0
