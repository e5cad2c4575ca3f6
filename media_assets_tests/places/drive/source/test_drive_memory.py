"""What is kept from one look at Drive to the next, and what becomes of a look that has lost it."""

from __future__ import annotations

from typing import Any

import pytest

from media_assets_tests.drive_server import DriveServer
from media_assets_tests.places.drive.source.drive_watch import Watch, ids, paths
from media_assets_tests.places.drive.source.watched import Library, nothing_in


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
