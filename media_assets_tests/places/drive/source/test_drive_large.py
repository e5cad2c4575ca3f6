"""How many calls a large library costs: as few as FACTS of the API allow, whatever its size."""

from __future__ import annotations

from pathlib import Path

import pytest

from media_assets_tests.drive_server import drive_server
from media_assets_tests.places.drive.source.drive_watch import Watch, ids, paths


@pytest.mark.thorough
def test_calls_do_not_grow_with_the_library(tmp_path: Path) -> None:
    count = 20_000
    with drive_server() as drive:
        folders = [drive.add_path(f"Lectures/{number % 20}/{number}") for number in range(count // 50)]
        files = [
            drive.add_file(f"{number}.mp4", b"1", parent=folders[number % len(folders)], md5=f"{number:032x}")
            for number in range(count)
        ]
        shared = drive.add_shared_drive("Team")
        drive.add_file("ours", b"1", parent=shared)
        watch = Watch(drive, tmp_path, "My Drive/Lectures", "Shared drives/Team")
        with drive.counting() as calls:
            assert len(watch.look().changed) == count + 1
        # A page for each 1,000 files and at most one more for each query of 50 folders.
        assert calls["files.list"] <= 5 + 2 * (len(folders) // 50 + count // 1000)
        assert calls.total() <= calls["files.list"] + 15

        with drive.counting() as calls:
            assert not watch.look().changed
        assert {**calls, "oauth.token": 0} == {"changes.list": 2, "oauth.token": 0}

        drive.replace_content(files[0], b"other")
        drive.trash(files[1])
        drive.rename(files[2], "renamed")
        drive.move(files[3], folders[0])
        drive.move(files[4], drive.root_id)
        drive.delete(files[5])
        drive.rename(folders[7], "renamed")
        drive.add_file("new", b"1", parent=folders[8])
        drive.move(folders[9], drive.root_id)
        drive.add_file("in new folder", b"1", parent=drive.add_folder("new", folders[10]))
        lost = set(files[9 :: len(folders)])
        with drive.counting() as calls:
            changes = watch.look()
        assert sorted(path.rsplit("/")[-1] for path in paths(changes)) == ["0.mp4", "in new folder", "new"]
        assert ids(changes.removed) == {files[1], files[4], files[5]} | lost
        calls.pop("oauth.token", None)
        assert calls.total() <= 4, calls
