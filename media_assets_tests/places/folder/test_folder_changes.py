"""Looking at a folder again and again: everything is reported once, when it is ready, and nothing is missed."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from media_assets.base.errors import Fatal
from media_assets.pipeline.instance_state import InstanceState
from media_assets.places.folder.settings import FolderSource
from media_assets.places.folder.source import Folder
from media_assets.places.listed.snapshot import Snapshot
from media_assets.places.packed import pack
from media_assets.places.source import Changes
from media_assets.places.watching import AutomationSettings
from media_assets_tests.places.dict_state import DictState
from media_assets_tests.sample_media import tone
from media_assets_tests.toy_library import ToyLibrary
from media_assets_tests.unprivileged import unprivileged_folder

AN_HOUR = 3600.0


class Watch:
    """A sensor's part: keeps the cursor. Time passes by looking with a shorter patience."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.state = DictState()
        self.cursor: str | None = None
        self.later_seconds = 0.0
        """What has passed for the source, beyond what has."""

    def clock(self) -> float:
        return time.time() + self.later_seconds

    def look(self, *, settle: float = 0.0, incomplete: float = AN_HOUR, keep_cursor: bool = True) -> Changes:
        automation = AutomationSettings(settle_seconds=settle, incomplete_seconds=incomplete)
        source = Folder("box", FolderSource(path=self.root), automation, clock=self.clock)
        changes = source.changes(self.cursor, self.state)
        if keep_cursor:
            self.cursor = changes.cursor
        return changes

    def write(self, *names: str, text: str = "text") -> None:
        for name in names:
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).write_text(text)


def changed(changes: Changes) -> list[str]:
    return [entry.path for entry in changes.changed]


@pytest.fixture
def watch(tmp_path: Path) -> Watch:
    return Watch(tmp_path)


def make_old(*files: Path) -> None:
    for file in files:
        os.utime(file, (time.time() - 10 * AN_HOUR,) * 2)


def test_the_first_look_reports_everything_and_the_next_nothing(watch: Watch) -> None:
    watch.write("a", "b/c")
    first = watch.look()
    assert changed(first) == ["a", "b/c"]
    second = watch.look()
    assert second == Changes(cursor=first.cursor)


def test_a_folder_may_be_empty_at_first(watch: Watch) -> None:
    assert changed(watch.look()) == []
    watch.write("a")
    assert changed(watch.look()) == ["a"]


def test_new_files_are_reported_once(watch: Watch) -> None:
    watch.write("a")
    watch.look()
    watch.write("b")
    assert changed(watch.look()) == ["b"]
    assert changed(watch.look()) == []


def test_a_file_that_was_written_a_moment_ago_waits_until_it_no_longer_changes(watch: Watch) -> None:
    watch.look()
    watch.write("a")
    assert watch.look(settle=AN_HOUR).waiting == {"box:a": "changed a moment ago; waiting until it no longer does"}
    assert changed(watch.look(settle=AN_HOUR)) == []
    assert changed(watch.look()) == ["a"]
    assert changed(watch.look()) == []


def test_a_new_file_waits_whatever_time_it_claims_to_be_from(watch: Watch) -> None:
    watch.look()
    watch.write("copied")
    make_old(watch.root / "copied")
    assert list(watch.look(settle=AN_HOUR).waiting) == ["box:copied"]


def test_at_the_first_look_a_file_is_judged_by_its_own_time(watch: Watch) -> None:
    watch.write("old", "fresh")
    make_old(watch.root / "old")
    first = watch.look(settle=AN_HOUR)
    assert changed(first) == ["old"]
    assert list(first.waiting) == ["box:fresh"]


def test_a_file_from_the_future_waits_and_then_is_reported(watch: Watch) -> None:
    watch.write("a")
    os.utime(watch.root / "a", (time.time() + AN_HOUR,) * 2)
    assert changed(watch.look(settle=AN_HOUR)) == []
    watch.later_seconds = AN_HOUR - 10
    assert changed(watch.look(settle=AN_HOUR)) == []
    watch.later_seconds = AN_HOUR + 1
    assert changed(watch.look(settle=AN_HOUR)) == ["a"]


def test_a_clock_that_steps_back_keeps_a_file_waiting_no_longer_than_it_would_have(watch: Watch) -> None:
    watch.look()
    watch.later_seconds = 100 * AN_HOUR
    watch.write("a")
    assert changed(watch.look(settle=AN_HOUR)) == []
    watch.later_seconds = 0.0
    assert changed(watch.look(settle=AN_HOUR)) == []
    watch.later_seconds = AN_HOUR + 1
    assert changed(watch.look(settle=AN_HOUR)) == ["a"]


