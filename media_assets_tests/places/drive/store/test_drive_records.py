"""The small parts of the store in Drive: names, marks, and what a machine remembers."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from media_assets.base.errors import Transient
from media_assets.places.artifact_names import (
    folder_name,
    manifest_name,
    mime_type,
    name_in_folder,
    readable_name,
)
from media_assets.places.drive.store.journal import Coming, Journal
from media_assets.places.drive.store.marks import DriveFile, asset_of, fitting, has, place, twin_mark
from media_assets.places.drive.store.memory import DriveMemory, Published
from media_assets.places.stems import Stems


@pytest.mark.parametrize("name", ["ü" * 200 + ".mp4", "日" * 100, "a\nb\x00.mp4", "%41.mp4", "b\udce4r.mp4"])
def test_every_name_is_one_that_drive_and_file_systems_take(name: str) -> None:
    stems = Stems(readable_name(name), f"box:{name}")
    for made in [
        *(made for stem in stems.candidates for made in stems.names(stem, "transcript.srt", "owner")),
        name_in_folder(f"box:{name}", "audio.m4a"),
    ]:
        assert len(made.encode()) <= 255
        assert made.isprintable()
    assert manifest_name(f"box:{name}", "0" * 40).isascii()


def test_what_stands_percent_encoded_in_a_name_is_not_decoded() -> None:
    assert Stems(readable_name("100%41.mp4"), "owner").candidates[0] == "100%41"


def test_artifacts_are_found_again_by_the_names_that_they_always_had() -> None:
    old = {
        "box:talks/Talk 1.mp4": "Talk-1-mp4-3588c01c1390d14b",
        "box:%FF": "20bf10269452e536",
    }
    assert {key: folder_name(key) for key in old} == old
    assert manifest_name("box:a b.mp4", "0123456789abcdef01") == "a-b-mp4-0123456789abcdef.json"
    key = "box:b%E4r.mp4"
    *names, last = Stems("b\udce4r.mp4", key).names("b\udce4r", "audio.m4a", f"audio.m4a of m4a_audio of {key}")
    assert names[0] == "b\udce4r.m4a"
    assert "b\udce4r.mp4.m4a" in names
    assert last == "br~495eecddd04cc545.m4a"


def test_types_do_not_depend_on_the_machine() -> None:
    types = {name: mime_type(name) for name in ("audio.m4a", "a.srt", "a.VTT", "a.md", "a.jpg", "a.unheard-of")}
    assert types == {
        "audio.m4a": "audio/mp4",
        "a.srt": "application/x-subrip",
        "a.VTT": "text/vtt",
        "a.md": "text/markdown",
        "a.jpg": "image/jpeg",
        "a.unheard-of": "application/octet-stream",
    }


def test_a_value_that_is_too_long_for_a_property_still_tells_two_apart() -> None:
    one, two = fitting("key", "ü" * 100 + "1"), fitting("key", "ü" * 100 + "2")
    assert one != two
    assert len(one) < 100
    assert fitting("key", "short") == "short"
    assert len(twin_mark("a" * 80, "f" * 64)) < 100


def test_the_asset_of_a_file_is_read_from_its_place() -> None:
    resource = {"id": "1", "appProperties": {"media_assets_of": place("0folder", "m4a_audio")}}
    assert asset_of(DriveFile.of(resource)) == "m4a_audio"
    long = place("0folder", "a" * 200)
    assert len("media_assets_of" + long) == 124
    assert place("0folder", long.partition("/")[2]) == long


def test_quotes_and_backslashes_are_escaped_in_queries() -> None:
    assert has("k", "it's \\") == "appProperties has { key='k' and value='it\\'s \\\\' }"


def test_a_machine_remembers_manifests_of_many_threads_and_what_it_published(tmp_path: Path) -> None:
    memory = DriveMemory(tmp_path / "google/store.sqlite")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: memory.keep(f"{number:032}", f"content {number}"), range(100)))
    assert memory.content(f"{7:032}") == "content 7"
    assert memory.content("unknown") is None
    assert memory.unknown([f"{number:032}" for number in range(90, 1200)]) == {
        f"{number:032}" for number in range(100, 1200)
    }
    memory.publish("artifact", Published("id", "md5"), "twins")
    assert DriveMemory(tmp_path / "google/store.sqlite").published("artifact") == Published("id", "md5")
    memory.forget("artifact")
    assert memory.published("artifact") is None


def test_the_memory_is_bounded(tmp_path: Path) -> None:
    memory = DriveMemory(tmp_path / "store.sqlite", manifests_kept=10)
    for number in range(25):
        memory.keep(str(number), "content")
    assert [number for number in range(25) if memory.content(str(number))] == list(range(15, 25))
    memory.keep("16", "again")
    memory.keep("25", "content")
    assert memory.content("16") == "again"


def test_a_journal_is_for_its_owner_alone_and_says_what_was_coming(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "uploads/artifact")
    assert not journal.exists
    assert journal.read() == Coming()
    coming = Coming("m", {"a.txt": "1", "b.txt": "2"}, ("3",), "md5")
    journal.write(coming)
    assert Journal(tmp_path / "uploads/artifact").read() == coming
    assert coming.ids == {"m", "1", "2", "3"}
    assert stat.S_IMODE(journal.folder.stat().st_mode) == 0o700
    assert journal.session("1", "md5") != journal.session("2", "md5")
    journal.remove()
    assert not journal.exists
    journal.remove()


@pytest.mark.parametrize("damage", [b"\0" * 8192, b"no database at all " * 500])
def test_a_damaged_memory_of_a_store_is_begun_anew(tmp_path: Path, damage: bytes) -> None:
    memory = DriveMemory(tmp_path / "store.sqlite")
    memory.publish("artifact", Published("id", "md5"), "twins")
    (tmp_path / "store.sqlite").write_bytes(damage)
    with pytest.raises(Transient, match="was damaged"):
        memory.published("artifact")
    assert memory.published("artifact") is None
    memory.publish("artifact", Published("id", "md5"), "twins")
    assert memory.published("artifact") == Published("id", "md5")
