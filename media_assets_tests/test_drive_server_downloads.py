"""The stand-in hands out content as Drive does."""

from __future__ import annotations

import hashlib
import io

import pytest
from googleapiclient.http import MediaIoBaseDownload

from media_assets_tests.drive_server import DriveServer, Generated, drive_server
from media_assets_tests.drive_server.refusals import refused


@pytest.fixture
def drive():
    with drive_server() as server:
        yield server


@pytest.mark.parametrize(
    ("asked", "content_range", "expected"),
    [
        ("bytes=2-4", "bytes 2-4/10", b"234"),
        ("bytes=7-", "bytes 7-9/10", b"789"),
        ("bytes=7-99", "bytes 7-9/10", b"789"),
        ("bytes=-3", "bytes 7-9/10", b"789"),
    ],
)
def test_ranges_are_honoured(drive: DriveServer, asked: str, content_range: str, expected: bytes) -> None:
    client, file_id = drive.client(), drive.add_file("a", b"0123456789")
    uri = client.files().get_media(fileId=file_id).uri
    response, content = client._http.request(uri, headers={"range": asked})
    assert (response.status, response["content-range"], content) == (206, content_range, expected)


def test_a_range_beyond_the_end_and_any_range_of_an_empty_file_answer_416(drive: DriveServer) -> None:
    client = drive.client()
    for data, asked in ((b"0123456789", "bytes=10-"), (b"", "bytes=0-99")):
        uri = client.files().get_media(fileId=drive.add_file("a", data)).uri
        response, _ = client._http.request(uri, headers={"range": asked})
        assert (response.status, response["content-range"]) == (416, f"bytes */{len(data)}")
    empty = io.BytesIO()
    request = client.files().get_media(fileId=drive.add_file("empty", b""))
    assert MediaIoBaseDownload(empty, request).next_chunk()[1]
    assert request.execute() == b""


def test_chunks_of_a_generated_file_add_up_to_its_checksum(drive: DriveServer) -> None:
    client, file_id = drive.client(), drive.add_file("a", size=3_500_001)
    target = io.BytesIO()
    download = MediaIoBaseDownload(target, client.files().get_media(fileId=file_id), chunksize=1_000_003)
    done = False
    while not done:
        _, done = download.next_chunk()
    md5 = client.files().get(fileId=file_id, fields="md5Checksum").execute()["md5Checksum"]
    assert hashlib.md5(target.getvalue()).hexdigest() == md5
    assert drive.calls["files.download"] == 4
    assert drive.counters.bytes_down == 3_500_001


def test_generated_content_differs_at_every_place_and_between_files() -> None:
    content = Generated(4 << 20, seed=1)
    pieces = {bytes(piece) for piece in content.pieces(0, content.size)}
    assert len(pieces) == 4
    assert Generated(1000, seed=1).read() != Generated(1000, seed=2).read()
    assert b"".join(content.pieces(1_048_000, 1_049_000)) == content.read()[1_048_000:1_049_000]


def test_five_gigabytes_take_no_memory_and_can_be_entered_anywhere(drive: DriveServer) -> None:
    client, file_id = drive.client(), drive.add_file("a", size=5_000_000_000)
    assert client.files().get(fileId=file_id, fields="size").execute() == {"size": "5000000000"}
    response, content = client._http.request(
        client.files().get_media(fileId=file_id).uri, headers={"range": "bytes=4999999990-"}
    )
    assert response["content-range"] == "bytes 4999999990-4999999999/5000000000"
    assert len(content) == 10


def test_documents_are_exported_up_to_10_mb_and_never_downloaded(drive: DriveServer) -> None:
    files = drive.client().files()
    small, large = drive.add_document("d", export=b"text"), drive.add_document("l", export=bytes(10_000_001))
    for file_id in (small, drive.add_folder("f")):
        with refused("fileNotDownloadable", status=403):
            files.get_media(fileId=file_id).execute()
    assert files.export(fileId=small, mimeType="text/plain").execute() == b"text"
    with refused("exportSizeLimitExceeded", status=403):
        files.export(fileId=large, mimeType="text/plain").execute()


def test_an_abusive_file_comes_only_when_that_is_acknowledged(drive: DriveServer) -> None:
    files, file_id = drive.client().files(), drive.add_file("a", b"abc", abusive=True)
    with refused("cannotDownloadAbusiveFile", status=403):
        files.get_media(fileId=file_id).execute()
    assert files.get_media(fileId=file_id, acknowledgeAbuse=True).execute() == b"abc"


def test_a_file_can_have_used_up_its_downloads(drive: DriveServer) -> None:
    files, file_id = drive.client().files(), drive.add_file("a", b"abc", download_quota_used_up=True)
    with refused("downloadQuotaExceeded", status=403):
        files.get_media(fileId=file_id).execute()
    assert files.get_media(fileId=drive.add_file("b", b"abc")).execute() == b"abc"


def test_the_metadata_of_a_video_comes_later(drive: DriveServer) -> None:
    file_id = drive.add_file("a.mp4", b"abc", mime="video/mp4")
    get = drive.client().files().get(fileId=file_id, fields="videoMediaMetadata,headRevisionId,version")
    before = get.execute()
    drive.set_video(file_id, width=640, height=360, duration_ms=1500)
    after = get.execute()
    assert after["videoMediaMetadata"] == {"width": 640, "height": 360, "durationMillis": "1500"}
    assert (before["headRevisionId"], before["version"]) == (after["headRevisionId"], "1")
    assert after["version"] == "2"