def test_a_file_that_grows_waits_anew_with_every_piece(watch: Watch) -> None:
    watch.look()
    for size in range(1, 4):
        before = time.time()
        watch.write("a", text="x" * size)
        assert list(watch.look(settle=AN_HOUR).waiting) == ["box:a"]
        snapshot = Snapshot.load("box", watch.cursor, watch.state)
        assert snapshot is not None
        assert snapshot.files["box:a"].since >= before
    assert [entry.size_bytes for entry in watch.look().changed] == [3]


def test_a_changed_file_is_reported_again(watch: Watch) -> None:
    watch.write("a", "b")
    watch.look()
    watch.write("a", text="other")
    assert changed(watch.look()) == ["a"]


def test_a_file_that_was_only_touched_is_reported_with_its_new_revision(watch: Watch) -> None:
    watch.write("a")
    (before,) = watch.look().changed
    os.utime(watch.root / "a", (1, 1))
    (after,) = watch.look().changed
    assert after.key == before.key
    assert after.revision != before.revision


def test_a_file_that_is_gone_is_reported_once_and_again_when_it_returns(watch: Watch) -> None:
    watch.write("a", "b")
    watch.look()
    (watch.root / "a").unlink()
    gone = watch.look()
    assert (gone.changed, gone.removed) == ((), ("box:a",))
    assert watch.look().removed == ()
    watch.write("a")
    assert changed(watch.look()) == ["a"]


def test_a_moved_file_is_gone_from_one_place_and_new_in_another(watch: Watch) -> None:
    watch.write("a", "b")
    watch.look()
    (watch.root / "folder").mkdir()
    (watch.root / "a").rename(watch.root / "folder/a")
    moved = watch.look()
    assert (changed(moved), moved.removed) == (["folder/a"], ("box:a",))


def test_a_file_that_vanishes_while_it_waits_is_let_go(watch: Watch) -> None:
    watch.look()
    watch.write("a")
    watch.look(settle=AN_HOUR)
    (watch.root / "a").unlink()
    assert watch.look(settle=AN_HOUR).waiting == {}


def test_an_empty_file_waits_and_is_reported_after_the_deadline(watch: Watch) -> None:
    watch.write("a", text="")
    assert watch.look().waiting == {"box:a": "is empty (0 bytes)"}
    assert watch.look().waiting == {"box:a": "is empty (0 bytes)"}
    assert changed(watch.look(incomplete=0)) == ["a"]
    assert watch.look().waiting == {}


def test_a_recording_without_index_waits_until_it_has_one(watch: Watch) -> None:
    content = tone(watch.root / "a.m4a").read_bytes()
    index = content.index(b"moov") - 4
    (watch.root / "a.m4a").write_bytes(content[:index])
    assert watch.look().waiting == {"box:a.m4a": "has no index (moov box) yet"}
    (watch.root / "a.m4a").write_bytes(content)
    assert changed(watch.look()) == ["a.m4a"]


def test_a_recording_that_never_gets_an_index_is_reported_after_the_deadline(watch: Watch) -> None:
    content = tone(watch.root / "a.m4a").read_bytes()
    (watch.root / "a.m4a").write_bytes(content[: content.index(b"moov") - 4])
    make_old(watch.root / "a.m4a")
    assert changed(watch.look()) == ["a.m4a"]


def test_a_look_that_came_to_nothing_is_repeated_and_misses_nothing(watch: Watch) -> None:
    watch.write("a", "b", "c")
    watch.look()
    watch.write("new")
    watch.write("a", text="changed")
    (watch.root / "b").unlink()
    lost = watch.look(keep_cursor=False)
    again = watch.look(keep_cursor=False)
    assert (changed(lost), lost.removed) == (["a", "new"], ("box:b",))
    assert again == lost
    watch.write("later")
    (watch.root / "c").unlink()
    last = watch.look()
    assert (changed(last), last.removed) == (["a", "later", "new"], ("box:b", "box:c"))
    assert changed(watch.look()) == []


def test_a_first_look_that_came_to_nothing_is_repeated_and_misses_nothing(watch: Watch) -> None:
    watch.write("a")
    assert changed(watch.look(keep_cursor=False)) == ["a"]
    assert changed(watch.look()) == ["a"]


@pytest.mark.parametrize("cursor", ["", "7", "nonsense"])
def test_a_cursor_without_its_snapshot_means_everything_is_looked_at_anew(watch: Watch, cursor: str) -> None:
    watch.write("a")
    watch.look()
    watch.cursor = cursor
    assert changed(watch.look()) == ["a"]
    assert changed(watch.look()) == []


