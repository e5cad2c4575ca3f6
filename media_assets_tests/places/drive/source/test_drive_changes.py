"""Looking at Drive again and again: from what people do there to what is reported."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from media_assets_tests.drive_server import DriveServer
from media_assets_tests.places.drive.source.drive_watch import Watch, ids, paths
from media_assets_tests.places.drive.source.watched import Library, either_log, nothing_in

# ------------------------------------------------------------------------------------------- single files


def test_the_first_look_reports_everything_and_the_next_nothing(watch: Watch) -> None:
    assert nothing_in(watch.follow())


def test_a_new_file_is_reported_once(watch: Watch, drive: DriveServer, library: Library) -> None:
    drive.add_file("new", b"1", parent=library.sub)
    drive.add_file("elsewhere", b"1", parent=library.out)
    assert paths(watch.follow()) == ["sub/new"]
    assert nothing_in(watch.follow())


def test_the_logs_are_joined_before_anything_is_listed(drive: DriveServer, library: Library, tmp_path: Path) -> None:
    shared = drive.add_shared_drive("Team")
    drive.add_shortcut("team", shared, library.b)
    Watch(drive, tmp_path, library.a, library.b).look()
    asked = [(request.method, request.params.get("driveId")) for request in drive.counters.requests]
    for drive_id in (None, shared):
        token, listing = asked.index(("changes.getStartPageToken", drive_id)), asked.index(("files.list", drive_id))
        assert token < listing
        # What happened to the configured folder before the token is in no log.
        assert "files.get" in [method for method, _ in asked[token:listing]]


def test_a_renamed_file_is_the_same_file(watch: Watch, drive: DriveServer, library: Library) -> None:
    drive.rename(library.one, "first")
    assert nothing_in(watch.follow())
    drive.replace_content(library.one, b"other")
    (entry,) = watch.follow().changed
    assert (entry.path, watch.source.identity(entry.key)) == ("first", f"box:~{library.one}")


def test_a_touched_file_has_not_changed(watch: Watch, drive: DriveServer, library: Library) -> None:
    drive.change(library.one, modified_at=datetime(2001, 1, 1, tzinfo=UTC), description="new")
    drive.set_video(library.two, width=1, height=1, duration_ms=1)
    assert nothing_in(watch.follow())


def test_replaced_content_is_reported_with_its_new_revision(watch: Watch, drive: DriveServer, library: Library) -> None:
    drive.replace_content(library.one, b"other")
    (entry,) = watch.follow().changed
    assert (entry.path, entry.size_bytes) == ("one", 5)
    assert entry.revision == entry.checksums["md5"]
    drive.replace_content(library.one, b"1")
    assert paths(watch.follow()) == ["one"]


def test_a_file_in_the_trash_is_removed_until_it_is_restored(
    watch: Watch, drive: DriveServer, library: Library
) -> None:
    drive.trash(library.two)
    assert ids(watch.follow().removed) == {library.two}
    assert nothing_in(watch.follow())
    drive.restore(library.two)
    assert paths(watch.follow()) == ["sub/two"]
    drive.trash(library.two)
    drive.restore(library.two)
    assert nothing_in(watch.follow())


def test_a_deleted_file_is_removed(watch: Watch, drive: DriveServer, library: Library) -> None:
    drive.delete(library.two)
    assert ids(watch.follow().removed) == {library.two}


def test_a_file_that_is_shared_away_is_removed_until_it_is_shared_again(
    watch: Watch, drive: DriveServer, library: Library
) -> None:
    drive.share_away(library.two)
    assert ids(watch.follow().removed) == {library.two}
    drive.share_back(library.two)
    assert paths(watch.follow()) == ["sub/two"]


def test_a_file_that_is_moved_between_watched_folders_has_not_changed(
    watch: Watch, drive: DriveServer, library: Library
) -> None:
    drive.move(library.two, library.b)
    assert nothing_in(watch.follow())
    drive.replace_content(library.two, b"other")
    assert paths(watch.follow()) == ["two"]


def test_a_file_that_is_moved_in_appears_and_one_that_is_moved_out_is_removed(
    watch: Watch, drive: DriveServer, library: Library
) -> None:
    guest = drive.add_file("guest", b"1", parent=library.out)
    watch.follow()
    drive.move(guest, library.b)
    drive.move(library.one, library.out)
    changes = watch.follow()
    assert (paths(changes), ids(changes.removed)) == (["guest"], {library.one})


def test_a_file_that_becomes_an_artifact_is_removed(watch: Watch, drive: DriveServer, library: Library) -> None:
    ours = {"media_assets_artifact": "0" * 40}
    drive.add_file("new artifact", b"1", parent=library.a, app_properties=ours)
    assert nothing_in(watch.follow())
    drive.change(library.one, app_properties=ours)
    assert ids(watch.follow().removed) == {library.one}


@either_log
def test_a_name_that_becomes_hidden_removes_the_file(watch: Watch, drive: DriveServer, library: Library) -> None:
    drive.rename(library.one, ".one")
    drive.rename(library.sub, ".sub")
    assert ids(watch.follow().removed) == {library.one, library.two, library.three}
    drive.rename(library.one, "one")
    drive.rename(library.sub, "sub")
    assert paths(watch.follow()) == ["one", "sub/two", "sub/deep/three"]


# ------------------------------------------------------------------------------------------- folders


@either_log
def test_a_folder_that_is_moved_in_brings_its_files(watch: Watch, drive: DriveServer, library: Library) -> None:
    drive.add_file("guest", b"1", parent=drive.add_path("out/x/y"))
    watch.follow()
    drive.move(drive.add_path("out/x"), library.sub)
    assert paths(watch.follow()) == ["sub/x/y/guest"]


@either_log
def test_a_folder_that_is_moved_out_takes_its_files_along(watch: Watch, drive: DriveServer, library: Library) -> None:
    drive.move(library.sub, library.out)
    assert ids(watch.follow().removed) == {library.two, library.three}
    drive.replace_content(library.two, b"other")
    assert nothing_in(watch.follow())
    drive.move(library.sub, library.b)
    assert paths(watch.follow()) == ["sub/two", "sub/deep/three"]


@either_log
def test_a_folder_that_is_moved_between_watched_folders_changes_nothing(
    watch: Watch, drive: DriveServer, library: Library
) -> None:
    drive.move(library.sub, library.b)
    assert nothing_in(watch.follow())


@either_log
def test_a_new_folder_is_listed_with_what_was_put_into_it(watch: Watch, drive: DriveServer, library: Library) -> None:
    for place in ("out/x", "a/new", "a/new/newer"):
        drive.add_file("guest", b"1", parent=drive.add_path(place))
    drive.move(drive.add_path("out/x"), drive.add_path("a/new"))
    assert paths(watch.follow()) == ["new/guest", "new/newer/guest", "new/x/guest"]
    assert nothing_in(watch.follow())


@either_log
def test_a_renamed_folder_changes_only_paths(watch: Watch, drive: DriveServer, library: Library) -> None:
    drive.rename(library.sub, "other")
    with drive.counting() as calls:
        assert nothing_in(watch.look())
    assert calls == {"changes.list": 1, "oauth.token": calls["oauth.token"]}
    drive.replace_content(library.two, b"other")
    assert paths(watch.follow()) == ["other/two"]


@either_log
@pytest.mark.parametrize("take", ["trash", "share_away"])
def test_a_folder_that_vanishes_takes_its_files_along_and_brings_them_back(
    watch: Watch, drive: DriveServer, library: Library, take: str
) -> None:
    getattr(drive, take)(library.sub)
    assert ids(watch.follow().removed) == {library.two, library.three}
    getattr(drive, {"trash": "restore", "share_away": "share_back"}[take])(library.sub)
    assert paths(watch.follow()) == ["sub/two", "sub/deep/three"]


@either_log
def test_a_deleted_folder_takes_its_files_along(watch: Watch, drive: DriveServer, library: Library) -> None:
    drive.delete(library.sub)
    assert ids(watch.follow().removed) == {library.two, library.three}


@either_log
def test_a_folder_whose_new_name_meets_the_globs_brings_its_files(
    watch: Watch, drive: DriveServer, library: Library
) -> None:
    watch.settings["exclude"] = ("sub/**",)
    assert ids(watch.follow().removed) == {library.two, library.three}
    drive.rename(library.sub, "wanted")
    changes = watch.follow()
    assert paths(changes) == ["wanted/two", "wanted/deep/three"]
    assert [entry.size_bytes for entry in changes.changed] == [1, 1]
    drive.rename(library.sub, "sub")
    assert ids(watch.follow().removed) == {library.two, library.three}
