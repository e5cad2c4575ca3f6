"""The objects of a bucket as a source: what is listed, what is new, what is fetched."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from media_assets.base.errors import BadMedia, Fatal, SourceChanged, Transient
from media_assets.places.bucket.source import BucketObjects
from media_assets.places.source import Beside, Changes, SourceEntry
from media_assets.places.watching import AutomationSettings
from media_assets_tests.places.dict_state import DictState
from media_assets_tests.s3_server import PLANTED, Place, S3Server

PART_BYTES = 5 * 1024 * 1024


def source(place: Place, prefix: str = "", *, incomplete: float = 3600.0, **changes: Any) -> BucketObjects:
    own = {name: changes.pop(name) for name in ("is_artifact", "left_out", "large") if name in changes}
    automation = AutomationSettings(incomplete_seconds=incomplete)
    return BucketObjects("box", place.source_settings(prefix, **changes), automation, place.bucket(prefix), **own)


def paths(entries: Any) -> list[str]:
    return [entry.path for entry in entries]


class Watch:
    """A sensor's part: keeps the cursor."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.state = DictState()
        self.cursor: str | None = None

    def look(self, *, keep_cursor: bool = True, incomplete: float = 3600.0) -> Changes:
        changes = source(self.place, incomplete=incomplete).changes(self.cursor, self.state)
        if keep_cursor:
            self.cursor = changes.cursor
        return changes


@pytest.fixture
def watch(place: Place) -> Watch:
    return Watch(place)


# ----------------------------------------------------------------------------------------------- listing


def test_every_object_below_the_prefix_is_a_file(place: Place) -> None:
    place.put(**{"in/b.mp4": "bb", "in/a/c.mp4": "ccc", "in2/d.mp4": "", "e.mp4": ""})
    entries = list(source(place, "in").scan())
    assert [(entry.key, entry.path, entry.size_bytes) for entry in entries] == [
        ("box:a/c.mp4", "a/c.mp4", 3),
        ("box:b.mp4", "b.mp4", 2),
    ]
    assert source(place, "in").identity("box:b.mp4") == "box:b.mp4"


def test_keys_encode_what_dagster_trips_over_and_lead_back_to_the_object(place: Place) -> None:
    names = ["in/a, b [1].mp4", "in/größe %41 #?.mp4", "in/日本.mp4"]
    for name in names:
        place.put_object(name)
    box = source(place, "in")
    entries = list(box.scan())
    assert [f"in/{entry.path}" for entry in entries] == sorted(names)
    assert [box.entry(entry.key) for entry in entries] == entries
    assert "box:a%2C b %5B1%5D.mp4" in [entry.key for entry in entries]


def test_filters_choose_by_the_path_below_the_prefix(place: Place) -> None:
    place.put(**{"in/a.mp4": "", "in/b/c.mp4": "", "in/b/d.txt": "", "in/.hidden.mp4": "", "in/.h/e.mp4": ""})
    assert paths(source(place, "in", include=("**/*.mp4",)).scan()) == ["a.mp4", "b/c.mp4"]
    assert paths(source(place, "in", exclude=("b/**",)).scan()) == ["a.mp4"]
    assert ".h/e.mp4" in paths(source(place, "in", hidden=True).scan())


def test_marks_of_folders_are_no_files_and_empty_objects_are(server: S3Server, place: Place) -> None:
    place.put(**{"in/": "", "in/full/": "", "in/full/a.mp4": "a", "in/none/": "", "in/empty.mp4": ""})
    box = source(place, "in")
    assert paths(box.scan()) == ["empty.mp4", "full/a.mp4"]
    before = len(server.requests)
    assert paths(box.scan()) == ["empty.mp4", "full/a.mp4"]
    asked = [request.path for request in server.requests[before:] if request.method != "GET"]
    assert asked == ["in/empty.mp4"], "a mark of a folder is recognised without asking again"


