"""Looking at Drive again and again: from what people do there to what is reported."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from media_assets.base.errors import Fatal, SourceChanged, Transient
from media_assets.places.drive.source.state import DrivePosition, load
from media_assets.places.source import Changes
from media_assets_tests.drive_server import DriveServer, Faults, drive_server
from media_assets_tests.places.drive.source.drive_watch import Watch, ids, paths


@pytest.fixture
def drive(request: pytest.FixtureRequest):
    with drive_server(descendants_in_log=getattr(request, "param", False)) as server:
        yield server


# Drive does not promise whether what happens to a folder is logged for what is in it, too.
either_log = pytest.mark.parametrize("drive", [False, True], ids=["folders", "descendants"], indirect=True)


class Library:
    """Two watched folders `a` and `b` in My Drive, and `out`, which is not watched."""

    def __init__(self, drive: DriveServer) -> None:
        self.a, self.b, self.out = (drive.add_path(name) for name in ("a", "b", "out"))
        self.sub = drive.add_path("a/sub")
        self.one = drive.add_file("one", b"1", parent=self.a)
        self.two = drive.add_file("two", b"2", parent=self.sub)
        self.three = drive.add_file("three", b"3", parent=drive.add_path("a/sub/deep"))


@pytest.fixture
def library(drive: DriveServer) -> Library:
    return Library(drive)


@pytest.fixture
def watch(drive: DriveServer, library: Library, tmp_path: Path) -> Watch:
    """A watch after its first look."""
    watch = Watch(drive, tmp_path, "My Drive/a", "My Drive/b")
    assert paths(watch.look()) == ["one", "sub/two", "sub/deep/three"]
    return watch


def nothing_in(changes: Changes) -> bool:
    return not (changes.changed or changes.removed or changes.waiting)


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


# ------------------------------------------------------------------------------------------- not ready


def test_a_file_without_checksum_waits_until_drive_has_taken_it_in(
    watch: Watch, drive: DriveServer, library: Library
) -> None:
    file_id = drive.add_file("big", b"1", parent=library.a, checksums_ready=False)
    waiting = {f"box:big~{file_id}": "is still taken in by Drive: it has no checksum yet"}
    assert watch.follow().waiting == waiting
    assert watch.follow() == Changes(waiting=waiting, cursor=watch.cursor or "")
    drive.finish_upload(file_id)
    (entry,) = watch.follow().changed
    assert entry.checksums["md5"]
    assert nothing_in(watch.follow())


def test_replaced_content_waits_for_its_checksum_too(watch: Watch, drive: DriveServer, library: Library) -> None:
    drive.change(library.one, checksums_ready=False)
    drive.replace_content(library.one, b"other")
    changes = watch.follow()
    assert (paths(changes), ids(changes.waiting), changes.removed) == ([], {library.one}, ())
    drive.finish_upload(library.one)
    assert paths(watch.follow()) == ["one"]
    drive.change(library.one, checksums_ready=False)
    watch.follow()
    drive.trash(library.one)
    assert ids(watch.follow().removed) == {library.one}


def test_a_file_that_never_gets_a_checksum_is_reported_in_the_end(
    watch: Watch, drive: DriveServer, library: Library
) -> None:
    drive.add_file("big", b"12", parent=library.a, checksums_ready=False)
    watch.follow()
    (entry,) = watch.look(incomplete=0).changed
    assert (entry.path, entry.size_bytes, entry.checksums) == ("big", 2, {})
    assert nothing_in(watch.look(incomplete=0))
    assert nothing_in(watch.follow())


def test_patience_counts_from_the_first_sight_of_a_content(watch: Watch, drive: DriveServer, library: Library) -> None:
    file_id = drive.add_file("big", b"12", parent=library.a, checksums_ready=False)
    assert ids(watch.follow().waiting) == {file_id}
    watch.later_seconds = 1800.0
    drive.rename(file_id, "renamed")
    assert ids(watch.follow().waiting) == {file_id}
    watch.later_seconds = 3590.0
    assert ids(watch.follow().waiting) == {file_id}
    watch.later_seconds = 3601.0
    assert paths(watch.look()) == ["renamed"]


def test_a_clock_that_steps_back_keeps_a_file_waiting_no_longer_than_it_would_have(
    watch: Watch, drive: DriveServer, library: Library
) -> None:
    watch.later_seconds = 100 * 3600.0
    file_id = drive.add_file("big", b"12", parent=library.a, checksums_ready=False)
    assert ids(watch.follow().waiting) == {file_id}
    watch.later_seconds = 0.0
    assert ids(watch.follow().waiting) == {file_id}
    watch.later_seconds = 3601.0
    assert paths(watch.look()) == ["big"]


def test_a_file_without_a_size_waits_until_it_has_one(watch: Watch, drive: DriveServer, library: Library) -> None:
    file_id = drive.add_file("big", b"12", parent=library.a)
    whole = drive.item(file_id).content
    drive.change(file_id, content=None)
    waiting = {f"box:big~{file_id}": "is still being uploaded: Drive shows no size yet"}
    assert watch.follow().waiting == waiting
    for _ in range(2):
        before = since(watch, file_id)
        changes = watch.look(incomplete=0)
        assert (changes.changed, changes.waiting) == ((), waiting)
        assert since(watch, file_id) > before
    assert file_id not in ids([entry.key for entry in watch.scan()])
    assert watch.source.skipped == waiting
    with pytest.raises(SourceChanged, match="still being uploaded"):
        watch.source.entry(f"box:big~{file_id}")
    drive.change(file_id, content=whole)
    assert paths(watch.follow()) == ["big"]


def since(watch: Watch, file_id: str) -> float:
    """Since when a file waits."""
    position = DrivePosition.parse(watch.cursor)
    assert position is not None
    tree = load("box", position.generation, watch.state)
    assert tree is not None
    return tree.files[file_id].since


def test_a_checksum_that_came_without_a_word_is_seen_in_the_end(
    watch: Watch, drive: DriveServer, library: Library
) -> None:
    in_tree = drive.add_file("big", b"12", parent=library.sub, checksums_ready=False)
    lone = drive.add_file("lone", b"12", parent=library.out, checksums_ready=False)
    drive.add_shortcut("link", lone, library.a)
    assert ids(watch.follow().waiting) == {in_tree, lone}
    for file_id in (in_tree, lone):
        drive.state.put(replace(drive.item(file_id), checksums_ready=True), log=False)
    entries = watch.look(incomplete=0).changed
    assert sorted(entry.path for entry in entries) == ["lone", "sub/big"]
    assert all(entry.revision == entry.checksums["md5"] for entry in entries)


def test_an_empty_file_waits_before_it_counts_as_broken(watch: Watch, drive: DriveServer, library: Library) -> None:
    file_id = drive.add_file("empty", b"", parent=library.a, modified=datetime(2001, 1, 1, tzinfo=UTC))
    assert watch.follow().waiting == {f"box:empty~{file_id}": "is empty (0 bytes)"}
    assert paths(watch.look(incomplete=0)) == ["empty"]
    assert nothing_in(watch.follow())
    drive.replace_content(file_id, b"1")
    assert paths(watch.follow()) == ["empty"]


def test_at_the_first_look_an_empty_file_is_judged_by_its_own_time(
    drive: DriveServer, library: Library, tmp_path: Path
) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=1)
    drive.add_file("old", b"", parent=library.b, modified=long_ago)
    fresh = drive.add_file("fresh", b"", parent=library.b)
    changes = Watch(drive, tmp_path, "My Drive/b").look()
    assert (paths(changes), ids(changes.waiting)) == (["old"], {fresh})


# ------------------------------------------------------------------------------------------- the memory


def test_a_look_that_dies_half_way_is_repeated_whole(watch: Watch, drive: DriveServer, library: Library) -> None:
    drive.add_file("new", b"1", parent=library.a)
    lost = watch.look(keep_cursor=False)
    drive.trash(library.one)
    repeated = watch.look()
    assert (paths(repeated), ids(repeated.removed)) == (paths(lost), {library.one})
    for name in "xyz":
        drive.add_file(name, b"1", parent=library.a)
        assert paths(watch.follow()) == [name]


def test_what_happens_elsewhere_moves_the_cursor_and_writes_nothing(
    watch: Watch, drive: DriveServer, library: Library
) -> None:
    writes, cursor = watch.state.writes, watch.cursor
    drive.add_file("elsewhere", b"1", parent=library.out)
    watch.look()
    assert watch.cursor != cursor
    drive.set_video(library.two, width=1, height=1, duration_ms=1)
    watch.look()
    watch.look()
    assert watch.state.writes == writes


def test_the_storage_does_not_grow(watch: Watch, drive: DriveServer, library: Library) -> None:
    for number in range(8):
        drive.add_file(str(number), b"1", parent=library.a)
        watch.look()
    assert len(watch.state.texts) <= 3
    assert sum(bool(text) for text in watch.state.texts.values()) == 2


@pytest.mark.parametrize(
    "cursor", ["", "5", "nonsense", "[]", '{"generation":0}', '{"generation":7,"tokens":{"":"1"}}']
)
def test_a_cursor_without_its_state_starts_over(watch: Watch, cursor: str) -> None:
    watch.cursor = cursor
    assert len(watch.look().changed) == 3
    assert nothing_in(watch.follow())


def test_a_token_that_drive_does_not_know_is_replaced_by_a_scan(
    watch: Watch, drive: DriveServer, library: Library
) -> None:
    token = str(drive.state.next_sequence)
    drive.add_file("new", b"1", parent=library.a)
    drive.delete(library.one)
    assert watch.cursor is not None
    assert f'"{token}"' in watch.cursor
    watch.cursor = watch.cursor.replace(f'"{token}"', '"999999"')
    changes = watch.follow()
    assert (paths(changes), ids(changes.removed)) == (["new"], {library.one})
    assert nothing_in(watch.follow())


@pytest.mark.parametrize("kind", ["pageTokenExpired", "invalid"])
def test_a_place_in_the_log_that_has_expired_is_replaced_by_a_scan(
    watch: Watch, drive: DriveServer, library: Library, kind: str
) -> None:
    drive.add_file("new", b"1", parent=library.a)
    drive.delete(library.one)
    drive.fail_next("changes.list", kind)
    changes = watch.look()
    assert (paths(changes), ids(changes.removed)) == (["new"], {library.one})
    assert nothing_in(watch.follow())


@pytest.mark.parametrize("kind", ["pageTokenExpired", "invalid"])
def test_a_page_of_the_log_that_has_expired_begins_the_log_anew(
    watch: Watch, drive: DriveServer, library: Library, kind: str
) -> None:
    for number in range(5):
        drive.add_file(f"new {number}", b"1", parent=library.a)
    drive.feeds.page_limit = 2
    pages = 0

    def fail_the_second(method: str, *rest: Any) -> str | None:
        nonlocal pages
        pages += method == "changes.list"
        return kind if method == "changes.list" and pages == 2 else None

    drive.faults.choose = fail_the_second  # type: ignore[method-assign,assignment]
    assert sorted(paths(watch.look())) == [f"new {number}" for number in range(5)]
    assert pages >= 4
    assert nothing_in(watch.look())


def test_other_settings_report_only_what_they_change(watch: Watch, drive: DriveServer, library: Library) -> None:
    drive.add_file("guest", b"1", parent=library.out)
    watch.look()
    watch.settings["folders"] = ("My Drive/a/sub", "My Drive/out")
    changes = watch.follow()
    assert (paths(changes), ids(changes.removed)) == (["guest"], {library.one})
    watch.settings["exclude"] = ("two",)
    assert ids(watch.follow().removed) == {library.two}


# ------------------------------------------------------------------------------------------- trouble


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
