"""Objects in parts: what is sent again, what is kept of a broken transfer, and how much memory it takes."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from media_assets.base.errors import Transient
from media_assets.places.bucket.client import open_bucket
from media_assets.places.bucket.client.transfer import download
from media_assets.places.bucket.settings import BucketAccess
from media_assets_tests.child_processes import lean_processes
from media_assets_tests.s3_server import SECRETS, Place, Request, S3Server, anything

PART_BYTES = 5 * 1024 * 1024


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three parts and a bit."""
    file = tmp_path_factory.mktemp("large") / "large.bin"
    file.write_bytes(os.urandom(3 * PART_BYTES + 12_345))
    return file


def md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes()).hexdigest()


def is_part(request: Request) -> bool:
    return "partNumber" in request.query


def is_last_of_parts(request: Request) -> bool:
    return request.method == "POST" and "uploadId" in request.query


@pytest.mark.parametrize(
    ("what", "when", "times"),
    [
        pytest.param("slow down", anything, 0, id="nothing goes wrong"),
        pytest.param("slow down", is_part, 2, id="busy"),
        pytest.param("cut before", is_part, 2, id="cut"),
        pytest.param("lose answer", is_part, 2, id="answers to parts lost"),
        pytest.param("lose answer", is_last_of_parts, 1, id="last answer lost"),
        pytest.param("lose answer", is_last_of_parts, 9, id="last answer lost for good"),
    ],
)
def test_a_large_object_goes_up_in_parts_whatever_happens_on_the_way(
    server: S3Server, place: Place, large: Path, what: Any, when: Callable[[Request], bool], times: int
) -> None:
    before = len(server.requests)
    server.fault(what, when, times)
    place.bucket().upload(large, "large.bin", {"mark": "1"})
    assert place.get("large.bin") == large.read_bytes()
    parts = {request.query for request in server.requests[before:] if is_part(request)}
    assert len(parts) == 4


def test_an_upload_that_never_comes_through_is_transient_and_leaves_nothing(
    server: S3Server, place: Place, large: Path
) -> None:
    server.fault("slow down", is_part, 99)
    with pytest.raises(Transient):
        place.bucket().upload(large, "large.bin", {"mark": "1"})
    assert place.paths() == []
    assert "Uploads" not in place.client.list_multipart_uploads(Bucket=place.name)


def test_an_older_object_is_not_taken_for_the_one_that_was_uploaded(
    server: S3Server, place: Place, large: Path
) -> None:
    bucket = place.bucket()
    bucket.upload(large, "large.bin", {"mark": "1"})
    server.fault("cut before", is_last_of_parts, 9)
    with pytest.raises(Transient):
        bucket.upload(large, "large.bin", {"mark": "2"})


@pytest.mark.parametrize("max_copy_bytes", [None, 1])
def test_a_copy_has_the_content_and_the_attributes(place: Place, large: Path, max_copy_bytes: int | None) -> None:
    bucket = place.bucket()
    if max_copy_bytes:
        bucket.max_copy_bytes = max_copy_bytes
    bucket.upload(large, "large.bin", {"Content-Type": "video/mp4", "mark": "1"})
    bucket.copy("large.bin", "copy.bin", large.stat().st_size)
    copy = bucket.head("copy.bin")
    assert copy is not None
    assert copy.attributes == {"Content-Type": "video/mp4", "mark": "1"}
    assert place.get("copy.bin") == large.read_bytes()


@pytest.mark.parametrize(("what", "times"), [("slow down", 2), ("cut body", 2), ("cut before", 2), ("lose answer", 2)])
def test_a_download_survives_what_happens_on_the_way(
    server: S3Server, place: Place, large: Path, tmp_path: Path, what: Any, times: int
) -> None:
    place.put_object("large.bin", large.read_bytes())
    server.fault(what, lambda request: "range" in request.headers, times)
    digest = download(place.bucket(), "large.bin", tmp_path / "part", size_bytes=large.stat().st_size, algorithm="md5")
    assert digest == md5(large) == md5(tmp_path / "part")


def test_a_broken_download_goes_on_where_it_stopped(
    server: S3Server, place: Place, large: Path, tmp_path: Path
) -> None:
    place.put_object("large.bin", large.read_bytes())
    size_bytes, part = large.stat().st_size, tmp_path / "part"
    server.fault("slow down", lambda request: int(request.headers["range"][6:].split("-")[0]) >= 2 * PART_BYTES, 99)
    with pytest.raises(Transient):
        download(place.bucket(), "large.bin", part, size_bytes=size_bytes, algorithm="md5")
    assert part.stat().st_size == 2 * PART_BYTES
    server.repair()
    before = len(server.requests)
    assert download(place.bucket(), "large.bin", part, size_bytes=size_bytes, algorithm="md5") == md5(large)
    again = sorted(request.headers["range"] for request in server.requests[before:])
    assert again == [
        f"bytes={2 * PART_BYTES}-{3 * PART_BYTES - 1}",
        f"bytes={3 * PART_BYTES}-{size_bytes - 1}",
    ]


@pytest.mark.thorough
def test_memory_does_not_grow_with_the_size_of_an_object(place: Place, tmp_path: Path) -> None:
    """The server is in this process too and holds the object, so the client works in one of its own."""
    size_bytes = 20 * PART_BYTES
    file = tmp_path / "sparse.bin"
    with file.open("wb") as target:
        target.truncate(size_bytes)
    context = lean_processes()
    peaks = context.SimpleQueue()
    child = context.Process(target=_transfer, args=(place.settings(), file, peaks))
    child.start()
    child.join()
    assert child.exitcode == 0
    assert peaks.get() < 13 * PART_BYTES


def _transfer(settings: dict[str, Any], file: Path, peaks: Any) -> None:
    """The target of a child process: up and down again; reports how much memory that took, in bytes."""
    process = psutil.Process()
    bucket = open_bucket(BucketAccess(**settings), SECRETS)
    bucket.put("small", b"")
    before, highest, done = process.memory_info().rss, 0, threading.Event()

    def watch() -> None:
        nonlocal highest
        while not done.wait(0.005):
            highest = max(highest, process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    bucket.upload(file, "sparse.bin", {})
    download(bucket, "sparse.bin", file.with_name("part"), size_bytes=file.stat().st_size, algorithm="md5")
    done.set()
    watcher.join()
    peaks.put(highest - before)
