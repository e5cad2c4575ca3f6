"""`media-assets duplicates --quick`: exact copies in folders, before anything is processed."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from media_assets.artifacts.duplicates.quick.search import QuickSearch
from media_assets.config.load import load_settings
from media_assets.config.opening import open_library
from media_assets.config.settings import Settings
from media_assets.places.folder.settings import FolderSource, FolderStore
from media_assets_tests.command_line import typed
from media_assets_tests.unprivileged import unprivileged_folder


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """Two folders with copies in and between them, and a source that is no folder."""
    sources = {
        "photos": {"path": "photos", "exclude": ["drafts/**"]},
        "films": {"path": "films"},
        "far": {"type": "bucket", "url": "s3://bucket/far"},
    }
    (tmp_path / "library.yaml").write_text(json.dumps({"sources": sources}))
    contents = {
        "photos/a.jpg": b"1" * 1000,
        "photos/more/b.jpg": b"1" * 1000,
        "photos/drafts/c.jpg": b"1" * 1000,
        "photos/d.jpg": b"2" * 1000,
        "photos/empty.jpg": b"",
        "films/e.mp4": b"3" * 400_000,
        "films/f.mp4": b"3" * 400_000,
        "films/g.jpg": b"2" * 1000,
        "films/empty.mp4": b"",
    }
    for name, content in contents.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    return tmp_path


def quick(library: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return typed("duplicates", "--quick", *arguments, cwd=library)


def test_copies_are_shown_with_what_they_take_before_anything_is_processed(library: Path) -> None:
    done = quick(library)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "2 files of 400.0 kB each, 400.0 kB in copies",
        "     films:e.mp4",
        "     films:f.mp4",
        "2 files of 1.0 kB each, 1.0 kB in copies",
        "     films:g.jpg",
        "     photos:d.jpg",
        "2 files of 1.0 kB each, 1.0 kB in copies",
        "     photos:a.jpg",
        "     photos:more/b.jpg",
        "3 groups of equal files; without the copies 402.0 kB would be free",
        "not searched, for they are no folders: far",
    ]
    assert not (library / ".media_assets/dagster").exists(), "nothing was registered"
    assert quick(library).stdout == done.stdout


def test_json_has_every_group_and_what_was_left_out(library: Path) -> None:
    (library / "photos/a.jpg").rename(library / "photos" / os.fsdecode(b"\xff.jpg"))
    found = json.loads(quick(library, "--json", "--source", "photos").stdout)
    assert found == {
        "freed_bytes": 1000,
        "groups": [{"size_bytes": 1000, "freed_bytes": 1000, "files": ["photos:more/b.jpg", "photos:%FF.jpg"]}],
        "unseen": [],
        "sources_left_out": [],
    }


def test_files_and_folders_that_cannot_be_read_are_named_each_time(library: Path) -> None:
    load_settings(library / "library.yaml")  # imports what who has no rights may not read
    with unprivileged_folder() as root:
        for name in ("a", "b", "c", "closed/d"):
            (root / "in" / name).parent.mkdir(parents=True, exist_ok=True)
            (root / "in" / name).write_bytes(b"1" * 1000)
            os.utime(root / "in" / name, (10**9, 10**9))
        (root / "in/b").chmod(0)
        (root / "in/closed").chmod(0)
        settings = Settings(
            state_dir=root / "state",
            sources={"files": FolderSource(path=root / "in", include=("**",))},
            stores={"artifacts": FolderStore(path=root / "artifacts")},
        )
        for _ in range(2):
            search = QuickSearch(open_library(settings))
            assert [each.keys for each in search.copies(lambda: None)] == [["files:a", "files:c"]]
            assert search.unseen == {
                "files:b": "cannot be read: Permission denied",
                "files:closed": "cannot be looked at: Permission denied",
            }


def test_it_can_be_stopped(library: Path) -> None:
    class Stop(Exception):
        pass

    def stop() -> None:
        raise Stop

    with pytest.raises(Stop):
        QuickSearch(open_library(load_settings(library / "library.yaml"))).copies(stop)


def test_a_source_that_is_not_there_does_not_keep_the_others_from_being_searched(library: Path) -> None:
    (library / "photos").rename(library / "away")
    for _ in range(2):
        done = quick(library)
        assert done.returncode == 2
        assert "1 group of equal files" in done.stdout
        assert f"the folder {library}/photos of source 'photos' is not there" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--apply"], "--quick goes with"),
        (["--undo"], "--quick goes with"),
        (["--csv", "x.csv"], "--quick goes with"),
        (["--near"], "--quick goes with"),
        (["--source", "nosuch"], "no source is called 'nosuch'"),
        (["--source", "far"], "searches folders of this machine alone, and far is none"),
    ],
)
def test_what_it_cannot_do_is_said(library: Path, arguments: list[str], said: str) -> None:
    done = quick(library, *arguments)
    assert done.returncode == 2
    assert said in done.stderr


def test_json_of_the_other_duplicates_is_refused(library: Path) -> None:
    done = typed("duplicates", "--json", cwd=library)
    assert done.returncode == 2 and "--json goes with --quick" in done.stderr