def test_a_reset_cursor_reports_everything_again_and_goes_on_from_there(watch: Watch) -> None:
    for number in range(5):
        watch.write(f"{number}")
        watch.look()
    watch.cursor = None
    assert changed(watch.look()) == ["0", "1", "2", "3", "4"]
    for number in range(5, 10):
        watch.write(f"{number}")
        assert changed(watch.look()) == [f"{number}"]


def test_the_memory_does_not_grow_with_the_number_of_looks(tmp_path: Path) -> None:
    (tmp_path / "watched").mkdir()
    watch = Watch(tmp_path / "watched")
    sizes = []
    for number in range(12):
        watch.write("a", text="x" * number)
        watch.look()
        sizes.append(sum(map(len, watch.state.texts.values())))
    assert len(watch.state.texts) == 3
    assert sum(1 for text in watch.state.texts.values() if text) == 2
    assert max(sizes[4:]) < 2 * min(sizes[4:])


@pytest.mark.thorough
def test_the_memory_is_kept_in_the_instance(tmp_path: Path) -> None:
    with ToyLibrary(tmp_path) as toy:
        toy.write(a="text", b="text")
        source = Folder("box", FolderSource(path=toy.inbox), AutomationSettings(settle_seconds=0))
        cursor = source.changes(None, InstanceState(toy.instance)).cursor
    with ToyLibrary(tmp_path) as toy:
        toy.write(c="text")
        assert changed(source.changes(cursor, InstanceState(toy.instance))) == ["c.txt"]


def test_a_folder_that_cannot_be_listed_for_a_while_loses_no_file() -> None:
    with unprivileged_folder() as root:
        watch = Watch(root)
        watch.write("a", "closed/b", "closed/sub/c", "closed too")
        watch.look()
        (root / "closed").chmod(0)
        closed = watch.look()
        assert closed.removed == ()
        assert closed.waiting == {"box:closed": "cannot be looked at: Permission denied"}
        (root / "closed").chmod(0o400)
        assert watch.look().removed == ()
        (root / "closed").chmod(0o700)
        watch.write("closed/sub/c", text="changed meanwhile")
        assert changed(watch.look()) == ["closed/sub/c"]


def test_a_large_folder_that_suddenly_is_empty_is_fatal_and_nothing_is_removed(watch: Watch) -> None:
    names = [f"{number:02}" for number in range(12)]
    watch.write(*names)
    watch.look()
    for name in names:
        (watch.root / name).unlink()
    with pytest.raises(Fatal, match="is empty, and held 12 files before") as caught:
        watch.look()
    assert "Mount it again" in caught.value.next_step
    watch.write(*names[:-1])
    assert watch.look().removed == ("box:11",)


def test_a_few_files_may_all_go_at_once(watch: Watch) -> None:
    watch.write("a", "b")
    watch.look()
    (watch.root / "a").unlink()
    (watch.root / "b").unlink()
    assert watch.look().removed == ("box:a", "box:b")


def test_a_folder_that_is_not_there_is_fatal(watch: Watch, tmp_path: Path) -> None:
    watch.write("a")
    watch.look()
    watch.root = tmp_path / "unmounted"
    with pytest.raises(Fatal, match="is not there"):
        watch.look()


def test_a_file_first_seen_by_a_clock_that_was_ahead_waits_no_longer_than_others(watch: Watch) -> None:
    watch.look()
    watch.write("a")
    assert changed(watch.look(settle=AN_HOUR)) == []
    assert watch.cursor
    before = Snapshot.load("box", watch.cursor, watch.state)
    assert before
    later = {key: replace(seen, since=seen.since + 365 * 24 * AN_HOUR) for key, seen in before.files.items()}
    Snapshot(before.generation, later).save("box", watch.state)
    assert changed(watch.look(settle=0.0)) == ["a"]


@pytest.mark.parametrize("row", ["", "\0\0", "x", "~~~~", "no text of ours", pack({}), pack({"generation": 0})])
def test_a_damaged_memory_costs_a_fresh_look(watch: Watch, row: str) -> None:
    watch.write("a")
    watch.look()
    (name,) = watch.state.texts
    watch.state.write(name, row)
    assert changed(watch.look()) == ["a"]


@pytest.mark.thorough
def test_files_that_never_become_whole_do_not_keep_later_ones_from_being_seen(watch: Watch) -> None:
    for number in range(500):
        (watch.root / f"a{number}.mp4").write_bytes(b"\0\0\0\x08free" * 50)
    assert changed(watch.look()) == []
    tone(watch.root / "talk.m4a")
    assert changed(watch.look()) == ["talk.m4a"]
