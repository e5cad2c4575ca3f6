"""What lies in the place of a file of ours and is none: a reader of it might wait for ever, or read without end."""

from __future__ import annotations

import errno
import hashlib
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from media_assets.base.checksums import sha256_of
from media_assets.base.files import read_file, read_if_file, write_whole
from media_assets.config.errors import SettingsError
from media_assets.config.load import load_settings
from media_assets.places.cache.seals import is_sound
from media_assets.places.drive.api.private_files import read_private
from media_assets.places.journal import MoveJournal
from media_assets_tests.manifests import ASSET, draft
from media_assets_tests.places.cache.caches import cache_in, fetching
from media_assets_tests.places.folder.folder_stores import Store

Place = Callable[[Path], object]


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


def a_socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # the path of a socket has to be short
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(here)


def a_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def a_link_to_a_pipe(path: Path) -> None:
    os.mkfifo(path.parent.parent / "pipe")
    path.symlink_to(path.parent.parent / "pipe")


every_place = pytest.mark.parametrize("place", [a_pipe, a_socket, a_device, a_link_to_a_pipe])


def instead_of(path: Path, place: Place) -> Path:
    path.unlink(missing_ok=True)
    place(path)
    return path


@every_place
@pytest.mark.parametrize("name", ["manifest.json", "coming.json", "replaced.json"])
def test_what_is_no_file_in_the_place_of_a_manifest_counts_as_absent_and_makes_way(
    tmp_path: Path, place: Place, name: str
) -> None:
    store = Store(tmp_path)
    folder = store.local_path(store.put(draft(), {"a.txt": "text"}).file("a.txt")).parent
    instead_of(folder / name, place)
    assert (store.manifest(ASSET, "box:talk.mp4") is None) is (name == "manifest.json")
    again = store.put(draft(), {"a.txt": "text"})
    assert store.get() == again
    assert sorted(path.name for path in folder.iterdir()) == ["a.txt", "manifest.json"]
    assert all(path.is_file() and not path.is_symlink() for path in folder.iterdir())


@every_place
def test_what_is_no_file_in_the_place_of_the_index_counts_as_absent_and_makes_way(tmp_path: Path, place: Place) -> None:
    store = Store(tmp_path)
    published = store.put(draft(), {"a.txt": "text"})
    entries = [path for path in (store.root / ".index").rglob("*") if path.is_file() and path.suffix != ".lock"]
    assert len(entries) == 2
    for path in entries:
        (path.parent.parent / "pipe").unlink(missing_ok=True)
        instead_of(path, place)
    assert store.find(ASSET, "f1") is None
    assert store.origin_of(published.file("a.txt").sha256) is None
    assert store.put(draft(), {"a.txt": "text"}) == store.find(ASSET, "f1")


@every_place
def test_what_is_no_file_holds_nothing(tmp_path: Path, place: Place) -> None:
    (tmp_path / "folder").mkdir()
    path = instead_of(tmp_path / "folder" / "file", place)
    assert read_if_file(path) is None
    for read in (read_file, sha256_of, read_private):
        with pytest.raises(OSError, match="not a file") as caught:
            read(path)
        assert caught.value.errno == errno.ENXIO
    with pytest.raises(OSError, match="not a file"):
        MoveJournal(path).read()
    assert not is_sound(path, "0" * 64, lambda: None)
    write_whole(path, b"text")
    assert read_file(path) == b"text"
    assert not path.is_symlink()


@every_place
@pytest.mark.parametrize("name", ["library.yaml", ".env"])
def test_settings_that_are_no_file_are_told(tmp_path: Path, place: Place, name: str) -> None:
    folder = tmp_path / "library"
    folder.mkdir()
    (folder / "library.yaml").write_text("sources: {media: {path: .}}")
    instead_of(folder / name, place)
    with pytest.raises(SettingsError, match=r"cannot be read: .*not a file"):
        load_settings(folder / "library.yaml")


@every_place
@pytest.mark.parametrize("what", ["ledger.json", "files", "seals"])
def test_what_is_no_file_in_the_cache_makes_way(tmp_path: Path, place: Place, what: str) -> None:
    cache, fetched, digest = cache_in(tmp_path), list[str](), hashlib.sha256(b"text").hexdigest()

    def lease(name: str = "talk@1") -> str:
        with cache.lease(name, 4, fetching("text", fetched), sha256=digest) as path:
            return path.read_text()

    assert lease() == "text"
    (found,) = [path for path in tmp_path.rglob("*") if path.is_file() and what in (path.name, path.parent.name)]
    instead_of(found, place)
    assert lease() == lease("another@1") == "text"
    assert found.is_file() and not found.is_symlink()
    assert len(fetched) == (3 if what == "files" else 2)
