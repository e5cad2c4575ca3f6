"""Equal files of a folder: found by reading little, and less the second time."""

from __future__ import annotations

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from media_assets.engines.duplicates.file_listing import FileListing
from media_assets.engines.duplicates.local_files import Memory, equal_files

LARGE = 600_000
LONG_AGO = (10**18, 10**18)


def write(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, ns=LONG_AGO)
    return path


def found(folder: Path, memory: Path | None = None) -> list[list[str]]:
    groups = equal_files([folder], Memory(memory))
    return sorted([str(Path(path).relative_to(folder)) for path in group] for group in groups)


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


def test_a_second_search_opens_no_file_again(folder: Path, tmp_path: Path):
    memory = tmp_path / "memory.json"
    assert found(folder, memory) == EQUAL
    for path in folder.rglob("*"):
        if path.is_file():
            state = path.stat()
            path.write_bytes(b"z" * state.st_size)
            os.utime(path, ns=LONG_AGO)
    assert found(folder, memory) == EQUAL, "content that changed in secret would show that it was read"


def test_a_changed_file_is_read_again(folder: Path, tmp_path: Path):
    memory = tmp_path / "memory.json"
    found(folder, memory)
    (folder / "a/small").write_bytes(b"y" * 100)
    assert found(folder, memory) == [["a/small", "b/other"], EQUAL[1]]


def test_a_file_that_has_just_changed_is_not_remembered(folder: Path, tmp_path: Path):
    memory = tmp_path / "memory.json"
    path = folder / "a/small"
    path.write_bytes(b"y" * 100)
    now = path.stat()
    assert found(folder, memory) == [["a/small", "b/other"], EQUAL[1]]
    path.write_bytes(b"x" * 100)
    os.utime(path, ns=(now.st_atime_ns, now.st_mtime_ns))
    assert found(folder, memory) == EQUAL


def test_while_nothing_changes_what_was_found_stands(folder: Path, tmp_path: Path):
    memory = tmp_path / "memory.json"
    assert found(folder, memory) == EQUAL
    memory.unlink()
    assert found(folder, memory) == EQUAL
    assert not memory.exists(), "nothing had to be read or computed"


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


def test_a_damaged_memory_is_made_anew(folder: Path, tmp_path: Path):
    memory = tmp_path / "memory.json"
    memory.write_text("{")
    (tmp_path / "memory.json.last").write_text("{")
    assert found(folder, memory) == EQUAL
    assert found(folder, memory) == EQUAL


def test_names_of_any_bytes_are_found(folder: Path, tmp_path: Path):
    name = os.fsdecode(b"\xff\n")
    write(folder / name, b"x" * 100)
    assert found(folder, tmp_path / "memory.json") == found(folder, tmp_path / "memory.json")
    assert name in found(folder)[0]
