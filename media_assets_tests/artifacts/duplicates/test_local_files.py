"""Equal files of a library's folders: found by reading little, and less the second time."""

from __future__ import annotations

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from media_assets.artifacts.duplicates.quick.file_listing import FileListing
from media_assets.artifacts.duplicates.quick.search import QuickSearch
from media_assets.base.keys import decode_path
from media_assets.config.opening import open_library
from media_assets.config.settings import Settings
from media_assets.places.folder.settings import FolderSource, FolderStore

LARGE = 600_000
LONG_AGO = (10**18, 10**18)


def write(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, ns=LONG_AGO)
    return path


def found(folder: Path, **settings: object) -> list[list[str]]:
    state = folder.parent / "state"
    source = FolderSource.model_validate({"path": folder, "include": ["**"], **settings})
    stores = {"artifacts": FolderStore(path=folder.parent / "artifacts")}
    search = QuickSearch(open_library(Settings(state_dir=state, sources={"files": source}, stores=stores)))
    copies = search.copies(lambda: None)
    assert not search.unseen and not search.problems
    return sorted([decode_path(key.removeprefix("files:")) for key in each.keys] for each in copies)


def remembered(folder: Path) -> Path:
    return folder.parent / "state/duplicates/quick-files.json"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    write(folder / "a/small", b"x" * 100)
    write(folder / "b/small", b"x" * 100)
    write(folder / "b/other", b"y" * 100)
    write(folder / "large", b"x" * LARGE + b"1")
    write(folder / "large copy", b"x" * LARGE + b"1")
    write(folder / "ends differently", b"x" * LARGE + b"2")
    write(folder / "empty", b"")
    write(folder / "empty too", b"")
    return folder


EQUAL = [["a/small", "b/small"], ["large", "large copy"]]


def test_only_equal_bytes_make_a_group(folder: Path):
    assert found(folder) == EQUAL


def test_links_are_no_copies(folder: Path):
    os.link(folder / "large", folder / "hard link")
    (folder / "soft link").symlink_to(folder / "large")
    (folder / "loop").symlink_to(folder)
    assert found(folder) == [EQUAL[0], ["hard link", "large copy"]]


def test_a_second_search_opens_no_file_again(folder: Path):
    assert found(folder) == EQUAL
    for path in folder.rglob("*"):
        if path.is_file():
            state = path.stat()
            path.write_bytes(b"z" * state.st_size)
            os.utime(path, ns=LONG_AGO)
    assert found(folder) == EQUAL, "content that changed in secret would show that it was read"


def test_a_changed_file_is_read_again(folder: Path):
    found(folder)
    (folder / "a/small").write_bytes(b"y" * 100)
    assert found(folder) == [["a/small", "b/other"], EQUAL[1]]


def test_a_file_that_has_just_changed_is_not_remembered(folder: Path):
    path = folder / "a/small"
    path.write_bytes(b"y" * 100)
    now = path.stat()
    assert found(folder) == [["a/small", "b/other"], EQUAL[1]]
    path.write_bytes(b"x" * 100)
    os.utime(path, ns=(now.st_atime_ns, now.st_mtime_ns))
    assert found(folder) == EQUAL


def test_while_nothing_changes_what_was_found_stands(folder: Path):
    assert found(folder) == EQUAL
    remembered(folder).unlink()
    assert found(folder) == EQUAL
    assert not remembered(folder).exists(), "nothing had to be read or computed"


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: write(folder / "new", b"x"),
        lambda folder: write(folder / "a/new", b"x"),
        lambda folder: (folder / "a/small").unlink(),
        lambda folder: (folder / "b/other").rename(folder / "b/another"),
        lambda folder: os.utime(folder / "b/other", ns=(10**18, 10**18 + 1)),
        lambda folder: (folder / "b/other").write_bytes(b"y" * 101),
        lambda folder: write(folder.parent / "same", b"z" * 100).replace(folder / "b/other"),
    ],
)
def test_any_change_is_seen(folder: Path, change):
    before = FileListing([folder]).digest()
    assert before is not None
    assert before == FileListing([folder]).digest()
    change(folder)
    assert FileListing([folder]).digest() != before


def test_no_part_of_a_listing_waits_for_another(tmp_path: Path):
    """The second process writes more than a pipe holds, and the first ends only when the second has."""
    listing, ended = FileListing([]), tmp_path / "ended"
    for script in ('while [ ! -e "$0" ]; do sleep 0.01; done', 'head -c 300000 /dev/zero; touch "$0"'):
        listing._processes.append(subprocess.Popen(["sh", "-c", script, str(ended)], stdout=subprocess.PIPE))
    with ThreadPoolExecutor() as pool:
        digest = pool.submit(listing.digest)
        try:
            assert digest.result(timeout=30)
        finally:
            ended.touch()


def test_a_damaged_memory_is_made_anew(folder: Path):
    remembered(folder).parent.mkdir(parents=True)
    remembered(folder).write_text("{")
    remembered(folder).with_name("quick-files.json.last").write_text("{")
    assert found(folder) == EQUAL
    assert found(folder) == EQUAL


def test_names_of_any_bytes_are_found(folder: Path):
    name = os.fsdecode(b"\xff\n")
    write(folder / name, b"x" * 100)
    assert found(folder) == found(folder)
    assert any(name in group for group in found(folder))


def test_only_the_files_of_the_source_count_and_what_they_are_may_change(folder: Path):
    write(folder / ".hidden", b"x" * 100)
    assert found(folder) == EQUAL
    assert found(folder, exclude=["b/**"]) == [EQUAL[1]]
    assert found(folder, include=["*/small"]) == [EQUAL[0]]
    assert found(folder, hidden=True) == [[".hidden", "a/small", "b/small"], EQUAL[1]]
    assert found(folder) == EQUAL


def test_copies_in_bins_do_not_count_unless_wanted(folder: Path):
    write(folder / "#recycle/small", b"x" * 100)
    assert found(folder) == EQUAL
    assert found(folder, leftovers=True) == [["#recycle/small", "a/small", "b/small"], EQUAL[1]]


def test_what_is_behind_a_link_is_looked_at_each_time(folder: Path, tmp_path: Path):
    elsewhere = write(tmp_path / "elsewhere/copy", b"x" * 100)
    (folder / "linked").symlink_to(elsewhere.parent)
    followed = [["a/small", "b/small", "linked/copy"], EQUAL[1]]
    assert found(folder, follow_symlinks=True) == followed
    write(elsewhere, b"z" * 101)
    assert found(folder, follow_symlinks=True) == EQUAL