def test_stores_inside_and_artifacts_beside_sources_are_left_out(place: Place) -> None:
    place.put(**{"in/a.mp4": "", "in/a.srt": "", "in/out/x/y.json": "", "in/outer.mp4": ""})
    ours = f"s3://{place.name}/in/a.srt"
    box = source(
        place, "in", is_artifact=lambda: lambda address: address == ours, left_out=(f"s3://{place.name}/in/out",)
    )
    assert paths(box.scan()) == ["a.mp4", "outer.mp4"]


def test_an_index_of_artifacts_is_asked_only_when_there_is_something_new(place: Place) -> None:
    place.put(**{"in/a.mp4": "", "in/a.srt": "", "in/b.mp4": ""})
    asked: list[str] = []
    ours = {f"s3://{place.name}/in/a.srt"}

    def index() -> Callable[[str], bool]:
        asked.append("index")
        return lambda address: address in ours

    box = source(place, "in", is_artifact=index)
    for _ in range(3):
        assert paths(box.scan()) == ["a.mp4", "b.mp4"]
    assert asked == ["index"]
    place.put(**{"in/b.mp4": "another", "in/c.srt": ""})
    ours.add(f"s3://{place.name}/in/c.srt")
    assert paths(box.scan()) == ["a.mp4", "b.mp4"]
    assert asked == ["index"] * 2
    place.put(**{"in/a.srt": "of a person"})
    ours.clear()
    assert paths(box.scan()) == ["a.mp4", "a.srt", "b.mp4"], "of another version it is asked anew"


@pytest.mark.parametrize("folders", [3, 30])
def test_a_store_inside_the_source_is_not_listed_unless_that_costs_more(
    server: S3Server, place: Place, folders: int
) -> None:
    names = [f"{number:02}/a.mp4" for number in range(folders)]
    place.put(**{f"in/{name}": "" for name in names}, **{"in/b.mp4": "", "in/out/.index/x": "", "in/outer/c.mp4": ""})
    out = f"s3://{place.name}/in/out"
    box = source(place, "in", left_out=(out,), large=(out,))
    before = len(server.requests)
    assert paths(box.scan()) == [*names, "b.mp4", "outer/c.mp4"]
    listed = [request.query for request in server.requests[before:] if request.method == "GET"]
    assert len(listed) <= folders + 2 if folders < 20 else len(listed) == 2
    assert not any("out%2F" in query or "out/" in query for query in listed)


def test_a_store_around_the_source_does_not_hide_it(place: Place) -> None:
    place.put(**{"in/a.mp4": ""})
    around = (f"s3://{place.name}", f"s3://{place.name}/in")
    assert paths(source(place, "in", left_out=around).scan()) == ["a.mp4"]


def test_an_unreadable_name_hides_only_its_folder(place: Place) -> None:
    place.put(**{"in/a/b.mp4": "", "in/c//d.mp4": "", "in/e.mp4": ""})
    box = source(place, "in")
    assert paths(box.scan()) == ["a/b.mp4", "e.mp4"]
    assert list(box.unreadable) == ["box:c"]
    assert "has an empty, `.` or `..` part" in box.unreadable["box:c"]


def test_an_unreadable_name_at_the_top_is_fatal(place: Place) -> None:
    place.put(**{"in/a.mp4": "", "in//d.mp4": ""})
    with pytest.raises(Fatal, match="Rename or delete that object"):
        list(source(place, "in").scan())


def test_what_is_known_of_a_file_without_reading_it(place: Place) -> None:
    place.put_object("in/sub/a.mp4", "content")
    box = source(place, "in")
    (entry,) = box.scan()
    assert abs(entry.modified_at.timestamp() - time.time()) < 3600
    assert entry.revision == f"7-{hashlib.md5(b'content').hexdigest()}"
    assert box.direct_path(entry) is None
    assert box.beside(entry) == Beside("box", "in/sub", "a.mp4")
    assert box.link(entry) == f"s3://{place.name}/in/sub/a.mp4"
    assert box.check() == f"s3://{place.name}/in can be listed"


