"""The stand-in takes uploads and edits as Drive does."""

from __future__ import annotations

import hashlib
import io
import random
import socket
from typing import Any
from urllib.parse import urlsplit

import pytest
from googleapiclient.errors import HttpError, ResumableUploadError
from googleapiclient.http import MediaInMemoryUpload, MediaIoBaseUpload, build_http

from media_assets_tests.drive_server import UNIT_BYTES, DriveServer, Fault, drive_server
from media_assets_tests.drive_server.refusals import refused
from media_assets_tests.waiting import wait_until

DATA = random.Random(1).randbytes(5 * UNIT_BYTES + 1000)


@pytest.fixture
def drive():
    with drive_server() as server:
        yield server


class Session:
    """An upload by session, spoken by hand."""

    def __init__(self, drive: DriveServer, total: int = len(DATA), path: str = "", **metadata: Any) -> None:
        self.http = drive.client()._http
        self.total = total
        request = drive.client().files().create(body=metadata) if not path else None
        headers = {"X-Upload-Content-Type": "video/mp4", "X-Upload-Content-Length": str(total)}
        headers |= {"Content-Type": "application/json"}
        uri = f"{drive.url}/upload/drive/v3/files{path}?uploadType=resumable&fields=id,md5Checksum,size"
        response, _ = self.http.request(uri, "PATCH" if path else "POST", request.body if request else "{}", headers)
        assert response.status == 200
        self.uri = response["location"]

    def put(self, content_range: str, data: bytes = b"") -> tuple[int, str | None]:
        """Status and `Range`."""
        headers = {"Content-Range": content_range, "Content-Length": str(len(data))}
        response, self.body = self.http.request(self.uri, "PUT", data, headers)
        return response.status, response.get("range")

    def chunk(self, start: int, stop: int) -> tuple[int, str | None]:
        return self.put(f"bytes {start}-{stop - 1}/{self.total}", DATA[start:stop])

    def status(self) -> tuple[int, str | None]:
        return self.put(f"bytes */{self.total}")


def test_chunks_add_up_to_a_file_with_its_checksum(drive: DriveServer) -> None:
    media = MediaInMemoryUpload(DATA, mimetype="video/mp4", resumable=True, chunksize=2 * UNIT_BYTES)
    fields = "id,mimeType,size,md5Checksum"
    made = drive.client().files().create(body={"name": "a"}, media_body=media, fields=fields).execute()
    assert made["md5Checksum"] == hashlib.md5(DATA).hexdigest()
    assert (made["size"], made["mimeType"]) == (str(len(DATA)), "video/mp4")
    assert drive.content(made["id"]) == DATA
    assert drive.counters.chunks == 3


def test_without_a_range_in_the_308_nothing_is_stored(drive: DriveServer) -> None:
    session = Session(drive, name="a")
    assert session.status() == (308, None)
    assert session.chunk(0, UNIT_BYTES) == (308, f"bytes=0-{UNIT_BYTES - 1}")
    assert session.status() == (308, f"bytes=0-{UNIT_BYTES - 1}")
    assert session.chunk(UNIT_BYTES, len(DATA))[0] == 200
    assert session.status()[0] == 200, "a finished session answers with the file again"
    assert len(drive.files(name="a")) == 1


def test_of_a_chunk_that_is_no_multiple_of_256_kib_the_rest_is_dropped(drive: DriveServer) -> None:
    session = Session(drive, name="a")
    assert session.chunk(0, UNIT_BYTES + 5) == (308, f"bytes=0-{UNIT_BYTES - 1}")
    assert session.chunk(UNIT_BYTES, UNIT_BYTES + 5)[0] == 400
    assert b"262144" in session.body


def test_a_gap_is_answered_503_and_an_overlap_skipped(drive: DriveServer) -> None:
    session = Session(drive, name="a")
    session.chunk(0, UNIT_BYTES)
    assert session.chunk(2 * UNIT_BYTES, 3 * UNIT_BYTES)[0] == 503
    assert session.chunk(0, 2 * UNIT_BYTES) == (308, f"bytes=0-{2 * UNIT_BYTES - 1}")
    assert session.chunk(2 * UNIT_BYTES, len(DATA))[0] == 200
    assert drive.content(drive.files(name="a")[0].id) == DATA


def test_a_session_ends_after_a_week_or_when_told(drive: DriveServer) -> None:
    old, cancelled = Session(drive, name="a"), Session(drive, name="b")
    assert cancelled.http.request(cancelled.uri, "DELETE")[0].status == 499
    assert cancelled.status()[0] == 404
    drive.advance(7 * 86_400)
    assert old.chunk(0, UNIT_BYTES)[0] == 404
    fresh = Session(drive, name="c")
    drive.expire_uploads()
    assert fresh.status()[0] == 404
    assert drive.files() == []


