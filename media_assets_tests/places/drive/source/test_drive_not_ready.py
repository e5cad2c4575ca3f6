"""Files on Drive that are still being uploaded, empty, or without a checksum."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from media_assets.base.errors import SourceChanged
from media_assets.places.drive.source.state import DrivePosition, load
from media_assets.places.source import Changes
from media_assets_tests.drive_server import DriveServer
from media_assets_tests.places.drive.source.drive_watch import Watch, ids, paths
from media_assets_tests.places.drive.source.watched import Library, nothing_in


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


@pytest.mark.thorough
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
