"""What goes wrong on the stand-in reaches the real client as it would from Drive, over plain HTTP and over TLS."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import os
import random
import ssl
import subprocess
import sys
import threading
from typing import Any

import pytest
from googleapiclient.errors import HttpError
from googleapiclient.http import MediaInMemoryUpload

from media_assets_tests.drive_server import EVERYTHING, UNIT_BYTES, DriveServer, Fault, Faults, drive_server
from media_assets_tests.drive_server.refusals import refused

# Of the stand-in itself; that our code survives its faults is tested where that code is.
pytestmark = pytest.mark.slow

DATA = random.Random(2).randbytes(3 * UNIT_BYTES)


@pytest.fixture(params=[False, True], ids=["plain", "tls"])
def drive(request):
    with drive_server(tls=request.param) as server:
        yield server


def resumable(client: Any, **body: Any) -> Any:
    """The request of an upload in three chunks."""
    media = MediaInMemoryUpload(DATA, mimetype="video/mp4", resumable=True, chunksize=UNIT_BYTES)
    return client.files().create(body=body, media_body=media, fields="id,md5Checksum")


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (Fault.USER_RATE, 403),
        (Fault.RATE, 403),
        (Fault.INTERNAL, 500),
        (Fault.BACKEND, 503),
        ("storageQuotaExceeded", 403),
        ("quotaExceeded", 403),
        ("dailyLimitExceeded", 403),
        ("teamDriveFileLimitExceeded", 403),
        ("numChildrenInNonRootLimitExceeded", 403),
        ("domainPolicy", 403),
        ("accessNotConfigured", 403),
        ("sharingRateLimitExceeded", 403),
        ("downloadQuotaExceeded", 403),
    ],
)
def test_an_ordered_refusal_comes_once_with_its_reason(kind: str, status: int) -> None:
    with drive_server() as drive:
        files = drive.client().files()
        drive.fail_next("files.create", kind)
        with refused(kind, status=status):
            files.create(body={"name": "a"}).execute()
        assert drive.files(name="a") == []
        files.create(body={"name": "a"}).execute()
        assert len(drive.files(name="a")) == 1


def test_429_names_a_time_to_wait() -> None:
    with drive_server() as drive:
        drive.fail_next("files.list", Fault.TOO_MANY)
        with pytest.raises(HttpError) as caught:
            drive.client().files().list().execute()
        assert (caught.value.status_code, caught.value.resp["retry-after"]) == (429, "1")
        assert caught.value.error_details[0]["reason"] == "rateLimitExceeded"


def test_a_502_is_html_and_a_200_without_json_comes_back_as_text() -> None:
    with drive_server() as drive:
        files = drive.client().files()
        drive.fail_next("files.list", Fault.BAD_GATEWAY)
        with pytest.raises(HttpError) as caught:
            files.list().execute()
        assert caught.value.status_code == 502
        assert isinstance(caught.value.error_details, str)
        drive.fail_next("files.list", Fault.NOT_JSON)
        assert isinstance(files.list().execute(), str)


def test_a_fault_can_last_until_it_is_repaired_and_strike_one_file_only() -> None:
    with drive_server() as drive:
        files = drive.client().files()
        bad, good = drive.add_file("bad", b"1"), drive.add_file("good", b"2")
        drive.fail_always("files.download", "downloadQuotaExceeded", file_id=bad)
        for _ in range(2):
            with refused("downloadQuotaExceeded"):
                files.get_media(fileId=bad).execute()
            assert files.get_media(fileId=good).execute() == b"2"
        drive.repair()
        assert files.get_media(fileId=bad).execute() == b"1"
        with pytest.raises(ValueError, match="neither"):
            drive.fail_next("files.get", "no such thing")


def test_a_401_is_overcome_by_a_refresh(drive: DriveServer) -> None:
    client = drive.client()
    drive.fail_next("files.list", Fault.UNAUTHORIZED)
    client.files().list().execute()
    assert (drive.calls["files.list"], drive.calls["oauth.token"]) == (2, 2)


def test_a_closed_connection_makes_httplib2_send_a_post_again_by_itself(drive: DriveServer) -> None:
    client = drive.client()
    client.files().list().execute()
    drive.fail_next("files.create", Fault.CLOSED)
    client.files().create(body={"name": "a"}).execute()
    assert drive.calls["files.create"] == 2
    assert len(drive.files(name="a")) == 1, "the first was never handled"


def test_a_lost_answer_makes_a_second_file_without_an_id_and_a_409_with_one(drive: DriveServer) -> None:
    client = drive.client()
    (file_id,) = client.files().generateIds(count=1).execute()["ids"]
    drive.fail_next("files.create", Fault.ANSWER_LOST)
    client.files().create(body={"name": "without"}).execute()
    assert len(drive.files(name="without")) == 2
    drive.fail_next("files.create", Fault.ANSWER_LOST)
    with refused("fileIdInUse", status=409):
        client.files().create(body={"name": "with", "id": file_id}).execute()
    assert [item.id for item in drive.files(name="with")] == [file_id]


def test_a_reset_raises_over_plain_http_and_is_sent_again_over_tls(drive: DriveServer) -> None:
    client = drive.client()
    client.files().list().execute()
    drive.fail_next("files.create", Fault.ANSWER_RESET)
    try:
        client.files().create(body={"name": "a"}).execute()
        raised = False
    except ConnectionResetError:
        raised = True
    assert (drive.ca_file is None) == raised
    assert len(drive.files(name="a")) == (1 if raised else 2)


def test_a_download_cut_in_mid_body_raises_incomplete_read(drive: DriveServer) -> None:
    client, file_id = drive.client(), drive.add_file("a", size=3_000_000)
    drive.fail_next("files.download", Fault.CUT_ANSWER)
    with pytest.raises(http.client.IncompleteRead) as caught:
        client.files().get_media(fileId=file_id).execute()
    assert len(caught.value.partial) == 1_500_000
    with contextlib.suppress(ssl.SSLEOFError):  # httplib2 keeps the dead connection: over TLS that may show once more
        client.files().get_media(fileId=file_id).execute()
    assert len(client.files().get_media(fileId=file_id).execute()) == 3_000_000


def test_a_slow_answer_is_complete_for_those_who_wait() -> None:
    with drive_server() as drive:
        file_id = drive.add_file("a", b"abcdef")
        drive.faults.random_faults = Faults(rate=0, slow_seconds=0.3)
        drive.fail_next("files.download", Fault.SLOW, times=2)
        assert drive.client().files().get_media(fileId=file_id).execute() == b"abcdef"
        with pytest.raises(TimeoutError):
            drive.client(timeout_seconds=0.1).files().get_media(fileId=file_id).execute()


@pytest.mark.parametrize("kind", [Fault.BACKEND, Fault.USER_RATE, Fault.TOO_MANY, Fault.CUT_REQUEST, Fault.RESET])
def test_an_upload_recovers_by_asking_for_its_status(drive: DriveServer, kind: Fault) -> None:
    # Over TLS a reset is met while sending, which raises, or while reading: then httplib2 sends again, and hangs.
    request = resumable(drive.client(timeout_seconds=2), name="a")
    request.next_chunk()
    drive.fail_next("files.upload_chunk", kind)
    with pytest.raises((HttpError, OSError)):
        request.next_chunk()
    made = None
    while made is None:
        _, made = request.next_chunk()
    assert made["md5Checksum"] == hashlib.md5(DATA).hexdigest()
    assert drive.calls["files.upload_status"] == 1


def test_a_chunk_that_the_library_sends_again_has_no_bytes_and_hangs(drive: DriveServer) -> None:
    request = resumable(drive.client(timeout_seconds=1), name="a")
    request.next_chunk()
    drive.fail_next("files.upload_chunk", Fault.CLOSED)
    with pytest.raises(TimeoutError):
        request.next_chunk()
    assert drive.files(name="a") == []


def test_a_lost_answer_to_the_last_chunk_is_found_by_its_status(drive: DriveServer) -> None:
    (file_id,) = drive.client().files().generateIds(count=1).execute()["ids"]
    request = resumable(drive.client(timeout_seconds=1), name="a", id=file_id)
    request.next_chunk()
    request.next_chunk()
    drive.fail_next("files.upload_chunk", Fault.ANSWER_LOST)
    with pytest.raises(TimeoutError):
        request.next_chunk()  # httplib2 sends it again, without bytes
    assert drive.content(file_id) == DATA
    assert request.next_chunk()[1]["id"] == file_id
    assert drive.calls["files.upload_status"] == 1
    assert len(drive.files(name="a")) == 1


def test_another_process_trusts_the_certificate_by_environment() -> None:
    with drive_server(tls=True) as drive:
        code = "import httplib2, sys; print(httplib2.Http().request(sys.argv[1])[0].status)"
        command = [sys.executable, "-c", code, f"{drive.url}/drive/v3/files"]
        done = subprocess.run(command, env=os.environ | drive.environment(), capture_output=True, text=True, check=True)
        assert done.stdout.strip() == "401"


def insist(drive: DriveServer, ids: list[str]) -> None:
    """Creates a file for each id whatever happens, as a careful client would."""
    client = drive.client(timeout_seconds=2)
    while ids:
        try:
            client.files().create(body={"name": "a", "id": ids[-1]}).execute()
            ids.pop()
        except HttpError as error:
            if error.status_code == 409:
                ids.pop()
        except (OSError, http.client.HTTPException):
            client = drive.client(timeout_seconds=2)


def test_with_every_fault_at_once_each_id_is_made_exactly_once(drive: DriveServer) -> None:
    ids = drive.client().files().generateIds(count=90).execute()["ids"]
    drive.faults.random_faults = Faults(rate=0.7, slow_seconds=0.01)
    threads = [threading.Thread(target=insist, args=(drive, ids[part::3])) for part in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(item.id for item in drive.files(name="a")) == sorted(ids)
    assert set(drive.faults.injected) == EVERYTHING - {Fault.STORED_LESS}, "each kind that can happen to it did"


def test_what_breaks_inside_the_server_is_raised_at_its_end() -> None:
    with pytest.raises(NotImplementedError, match="not to keep uploads"), drive_server(keep_uploads=False) as drive:
        client = drive.client()
        made = resumable(client, name="a").execute()
        with pytest.raises((OSError, http.client.HTTPException)):
            client.files().get_media(fileId=made["id"]).execute()


def test_the_same_seed_brings_the_same_faults() -> None:
    def run(seed: int) -> list[str | None]:
        faults = Faults(rate=0.5, kinds=(Fault.RATE, Fault.BACKEND, Fault.BAD_GATEWAY))
        with drive_server(seed=seed, faults=faults) as drive:
            files = drive.client().files()
            for _ in range(20):
                try:
                    files.list().execute()
                except HttpError:
                    continue
            return [request.fault for request in drive.counters.requests]

    assert run(1) == run(1) != run(2)


def test_a_scan_of_20_000_files_is_quick_enough_to_test_with() -> None:
    with drive_server() as drive:
        folders = [drive.add_folder(str(number)) for number in range(100)]
        for number in range(20_000):
            drive.add_file(f"{number}.mp4", size=1_000_000, md5=f"{number:032x}", parent=folders[number % 100])
        client, found = drive.client(), 0
        with drive.counting() as calls:
            for half in (folders[:50], folders[50:]):
                q = " or ".join(f"'{folder}' in parents" for folder in half)
                params = {"q": f"({q}) and trashed = false", "pageSize": 1000}
                params["fields"] = "nextPageToken,files(id,name,md5Checksum,size,parents)"
                while True:
                    page = client.files().list(**params).execute()
                    found += len(page["files"])
                    if "nextPageToken" not in page:
                        break
                    params["pageToken"] = page["nextPageToken"]
        assert found == 20_000
        assert calls["files.list"] == 20
