"""What lies beside the files of Drive: what it costs to know, what counts, and what cannot be asked."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from media_assets.base.errors import Fatal, SourceChanged, Transient
from media_assets.places.drive.source.source import DriveFolders
from media_assets.places.source import SourceEntry, no_check
from media_assets_tests.drive_server import DriveServer, drive_server
from media_assets_tests.places.drive.source.drive_watch import Watch

ENDINGS = (".srt", ".vtt")
ARTIFACT = {"media_assets_artifact": "1" * 40}


@pytest.fixture
def drive() -> Iterator[DriveServer]:
    with drive_server() as server:
        yield server


@pytest.fixture
def folder(drive: DriveServer) -> str:
    return drive.add_path("a")


@pytest.fixture
def watch(drive: DriveServer, folder: str, tmp_path: Path) -> Watch:
    return Watch(drive, tmp_path, "My Drive/a", include=("**/*.mp4",))


def names(source: DriveFolders, entry: SourceEntry) -> list[str]:
    return [one.name for one in source.sidecars(entry, ENDINGS)]


def told(watch: Watch) -> list[str]:
    """Beside the one file, whether asked after a scan or without."""
    (entry,) = watch.scan()
    found = names(watch.source, entry)
    assert names(watch.new_source(), entry) == found
    return found


def test_after_a_scan_nobody_is_asked(watch: Watch, drive: DriveServer, folder: str) -> None:
    for number in range(200):
        parent = drive.add_path(f"a/{number % 3}")
        drive.add_file(f"{number}.mp4", b"x", parent=parent)
        if number % 2 == 0:
            drive.add_file(f"{number}.en.srt", b"x", parent=parent)
    entries = watch.scan()
    with drive.counting() as calls:
        found = {entry.path: names(watch.source, entry) for entry in entries}
    assert not calls.total()
    assert found == {f"{number % 3}/{number}.mp4": [] if number % 2 else [f"{number}.en.srt"] for number in range(200)}


def test_a_process_that_has_not_scanned_asks_once_for_a_folder(watch: Watch, drive: DriveServer, folder: str) -> None:
    for number in range(20):
        drive.add_file(f"{number}.mp4", b"x", parent=folder)
        drive.add_file(f"{number}.en.srt", b"x", parent=folder)
    keys = [entry.key for entry in watch.scan()]
    source = watch.new_source()
    source.entry(keys[0])  # finds the configured folder, which several threads would do at once
    with drive.counting() as calls, ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda key: names(source, source.entry(key)), keys))
    assert sorted(found) == sorted([f"{number}.en.srt"] for number in range(20))
    assert calls["files.list"] == 1, "one for the folder"
    with drive.counting() as calls:
        names(source, source.entry(keys[0]))
    assert not calls["files.list"]
    drive.add_file("0.fr.srt", b"x", parent=folder)
    (entry,) = (entry for entry in watch.scan() if entry.path == "0.mp4")
    assert names(source, entry) == ["0.en.srt"]
    watch.later_seconds = 601
    assert names(source, entry) == ["0.en.srt", "0.fr.srt"], "a process that lasts longer than a run asks again"


def test_a_folder_without_any_is_asked_for_once_too(watch: Watch, drive: DriveServer, folder: str) -> None:
    drive.add_file("talk.mp4", b"x", parent=folder)
    (entry,) = watch.scan()
    source = watch.new_source()
    with drive.counting() as calls:
        assert [names(source, entry) for _ in range(3)] == [[], [], []]
    assert calls["files.list"] == 1


def test_a_look_at_what_changed_makes_the_names_of_before_doubtful(
    watch: Watch, drive: DriveServer, folder: str
) -> None:
    drive.add_file("talk.mp4", b"x", parent=folder)
    (entry,) = watch.scan()
    source = watch.source
    assert names(source, entry) == []
    drive.add_file("talk.en.srt", b"x", parent=folder)
    assert names(source, entry) == []
    source.changes(None, watch.state)
    assert names(source, entry) == ["talk.en.srt"]


@pytest.mark.thorough
def test_only_whole_files_of_others_count(watch: Watch, drive: DriveServer, folder: str) -> None:
    drive.add_file("talk.mp4", b"x", parent=folder)
    drive.add_file("talk.en.srt", b"x", parent=folder)
    drive.add_file("talk.ours.srt", b"x", parent=folder, app_properties=ARTIFACT)
    drive.add_file("talk.coming.srt", b"x", parent=folder, checksums_ready=False)
    drive.add_file("talk.large.srt", size=5 << 30, parent=folder, md5="1" * 32)
    drive.add_shortcut("talk.link.srt", drive.add_file("far.srt", b"x"), parent=folder)
    drive.add_document("talk.doc.srt", folder)
    drive.add_folder("talk.folder.srt", folder)
    drive.trash(drive.add_file("talk.gone.srt", b"x", parent=folder))
    drive.add_file("talk.elsewhere.srt", b"x", parent=drive.add_path("b"))
    assert told(watch) == ["talk.en.srt", "talk.large.srt"]
    (entry,) = watch.scan()
    assert [one.too_large for one in watch.source.sidecars(entry, ENDINGS)] == [False, True]


def test_two_of_one_name_are_two(watch: Watch, drive: DriveServer, folder: str, tmp_path: Path) -> None:
    drive.add_file("talk.mp4", b"x", parent=folder)
    twins = {drive.add_file("talk.en.srt", content, parent=folder): content for content in (b"one", b"two", b"three")}
    assert told(watch) == ["talk.en.srt"] * 3
    (entry,) = watch.scan()
    contents = []
    for number, one in enumerate(watch.source.sidecars(entry, ENDINGS)):
        one.fetch(tmp_path / str(number), no_check)
        contents.append((tmp_path / str(number)).read_bytes())
    assert contents == [twins[file_id] for file_id in sorted(twins)]


@pytest.mark.parametrize("name", ["a/b", "a\nb", "..", " ", "\ud800", "~", "a~b", "talk."])
def test_odd_names_have_theirs(drive: DriveServer, folder: str, tmp_path: Path, name: str) -> None:
    watch = Watch(drive, tmp_path, "My Drive/a", include=("**/*.mp4",), hidden=True)
    drive.add_file(f"{name}.mp4", b"x", parent=folder)
    drive.add_file(f"{name}.en.srt", b"said", parent=folder)
    (entry,) = watch.scan()
    (one,) = watch.source.sidecars(entry, ENDINGS)
    assert one.marks == "en"
    assert "\n" not in one.shown_name
    one.shown_name.encode()
    one.fetch(tmp_path / "copy", no_check)
    assert (tmp_path / "copy").read_bytes() == b"said"


def test_what_was_moved_or_put_into_the_trash_is_gone(
    watch: Watch, drive: DriveServer, folder: str, tmp_path: Path
) -> None:
    drive.add_file("talk.mp4", b"x", parent=folder)
    subtitles = drive.add_file("talk.en.srt", b"x", parent=folder)
    (entry,) = watch.scan()
    (one,) = watch.source.sidecars(entry, ENDINGS)
    drive.delete(subtitles)
    with pytest.raises(SourceChanged):
        one.fetch(tmp_path / "copy", no_check)
    assert names(watch.source, entry) == []


def test_no_answer_does_not_mean_that_there_are_none(watch: Watch, drive: DriveServer, folder: str) -> None:
    drive.add_file("talk.mp4", b"x", parent=folder)
    drive.add_file("talk.en.srt", b"x", parent=folder)
    (entry,) = watch.scan()
    source = watch.new_source()
    for kind in ("backendError", "incomplete"):
        if kind == "incomplete":
            drive.listing.incomplete_corpora = {"user"}
        else:
            drive.fail_always("files.list", kind)
        with pytest.raises(Transient):
            names(source, entry)
        drive.repair()
    drive.listing.incomplete_corpora = set()
    drive.unlistable.add(folder)
    with pytest.raises(Fatal, match="does not list"):
        names(source, entry)
    drive.unlistable.clear()
    assert names(source, entry) == ["talk.en.srt"]


def test_a_recording_behind_a_shortcut_has_those_where_it_lies(watch: Watch, drive: DriveServer, folder: str) -> None:
    elsewhere = drive.add_path("b")
    drive.add_shortcut("talk.mp4", drive.add_file("talk.mp4", b"x", parent=elsewhere), parent=folder)
    drive.add_file("talk.en.srt", b"x", parent=elsewhere)
    drive.add_file("talk.de.srt", b"x", parent=folder)
    assert told(watch) == ["talk.en.srt"]


def test_one_in_a_folder_that_nobody_can_see_has_none(watch: Watch, drive: DriveServer, folder: str) -> None:
    lone = drive.add_file("talk.mp4", b"x", parent=drive.add_path("b"))
    drive.add_shortcut("talk.mp4", lone, parent=folder)
    drive.change(lone, parent=None)
    assert told(watch) == []


@pytest.mark.parametrize("is_member", [True, False])
def test_in_shared_drives_too(drive: DriveServer, tmp_path: Path, is_member: bool) -> None:
    shared = drive.add_shared_drive("Team")
    videos = drive.add_folder("Videos", shared)
    drive.add_file("talk.mp4", b"x", parent=videos)
    drive.add_file("talk.en.srt", b"x", parent=videos)
    if not is_member:
        drive.state.foreign_drives.add(shared)
    watch = Watch(drive, tmp_path, videos, include=("**/*.mp4",))
    assert told(watch) == ["talk.en.srt"]
    (entry,) = watch.scan()
    source = watch.new_source()
    assert names(source, source.entry(entry.key)) == ["talk.en.srt"]


def test_a_folder_that_may_not_be_listed_is_not_taken_for_an_empty_one(
    watch: Watch, drive: DriveServer, folder: str
) -> None:
    inside = drive.add_path("a/closed")
    drive.add_shortcut("link.mp4", drive.add_file("talk.mp4", b"x", parent=inside), parent=folder)
    drive.add_file("talk.en.srt", b"x", parent=inside)
    drive.unlistable.add(inside)
    (entry,) = watch.scan()
    with pytest.raises(Fatal, match="does not list"):
        names(watch.source, entry)
