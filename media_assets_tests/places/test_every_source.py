"""What every source promises (`places.source`), on a folder, on Drive and in a bucket."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from media_assets.base.errors import Fatal, SourceChanged
from media_assets.places.source import Source, SourceEntry
from media_assets_tests.places.dict_state import DictState
from media_assets_tests.places.every_place import EVERY_SOURCE, PlaceOfFiles, look


@pytest.fixture(params=EVERY_SOURCE)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[PlaceOfFiles]:
    with EVERY_SOURCE[request.param](tmp_path) as place:
        yield place


def listed(source: Source) -> dict[str, SourceEntry]:
    return {entry.path: entry for entry in source.scan()}


def test_a_scan_finds_every_file_with_its_size(place: PlaceOfFiles) -> None:
    place.put("a.mp4", b"one")
    place.put("talks/2024/b.mp4", b"three")
    found = listed(place.source)
    assert {path: entry.size_bytes for path, entry in found.items()} == {"a.mp4": 3, "talks/2024/b.mp4": 5}
    assert len({entry.key for entry in found.values()}) == 2


def test_hidden_files_are_left_out(place: PlaceOfFiles) -> None:
    place.put(".DS_Store", b"x")
    place.put(".trash/a.mp4", b"x")
    place.put("b.mp4", b"x")
    assert set(listed(place.source)) == {"b.mp4"}


@pytest.mark.parametrize(
    "name", ['it\'s, "quoted" [1].mp4', "-dash.mp4", "späť 会議.mp4", "100% sure?.mp4", "a+b&c=d#e.mp4", "a:b.mp4"]
)
def test_names_survive(place: PlaceOfFiles, name: str, tmp_path: Path) -> None:
    place.put(f"talks/{name}", b"content")
    (entry,) = place.source.scan()
    assert entry.path == f"talks/{name}"
    again = place.source.entry(entry.key)
    assert (again.path.rsplit("/", 1)[-1], again.revision, again.key) == (name, entry.revision, entry.key)
    place.source.fetch(entry, tmp_path / "fetched")
    assert (tmp_path / "fetched").read_bytes() == b"content"


def test_a_first_look_reports_everything_and_a_second_one_nothing(place: PlaceOfFiles) -> None:
    memory = DictState()
    place.put("a.mp4", b"one")
    place.put("sub/b.mp4", b"two")
    changed, removed, cursor = look(place.source, None, memory)
    assert (set(changed), removed) == ({"a.mp4", "sub/b.mp4"}, [])
    changed, removed, after = look(place.source, cursor, memory)
    assert (changed, removed, after) == ({}, [], cursor)


def test_new_replaced_and_removed_files_are_reported_once(place: PlaceOfFiles) -> None:
    memory = DictState()
    for name in ("a.mp4", "b.mp4", "c.mp4"):
        place.put(name, name.encode())
    before, _, cursor = look(place.source, None, memory)
    place.put("b.mp4", b"another content")
    place.put("d.mp4", b"new")
    place.remove("c.mp4")
    changed, removed, cursor = look(place.source, cursor, memory)
    assert set(changed) == {"b.mp4", "d.mp4"}
    assert changed["b.mp4"].key == before["b.mp4"].key
    assert changed["b.mp4"].revision != before["b.mp4"].revision
    assert [place.source.identity(key) for key in removed] == [place.source.identity(before["c.mp4"].key)]
    assert look(place.source, cursor, memory)[:2] == ({}, [])


def test_a_look_that_was_not_acted_upon_is_repeated(place: PlaceOfFiles) -> None:
    memory = DictState()
    place.put("a.mp4", b"one")
    _, _, cursor = look(place.source, None, memory)
    place.put("b.mp4", b"two")
    first, _, _ = look(place.source, cursor, memory)
    again, _, after = look(place.source, cursor, memory)
    assert set(first) == set(again) == {"b.mp4"}
    assert look(place.source, after, memory)[0] == {}


def test_a_lost_memory_reports_everything_again(place: PlaceOfFiles) -> None:
    memory = DictState()
    place.put("a.mp4", b"one")
    _, _, cursor = look(place.source, None, memory)
    changed, removed, _ = look(place.source, cursor, DictState())
    assert (set(changed), removed) == ({"a.mp4"}, [])


def test_many_files_that_are_removed_one_by_one_are_reported(place: PlaceOfFiles) -> None:
    memory = DictState()
    names = [f"{number}.mp4" for number in range(12)]
    for name in names:
        place.put(name, name.encode())
    _, _, cursor = look(place.source, None, memory)
    for name in names[1:]:
        place.remove(name)
    _, removed, cursor = look(place.source, cursor, memory)
    assert len(removed) == 11, "one by one is fine"


def test_a_file_that_is_gone_says_so(place: PlaceOfFiles, tmp_path: Path) -> None:
    place.put("a.mp4", b"one")
    (entry,) = place.source.scan()
    place.remove("a.mp4")
    with pytest.raises(SourceChanged):
        place.source.entry(entry.key)
    with pytest.raises((SourceChanged, FileNotFoundError)):
        place.source.fetch(entry, tmp_path / "fetched")
    assert not (tmp_path / "fetched").exists()


@pytest.mark.parametrize("size", [0, 1, 262_144, 1_000_000])
def test_what_is_fetched_is_what_is_there(place: PlaceOfFiles, tmp_path: Path, size: int) -> None:
    content = bytes(number % 251 for number in range(size))
    place.put("a.mp4", content)
    (entry,) = place.source.scan()
    place.source.fetch(entry, tmp_path / "fetched")
    assert (tmp_path / "fetched").read_bytes() == content
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("fetched")] == ["fetched"]


def test_a_broken_fetch_goes_on_where_it_stopped(place: PlaceOfFiles, tmp_path: Path) -> None:
    content = bytes(number % 251 for number in range(700_000))
    place.put("a.mp4", content)
    (entry,) = place.source.scan()
    (tmp_path / "fetched.partial").write_bytes(content[:400_000])
    place.source.fetch(entry, tmp_path / "fetched")
    assert (tmp_path / "fetched").read_bytes() == content


def test_a_file_that_was_replaced_is_not_fetched_for_the_old_one(place: PlaceOfFiles, tmp_path: Path) -> None:
    place.put("a.mp4", b"old content")
    (entry,) = place.source.scan()
    place.put("a.mp4", b"new content!")
    with pytest.raises(SourceChanged):
        place.source.fetch(entry, tmp_path / "fetched")
    assert not (tmp_path / "fetched").exists()


def test_the_place_of_a_file_and_its_link(place: PlaceOfFiles) -> None:
    place.put("talks/a.mp4", b"one")
    (entry,) = place.source.scan()
    beside = place.source.beside(entry)
    assert (beside.source, beside.name) == ("box", "a.mp4")
    assert beside.folder
    assert "://" in place.source.link(entry)
    assert place.source.link_of(entry.key) == place.source.link(entry), "by its key alone, without a look"


def test_the_check_says_what_was_found(place: PlaceOfFiles) -> None:
    place.put("a.mp4", b"one")
    assert place.source.check()


def test_a_foreign_key_is_refused(place: PlaceOfFiles) -> None:
    with pytest.raises((SourceChanged, Fatal)):
        place.source.entry("box:no such file.mp4~1abcdefghijklmnopqrstuvwxyz0123456")
