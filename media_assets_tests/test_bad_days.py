"""Disks, folders and databases that fail in the middle of the work, on the real command line: it says what failed and
blames no file; what is stored is whole; and once all is well again a plain pass completes."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from threading import Timer

import pytest

from media_assets_tests.bad_days import STAGE, BadDay, blames_nobody, can_mount, fill, free, small_disk
from media_assets_tests.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

HOME = Path("state", "dagster")


@pytest.fixture
def mounts() -> None:
    if not can_mount():
        pytest.skip("only root may mount disks, and only on Linux is it tried")


# ------------------------------------------------------------------------------------------------ full disks


@pytest.mark.usefixtures("mounts")
def test_a_full_disk_under_the_state(tmp_path: Path) -> None:
    with small_disk(tmp_path / "state", 30):
        day = BadDay(tmp_path)
        day.in_the_middle(fill(day.state))
        said = blames_nobody(day.process())
        assert "disk is full" in said or "No space left" in said or "no space is left" in said
        assert "disk is full. Free space on that disk" in blames_nobody(day.run("status"))
        looked = day.run("doctor")
        assert looked.returncode == 1
        assert "cannot be written: No space left on device → Free space on that disk" in looked.stdout
        free(day.state)
        day.is_whole_after_all()


@pytest.mark.usefixtures("mounts")
def test_a_disk_under_the_state_that_is_full_from_the_start(tmp_path: Path) -> None:
    with small_disk(tmp_path / "state", 30):
        day = BadDay(tmp_path)
        subprocess.run(["sh", "-c", fill(day.state)], check=False)
        for command in ("process", "status"):
            said = blames_nobody(day.run(command))
            assert "No space left on device" in said or "the disk is full" in said, said
        free(day.state)
        day.is_whole_after_all()


@pytest.mark.usefixtures("mounts")
def test_a_full_disk_under_the_artifacts(tmp_path: Path) -> None:
    with small_disk(tmp_path / "store", 2):
        day = BadDay(tmp_path)
        day.in_the_middle(fill(day.store))
        said = blames_nobody(day.process())
        assert "no file is to blame: store 'artifacts': " in said and "bytes free; " in said and "are needed" in said
        free(day.store)
        day.is_whole_after_all()


@pytest.mark.usefixtures("mounts")
@pytest.mark.parametrize("folder", ["work", "cache"])
def test_a_full_disk_under_what_is_in_work(tmp_path: Path, folder: str) -> None:
    (tmp_path / "state").mkdir()
    with small_disk(tmp_path / "state" / folder, 2):
        cached = {"sources": {"media": {"path": "media", "cache": True}}} if folder == "cache" else {}
        day = BadDay(tmp_path, **cached)
        if folder == "work":
            day.in_the_middle(fill(day.state / folder))
        else:
            subprocess.run(["sh", "-c", fill(day.state / folder)], check=False)
        assert "ree space" in blames_nobody(day.process())
        free(day.state / folder)
        day.is_whole_after_all()


# ------------------------------------------------------------------------------------------------ disks that go away


@pytest.mark.usefixtures("mounts")
@pytest.mark.parametrize("place", ["media", "store", "state"])
def test_a_disk_that_is_taken_away(tmp_path: Path, place: str) -> None:
    with small_disk(tmp_path / place, 50):
        day = BadDay(tmp_path)
        day.in_the_middle(f"umount -l {tmp_path / place}")
        said = blames_nobody(day.process())
        assert str(tmp_path / place) in said and "ount" in said, said
        day.fill_source()
        day.is_whole_after_all()


@pytest.mark.parametrize("place", ["media", "store", "state"])
def test_a_folder_that_is_moved_away_and_put_back(tmp_path: Path, place: str) -> None:
    day, folder = BadDay(tmp_path), tmp_path / place
    day.in_the_middle(f"mv {folder} {folder}-away")
    said = blames_nobody(day.process())
    assert str(folder) in said and "gone" in said, said
    shutil.rmtree(folder, ignore_errors=True)
    folder.with_name(f"{place}-away").rename(folder)
    day.is_whole_after_all()


@pytest.mark.parametrize("place", ["store", "state"])
def test_a_folder_that_is_deleted_for_good(tmp_path: Path, place: str) -> None:
    day, folder = BadDay(tmp_path), tmp_path / place
    day.in_the_middle(f"rm -rf {folder}")
    said = blames_nobody(day.process())
    assert f"the folder {folder}" in said and "gone" in said, said
    day.is_whole_after_all()


@pytest.mark.parametrize("what", ["drive_file", "*"])
def test_artifacts_that_are_deleted_while_their_store_stays(tmp_path: Path, what: str) -> None:
    day = BadDay(tmp_path)
    day.in_the_middle(f"rm -rf {day.store}/{what}")
    assert "artifacts vanished from their store while work went on: drive_file of " in blames_nobody(day.process())
    day.is_whole_after_all()


def test_a_file_that_is_deleted_is_told_by_name_and_fails_nothing(tmp_path: Path) -> None:
    day = BadDay(tmp_path)
    day.in_the_middle(f"rm {day.media / '3.flac'}")
    done = day.process()
    assert done.returncode == 0, done.stderr
    assert "gone: media:3.flac is no longer in its source; it counts as no failure" in done.stdout
    day.fill_source()
    day.is_whole_after_all()


@pytest.mark.usefixtures("mounts")
def test_a_disk_under_the_state_that_is_read_only(tmp_path: Path) -> None:
    with small_disk(tmp_path / "state", 50):
        day = BadDay(tmp_path)
        assert day.process().returncode == 0
        subprocess.run(["mount", "-o", "remount,ro", day.state], check=True)
        try:
            for command in ("process", "status", "retry"):
                said = blames_nobody(day.run(command))
                assert str(day.state) in said and "for writing" in said, said
            looked = day.run("doctor")
            assert looked.returncode == 1
            assert "cannot be written: Read-only file system → Mount it for writing" in looked.stdout
        finally:
            subprocess.run(["mount", "-o", "remount,rw", day.state], check=True)
        day.is_whole_after_all()


# ------------------------------------------------------------------------------------------------ databases


def test_a_database_that_is_locked_for_forty_seconds_is_waited_for(tmp_path: Path) -> None:
    day = BadDay(tmp_path)
    assert day.run("process", "--stage", "drive_file").returncode == 0
    with ExitStack() as holders:
        for path in (tmp_path / HOME).rglob("*.db"):
            holder = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            holders.callback(holder.close)
            holder.execute("BEGIN EXCLUSIVE")
        release = Timer(40, holders.pop_all().close)
    release.start()
    done = day.process()
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert release.finished.is_set()
    day.is_whole_after_all()


def garbage(path: Path) -> None:
    path.write_bytes(b"garbage " * 4096)


def nothing(path: Path) -> None:
    path.write_bytes(b"")


def half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize("damage", [garbage, nothing, half])
def test_each_database_that_is_damaged_is_named_and_what_is_stored_is_found_again(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    day = BadDay(tmp_path)
    assert day.process().returncode == 0
    made = day.manifests()
    found = sorted(path for path in day.state.rglob("*") if path.suffix in (".db", ".sqlite"))
    assert len(found) >= 3
    for path in found:
        with closing(sqlite3.connect(path)) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for path in found:
        kept = path.read_bytes()
        damage(path)
        for command in (("process", "--stage", STAGE), ("status",)):
            ended = day.run(*command)
            assert "Traceback" not in ended.stdout + ended.stderr, (path, command, ended.stderr)
            assert ended.returncode == 0 or str(path) in blames_nobody(ended), (path, command, ended.stderr)
        path.write_bytes(kept)
    assert day.manifests() == made, "nothing was made again"
    shutil.rmtree(tmp_path / HOME)
    assert day.run("import", "--from-stores").returncode == 0
    assert day.process().returncode == 0
    assert day.manifests() == made, "nothing was made again"
    day.is_whole_after_all()


# ------------------------------------------------------------------------------------------------ the cache


def test_other_content_of_equal_size_in_the_cache_is_not_published(tmp_path: Path) -> None:
    day = BadDay(tmp_path, sources={"media": {"path": "media", "cache": True}})
    assert day.run("process", "--stage", "drive_file").returncode == 0
    cached = sorted(path for path in (day.state / "cache").rglob("*") if path.is_file() and path.stat().st_size > 1000)
    assert len(cached) >= 4
    for path in cached:
        path.write_bytes(path.read_bytes()[::-1])
    done = day.process()
    assert done.returncode == 0, done.stdout + done.stderr
    day.is_whole_after_all()


# ------------------------------------------------------------------------------------------------ clocks


@pytest.mark.skipif(shutil.which("faketime") is None, reason="there is no faketime here")
def test_a_clock_that_was_ahead_and_one_that_was_behind(tmp_path: Path) -> None:
    day = BadDay(tmp_path)
    for shift in ("+365d", "-365d"):
        done = day.process(before=("faketime", "-f", shift))
        assert (done.returncode, done.stderr) == (0, ""), done
        made = day.manifests()
        assert len(made) == 8
        for command in (("process", "--stage", STAGE), ("status",), ("retry",)):
            assert day.run(*command).returncode == 0
        assert day.manifests() == made, "nothing was made again"
        (day.media / "0.flac").unlink()  # what is new to the clock of the next round
        day.fill_source()
    day.is_whole_after_all()


# ------------------------------------------------------------------------------------------------ stops


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stop_at_any_moment_says_no_more_than_that(tmp_path: Path, number: signal.Signals) -> None:
    """Moments from the first import to the last artifact, and in between."""
    day = BadDay(tmp_path)
    ends = set[int]()
    for moment in range(12):
        shutil.rmtree(day.store, ignore_errors=True)

        def stop(process: int, moment: int = moment) -> None:
            wait_until((tmp_path / "stderr").exists, pause_seconds=0.001)  # it is about to begin
            time.sleep(0.05 * 1.55**moment)
            with suppress(ProcessLookupError):
                os.kill(process, number)

        (tmp_path / "stderr").unlink(missing_ok=True)
        ended = day.run("process", "--stage", STAGE, meanwhile=stop)
        ends.add(ended.returncode)
        assert ended.returncode in (0, 128 + number, -number), ended
        for noise in ("Traceback", "Exception ignored", "exception being dropped", "Error in"):
            assert noise not in ended.stderr, ended.stderr
        day.manifests()
    assert 128 + number in ends
    day.is_whole_after_all()
