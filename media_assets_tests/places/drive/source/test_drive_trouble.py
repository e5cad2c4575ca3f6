"""Folders and accounts that go away, and a Drive that fails: nothing is taken for removed."""

from __future__ import annotations

from pathlib import Path

import pytest

from media_assets.base.errors import Fatal, Transient
from media_assets_tests.drive_server import DriveServer, Faults
from media_assets_tests.places.drive.source.drive_watch import Watch, ids, paths
from media_assets_tests.places.drive.source.watched import Library, either_log, nothing_in


@pytest.mark.thorough
@either_log
@pytest.mark.parametrize("take", ["share_away", "trash", "delete"])
@pytest.mark.parametrize("which", ["b", "above"])
@pytest.mark.parametrize("by", ["path", "id"])
def test_a_configured_folder_that_is_gone_is_fatal_and_removes_nothing(
    drive: DriveServer, library: Library, tmp_path: Path, take: str, which: str, by: str
) -> None:
    inside = drive.add_path("above/b")
    drive.add_file("four", b"4", parent=inside)
    place = "My Drive/above/b" if by == "path" else inside
    watch = Watch(drive, tmp_path, "My Drive/a", place)
    watch.look()
    gone = inside if which == "b" else drive.add_path("above")
    getattr(drive, take)(gone)
    drive.trash(library.one)
    for _ in range(2):
        with pytest.raises(Fatal) as caught:
            watch.look()
        text = str(caught.value)
        assert (place in text or "My Drive/above" in text) and ("person@example.com" in text or "trash" in text)
    if take != "delete":
        getattr(drive, {"trash": "restore", "share_away": "share_back"}[take])(gone)
        changes = watch.follow()
        assert (paths(changes), ids(changes.removed)) == ([], {library.one})


def test_a_path_means_the_path_and_an_id_the_folder(watch: Watch, drive: DriveServer, library: Library) -> None:
    drive.rename(library.b, "renamed")
    with pytest.raises(Fatal, match="My Drive/b"):
        watch.look()
    drive.add_file("new", b"1", parent=drive.add_path("b"))
    assert paths(watch.follow()) == ["new"]
    watch.settings["folders"] = ("My Drive/a", library.b)
    watch.look()
    drive.rename(library.b, "again")
    drive.move(library.b, library.out)
    drive.add_file("here", b"1", parent=library.b)
    assert paths(watch.follow()) == ["here"]


@either_log
def test_an_account_that_loses_sight_of_all_files_at_once_removes_nothing(
    watch: Watch, drive: DriveServer, library: Library
) -> None:
    many = drive.add_path("a/many")
    for number in range(10):
        drive.add_file(str(number), b"1", parent=many)
    watch.look()
    for place in (library.one, library.sub, many):
        drive.share_away(place)
    with pytest.raises(Fatal, match=r"My Drive/a.*person@example\.com no files at all, and held 13 before"):
        watch.look()
    for place in (library.one, library.sub, many):
        drive.share_back(place)
    assert nothing_in(watch.follow())
    for place in (library.one, library.sub, many):
        drive.trash(place)
    assert len(watch.follow().removed) == 13


def test_a_listing_that_is_empty_where_many_files_were_removes_nothing(
    watch: Watch, drive: DriveServer, library: Library
) -> None:
    for number in range(10):
        drive.add_file(str(number), b"1", parent=library.a)
    watch.look()
    cursor = watch.cursor
    assert cursor is not None
    for item in drive.files(parent=library.a):
        drive.move(item.id, library.out)
    watch.cursor = cursor.replace(str(drive.state.next_sequence - len(drive.files(parent=library.out))), "999999")
    with pytest.raises(Fatal, match="no files at all"):
        watch.look()
    watch.cursor = cursor
    assert len(watch.follow().removed) == 13


def test_a_storm_is_weathered_or_leaves_the_cursor_where_it_was(
    watch: Watch, drive: DriveServer, library: Library
) -> None:
    for number in range(60):
        drive.add_file("a", b"1", parent=drive.add_path(f"out/x/{number}"))
    watch.look()
    drive.move(drive.add_path("out/x"), library.a)
    for kind in ("userRateLimitExceeded", "502", "backendError"):
        drive.fail_always("files.list", kind)
        with pytest.raises(Transient):
            watch.look()
        drive.repair()
    for kind in ("rateLimitExceeded", "internalError"):
        drive.fail_next("files.list", kind)
    assert len(watch.follow().changed) == 60


def test_many_faults_change_nothing_in_what_is_told(drive: DriveServer, library: Library, tmp_path: Path) -> None:
    for number in range(60):
        drive.add_file("a", b"1", parent=drive.add_path(f"a/{number}"))
    watch = Watch(drive, tmp_path, "My Drive/a")
    drive.faults.random_faults = Faults(rate=0.3, retry_after_seconds=0)
    watch.max_retries = 20
    assert len(watch.look().changed) == 63
    drive.move(library.sub, library.out)
    assert ids(watch.follow().removed) == {library.two, library.three}