def test_an_empty_bucket_can_be_listed_and_one_that_is_not_there_cannot(place: Place) -> None:
    assert source(place).check().endswith("can be listed; nothing is in it")
    place.client.delete_bucket(Bucket=place.name)
    for look in (source(place).check, lambda: list(source(place).scan())):
        with pytest.raises(Fatal, match="there is no bucket"):
            look()


def test_denied_access_is_fatal_and_removes_nothing(server: S3Server, watch: Watch) -> None:
    watch.place.put(a="1", b="2")
    watch.look()
    server.fault((403, "AccessDenied"), lambda _: True, 9)
    with pytest.raises(Fatal, match="access is denied") as caught:
        watch.look()
    assert not any(planted in str(caught.value) for planted in PLANTED)
    server.repair()
    assert watch.look() == Changes(cursor=watch.cursor or "")


@pytest.mark.parametrize("key", ["box:../a", "box:a/../../b", "box:/a"])
def test_a_key_that_leads_out_of_the_source_is_refused(place: Place, key: str) -> None:
    with pytest.raises(BadMedia, match="leads out of source 'box'"):
        source(place, "in").entry(key)


def test_a_file_that_is_gone_is_told(place: Place) -> None:
    with pytest.raises(SourceChanged, match=r"is no longer in s3://.*/in.*Its artifacts are kept"):
        source(place, "in").entry("box:a.mp4")


# ----------------------------------------------------------------------------------------------- changes


def test_everything_is_reported_once_and_what_changes_again(watch: Watch) -> None:
    watch.place.put(a="1", b="1", c="1")
    assert paths(watch.look().changed) == ["a", "b", "c"]
    assert watch.look() == Changes(cursor=watch.cursor or "")
    watch.place.put(a="2", d="1")
    watch.place.delete("b")
    second = watch.look()
    assert (paths(second.changed), second.removed) == (["a", "d"], ("box:b",))
    assert watch.look() == Changes(cursor=watch.cursor or "")
    watch.place.put(b="1")
    assert paths(watch.look().changed) == ["b"]


def test_a_look_that_came_to_nothing_is_repeated_and_misses_nothing(watch: Watch) -> None:
    watch.place.put(a="1", b="1")
    watch.look()
    watch.place.put(a="2", c="1")
    watch.place.delete("b")
    lost = watch.look(keep_cursor=False)
    again = watch.look()
    assert again == lost
    assert (paths(again.changed), again.removed) == (["a", "c"], ("box:b",))


def test_an_empty_object_waits_for_content_and_is_reported_after_the_deadline(watch: Watch) -> None:
    watch.place.put(a="", b="text")
    first = watch.look()
    assert (paths(first.changed), first.waiting) == (["b"], {"box:a": "is empty (0 bytes)"})
    watch.place.put(a="text", c="")
    second = watch.look()
    assert (paths(second.changed), list(second.waiting)) == (["a"], ["box:c"])
    assert paths(watch.look(incomplete=0).changed) == ["c"]
    assert watch.look().waiting == {}


@pytest.mark.thorough
def test_a_bucket_that_suddenly_shows_nothing_is_fatal_and_nothing_is_removed(watch: Watch) -> None:
    names = [f"{number:02}" for number in range(12)]
    watch.place.put(**dict.fromkeys(names, "text"))
    watch.look()
    for name in names:
        watch.place.delete(name)
    with pytest.raises(Fatal, match=r"shows no objects, and held 12 before.*reset the cursor"):
        watch.look()
    watch.place.put(**dict.fromkeys(names[:-1], "text"))
    assert watch.look().removed == ("box:11",)


def test_objects_that_cannot_be_listed_for_a_while_are_not_removed(watch: Watch) -> None:
    watch.place.put(**{"a/b.mp4": "1", "c/d.mp4": "1"})
    watch.look()
    watch.place.put_object("c//x", "1")
    hidden = watch.look()
    assert (hidden.changed, hidden.removed, list(hidden.waiting)) == ((), (), ["box:c"])
    watch.place.delete("c//x")
    assert watch.look() == Changes(cursor=watch.cursor or "")


# ----------------------------------------------------------------------------------------------- fetching


