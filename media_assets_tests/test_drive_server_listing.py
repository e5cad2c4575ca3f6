"""The stand-in lists and describes files as Drive does."""

from __future__ import annotations

from typing import Any

import pytest

from media_assets_tests.drive_server import FOLDER, DriveServer, drive_server
from media_assets_tests.drive_server.refusals import refused

ALL_DRIVES = {"supportsAllDrives": True, "includeItemsFromAllDrives": True}


@pytest.fixture
def drive():
    with drive_server() as server:
        yield server


def names(client: Any, q: str, **params: Any) -> list[str]:
    """Names of all pages of a search, paged by hand."""
    found: list[str] = []
    while True:
        page = client.files().list(q=q, fields="nextPageToken,files(name)", **params).execute()
        found += [file["name"] for file in page["files"]]
        if "nextPageToken" not in page:
            return found
        params["pageToken"] = page["nextPageToken"]


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("name = 'one.mp4'", ["one.mp4"]),
        ("name != 'one.mp4' and mimeType = 'video/mp4'", ["it's \\ two.mp4"]),
        ("name = 'it\\'s \\\\ two.mp4'", ["it's \\ two.mp4"]),
        ("name contains 'tw'", ["it's \\ two.mp4"]),
        ("name contains 'wo'", []),
        ("mimeType contains 'video/'", ["it's \\ two.mp4", "one.mp4"]),
        ("not mimeType contains 'video/' and not mimeType = '" + FOLDER + "'", ["notes.txt"]),
        ("'{folder}' in parents", ["it's \\ two.mp4", "one.mp4"]),
        ("'root' in parents", ["folder", "notes.txt"]),
        ("'{folder}' in parents or 'root' in parents", ["folder", "it's \\ two.mp4", "notes.txt", "one.mp4"]),
        ("('{folder}' in parents or 'root' in parents) and mimeType = 'text/plain'", ["notes.txt"]),
        ("mimeType = 'text/plain' or name = 'one.mp4' and '{folder}' in parents", ["one.mp4"]),
        ("appProperties has { key='source' and value='a\\'b' }", ["notes.txt"]),
        ("appProperties has {key='source' and value='ab'}", []),
        ("modifiedTime > '2001-01-01T00:00:00'", ["folder", "it's \\ two.mp4", "notes.txt", "one.mp4"]),
        ("modifiedTime <= '2001-01-01T00:00:00Z'", []),
        ("trashed = true", []),
    ],
)
def test_q_finds_what_drives_search_language_means(drive: DriveServer, q: str, expected: list[str]) -> None:
    folder = drive.add_folder("folder")
    drive.add_file("one.mp4", b"1", parent=folder, mime="video/mp4")
    drive.add_file("it's \\ two.mp4", b"2", parent=folder, mime="video/mp4")
    drive.add_file("notes.txt", b"3", mime="text/plain", app_properties={"source": "a'b"})
    assert names(drive.client(), q.replace("{folder}", folder), orderBy="name") == expected


@pytest.mark.parametrize(
    "q", ["name = 'it's'", "name", "nme = 'x'", "(name = 'x'", "trashed = 'true'", "name like 'x'"]
)
def test_a_q_that_drive_cannot_read_is_refused(drive: DriveServer, q: str) -> None:
    with refused("invalid", status=400):
        drive.client().files().list(q=q).execute()


def test_trashed_files_are_listed_unless_the_query_leaves_them_out(drive: DriveServer) -> None:
    folder = drive.add_folder("folder")
    drive.add_file("inside.mp4", b"", parent=folder)
    drive.trash(folder)
    assert names(drive.client(), f"'{folder}' in parents") == ["inside.mp4"]
    assert names(drive.client(), f"'{folder}' in parents and trashed = false") == []


def test_pages_go_on_after_a_short_or_empty_one(drive: DriveServer) -> None:
    for number in range(50):
        drive.add_file(f"{number:02}", b"")
    drive.listing.short_pages = 0.7
    with drive.counting() as calls:
        assert sorted(names(drive.client(), "", pageSize=20)) == [f"{number:02}" for number in range(50)]
    assert calls["files.list"] > 3


def test_a_page_token_goes_with_its_query_only(drive: DriveServer) -> None:
    for number in range(3):
        drive.add_file(f"{number}", b"")
    files = drive.client().files()
    token = files.list(q="trashed = false", pageSize=1).execute()["nextPageToken"]
    with refused("invalid"):
        files.list(q="trashed = true", pageSize=1, pageToken=token).execute()


def test_pages_hold_a_thousand_at_most(drive: DriveServer) -> None:
    with refused("invalid"):
        drive.client().files().list(pageSize=1001).execute()


def test_an_incomplete_search_says_so(drive: DriveServer) -> None:
    drive.add_file("one", b"")
    drive.add_file("two", b"")
    drive.listing.incomplete_corpora = {"allDrives"}
    files = drive.client().files()
    page = files.list(corpora="allDrives", fields="incompleteSearch,files(id)", **ALL_DRIVES).execute()
    assert page["incompleteSearch"]
    assert len(page["files"]) == 1
    assert not files.list(fields="incompleteSearch").execute()["incompleteSearch"]


