"""A run that is stopped ends within a moment wherever it waits: for a service, for a lock, in an upload."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from filelock import FileLock

from media_assets.base.errors import Cancelled, TimeLimitExceeded
from media_assets.base.interruption import ask, asking, carried, holding, pause
from media_assets.places.bucket.client.conditional import delete_unchanged
from media_assets_tests.drive_server import DriveServer, drive_server
from media_assets_tests.manifests import draft
from media_assets_tests.places.bucket import bucket_store
from media_assets_tests.places.bucket.bucket_store import IN_FOLDER, KEY
from media_assets_tests.places.drive.store import drive_stores
from media_assets_tests.s3_server import Place, s3_server
from media_assets_tests.waiting import wait_until

AT_MOST_SECONDS = 20
"""Far below the minutes that the waits take, and far above a moment on a busy machine."""


class Stop:
    """What asks whether to go on: as long as nobody said otherwise."""

    def __init__(self) -> None:
        self.said = threading.Event()

    def __call__(self) -> None:
        if self.said.is_set():
            raise Cancelled("the run was stopped")


def ended_by(stop: Stop, wait: Callable[[], object], begun: Callable[[], bool]) -> None:
    """Let it wait, stop it, and see it end."""
    with ThreadPoolExecutor(1) as pool, asking(stop):
        waiting = pool.submit(carried(lambda _: wait()), None)
        wait_until(begun, goes_on=lambda: not waiting.done(), saying=lambda: waiting)
        stop.said.set()
        with pytest.raises(Cancelled):
            waiting.result(timeout=AT_MOST_SECONDS)


@pytest.fixture(scope="module")
def drive() -> Iterator[DriveServer]:
    with drive_server(seed=3) as running:
        yield running


@pytest.fixture(scope="module")
def bucket() -> Iterator[Place]:
    with s3_server() as running:
        yield Place(running)


def test_a_pause_and_a_wait_for_a_lock_end(tmp_path: Path) -> None:
    ended_by(Stop(), lambda: pause(600), lambda: True)
    with FileLock(tmp_path / "lock"):

        def wait() -> None:
            with holding(FileLock(tmp_path / "lock")):
                raise AssertionError("somebody else holds it")

        ended_by(Stop(), wait, lambda: True)
    with holding(FileLock(tmp_path / "lock")):
        ask()


def test_nothing_is_asked_of_a_thread_that_nobody_said_it_for() -> None:
    stop = Stop()
    stop.said.set()
    with asking(stop), ThreadPoolExecutor(1) as pool:
        assert pool.submit(ask).result() is None
        with pytest.raises(Cancelled):
            pool.submit(carried(lambda _: ask()), None).result()
    ask()


@pytest.mark.parametrize("doing", ["manifest", "find", "publish", "copy", "lease", "as_of_now"])
def test_each_wait_for_a_drive_that_is_busy_ends(drive: DriveServer, tmp_path: Path, doing: str) -> None:
    store = drive_stores.Store(drive_stores.Account(drive, tmp_path), tmp_path / "one")
    known = store.put(draft(f"box:{doing}.mp4"), {"a.txt": "text"})
    # Another machine, which has nothing at hand, and waits as long as people do.
    other = drive_stores.Store(drive_stores.Account(drive, tmp_path), tmp_path / "two", wait_multiplier=60.0)
    waits: dict[str, Callable[[], object]] = {
        "manifest": lambda: other.manifest(known.asset, known.key),
        "find": lambda: other.find(known.asset, known.fingerprint),
        "publish": lambda: other.put(draft("box:new.mp4"), {"a.txt": "text"}),
        "copy": lambda: other.copy(known, draft("box:copy.mp4"), drive_stores.IN_FOLDER),
        "lease": lambda: other.lease(known.files[0]).__enter__(),
        "as_of_now": lambda: other.as_of_now(known.asset).manifest(known.asset, known.key),
    }
    before = drive.faults.injected["backendError"]
    drive.fail_always("*", "backendError")
    try:
        ended_by(Stop(), waits[doing], lambda: drive.faults.injected["backendError"] > before)
    finally:
        drive.repair()


def test_a_wait_for_what_searches_do_not_show_yet_ends(tmp_path: Path) -> None:
    with drive_server(seed=4) as drive:
        store = drive_stores.Store(drive_stores.Account(drive, tmp_path), tmp_path, wait_multiplier=60.0)
        drive.lag(search_seconds=10_000)
        ended_by(Stop(), lambda: store.put(draft(), {"a.txt": "a"}), lambda: drive.calls["files.list"] > 2)


@pytest.mark.thorough
@pytest.mark.parametrize("way", ["the run is stopped", "the file's time is up"])
def test_an_upload_in_parts_to_a_bucket_ends_in_its_middle(bucket: Place, tmp_path: Path, way: str) -> None:
    client = bucket.bucket()
    pieces: list[int] = []
    error = Cancelled("stopped") if way == "the run is stopped" else TimeLimitExceeded("took longer than its limit")

    def check() -> None:
        pieces.append(1)
        if len(pieces) > 8:
            raise error

    file = tmp_path / "large.bin"
    file.write_bytes(bytes(30 * 1024**2))
    with pytest.raises(type(error)):
        if isinstance(error, Cancelled):
            with asking(check):
                client.upload(file, f"store/{len(way)}.bin", {})
        else:
            client.upload(file, f"store/{len(way)}.bin", {}, check)
    assert client.head(f"store/{len(way)}.bin") is None
    client.upload(file, f"store/{len(way)}.bin", {})
    found = client.head(f"store/{len(way)}.bin")
    assert found is not None and found.size_bytes == file.stat().st_size


def test_each_request_to_a_bucket_is_asked_for_and_so_is_each_wait(bucket: Place, tmp_path: Path) -> None:
    store = bucket_store.Store(bucket.settings("asked"), tmp_path)
    known = store.put(draft(), {"a.txt": "text", "b.txt": "more"})
    stop = Stop()
    stop.said.set()
    for work in (
        lambda: store.manifest(known.asset, KEY),
        lambda: store.intact(known),
        lambda: store.find(known.asset, known.fingerprint),
        lambda: store.as_of_now(known.asset),
        lambda: store.put(draft(key="box:b"), {"a.txt": "text"}),
        lambda: store.copy(known, draft(key="box:c"), IN_FOLDER),
    ):
        with asking(stop), pytest.raises(Cancelled):
            work()
    client = bucket.bucket()
    found = client.head(known.files[0].path)
    assert found is not None
    bucket.server.fault((503, "SlowDown"), lambda request: request.method == "DELETE", times=100)
    refused = len(bucket.server.requests)
    try:
        ended_by(Stop(), lambda: delete_unchanged(client, found), lambda: len(bucket.server.requests) > refused)
    finally:
        bucket.server.repair()
    assert store.intact(known)
