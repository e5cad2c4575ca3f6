"""Many files on a Drive that fails all the time, and processes that are killed: each artifact is there once."""

from __future__ import annotations

import hashlib
import json
import signal
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from media_assets_tests.child_processes import processes
from media_assets_tests.drive_library import access_to
from media_assets_tests.drive_server import DriveServer, Faults, drive_server
from media_assets_tests.drive_worker import library_on, tick, work_in_child
from media_assets_tests.waiting import wait_until

FILES_OF_EACH = Counter(manifest=3) | Counter({"shout.m4a": 1, "echo.json": 1, "echo.srt": 1})


def fill(drive: DriveServer, number: int) -> dict[str, bytes]:
    """Files in folders of thirty; their contents by id."""
    contents = {}
    for count in range(number):
        folder = drive.add_path(f"Library/{count // 30}")
        content = f"recording {count}".encode()
        contents[drive.add_file(f"{count}.txt", content, parent=folder)] = content
    return contents


def work_until_done(root: Path, drive: DriveServer, kill_after_calls: list[int], timeout_seconds: float) -> int:
    """Runs the worker, killing it each time so many calls have come since it began; returns how often it was killed."""
    killed = 0
    deadline = time.monotonic() + timeout_seconds
    for calls in kill_after_calls:
        killed += run_worker(root, drive, calls, deadline - time.monotonic()) == -signal.SIGKILL
    assert run_worker(root, drive, sys.maxsize, deadline - time.monotonic()) == 0, log_of(root)
    return killed


def run_worker(root: Path, drive: DriveServer, kill_after_calls: int, timeout_seconds: float) -> int | None:
    """Its exit code."""
    enough = sum(drive.calls.values()) + kill_after_calls
    worker = processes().Process(target=work_in_child, args=(root,), daemon=True)
    worker.start()
    wait_until(
        lambda: worker.exitcode is not None or sum(drive.calls.values()) >= enough,
        timeout_seconds,
        saying=lambda: log_of(root),
    )
    if worker.exitcode is None:
        worker.kill()
    worker.join()
    return worker.exitcode


def log_of(root: Path) -> str:
    return (root / "worker.log").read_text()[-3000:]


def each_artifact_is_there_once(drive: DriveServer, contents: dict[str, bytes]) -> None:
    """Counted on the server, past our own code."""
    ours = drive.files("appProperties has { key='media_assets_store' and value='artifacts' }")
    by_artifact = Counter(
        (item.app_properties["media_assets_artifact"], item.app_properties["media_assets_part"]) for item in ours
    )
    assert set(by_artifact.values()) == {1}, [pair for pair, count in by_artifact.items() if count > 1][:5]
    assert Counter(part for _, part in by_artifact) == Counter(
        {part: count * len(contents) for part, count in FILES_OF_EACH.items()}
    )
    by_id = {item.id: item for item in ours}
    listed: set[str] = set()
    for item in ours:
        if item.app_properties["media_assets_part"] != "manifest":
            continue
        manifest = json.loads(drive.content(item.id))
        listed.add(item.id)
        for stored in manifest["files"]:
            listed.add(stored["path"])
            assert hashlib.sha256(drive.content(stored["path"])).hexdigest() == stored["sha256"]
    assert listed == set(by_id), "no orphan, none missing"
    texts = {drive.content(item.id) for item in ours if item.app_properties["media_assets_part"] == "shout.m4a"}
    assert texts == {b"96 decibels of " + content for content in contents.values()}


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("number", "kills", "timeout_seconds", "tls"),
    [
        pytest.param(12, [40, 150], 120, False, id="a dozen"),
        pytest.param(
            1000,
            [200, 1500, 3000, 2000, 1000],
            3000,
            True,
            id="a thousand",
            marks=[pytest.mark.slow, pytest.mark.timeout(3300)],
        ),
    ],
)
def test_each_source_has_exactly_one_of_each_artifact(
    tmp_path: Path, number: int, kills: list[int], timeout_seconds: float, tls: bool
) -> None:
    with drive_server(seed=11, faults=Faults(rate=0.1, retry_after_seconds=0), tls=tls) as drive:
        contents = fill(drive, number)
        way = access_to(drive, tmp_path, timeout_seconds=2, max_retries=12, retry_wait_seconds=0.01)
        (tmp_path / "way.json").write_text(json.dumps(way, default=str))
        assert work_until_done(tmp_path, drive, kills, timeout_seconds) == len(kills)
        each_artifact_is_there_once(drive, contents)
        drive.faults.random_faults = Faults(rate=0)
        with library_on(tmp_path, way) as library:
            cursor = (tmp_path / "cursor").read_text()
            with drive.counting() as calls:
                tick(library, tmp_path)
            assert (tmp_path / "cursor").read_text() == cursor, "everything was seen"
            assert sum(calls.values()) <= 3, "a look, and a token"
            assert len(library.instance.get_dynamic_partitions("media_files")) == number
