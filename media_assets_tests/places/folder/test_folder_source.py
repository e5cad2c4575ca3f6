"""A folder as a source: what is listed, under which key, and how a file is read."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from media_assets.base.errors import BadMedia, Fatal, MediaAssetsError, SourceChanged, classify
from media_assets.base.files import STAGING_PREFIX
from media_assets.pipeline.settings import Output
from media_assets.places.folder.settings import FolderSource, FolderStore
from media_assets.places.folder.source import Folder
from media_assets.places.watching import AutomationSettings
from media_assets_tests.pipeline.test_partitions import ODD_PATHS
from media_assets_tests.toy_library import ToyLibrary
from media_assets_tests.unprivileged import unprivileged_folder


def folder(root: Path, left_out: tuple[Path, ...] = (), **settings: object) -> Folder:
    return Folder("box", FolderSource(path=root, **settings), AutomationSettings(), left_out=left_out)


def write(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(f"text of {os.fsencode(path)!r}")


def listed(source: Folder) -> list[str]:
    return [entry.path for entry in source.scan()]


# ----------------------------------------------------------------------------------------------- what is listed


def test_files_are_listed_folder_by_folder_in_the_order_of_their_names(tmp_path: Path) -> None:
    write(tmp_path, "b/2.mp4", "c.mp4", "a.mp4", "b/1.mp4", "b/a/x.mp4", "B.mp4")
    assert listed(folder(tmp_path)) == ["B.mp4", "a.mp4", "b/1.mp4", "b/2.mp4", "b/a/x.mp4", "c.mp4"]


@contextmanager
def nested(root: Path, name: str, depth: int) -> Iterator[None]:
    """Folders of that name, one in the other, however long that makes their path, and a file in the last."""
    folder = os.open(root, os.O_RDONLY)
    try:
        for _ in range(depth):
            os.mkdir(name, dir_fd=folder)
            inner = os.open(name, os.O_RDONLY, dir_fd=folder)
            os.close(folder)
            folder = inner
        os.close(os.open("a.mp4", os.O_CREAT | os.O_WRONLY, dir_fd=folder))
    finally:
        os.close(folder)
    try:
        yield
    finally:  # Python's own removal does not get so deep
        subprocess.run(["rm", "-rf", "--", str(root / name)], check=True)


@pytest.mark.thorough
def test_folders_may_lie_in_one_another_deeper_than_functions_may_call_each_other(tmp_path: Path) -> None:
    with nested(tmp_path, "d", 1500):
        write(tmp_path, "z.mp4")
        source = folder(tmp_path)
        assert listed(source) == ["d/" * 1500 + "a.mp4", "z.mp4"]
        assert source.unreadable == {}


def test_a_folder_whose_path_is_too_long_for_the_system_is_told_and_hides_no_other(tmp_path: Path) -> None:
    with nested(tmp_path, "long " * 40, 30):
        write(tmp_path, "z.mp4")
        source = folder(tmp_path)
        assert listed(source) == ["z.mp4"]
        ((key, reason),) = source.unreadable.items()
        assert key.startswith("box:long long")
        assert "more than the system takes; shorten names" in reason


def test_globs_choose_the_files(tmp_path: Path) -> None:
    write(tmp_path, "a.mp4", "a.txt", "x/b.MP4", "x/drafts/c.mp4")
    source = folder(tmp_path, include=("**/*.mp4",), exclude=("**/drafts/**",))
    assert listed(source) == ["a.mp4", "x/b.MP4"]


def test_hidden_files_and_folders_are_left_out_unless_wanted(tmp_path: Path) -> None:
    write(tmp_path, ".a.mp4", ".x/b.mp4", "c.mp4")
    assert listed(folder(tmp_path)) == ["c.mp4"]
    assert listed(folder(tmp_path, hidden=True)) == [".a.mp4", ".x/b.mp4", "c.mp4"]


def test_files_that_are_being_written_as_artifacts_are_never_listed(tmp_path: Path) -> None:
    write(tmp_path, f"{STAGING_PREFIX}0123.partial", "a.mp4")
    assert listed(folder(tmp_path, hidden=True)) == ["a.mp4"]


def test_only_regular_files_are_listed(tmp_path: Path) -> None:
    write(tmp_path, "a.mp4")
    os.mkfifo(tmp_path / "pipe.mp4")
    assert listed(folder(tmp_path)) == ["a.mp4"]


def test_links_are_followed_only_when_wanted(tmp_path: Path) -> None:
    write(tmp_path, "outside/sub/b.mp4", "outside/c.mp4", "in/a.mp4")
    root = tmp_path / "in"
    (root / "file.mp4").symlink_to(tmp_path / "outside/c.mp4")
    (root / "folder").symlink_to(tmp_path / "outside")
    (root / "dangling.mp4").symlink_to(tmp_path / "nothing")
    assert listed(folder(root)) == ["a.mp4"]
    assert listed(folder(root, follow_symlinks=True)) == ["a.mp4", "file.mp4", "folder/c.mp4", "folder/sub/b.mp4"]


def test_links_that_lead_in_circles_end(tmp_path: Path) -> None:
    write(tmp_path, "in/sub/a.mp4", "one/b.mp4", "two/c.mp4")
    root = tmp_path / "in"
    (root / "itself").symlink_to(root)
    (root / "parent").symlink_to(tmp_path)
    (root / "sub/up").symlink_to(root)
    (root / "sibling").symlink_to(root / "sub")
    (root / "ring").symlink_to(root / "ring")
    (root / "one").symlink_to(tmp_path / "one")
    (tmp_path / "one/two").symlink_to(tmp_path / "two")
    (tmp_path / "two/one").symlink_to(tmp_path / "one")
    source = folder(root, follow_symlinks=True)
    assert listed(source) == ["one/b.mp4", "one/two/c.mp4", "sub/a.mp4"]
    assert list(source.unreadable) == ["box:ring"]
    assert "symbolic links" in source.unreadable["box:ring"]


def test_a_source_may_be_a_link(tmp_path: Path) -> None:
    write(tmp_path, "real/a.mp4")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert listed(folder(tmp_path / "link")) == ["a.mp4"]


@pytest.mark.parametrize("through_link", [False, True])
def test_stores_and_the_state_within_a_source_are_not_entered(tmp_path: Path, through_link: bool) -> None:
    write(tmp_path, "in/a.mp4", "in/artifacts/m4a_audio/x/audio.m4a", "in/sub/state/b.mp4", "in/sub/c.mp4")
    (tmp_path / "link").symlink_to(tmp_path / "in")
    root = tmp_path / ("link" if through_link else "in")
    left_out = (tmp_path / "in/artifacts", tmp_path / "in/sub/state", tmp_path / "elsewhere")
    assert listed(folder(root, left_out)) == ["a.mp4", "sub/c.mp4"]


def test_a_source_within_the_folder_of_the_state_is_listed(tmp_path: Path) -> None:
    write(tmp_path, "talks/sub/a.mp4")
    assert listed(folder(tmp_path / "talks", (tmp_path,))) == ["sub/a.mp4"]


def test_a_store_that_is_reached_through_a_link_is_not_entered(tmp_path: Path) -> None:
    write(tmp_path, "in/a.mp4", "outside/b.mp4", "outside/artifacts/x.m4a")
    (tmp_path / "in/link").symlink_to(tmp_path / "outside")
    (tmp_path / "in/direct").symlink_to(tmp_path / "outside/artifacts")
    source = folder(tmp_path / "in", (tmp_path / "outside/artifacts",), follow_symlinks=True)
    assert listed(source) == ["a.mp4", "link/b.mp4"]


@pytest.mark.thorough
def test_artifacts_beside_their_sources_are_no_files_of_the_library(tmp_path: Path) -> None:
    with ToyLibrary(tmp_path, outputs={"default": Output(placement="beside_source")}) as toy:
        keys = toy.write(a="text", b="text")
        for result in toy.run_all():
            assert result.success
        assert sorted(path.name for path in toy.inbox.iterdir()) == [
            *("a.echo.json", "a.m4a", "a.srt", "a.txt"),
            *("b.echo.json", "b.m4a", "b.srt", "b.txt"),
        ]
        assert toy.register() == keys


@pytest.mark.thorough
def test_an_artifact_that_was_copied_into_the_library_is_recognised_by_its_content(tmp_path: Path) -> None:
    with ToyLibrary(tmp_path) as toy:
        (key,) = toy.write(a="text")
        toy.run_all()
        store = toy.library.store("shout")
        sha256 = toy.made("shout", key).file("shout.m4a").sha256
        assert toy.library.origin_of(sha256) == "shout of box:a.txt"
        assert store.origin_of("0" * 64) is None


@pytest.mark.parametrize("path", [path for path in ODD_PATHS if path != ".."])
def test_a_file_with_an_odd_name_is_found_again_by_its_key(tmp_path: Path, path: str) -> None:
    write(tmp_path, path)
    source = folder(tmp_path, hidden=True)
    (entry,) = source.scan()
    assert entry.path == path
    assert source.entry(entry.key) == entry
    direct = source.direct_path(entry)
    assert direct is not None
    assert direct.read_text() == f"text of {os.fsencode(path)!r}"
    assert source.link(entry).startswith("file:///")


def test_times_that_no_calendar_knows_do_no_harm() -> None:
    # A file system in memory keeps them as they are.
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if memory.is_dir() else None) as name:
        root = Path(name)
        write(root, "a.mp4", "b.mp4", "c.mp4")
        os.utime(root / "a.mp4", (2**45, 2**45))
        os.utime(root / "b.mp4", (-(2**45), -(2**45)))
        entries = list(folder(root).scan())
        assert [entry.path for entry in entries] == ["a.mp4", "b.mp4", "c.mp4"]
        assert len({entry.revision for entry in entries}) == 3


# ----------------------------------------------------------------------------------------------- what cannot be listed


def test_a_source_that_is_not_there_is_fatal(tmp_path: Path) -> None:
    with pytest.raises(Fatal, match="of source 'box' is not there"):
        list(folder(tmp_path / "nothing").scan())


def test_a_source_that_may_not_be_listed_is_fatal() -> None:
    with unprivileged_folder() as root:
        (root / "in").mkdir()
        (root / "in").chmod(0o300)
        with pytest.raises(Fatal, match="cannot be listed: Permission denied"):
            list(folder(root / "in").scan())


@pytest.mark.parametrize("mode", [0o000, 0o400])
def test_a_folder_that_may_not_be_read_is_named_and_the_others_are_listed(mode: int) -> None:
    with unprivileged_folder() as root:
        write(root, "a.mp4", "closed/b.mp4", "open/c.mp4")
        (root / "closed").chmod(mode)
        source = folder(root)
        assert listed(source) == ["a.mp4", "open/c.mp4"]
        named = "box:closed" if mode == 0 else "box:closed/b.mp4"
        assert source.unreadable == {named: "cannot be looked at: Permission denied"}
        (root / "closed").chmod(0o700)
        assert listed(source) == ["a.mp4", "closed/b.mp4", "open/c.mp4"]
        assert source.unreadable == {}


def test_a_folder_that_vanishes_during_the_scan_spoils_nothing(tmp_path: Path) -> None:
    write(tmp_path, "a.mp4", "b/c.mp4", "d.mp4")
    source = folder(tmp_path)
    scan = source.scan()
    assert next(scan).path == "a.mp4"
    (tmp_path / "b/c.mp4").unlink()
    (tmp_path / "b").rmdir()
    assert [entry.path for entry in scan] == ["d.mp4"]


# ----------------------------------------------------------------------------------------------- one file


def test_a_file_that_is_gone_has_changed(tmp_path: Path) -> None:
    write(tmp_path, "a", "b/c.mp4")
    with pytest.raises(SourceChanged, match="is no longer in"):
        folder(tmp_path).entry("box:nothing.mp4")
    with pytest.raises(SourceChanged, match="is no longer in"):
        folder(tmp_path).entry("box:a/c.mp4")


def test_a_file_that_became_a_folder_has_changed(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").mkdir()
    with pytest.raises(SourceChanged, match="is no longer a file"):
        folder(tmp_path).entry("box:a.mp4")


@pytest.mark.parametrize("key", ["box:../secret", "box:a/../../secret", "box:{root}/secret", "box:%2E./secret"])
def test_a_key_cannot_lead_out_of_its_source(tmp_path: Path, key: str) -> None:
    write(tmp_path, "secret", "in/a/b.mp4")
    with pytest.raises(BadMedia, match="leads out of source 'box'"):
        folder(tmp_path / "in").entry(key.format(root=tmp_path))


def test_a_revision_changes_with_size_and_time_and_with_nothing_else(tmp_path: Path) -> None:
    write(tmp_path, "a.mp4")
    source, file = folder(tmp_path), tmp_path / "a.mp4"

    def revision() -> str:
        return source.entry("box:a.mp4").revision

    first = revision()
    file.read_text()
    file.chmod(0o600)
    assert revision() == first
    status = file.stat()
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns + 1_000_000))
    assert (touched := revision()) != first
    # As after another mount of a network share.
    (tmp_path / "copy").write_text(file.read_text())
    os.utime(tmp_path / "copy", ns=(file.stat().st_atime_ns, file.stat().st_mtime_ns))
    (tmp_path / "copy").replace(file)
    assert revision() == touched
    file.write_text("longer than it was before, by far")
    assert revision() not in (first, touched)


# ----------------------------------------------------------------------------------------------- fetching


def test_a_fetched_file_is_complete(tmp_path: Path) -> None:
    write(tmp_path, "in/a.mp4")
    source = folder(tmp_path / "in", cache=True)
    entry = source.entry("box:a.mp4")
    assert source.direct_path(entry) is None
    source.fetch(entry, tmp_path / "fetched")
    assert (tmp_path / "fetched").read_bytes() == (tmp_path / "in/a.mp4").read_bytes()
    assert not (tmp_path / "fetched.partial").exists()


def test_a_broken_fetch_goes_on_where_it_stopped(tmp_path: Path) -> None:
    write(tmp_path, "in/a.mp4")
    source = folder(tmp_path / "in", cache=True)
    entry = source.entry("box:a.mp4")
    (tmp_path / "fetched.partial").write_text("TEXT")
    source.fetch(entry, tmp_path / "fetched")
    assert (tmp_path / "fetched").read_text() == "TEXT" + (tmp_path / "in/a.mp4").read_text()[4:]


def _grow(file: Path) -> None:
    with file.open("a") as growing:
        growing.write("more")


def _touch(file: Path) -> None:
    os.utime(file, (1, 1))


@pytest.mark.parametrize("change", [_grow, _touch, Path.unlink])
def test_a_file_that_changed_since_it_was_listed_is_not_handed_over(
    tmp_path: Path, change: Callable[[Path], object]
) -> None:
    write(tmp_path, "in/a.mp4")
    source = folder(tmp_path / "in", cache=True)
    entry = source.entry("box:a.mp4")
    change(tmp_path / "in/a.mp4")
    with pytest.raises((MediaAssetsError, OSError)) as caught:
        source.fetch(entry, tmp_path / "fetched")
    assert isinstance(classify(caught.value), SourceChanged)
    assert not (tmp_path / "fetched").exists()


@pytest.mark.thorough
def test_the_store_and_the_state_of_a_library_may_lie_in_its_source(tmp_path: Path) -> None:
    inside = tmp_path / "in"
    stores = {"artifacts": FolderStore(path=inside / "artifacts")}
    with ToyLibrary(tmp_path, stores=stores, state_dir=inside / "state") as toy:
        keys = toy.write(a="text")
        toy.run_all()
        assert toy.text_of("shout", keys[0], "shout.m4a").startswith("96 decibels")
        assert toy.register() == keys
