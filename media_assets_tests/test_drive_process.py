"""`media-assets process` on a library in a Drive that lags or goes away: what is there in the end, the exit codes."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from media_assets.places.drive.store.marks import ARTIFACT, PART, STORE
from media_assets_tests.bad_days import FILES, STAGE, STAGES, BadDay, blames_nobody
from media_assets_tests.broken_library import tone
from media_assets_tests.drive_library import access_to
from media_assets_tests.drive_server import DriveServer, drive_server
from media_assets_tests.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture
def drive(tmp_path: Path) -> Iterator[DriveServer]:
    """With tones in a folder that has been there for long."""
    with drive_server(seed=31) as drive:
        folder = drive.add_path("Library")
        for number in range(FILES):
            path = tone(tmp_path / f"{number}.flac", 300 + 50 * number, 1)
            drive.add_file(path.name, path.read_bytes(), parent=folder)
        yield drive


def machine(root: Path, drive: DriveServer) -> BadDay:
    """A machine that processes it, with a state of its own."""
    root.mkdir()
    way = json.loads(json.dumps({"type": "drive", **access_to(drive, root, timeout_seconds=5)}, default=str))
    return BadDay(
        root,
        sources={"media": {**way, "folders": ["My Drive/Library"]}},
        stores={"artifacts": {**way, "folder": "My Drive/Artifacts"}},
    )


def each_artifact_is_there_once_and_whole(drive: DriveServer) -> None:
    """Counted on the server, past our own code."""
    ours = drive.files(f"appProperties has {{ key='{STORE}' and value='artifacts' }}")
    counts = Counter((item.app_properties[ARTIFACT], item.app_properties[PART]) for item in ours)
    assert set(counts.values()) == {1}, counts
    manifests = [json.loads(drive.content(item.id)) for item in ours if item.app_properties[PART] == "manifest"]
    assert Counter(manifest["asset"] for manifest in manifests) == dict.fromkeys(STAGES, FILES)
    for manifest in manifests:
        for stored in manifest["files"]:
            content = drive.content(stored["path"])
            assert (len(content), hashlib.sha256(content).hexdigest()) == (stored["size_bytes"], stored["sha256"])
    folders = [drive.path(item.id) for item in drive.files() if item.is_folder]
    assert len(folders) == len(set(folders)), folders


def lag(drive: DriveServer) -> None:
    drive.seconds_per_request = 0.5
    drive.lag(search_seconds=6, checksum_seconds=8)


def test_searches_that_lag_and_checksums_that_come_late_cost_nothing_but_time(
    drive: DriveServer, tmp_path: Path
) -> None:
    lag(drive)
    one = machine(tmp_path / "one", drive)
    first = one.process()
    assert (first.returncode, first.stderr) == (0, ""), first.stdout + first.stderr
    each_artifact_is_there_once_and_whole(drive)
    second = one.process()
    assert (second.returncode, f"{STAGE}: {FILES} reused" in second.stdout) == (0, True), second.stdout + second.stderr
    other = machine(tmp_path / "two", drive).process()
    assert other.returncode == 0, other.stdout + other.stderr
    each_artifact_is_there_once_and_whole(drive)


def test_two_machines_that_begin_at_once_make_each_artifact_once(drive: DriveServer, tmp_path: Path) -> None:
    lag(drive)
    machines = [machine(tmp_path / name, drive) for name in ("one", "two")]
    with ThreadPoolExecutor(2) as pool:
        ended = list(pool.map(BadDay.process, machines))
    drive.advance(60)
    # One may have to give way to the other; it says so, and the next pass finds all of it.
    for day, done in zip(machines, ended, strict=True):
        assert done.returncode == 0 or "another machine" in done.stdout + done.stderr, done
        assert (again := day.process()).returncode == 0, again.stdout + again.stderr
    each_artifact_is_there_once_and_whole(drive)


@pytest.mark.parametrize("place", ["Library", "Artifacts"])
@pytest.mark.parametrize("how", ["trash", "delete", "share_away"])
def test_a_folder_that_goes_away_stops_the_work_with_2_and_blames_no_file(
    drive: DriveServer, tmp_path: Path, place: str, how: str
) -> None:
    day = machine(tmp_path / "one", drive)
    begun, go = day.root / "begun", day.root / "go"
    day.in_the_middle(f"touch {begun}; while [ ! -e {go} ]; do sleep 0.05; done")

    def take_away(_: int) -> None:
        wait_until(begun.exists, 120)
        remove: Callable[[str], None] = getattr(drive, how)
        remove(drive.add_path(place))
        go.touch()

    said = blames_nobody(day.run("process", "--stage", STAGE, meanwhile=take_away))
    assert place in said, said
    told = day.run("status", "--json")
    if place == "Library":  # the store can still be asked
        assert (told.returncode, json.loads(told.stdout)["failures"]) == (0, []), told.stderr
