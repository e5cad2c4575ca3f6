"""Looking again and again at shared drives, and at what shortcuts lead to."""

from __future__ import annotations

from pathlib import Path

import pytest

from media_assets.base.errors import Fatal
from media_assets_tests.drive_server import DriveServer
from media_assets_tests.places.drive.source.drive_watch import Watch, ids, paths
from media_assets_tests.places.drive.source.watched import Library, either_log, nothing_in

# ------------------------------------------------------------------------------------------- shared drives


def test_every_drive_with_a_watched_folder_is_followed(
    watch: Watch, drive: DriveServer, library: Library, tmp_path: Path
) -> None:
    shared, other = drive.add_shared_drive("Team"), drive.add_shared_drive("Other")
    videos = drive.add_folder("Videos", shared)
    watch.settings["folders"] = ("My Drive/a", "Shared drives/Team/Videos")
    assert nothing_in(watch.follow())
    ours = drive.add_file("ours", b"1", parent=videos)
    drive.add_file("theirs", b"1", parent=other)
    mine = drive.add_file("mine", b"1", parent=library.a)
    assert sorted(paths(watch.follow())) == ["mine", "ours"]
    with drive.counting() as calls:
        watch.look()
    assert calls["changes.list"] == 2
    drive.move(ours, library.a)
    drive.move(mine, videos)
    drive.move(library.sub, videos)
    assert nothing_in(watch.follow())
    drive.move(ours, other)
    drive.move(mine, drive.root_id)
    drive.move(library.sub, other)
    assert ids(watch.follow().removed) == {ours, mine, library.two, library.three}


@pytest.mark.parametrize("mine_is_followed", [False, True])
def test_a_folder_that_goes_to_another_drive_keeps_what_is_in_it(
    watch: Watch, drive: DriveServer, library: Library, mine_is_followed: bool
) -> None:
    here, there = drive.add_shared_drive("Here"), drive.add_shared_drive("There")
    sub = drive.add_folder("sub", here)
    renamed = drive.add_file("one", b"1", parent=sub)
    deep = drive.add_file("two", b"2", parent=drive.add_folder("deep", sub))
    watch.settings["folders"] = ("Shared drives/Here", "Shared drives/There", *["My Drive/b"] * mine_is_followed)
    assert paths(watch.look()) == ["sub/one", "sub/deep/two"]
    drive.rename(renamed, "renamed")
    drive.rename(deep, "renamed")
    drive.move(sub, there)
    assert nothing_in(watch.follow())
    drive.replace_content(renamed, b"other")
    drive.move(sub, here)
    assert paths(watch.follow()) == ["sub/renamed"]


def test_what_leaves_a_shared_drive_is_removed_though_nothing_else_is_watched(
    drive: DriveServer, tmp_path: Path
) -> None:
    shared = drive.add_shared_drive("Team")
    kept, taken = (drive.add_file(name, b"1", parent=shared) for name in ("kept", "taken"))
    watch = Watch(drive, tmp_path, shared)
    assert paths(watch.look()) == ["kept", "taken"]
    drive.move(taken, drive.root_id)
    drive.rename(kept, "still here")
    assert ids(watch.follow().removed) == {taken}


def test_a_folder_of_a_drive_one_is_no_member_of_is_followed_too(drive: DriveServer, tmp_path: Path) -> None:
    shared = drive.add_shared_drive("Theirs")
    videos = drive.add_folder("Videos", shared)
    first = drive.add_file("first", b"1", parent=videos)
    drive.state.foreign_drives.add(shared)
    watch = Watch(drive, tmp_path, videos)
    assert paths(watch.look()) == ["first"]
    drive.add_file("second", b"1", parent=videos)
    drive.trash(first)
    changes = watch.follow()
    assert (paths(changes), ids(changes.removed)) == (["second"], {first})


def test_a_membership_that_ends_is_fatal_and_what_came_meanwhile_is_found_after_it(
    drive: DriveServer, tmp_path: Path
) -> None:
    shared = drive.add_shared_drive("Team")
    drive.add_file("first", b"1", parent=shared)
    watch = Watch(drive, tmp_path, "Shared drives/Team")
    watch.look()
    drive.state.foreign_drives.add(shared)
    drive.share_away(shared)
    with pytest.raises(Fatal, match="Shared drives/Team"):
        watch.look()
    drive.add_file("second", b"1", parent=shared)
    drive.state.foreign_drives.clear()
    drive.share_back(shared)
    assert paths(watch.follow()) == ["second"]