def test_the_address_of_a_session_is_all_it_takes(drive: DriveServer) -> None:
    session = Session(drive, name="a")
    session.http = build_http()
    assert session.chunk(0, UNIT_BYTES)[0] == 308


def test_a_chunk_whose_bytes_do_not_come_does_not_hold_up_the_session(drive: DriveServer) -> None:
    session = Session(drive, name="a")
    address = urlsplit(session.uri)
    head = f"PUT {address.path}?{address.query} HTTP/1.1\r\nContent-Length: {UNIT_BYTES}\r\n"
    with socket.create_connection((address.hostname, address.port)) as hanging:
        hanging.sendall(f"{head}Content-Range: bytes 0-{UNIT_BYTES - 1}/{len(DATA)}\r\n\r\n".encode())
        wait_until(lambda: drive.calls["files.upload_chunk"])
        assert session.status() == (308, None)
        assert session.chunk(0, len(DATA))[0] == 200
        hanging.sendall(bytes(UNIT_BYTES))
        with pytest.raises(ConnectionResetError):
            hanging.recv(1000)
    assert drive.content(drive.files(name="a")[0].id) == DATA


def test_a_token_that_ends_in_mid_upload_is_answered_401(drive: DriveServer) -> None:
    session = Session(drive, name="a")
    session.chunk(0, UNIT_BYTES)
    drive.expire_tokens()
    assert session.chunk(UNIT_BYTES, 2 * UNIT_BYTES) == (308, f"bytes=0-{2 * UNIT_BYTES - 1}"), "after a refresh"
    assert drive.calls["files.upload_chunk"] == 3
    assert drive.calls["oauth.token"] == 2, "the first, and the refresh"


def test_an_update_by_session_replaces_the_content_of_the_same_id(drive: DriveServer) -> None:
    file_id = drive.add_file("a", b"old")
    before = drive.item(file_id)
    session = Session(drive, path=f"/{file_id}")
    session.chunk(0, UNIT_BYTES)
    assert drive.content(file_id) == b"old", "nothing shows before the end"
    assert session.chunk(UNIT_BYTES, len(DATA))[0] == 200
    after = drive.item(file_id)
    assert drive.content(file_id) == DATA
    assert after.modified_at > before.modified_at
    assert (after.revision, after.version) == (before.revision + 1, before.version + 1)


def test_metadata_and_content_can_come_in_one_request_of_5_mb_at_most(drive: DriveServer) -> None:
    files = drive.client().files()
    tricky = b"--===\r\n\n\r\n" + DATA[:1000] + b"\r\n--"
    media = MediaInMemoryUpload(tricky, mimetype="text/vtt")
    made = files.create(body={"name": "a.vtt"}, media_body=media, fields="id,mimeType").execute()
    assert drive.content(made["id"]) == tricky
    assert made["mimeType"] == "text/vtt"
    with refused("uploadTooLarge", status=413):
        files.create(body={}, media_body=MediaInMemoryUpload(bytes(5 * 1024 * 1024 + 1))).execute()


def test_an_empty_file_can_be_uploaded_by_session(drive: DriveServer) -> None:
    media = MediaIoBaseUpload(io.BytesIO(), mimetype="text/plain", resumable=True)
    made = drive.client().files().create(body={"name": "a"}, media_body=media, fields="size,md5Checksum").execute()
    assert made == {"size": "0", "md5Checksum": "d41d8cd98f00b204e9800998ecf8427e"}


def test_an_id_from_generate_ids_can_be_used_once(drive: DriveServer) -> None:
    files = drive.client().files()
    first, second = files.generateIds(count=2).execute()["ids"]
    assert files.create(body={"name": "a", "id": first}).execute()["id"] == first
    with refused("fileIdInUse", status=409):
        files.create(body={"name": "a", "id": first}).execute()
    with pytest.raises(ResumableUploadError, match="already exists") as caught:
        media = MediaInMemoryUpload(DATA, resumable=True)
        files.create(body={"name": "a", "id": first}, media_body=media).execute()
    assert isinstance(caught.value, HttpError)
    files.delete(fileId=first).execute()
    with refused("fileIdInUse", status=409):
        files.create(body={"name": "a", "id": first}).execute()
    with refused("invalid"):
        files.create(body={"name": "a", "id": second[:-1] + "!"}).execute()
    with refused("invalid"):
        files.generateIds(count=1001).execute()


def test_of_two_sessions_for_one_id_the_later_one_ends_in_409(drive: DriveServer) -> None:
    (file_id,) = drive.client().files().generateIds(count=1).execute()["ids"]
    first, second = Session(drive, name="a", id=file_id), Session(drive, name="a", id=file_id)
    assert first.chunk(0, len(DATA))[0] == 200
    assert second.chunk(0, len(DATA))[0] == 409
    assert len(drive.files(name="a")) == 1


