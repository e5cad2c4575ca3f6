"""What of Google Drive is a source file, under which key and path, and how it is read."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from media_assets.base.errors import BadMedia, Fatal, SourceChanged, Transient
from media_assets.base.keys import split_drive_key
from media_assets.operation.selection import Selection
from media_assets.operation.selection_checks import unseen
from media_assets.places.source import Beside
from media_assets_tests.drive_server import DriveServer, drive_server
from media_assets_tests.places.drive.source.drive_watch import Watch, ids


@pytest.fixture
def drive():
    with drive_server() as server:
        yield server


@pytest.fixture
def watch(drive: DriveServer, tmp_path: Path) -> Watch:
    drive.add_path("Lectures")
    return Watch(drive, tmp_path, "My Drive/Lectures")


def scanned(watch: Watch) -> list[str]:
    return [entry.path for entry in watch.scan()]


# ------------------------------------------------------------------------------------------- what is a source


def test_files_are_found_in_all_folders_below(watch: Watch, drive: DriveServer) -> None:
    for place in ("Lectures/2024/week 1", "Lectures/2023", "Elsewhere"):
        drive.add_file("a.mp4", place.encode(), parent=drive.add_path(place))
    drive.add_file("top.mp4", b"top", parent=drive.add_path("Lectures"))
    assert scanned(watch) == ["top.mp4", "2023/a.mp4", "2024/week 1/a.mp4"]


def test_a_folder_that_may_not_be_listed_is_told_and_the_others_are_seen(watch: Watch, drive: DriveServer) -> None:
    for number in range(7):
        drive.add_file("a.mp4", str(number).encode(), parent=drive.add_path(f"Lectures/{number}"))
    drive.unlistable = {drive.add_path("Lectures/3"), drive.add_path("Lectures/5/deep")}
    assert scanned(watch) == [f"{number}/a.mp4" for number in (0, 1, 2, 4, 5, 6)]
    assert sorted(watch.source.unreadable) == ["box:3", "box:5/deep"]
    (problem,) = unseen(watch.source, Selection(folder="3"))
    assert "box:3 cannot be looked at: Google Drive does not list what lies in" in str(problem)
    drive.unlistable = set()
    assert len(scanned(watch)) == 7 and watch.source.unreadable == {}


def test_a_look_that_may_not_list_a_folder_reports_nothing_as_gone(watch: Watch, drive: DriveServer) -> None:
    drive.add_file("a.mp4", b"a", parent=drive.add_path("Lectures/shut"))
    assert watch.look().changed
    drive.unlistable = {drive.add_path("Lectures/shut")}
    watch.cursor = None
    with pytest.raises(Fatal, match="does not list what lies in the folders"):
        watch.look()


@pytest.mark.thorough
def test_a_configured_folder_that_may_not_be_listed_ends_the_scan(watch: Watch, drive: DriveServer) -> None:
    drive.unlistable = {drive.add_path("Lectures")}
    with pytest.raises(Fatal, match="does not list what lies in the folders"):
        scanned(watch)


def test_an_entry_tells_what_drive_knows(watch: Watch, drive: DriveServer) -> None:
    folder = drive.add_path("Lectures")
    made = datetime(2024, 2, 29, 12, tzinfo=UTC)
    file_id = drive.add_file("a.mp4", b"content", parent=folder, modified=made)
    (entry,) = watch.scan()
    assert (entry.key, entry.path, entry.parent) == (f"box:a.mp4~{file_id}", "a.mp4", folder)
    assert (entry.size_bytes, entry.modified_at) == (7, made)
    assert entry.checksums == {name: hashlib.new(name, b"content").hexdigest() for name in ("md5", "sha256")}
    assert entry.revision == entry.checksums["md5"]
    assert watch.source.link(entry) == f"https://drive.google.com/file/d/{file_id}/view"
    assert watch.source.identity(entry.key) == f"box:~{file_id}" == watch.source.identity(f"box:old name~{file_id}")
    assert watch.source.beside(entry) == Beside("box", folder, "a.mp4")
    assert watch.source.direct_path(entry) is None


def test_folders_are_named_by_id_link_or_path(watch: Watch, drive: DriveServer) -> None:
    folder, shared = drive.add_path("Lectures/deep"), drive.add_shared_drive("Team")
    videos = drive.add_folder("Videos", shared)
    drive.add_file("mine", b"1", parent=folder)
    drive.add_file("ours", b"2", parent=videos)
    for place in ("My Drive/Lectures/deep", folder, f"https://drive.google.com/drive/u/0/folders/{folder}?usp=sharing"):
        watch.settings["folders"] = (place, "Shared drives/Team/Videos")
        assert scanned(watch) == ["mine", "ours"]
    watch.settings["folders"] = ("Shared drives/Team",)
    assert scanned(watch) == ["Videos/ours"]


def test_folders_inside_one_another_give_each_file_once(watch: Watch, drive: DriveServer) -> None:
    drive.add_file("a", b"1", parent=drive.add_path("Lectures/2024"))
    for folders in (("My Drive/Lectures", "My Drive/Lectures/2024"), ("My Drive/Lectures", "My Drive/Lectures")):
        watch.settings["folders"] = folders
        assert scanned(watch) == ["2024/a"]
    watch.settings |= {"folders": ("My Drive/Lectures", "My Drive/Lectures/2024"), "include": ("a",)}
    assert scanned(watch) == ["a"]


def test_two_files_of_one_name_are_two(watch: Watch, drive: DriveServer) -> None:
    folder = drive.add_path("Lectures")
    both = {drive.add_file("a", text, parent=folder) for text in (b"1", b"2")}
    entries = watch.scan()
    assert [entry.path for entry in entries] == ["a", "a"]
    assert ids([entry.key for entry in entries]) == both


def test_the_trash_is_left_out(watch: Watch, drive: DriveServer) -> None:
    drive.trash(drive.add_file("a", b"1", parent=drive.add_path("Lectures")))
    drive.add_file("b", b"1", parent=drive.add_path("Lectures/old"))
    drive.trash(drive.add_path("Lectures/old"))
    assert scanned(watch) == []


def test_artifacts_are_never_sources(watch: Watch, drive: DriveServer) -> None:
    ours = {"media_assets_artifact": "0" * 40}
    artifact = drive.add_file("a.m4a", b"1", parent=drive.add_path("Lectures"), app_properties=ours)
    drive.add_file("b.m4a", b"1", parent=drive.add_path("Lectures"), app_properties={"other": "1"})
    drive.add_shortcut("link", artifact, drive.add_path("Lectures"))
    assert scanned(watch) == ["b.m4a"]
    assert list(watch.source.skipped.values()) == ["leads to an artifact of media_assets itself"]
    with pytest.raises(SourceChanged, match="is an artifact"):
        watch.source.entry(f"box:a~{artifact}")


def test_what_has_no_file_behind_it_is_skipped_with_a_reason(watch: Watch, drive: DriveServer) -> None:
    folder = drive.add_path("Lectures")
    for kind in ("document", "spreadsheet", "vid", "drive-sdk.1"):
        document = drive.add_document(kind, folder, mime=f"application/vnd.google-apps.{kind}")
    drive.add_shortcut("link", document, folder)
    assert scanned(watch) == []
    reasons = {split_drive_key(key)[1]: reason for key, reason in watch.source.skipped.items()}
    assert reasons["document"].startswith("is a Google Doc, which has no file behind it")
    assert reasons["vid"].startswith("is a Google Vid,")
    assert reasons["link"].startswith("leads to what is a document of an application")
    assert len(reasons) == 5
    with pytest.raises(SourceChanged, match="has no file behind it"):
        watch.source.entry(f"box:x~{document}")


def test_no_more_reasons_are_kept_than_a_person_reads(watch: Watch, drive: DriveServer) -> None:
    folder = drive.add_path("Lectures")
    for number in range(1001):
        drive.add_document(str(number), folder)
    scanned(watch)
    assert len(watch.source.skipped) == 1000


@pytest.mark.parametrize("hidden", [False, True])
def test_hidden_names_are_looked_at_when_the_settings_say_so(watch: Watch, drive: DriveServer, hidden: bool) -> None:
    drive.add_file(".a", b"1", parent=drive.add_path("Lectures"))
    drive.add_file("b", b"1", parent=drive.add_path("Lectures/.folder"))
    drive.add_shortcut(".link", drive.add_file("c", b"1"), drive.add_path("Lectures"))
    drive.add_shortcut("link", drive.add_file(".d", b"1"), drive.add_path("Lectures"))
    watch.settings["hidden"] = hidden
    assert sorted(scanned(watch)) == ([".a", ".d", ".folder/b", "c"] if hidden else [])


def test_globs_choose_by_the_path_below_the_configured_folder(watch: Watch, drive: DriveServer) -> None:
    for place in ("Lectures/2024/drafts", "Lectures/2024", "Lectures"):
        for name in ("a.mp4", "a.txt"):
            drive.add_file(name, b"1", parent=drive.add_path(place))
    watch.settings |= {"include": ("**/*.MP4",), "exclude": ("**/drafts/**",)}
    assert scanned(watch) == ["a.mp4", "2024/a.mp4"]


ODD_NAMES = [
    "a/b",
    "a\nb",
    "it's \\",
    '"',
    "-rf",
    "..",
    "...",
    "",
    " ",
    "a~b",
    "\ud800",
    "\udc80x",
    "ö\u202e",
    "[a],*%",
]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names_survive(watch: Watch, drive: DriveServer, name: str, tmp_path: Path) -> None:
    folder = drive.add_folder(name, drive.add_path("Lectures"))
    file_id = drive.add_file(name, b"content", parent=folder)
    watch.settings["hidden"] = True
    (entry,) = watch.scan()
    entry.key.encode()
    assert split_drive_key(entry.key)[2] == file_id
    assert entry.path.count("/") == 1
    assert Path(entry.path).parts[0] not in ("/", "..")
    assert watch.source.entry(entry.key) == entry
    assert watch.source.beside(entry).name == entry.path.split("/")[1]
    watch.source.fetch(entry, tmp_path / "fetched")
    assert (tmp_path / "fetched").read_bytes() == b"content"
    assert [changed.key for changed in watch.look().changed] == [entry.key]
    drive.replace_content(file_id, b"other")
    assert [changed.key for changed in watch.look().changed] == [entry.key]
    drive.trash(file_id)
    assert watch.look().removed == (entry.key,)


# ------------------------------------------------------------------------------------------- shortcuts


def test_shortcuts_are_followed_once(watch: Watch, drive: DriveServer) -> None:
    lectures, outside = drive.add_path("Lectures"), drive.add_path("Elsewhere")
    drive.add_file("in folder", b"1", parent=outside)
    lone = drive.add_file("lone", b"1")
    inside = drive.add_file("inside", b"1", parent=drive.add_path("Lectures/sub"))
    for name in ("first", "second"):
        drive.add_shortcut(f"{name} to folder", outside, lectures)
        drive.add_shortcut(f"{name} to lone", lone, lectures)
        drive.add_shortcut(f"{name} to inside", inside, lectures)
        drive.add_shortcut(f"{name} to sub", drive.add_path("Lectures/sub"), lectures)
    assert sorted(scanned(watch)) == ["first to folder/in folder", "lone", "sub/inside"]
    assert watch.source.skipped == {}


def test_shortcuts_into_shared_drives_are_followed(watch: Watch, drive: DriveServer) -> None:
    shared = drive.add_shared_drive("Team")
    drive.add_file("a", b"1", parent=drive.add_folder("Videos", shared))
    drive.add_shortcut("link", shared, drive.add_path("Lectures"))
    assert scanned(watch) == ["link/Videos/a"]


def test_loops_and_dangling_shortcuts_are_told(watch: Watch, drive: DriveServer) -> None:
    lectures, outside = drive.add_path("Lectures"), drive.add_path("Elsewhere")
    drive.add_shortcut("out", outside, lectures)
    drive.add_shortcut("up", lectures, drive.add_path("Lectures/a/b"))
    drive.add_shortcut("back", lectures, outside)
    trashed = drive.add_file("trashed", b"1")
    drive.trash(trashed)
    drive.add_shortcut("to trash", trashed, lectures)
    drive.add_shortcut("to nothing", "1" + "x" * 32, lectures)
    drive.add_shortcut("to shortcut", drive.add_shortcut("x", outside), lectures)
    drive.add_file("a", b"1", parent=lectures)
    assert scanned(watch) == ["a"]
    assert {split_drive_key(key)[1]: reason for key, reason in watch.source.skipped.items()} == {
        "up": "leads back to a folder it lies in itself",
        "back": "leads back to a folder it lies in itself",
        "to trash": "leads to something in the trash",
        "to nothing": "leads to something that is gone, or not shared with the account",
        "to shortcut": "leads to another shortcut",
    }


# ------------------------------------------------------------------------------------------- listing


def test_a_first_scan_takes_few_calls(watch: Watch, drive: DriveServer) -> None:
    for number in range(120):
        drive.add_file("a", b"1", parent=drive.add_path(f"Lectures/{number:03}"))
    with drive.counting() as calls:
        assert len(watch.scan()) == 120
    # The top folder, then 120 in three queries; one more finds the configured folder by its name.
    assert calls["files.list"] == 1 + 1 + 3
    assert calls.total() <= 15


def test_folders_that_drive_passes_over_in_a_query_for_many_are_asked_for_alone(
    watch: Watch, drive: DriveServer
) -> None:
    folders = [drive.add_path(f"Lectures/{number}") for number in range(5)]
    for folder in folders:
        drive.add_file("a", b"1", parent=folder)
    drive.listing.silent_in_groups = {folders[1], folders[3]}
    assert len(watch.scan()) == 5


def test_short_and_empty_pages_lose_nothing(watch: Watch, drive: DriveServer) -> None:
    for number in range(30):
        drive.add_file(f"{number:02}", b"1", parent=drive.add_path("Lectures"))
    drive.listing.page_limit, drive.listing.short_pages = 7, 0.5
    assert scanned(watch) == [f"{number:02}" for number in range(30)]


def test_an_incomplete_search_is_an_error(watch: Watch, drive: DriveServer) -> None:
    for number in range(4):
        drive.add_file(str(number), b"1", parent=drive.add_path("Lectures"))
    drive.listing.incomplete_corpora = {"user"}
    watch.settings["folders"] = (drive.add_path("Lectures"),)
    with pytest.raises(Transient, match="incompleteSearch"):
        watch.scan()


def test_a_folder_that_is_not_there_is_told_with_the_account(watch: Watch, drive: DriveServer) -> None:
    for place in ("My Drive/Nowhere", "1" + "x" * 32, drive.add_file("file", b"1")):
        watch.settings["folders"] = ("My Drive/Lectures", place)
        with pytest.raises(Fatal) as caught:
            watch.scan()
        assert place in str(caught.value)
    drive.share_away(drive.add_path("Lectures"))
    watch.settings["folders"] = (drive.add_path("Lectures"),)
    with pytest.raises(Fatal, match=r"person@example\.com"):
        watch.scan()


def test_a_check_tells_the_account_and_every_folder_that_is_missing(watch: Watch, drive: DriveServer) -> None:
    assert watch.source.check().startswith("person@example.com: 1 folder found")
    watch.settings["folders"] = ("My Drive/Lectures", "My Drive/Nowhere", "Shared drives/None")
    with pytest.raises(Fatal, match=r"My Drive/Nowhere.*Shared drives/None"):
        watch.new_source().check()


def test_nothing_is_asked_before_the_first_use(watch: Watch, drive: DriveServer) -> None:
    watch.new_source()
    assert drive.calls.total() == 0


# ------------------------------------------------------------------------------------------- one file


def test_an_entry_is_found_by_the_id_in_any_key(watch: Watch, drive: DriveServer) -> None:
    file_id = drive.add_file("a", b"1", parent=drive.add_path("Lectures/2024"))
    (scanned_entry,) = watch.scan()
    drive.rename(file_id, "new")
    entry = watch.source.entry(scanned_entry.key)
    assert (entry.key, entry.path, entry.revision) == (scanned_entry.key, "2024/new", scanned_entry.revision)
    with pytest.raises(BadMedia):
        watch.source.entry("box:a")


def test_entries_of_one_folder_ask_for_the_folder_once(watch: Watch, drive: DriveServer) -> None:
    folder = drive.add_path("Lectures/2024/week 1")
    for number in range(10):
        drive.add_file(str(number), b"1", parent=folder)
    entries = watch.scan()
    watch.source.entry(entries[0].key)
    with drive.counting() as calls:
        assert [watch.source.entry(entry.key) for entry in entries] == entries
    assert calls.total() == 10


def test_an_entry_is_the_same_file_wherever_it_lies(watch: Watch, drive: DriveServer) -> None:
    file_id = drive.add_file("a", b"1", parent=drive.add_path("Lectures/2024"))
    (entry,) = watch.scan()
    drive.move(file_id, drive.add_path("Elsewhere"))
    assert watch.source.entry(entry.key).path == "a"


def test_an_entry_that_is_gone_says_why(watch: Watch, drive: DriveServer) -> None:
    file_id = drive.add_file("a", b"1", parent=drive.add_path("Lectures"))
    (entry,) = watch.scan()
    drive.trash(file_id)
    with pytest.raises(SourceChanged, match="is in the trash"):
        watch.source.entry(entry.key)
    drive.restore(file_id)
    drive.share_away(file_id)
    with pytest.raises(SourceChanged, match=r"no longer shared with person@example\.com"):
        watch.source.entry(entry.key)
    drive.share_back(file_id)
    assert watch.source.entry(entry.key) == entry
    drive.delete(file_id)
    with pytest.raises(SourceChanged, match="was deleted"):
        watch.source.entry(entry.key)


def test_a_file_whose_folder_is_not_shared_has_no_place_beside_it(watch: Watch, drive: DriveServer) -> None:
    outside = drive.add_path("Elsewhere")
    file_id = drive.add_file("a", b"1", parent=outside, role="reader")
    drive.share_away(outside)
    drive.add_shortcut("link", file_id, drive.add_path("Lectures"))
    (entry,) = watch.scan()
    assert watch.source.entry(entry.key) == entry
    with pytest.raises(BadMedia, match="cannot see"):
        watch.source.beside(entry)


# ------------------------------------------------------------------------------------------- content


def test_a_broken_copy_is_resumed(watch: Watch, drive: DriveServer, tmp_path: Path) -> None:
    content = bytes(range(256)) * 4096
    drive.add_file("a", content, parent=drive.add_path("Lectures"))
    (entry,) = watch.scan()
    (tmp_path / "copy.partial").write_bytes(content[:1_000_000])
    watch.source.fetch(entry, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == content
    asked = [request.headers.get("range") for request in drive.counters.requests]
    assert [bytes_asked for bytes_asked in asked if bytes_asked] == [f"bytes=1000000-{len(content) - 1}"]


def test_a_file_that_was_replaced_is_not_fetched(watch: Watch, drive: DriveServer, tmp_path: Path) -> None:
    folder = drive.add_path("Lectures")
    checked = drive.add_file("checked", b"1", parent=folder)
    unchecked = drive.add_file("unchecked", b"1", parent=folder, checksums_ready=False)
    entries = watch.scan()
    for file_id in (checked, unchecked):
        drive.replace_content(file_id, b"2")
    for entry in entries:
        with pytest.raises(SourceChanged):
            watch.source.fetch(entry, tmp_path / "copy")
        assert not (tmp_path / "copy").exists()
        assert not (tmp_path / "copy.partial").exists()
        watch.source.fetch(watch.source.entry(entry.key), tmp_path / "copy")
        assert (tmp_path / "copy").read_bytes() == b"2"
        (tmp_path / "copy").unlink()


def test_malware_is_fetched_only_when_the_settings_say_so(watch: Watch, drive: DriveServer, tmp_path: Path) -> None:
    drive.add_file("a", b"1", parent=drive.add_path("Lectures"), abusive=True)
    (entry,) = watch.scan()
    with pytest.raises(BadMedia, match="acknowledge_abuse"):
        watch.source.fetch(entry, tmp_path / "copy")
    watch.settings["acknowledge_abuse"] = True
    watch.scan()
    watch.source.fetch(entry, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == b"1"


@pytest.mark.parametrize("what", ["trashed", "deleted", "shared away"])
@pytest.mark.parametrize("known", [True, False])
def test_when_the_whole_folder_is_gone_no_file_is_to_blame(
    watch: Watch, drive: DriveServer, tmp_path: Path, what: str, known: bool
) -> None:
    drive.add_file("a", b"1", parent=drive.add_path("Lectures/2024"))
    (entry,) = watch.scan()
    if known:
        watch.source.entry(entry.key)
    folder = drive.add_path("Lectures")
    {"trashed": drive.trash, "deleted": drive.delete, "shared away": drive.share_away}[what](folder)
    ways: list[Callable[[], object]] = [lambda: watch.source.entry(entry.key)]
    if what != "trashed":  # what is in the trash can be read
        ways.append(lambda: watch.source.fetch(entry, tmp_path / "a"))
    for way in ways:
        with pytest.raises(Fatal, match="Lectures") as caught:
            way()
        assert caught.value.next_step


@pytest.mark.parametrize("reason", ["insufficientFilePermissions", "badRequest"])
def test_a_listing_that_is_refused_concerns_the_source(watch: Watch, drive: DriveServer, reason: str) -> None:
    drive.add_file("a", b"1", parent=drive.add_path("Lectures"))
    drive.fail_always("files.list", reason)
    # By its path a folder is found through a listing, by its id without one.
    for folder in ("My Drive/Lectures", drive.add_path("Lectures")):
        watch.settings["folders"] = (folder,)
        with pytest.raises(Fatal, match=reason):
            watch.scan()


def test_a_listing_goes_on_when_the_token_of_a_page_has_expired(watch: Watch, drive: DriveServer) -> None:
    for number in range(9):
        drive.add_file(str(number), str(number).encode(), parent=drive.add_path("Lectures"))
    drive.listing.page_limit = 2
    asked: list[str] = []

    def expire(token: str) -> None:
        asked.append(token)
        if len(asked) == 3:
            drive.listing.expire_tokens()

    drive.listing.before_page = expire
    assert sorted(scanned(watch)) == [str(number) for number in range(9)]