# ------------------------------------------------------------------------------------------- shortcuts


@pytest.mark.thorough
@either_log
def test_what_shortcuts_lead_to_is_followed(watch: Watch, drive: DriveServer, library: Library) -> None:
    shared = drive.add_shared_drive("Team")
    theirs = drive.add_file("theirs", b"1", parent=drive.add_folder("Videos", shared))
    lone = drive.add_file("lone", b"1", parent=drive.add_path("out/far"))
    drive.add_shortcut("team", shared, library.b)
    to_lone = drive.add_shortcut("link", lone, library.b)
    assert sorted(paths(watch.follow())) == ["lone", "team/Videos/theirs"]
    drive.replace_content(theirs, b"other")
    drive.replace_content(lone, b"other")
    assert sorted(paths(watch.follow())) == ["lone", "team/Videos/theirs"]
    drive.move(lone, library.a)
    assert nothing_in(watch.follow())
    drive.trash(to_lone)
    assert nothing_in(watch.follow())
    drive.move(lone, drive.add_path("out/far"))
    assert ids(watch.follow().removed) == {lone}
    drive.restore(to_lone)
    assert paths(watch.follow()) == ["lone"]
    drive.trash(drive.add_path("out"))
    assert ids(watch.follow().removed) == {lone}
    assert list(watch.source.skipped.values()) == ["leads to something in the trash"]
    drive.restore(library.out)
    assert paths(watch.follow()) == ["lone"]
    drive.share_away(lone)
    assert ids(watch.follow().removed) == {lone}
    drive.share_back(lone)
    assert paths(watch.follow()) == ["lone"]


def test_the_target_of_a_shortcut_vanishes_and_comes_back_with_its_name(
    watch: Watch, drive: DriveServer, library: Library
) -> None:
    lone = drive.add_file("lone", b"1", parent=library.out)
    drive.add_shortcut("link", lone, library.a)
    assert paths(watch.follow()) == ["lone"]
    drive.rename(lone, ".lone")
    assert ids(watch.follow().removed) == {lone}
    drive.rename(lone, "lone")
    assert paths(watch.follow()) == ["lone"]


def test_a_shortcut_to_what_was_never_seen_is_followed_once_a_folder_above_it_is_shared(
    watch: Watch, drive: DriveServer, library: Library
) -> None:
    lone = drive.add_file("lone", b"1", parent=drive.add_path("secret/deep"))
    drive.share_away(drive.add_path("secret"))
    drive.add_shortcut("link", lone, library.a)
    assert nothing_in(watch.follow())
    drive.share_back(drive.add_path("secret"))
    assert paths(watch.follow()) == ["lone"]


def test_shortcuts_cost_nothing_while_nothing_happens(watch: Watch, drive: DriveServer, library: Library) -> None:
    trashed = drive.add_file("trashed", b"1")
    drive.trash(trashed)
    for name, target in (("good", drive.add_file(".lone", b"1")), ("bad", "1" + "x" * 32), ("old", trashed)):
        drive.add_shortcut(name, target, library.a)
    watch.look()
    for happens in (lambda: None, lambda: drive.add_file("new", b"1", parent=library.b)):
        happens()
        with drive.counting() as calls:
            watch.look()
        assert (calls["changes.list"], calls["files.get"], calls["files.list"]) == (1, 0, 0)


@either_log
def test_a_file_is_reached_by_a_shortcut_when_its_own_folder_leaves(
    watch: Watch, drive: DriveServer, library: Library
) -> None:
    drive.add_shortcut("link", library.two, library.b)
    drive.add_shortcut("deep", drive.add_path("a/sub/deep"), library.b)
    assert nothing_in(watch.follow())
    drive.move(library.sub, library.out)
    assert nothing_in(watch.follow())
    drive.trash(library.sub)
    assert ids(watch.follow().removed) == {library.two, library.three}


def test_a_loop_that_is_made_later_is_told(watch: Watch, drive: DriveServer, library: Library) -> None:
    drive.add_shortcut("loop", library.a, library.sub)
    drive.add_document("Notes", library.sub)
    drive.add_document("Elsewhere", library.out)
    assert nothing_in(watch.follow())
    assert [key.split("~")[0] for key in watch.source.skipped] == ["box:Notes", "box:loop"]