def test_app_properties_are_merged_cleared_by_null_and_limited(drive: DriveServer) -> None:
    files = drive.client().files()
    file_id = files.create(body={"appProperties": {"a": "1", "b": "2"}}).execute()["id"]

    def set_properties(properties: dict[str, str | None]) -> Any:
        update = files.update(fileId=file_id, body={"appProperties": properties}, fields="appProperties")
        return update.execute()["appProperties"]

    assert set_properties({"b": "3", "c": "4"}) == {"a": "1", "b": "3", "c": "4"}
    assert set_properties({"a": None}) == {"b": "3", "c": "4"}
    assert set_properties({"d": "é" * 61 + "x"})["d"].startswith("é"), "124 bytes with the key"
    with refused("propertyLengthLimitExceeded", status=403):
        set_properties({"d": "é" * 62})
    with refused("propertyCountLimitExceeded"):
        set_properties({f"n{number}": "" for number in range(28)})
    assert drive.files(app_properties={"b": "3"})[0].id == file_id
    assert drive.files(app_properties={"a": "1"}) == []


def test_a_file_moves_by_adding_and_removing_parents(drive: DriveServer) -> None:
    files, folder = drive.client().files(), drive.add_folder("f")
    file_id = drive.add_file("a", b"")
    with refused("fieldNotWritable"):
        files.update(fileId=file_id, body={"parents": [folder]}).execute()
    with refused("cannotAddParent"):
        files.update(fileId=file_id, addParents=folder).execute()
    files.update(fileId=file_id, addParents=folder, removeParents=drive.root_id).execute()
    assert drive.path(file_id) == "f/a"
    with refused("parentNotAFolder"):
        files.create(body={"parents": [file_id]}).execute()
    with refused("notFound"):
        files.create(body={"parents": ["missing"]}).execute()


def test_a_copy_keeps_content_and_app_properties(drive: DriveServer) -> None:
    file_id = drive.add_file("a", b"abc", app_properties={"k": "v"})
    copied = drive.client().files().copy(fileId=file_id, body={"name": "b"}).execute()["id"]
    assert drive.content(copied) == b"abc"
    assert {item.name for item in drive.files(app_properties={"k": "v"})} == {"a", "b"}


def test_a_full_drive_and_a_service_account_without_storage_refuse_uploads(drive: DriveServer) -> None:
    drive.state.storage_limit_bytes = 1000
    media = MediaInMemoryUpload(DATA, resumable=True)
    with refused("storageQuotaExceeded", status=403):
        drive.client().files().create(body={"name": "a"}, media_body=media).execute()
    drive.state.storage_limit_bytes = None
    shared, files = drive.add_shared_drive("Team", item_limit=2), drive.client("service").files()
    small = MediaInMemoryUpload(b"abc")
    with refused("storageQuotaExceeded"):
        files.create(body={"parents": [drive.add_folder("f")]}, media_body=small).execute()
    in_team = {"body": {"parents": [shared]}, "media_body": small, "supportsAllDrives": True}
    files.create(**in_team).execute()
    with refused("teamDriveFileLimitExceeded"):
        files.create(**in_team).execute()
    mine = drive.add_file("a", b"old")
    assert files.update(fileId=mine, media_body=small, fields="size").execute() == {"size": "3"}


def test_less_may_be_stored_than_was_sent(drive: DriveServer) -> None:
    session = Session(drive, name="a")
    drive.fail_next("files.upload_chunk", Fault.STORED_LESS)
    assert session.chunk(0, 4 * UNIT_BYTES) == (308, f"bytes=0-{2 * UNIT_BYTES - 1}")


def test_of_a_chunk_that_breaks_off_whole_units_are_kept(drive: DriveServer) -> None:
    session = Session(drive, name="a")
    drive.fail_next("files.upload_chunk", Fault.CUT_REQUEST)
    with pytest.raises(ConnectionError):
        session.chunk(0, 5 * UNIT_BYTES)
    assert session.status() == (308, f"bytes=0-{2 * UNIT_BYTES - 1}")
    assert session.chunk(2 * UNIT_BYTES, len(DATA))[0] == 200
    assert drive.content(drive.files(name="a")[0].id) == DATA


def test_uploads_that_are_not_kept_have_their_checksum_all_the_same() -> None:
    with drive_server(keep_uploads=False) as drive:
        media = MediaInMemoryUpload(DATA, resumable=True, chunksize=UNIT_BYTES)
        made = drive.client().files().create(body={"name": "a"}, media_body=media, fields="md5Checksum").execute()
        assert made["md5Checksum"] == hashlib.md5(DATA).hexdigest()
        assert not [path for path in drive.directory.iterdir() if path.stat().st_size >= UNIT_BYTES]
