"""What systems and programs leave among files is no part of a library, wherever that lies."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from media_assets.places.folder.settings import FolderSource
from media_assets.places.folder.source import Folder
from media_assets.places.leftovers import BINS, FILES, FOLDERS, is_in_bin, is_leftover
from media_assets.places.watching import AutomationSettings
from media_assets_tests.places.dict_state import DictState
from media_assets_tests.places.every_place import EVERY_SOURCE, PlaceOfFiles, look

LEFTOVERS = (
    "#recycle/a.mp4", "sub/$RECYCLE.BIN/S-1-5-21/$R1.mp4", "@eaDir/a.jpg/SYNOPHOTO_THUMB_XL.jpg", "Thumbs.db",
    "sub/Desktop.ini", "a.mp4.part", "b.MP4.PARTIAL", "c.crdownload", "d.tmp", "~$report.docx", "lost+found/1.jpg",
    "@Recycle/x.jpg", "RECYCLED/y.jpg", "~snapshot/daily.0/a.jpg", "a.f137.mp4.part-Frag3", "a.mp4.ytdl", "a.mp4.bts",
    "b.mp4.xltd", "a.mp4.aria2__temp", "a.jpg.kate-swp",
    "a.mp4.fdmdownload", "a.mp4.jc!", "a.mp4.dtapart", "a.mp4.!bt",
    "System Volume Information/y", "__MACOSX/z.jpg",
)  # fmt: skip
HIDDEN = (
    ".Trash-1000/files/a.mp4", ".Trashes/501/b.jpg", ".DS_Store", "sub/._a.mp4", ".~lock.talk.odp#", ".git/config",
    ".stfolder/x", ".syncthing.a.mp4.tmp", ".@__thumb/a.jpg", ".Spotlight-V100/x", ".fseventsd/x", ".dropbox.cache/x",
    ".recycle/a.jpg", ".sync/x",
    ".getxfer.123.4.mega", ".rsync-tmp/a.jpg",
)  # fmt: skip
KEPT = ("part.mp4", "recycle/a.mp4", "my #recycle notes/a.mp4", "partial results.wav", "tmp/b.mp4", "thumbs.db.jpg")


@pytest.fixture(params=EVERY_SOURCE)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[PlaceOfFiles]:
    with EVERY_SOURCE[request.param](tmp_path) as place:
        yield place


def test_leftovers_are_no_files_of_any_source(place: PlaceOfFiles) -> None:
    for path in (*LEFTOVERS[:6], *KEPT[:3]):
        place.put(path, path.encode())
    memory = DictState()
    assert {entry.path for entry in place.source.scan()} == set(KEPT[:3])
    changed, _, cursor = look(place.source, None, memory)
    assert set(changed) == set(KEPT[:3])
    place.put("#recycle/late.mp4", b"late")
    assert look(place.source, cursor, memory)[:2] == ({}, [])


def test_names_are_told_without_regard_to_case() -> None:
    assert [path for path in (*LEFTOVERS, *HIDDEN) if not is_leftover(path)] == []
    assert [path for path in KEPT if is_leftover(path)] == []
    assert is_in_bin("a/#Recycle/b.mp4") and is_in_bin(".Trash-1000/files/b.mp4") and not is_in_bin("a/@eaDir/b.jpg")


def folder(root: Path, **settings: bool) -> Folder:
    return Folder("box", FolderSource(path=root, hidden=True, **settings), AutomationSettings(settle_seconds=0))


def test_a_setting_has_leftovers_looked_at(tmp_path: Path) -> None:
    for path in (*LEFTOVERS, *HIDDEN, *KEPT):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(path)
    assert {entry.path for entry in folder(tmp_path).scan()} == set(KEPT)
    assert {entry.path for entry in folder(tmp_path, leftovers=True).scan()} == {*LEFTOVERS, *HIDDEN, *KEPT}
    assert folder(tmp_path).chosen_by != folder(tmp_path, leftovers=True).chosen_by


def test_files_that_become_leftovers_are_gone(tmp_path: Path) -> None:
    (tmp_path / "#recycle").mkdir()
    for name in ("#recycle/a.mp4", "b.mp4"):
        (tmp_path / name).write_text(name)
    memory = DictState()
    before = folder(tmp_path, leftovers=True).changes(None, memory)
    after = folder(tmp_path).changes(before.cursor, memory)
    assert (after.changed, after.removed, after.waiting) == ((), ("box:#recycle/a.mp4",), {})


def test_a_bin_that_may_not_be_read_is_no_trouble(tmp_path: Path) -> None:
    (tmp_path / "lost+found").mkdir(mode=0o000)
    (tmp_path / "a.mp4").write_text("a")
    source = folder(tmp_path)
    assert ([entry.path for entry in source.scan()], source.unreadable) == (["a.mp4"], {})


def test_the_document_lists_every_name() -> None:
    text = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text()
    assert [name for name in (*BINS, *FOLDERS, *FILES) if f"`{name}`" not in text and name != "icon\r"] == []