def test_only_the_fields_asked_for_come(drive: DriveServer) -> None:
    file_id = drive.add_file("a.txt", b"abc", mime="text/plain")
    files = drive.client().files()
    assert files.get(fileId=file_id).execute() == {
        "kind": "drive#file",
        "id": file_id,
        "name": "a.txt",
        "mimeType": "text/plain",
    }
    assert files.get(fileId=file_id, fields="size,capabilities/canEdit,owners(me)").execute() == {
        "size": "3",
        "capabilities": {"canEdit": True},
        "owners": [{"me": True}],
    }
    with refused("invalidParameter", status=400):
        files.get(fileId=file_id, fields="id,checksum").execute()


def test_checksums_are_shown_for_binary_content_only(drive: DriveServer) -> None:
    fields = "md5Checksum,sha256Checksum,size,headRevisionId"
    files = drive.client().files()
    uploaded = drive.add_file("a", b"abc")
    shown = files.get(fileId=uploaded, fields=fields).execute()
    assert shown["md5Checksum"] == "900150983cd24fb0d6963f7d28e17f72"
    assert shown["sha256Checksum"].startswith("ba7816bf8f01cfea")
    for other in (drive.add_folder("f"), drive.add_document("d"), drive.add_shortcut("s", uploaded)):
        assert files.get(fileId=other, fields=fields).execute() == {}


def test_a_file_that_is_still_taken_in_has_no_checksum_yet(drive: DriveServer) -> None:
    file_id = drive.add_file("a", b"abc", checksums_ready=False)
    get = drive.client().files().get(fileId=file_id, fields="md5Checksum")
    assert get.execute() == {}
    drive.finish_upload(file_id)
    assert get.execute() == {"md5Checksum": "900150983cd24fb0d6963f7d28e17f72"}


def test_a_shortcut_names_its_target_also_when_that_is_gone(drive: DriveServer) -> None:
    target = drive.add_file("a.mp4", b"", mime="video/mp4")
    get = drive.client().files().get(fileId=drive.add_shortcut("s", target), fields="shortcutDetails")
    assert get.execute() == {"shortcutDetails": {"targetId": target, "targetMimeType": "video/mp4"}}
    drive.delete(target)
    assert get.execute() == {"shortcutDetails": {"targetId": target}}


def test_a_shared_drive_is_invisible_without_the_flags(drive: DriveServer) -> None:
    shared = drive.add_shared_drive("Team")
    file_id = drive.add_file("a.mp4", b"", parent=drive.add_folder("f", shared))
    client = drive.client()
    with refused("notFound", status=404):
        client.files().get(fileId=file_id).execute()
    assert client.files().get(fileId=file_id, supportsAllDrives=True).execute()["name"] == "a.mp4"
    assert names(client, "name = 'a.mp4'") == []
    assert names(client, "name = 'a.mp4'", **ALL_DRIVES) == ["a.mp4"]
    assert names(client, "", corpora="drive", driveId=shared, orderBy="folder,name", **ALL_DRIVES) == ["f", "a.mp4"]
    with refused("includeTeamDriveItemsRequired"):
        names(client, "", corpora="drive", driveId=shared, supportsAllDrives=True)
    with refused("invalid"):
        names(client, "", driveId=shared, **ALL_DRIVES)
    assert client.drives().list().execute()["drives"] == [{"kind": "drive#drive", "id": shared, "name": "Team"}]
    assert client.drives().get(driveId=shared).execute()["name"] == "Team"


def test_fifty_folders_fit_into_one_query_that_arrives_as_a_form(drive: DriveServer) -> None:
    folders = [drive.add_folder(str(number)) for number in range(50)]
    for folder in folders:
        drive.add_file("a", b"", parent=folder)
    q = " or ".join(f"'{folder}' in parents" for folder in folders)
    assert len(names(drive.client(), q, pageSize=1000)) == 50
    assert drive.counters.requests[-1].headers["x-http-method-override"] == "GET"


def test_what_is_not_shared_is_not_there_and_what_is_read_only_cannot_be_changed(drive: DriveServer) -> None:
    folder = drive.add_folder("f")
    file_id = drive.add_file("a", b"", parent=folder)
    files = drive.client().files()
    drive.share_away(folder)
    with refused("notFound"):
        files.get(fileId=file_id).execute()
    drive.set_role(folder, "reader")
    with refused("insufficientFilePermissions"):
        files.update(fileId=file_id, body={"name": "b"}).execute()
    with refused("insufficientParentPermissions"):
        files.create(body={"name": "b", "parents": [folder]}).execute()
    drive.share_back(folder)
    assert files.update(fileId=file_id, body={"name": "b"}).execute()["name"] == "b"


def test_about_needs_fields_and_tells_the_storage(drive: DriveServer) -> None:
    drive.state.storage_limit_bytes = 100
    drive.add_file("a", b"12345")
    about = drive.client().about()
    assert about.get(fields="storageQuota(limit,usage)").execute()["storageQuota"] == {"limit": "100", "usage": "5"}
    with refused("required", status=400):
        about.get().execute()


def test_a_folder_moved_into_a_shared_drive_takes_its_files_along(drive: DriveServer) -> None:
    folder, shared = drive.add_folder("f"), drive.add_shared_drive("Team")
    file_id = drive.add_file("a.mp4", b"", parent=folder)
    drive.move(folder, shared)
    files = drive.client().files()
    with refused("notFound"):
        files.get(fileId=file_id).execute()
    assert files.get(fileId=file_id, supportsAllDrives=True, fields="driveId").execute() == {"driveId": shared}