@pytest.fixture(scope="module")
def content() -> bytes:
    """Two parts and a bit."""
    return os.urandom(2 * PART_BYTES + 4321)


def the_entry(box: BucketObjects) -> SourceEntry:
    (entry,) = box.scan()
    return entry


def partial(destination: Path) -> Path:
    return destination.with_name(destination.name + ".partial")


@pytest.mark.parametrize("size", [0, 1, None])
def test_a_file_is_fetched_whole(place: Place, content: bytes, tmp_path: Path, size: int | None) -> None:
    place.put_object("in/a.mp4", content[:size])
    box = source(place, "in")
    box.fetch(the_entry(box), tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == content[:size]
    assert [file.name for file in tmp_path.iterdir()] == ["a"]


def test_a_broken_fetch_is_resumed(server: S3Server, place: Place, content: bytes, tmp_path: Path) -> None:
    place.put_object("a", content)
    box = source(place)
    entry = the_entry(box)
    server.fault("slow down", lambda request: request.headers.get("range", "").startswith(f"bytes={PART_BYTES}-"), 9)
    with pytest.raises(Transient):
        box.fetch(entry, tmp_path / "a")
    assert partial(tmp_path / "a").stat().st_size == PART_BYTES
    assert not (tmp_path / "a").exists()
    server.repair()
    before = len(server.requests)
    source(place).fetch(entry, tmp_path / "a")  # as after a crash
    assert (tmp_path / "a").read_bytes() == content
    assert [r.headers["range"] for r in server.requests[before:] if r.headers["range"].startswith("bytes=0-")] == []


@pytest.mark.parametrize("moment", ["before", "in the middle"])
def test_a_file_that_changes_while_it_is_fetched_is_told(
    server: S3Server, place: Place, content: bytes, tmp_path: Path, moment: str
) -> None:
    place.put_object("a", content)
    box = source(place)
    entry = the_entry(box)
    if moment == "before":
        place.put_object("a", content[::-1])
    else:
        server.fault(
            lambda: place.put_object("a", content[::-1]),
            lambda request: request.headers.get("range", "").startswith(f"bytes={PART_BYTES}-"),
        )
    with pytest.raises(SourceChanged, match="changed while it was copied"):
        box.fetch(entry, tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_vanishes_while_it_is_fetched_is_told(place: Place, tmp_path: Path) -> None:
    place.put_object("a", "text")
    box = source(place)
    entry = the_entry(box)
    place.delete("a")
    with pytest.raises(SourceChanged):
        box.fetch(entry, tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


def test_a_fetch_that_was_damaged_on_disk_is_made_again(place: Place, content: bytes, tmp_path: Path) -> None:
    place.put_object("a", content)
    partial(tmp_path / "a").write_bytes(b"\0" * PART_BYTES)
    box = source(place)
    box.fetch(the_entry(box), tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == content


def test_a_file_whose_tag_is_no_checksum_of_its_content_is_fetched_all_the_same(
    server: S3Server, place: Place, tmp_path: Path
) -> None:
    """Buckets that encrypt with keys of their own give such tags."""
    place.put(a="one", b="two")
    box = source(place)
    entries = [
        SourceEntry(e.key, e.path, e.size_bytes, e.modified_at, revision=f"3-{number:032x}")
        for number, e in enumerate(box.scan())
    ]
    for entry in entries:
        server.retag(entry.revision.removeprefix("3-"), entry.path)
    for entry in entries:
        box.fetch(entry, tmp_path / entry.path)
    assert [(tmp_path / name).read_text() for name in "ab"] == ["one", "two"]
    ranges = [request.path for request in server.requests if "range" in request.headers][-3:]
    assert ranges == ["a", "a", "b"], "the second time it is known"


def test_a_file_in_parts_has_no_checksum_and_is_fetched_by_its_tag(
    place: Place, content: bytes, tmp_path: Path
) -> None:
    (tmp_path / "up").write_bytes(content)
    place.bucket().upload(tmp_path / "up", "a", {})
    box = source(place)
    entry = the_entry(box)
    assert entry.revision.endswith("-3")
    box.fetch(entry, tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == content
