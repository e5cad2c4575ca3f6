"""The stand-in's log of changes behaves as Drive's."""

from __future__ import annotations

from typing import Any

import pytest

from media_assets_tests.drive_server import DriveServer, drive_server
from media_assets_tests.drive_server.refusals import refused

FIELDS = "nextPageToken,newStartPageToken,changes(fileId,removed,changeType,driveId,file(name,trashed,parents,size))"


@pytest.fixture
def drive():
    with drive_server() as server:
        yield server


class Log:
    """Reads a log from where it was left."""

    def __init__(self, drive: DriveServer, **params: Any) -> None:
        self.client = drive.client()
        self.params = params
        start = {name: value for name, value in params.items() if name in ("driveId", "supportsAllDrives")}
        self.token = self.client.changes().getStartPageToken(**start).execute()["startPageToken"]

    def page(self) -> dict[str, Any]:
        page: dict[str, Any] = self.client.changes().list(pageToken=self.token, fields=FIELDS, **self.params).execute()
        assert ("nextPageToken" in page) != ("newStartPageToken" in page)
        self.token = page.get("nextPageToken") or page["newStartPageToken"]
        return page

    def read(self) -> list[dict[str, Any]]:
        changes: list[dict[str, Any]] = []
        while True:
            page = self.page()
            changes += page["changes"]
            if "newStartPageToken" in page:
                return changes


def test_there_is_one_entry_per_file_with_its_present_state(drive: DriveServer) -> None:
    file_id = drive.add_file("a", b"1")
    log = Log(drive)
    drive.rename(file_id, "b")
    drive.replace_content(file_id, b"22")
    drive.rename(file_id, "c")
    (entry,) = log.read()
    assert (entry["fileId"], entry["removed"]) == (file_id, False)
    assert entry["file"] == {"name": "c", "trashed": False, "parents": [drive.root_id], "size": "2"}
    assert log.read() == []


def test_trash_arrives_as_a_state_and_deletion_as_an_id_only(drive: DriveServer) -> None:
    trashed, deleted, unshared = (drive.add_file(name, b"") for name in "tdu")
    log = Log(drive)
    drive.trash(trashed)
    drive.delete(deleted)
    drive.share_away(unshared)
    first, second, third = log.read()
    assert (first["removed"], first["file"]["trashed"]) == (False, True)
    assert second == {"fileId": deleted, "removed": True, "changeType": "file"}
    assert third == {"fileId": unshared, "removed": True, "changeType": "file"}
    drive.restore(trashed)
    drive.share_back(unshared)
    assert [(entry["removed"], entry["file"]["trashed"]) for entry in log.read()] == [(False, False)] * 2


def test_a_moved_folder_has_no_entries_for_its_files(drive: DriveServer) -> None:
    folder, other = drive.add_folder("f"), drive.add_folder("o")
    file_id = drive.add_file("a", b"", parent=folder)
    log = Log(drive)
    drive.move(folder, other)
    assert [(entry["fileId"], entry["file"]["parents"]) for entry in log.read()] == [(folder, [other])]
    drive.move(file_id, other)
    assert [(entry["fileId"], entry["file"]["parents"]) for entry in log.read()] == [(file_id, [other])]


@pytest.mark.parametrize("descendants", [False, True])
def test_whether_a_trashed_folder_brings_its_files_along_can_be_chosen(descendants: bool) -> None:
    with drive_server(descendants_in_log=descendants) as drive:
        folder = drive.add_folder("f")
        file_id = drive.add_file("a", b"", parent=folder)
        for act in (drive.trash, drive.restore, drive.share_away, drive.share_back, drive.delete):
            log = Log(drive)
            act(folder)
            assert {entry["fileId"] for entry in log.read()} == ({folder, file_id} if descendants else {folder})


def test_only_the_last_page_has_a_new_start(drive: DriveServer) -> None:
    log = Log(drive, pageSize=2)
    made = [drive.add_file(str(number), b"") for number in range(5)]
    pages = [log.page() for _ in range(3)]
    assert [len(page["changes"]) for page in pages] == [2, 2, 1]
    assert ["newStartPageToken" in page for page in pages] == [False, False, True]
    assert [entry["fileId"] for page in pages for entry in page["changes"]] == made


def test_an_old_token_still_works_and_nonsense_does_not(drive: DriveServer) -> None:
    changes = drive.client().changes()
    token = changes.getStartPageToken().execute()["startPageToken"]
    drive.add_file("a", b"")
    drive.advance(400 * 86_400)
    assert len(changes.list(pageToken=token).execute()["changes"]) == 1
    for wrong in ("x", "999999"):
        with refused("invalid"):
            changes.list(pageToken=wrong).execute()


def test_a_shared_drive_has_a_log_of_its_own(drive: DriveServer) -> None:
    shared = drive.add_shared_drive("Team")
    mine, all_drives = Log(drive), {"supportsAllDrives": True, "includeItemsFromAllDrives": True}
    everything, team = Log(drive, **all_drives), Log(drive, driveId=shared, **all_drives)
    in_team, in_mine = drive.add_file("t", b"", parent=shared), drive.add_file("m", b"")
    assert [entry["fileId"] for entry in mine.read()] == [in_mine]
    assert [entry["fileId"] for entry in everything.read()] == [in_team, in_mine]
    assert [entry["fileId"] for entry in team.read()] == [in_team]
    another = drive.add_shared_drive("Second")
    (entry,) = everything.read()
    assert (entry["changeType"], entry["driveId"]) == ("drive", another)
    assert "fileId" not in entry


def test_what_leaves_a_drive_is_removed_in_its_log_and_shown_in_that_of_the_other(drive: DriveServer) -> None:
    shared, all_drives = drive.add_shared_drive("Team"), {"supportsAllDrives": True, "includeItemsFromAllDrives": True}
    file_id = drive.add_file("a", b"", parent=shared)
    mine, everything, team = Log(drive), Log(drive, **all_drives), Log(drive, driveId=shared, **all_drives)
    drive.move(file_id, drive.root_id)
    assert [log.read()[0]["removed"] for log in (mine, everything, team)] == [False, False, True]
    drive.move(file_id, shared)
    assert [[entry["removed"] for entry in log.read()] for log in (mine, everything, team)] == [
        [True],
        [False],
        [False],
    ]


def test_a_drive_without_membership_has_no_log_and_no_listing_of_its_own(drive: DriveServer) -> None:
    shared = drive.add_shared_drive("Theirs")
    file_id = drive.add_file("a", b"", parent=shared)
    drive.state.foreign_drives.add(shared)
    client, flags = drive.client(), {"supportsAllDrives": True}
    assert client.drives().list().execute()["drives"] == []
    for refuse in (
        client.changes().getStartPageToken(driveId=shared, **flags),
        client.files().list(corpora="drive", driveId=shared, includeItemsFromAllDrives=True, **flags),
    ):
        with refused("notFound"):
            refuse.execute()
    assert client.files().get(fileId=file_id, **flags).execute()["name"] == "a"
    found = client.files().list(q=f"'{shared}' in parents", includeItemsFromAllDrives=True, **flags).execute()
    assert [file["id"] for file in found["files"]] == [file_id]


def test_what_clients_do_is_logged_too(drive: DriveServer) -> None:
    client, log = drive.client(), Log(drive)
    made = client.files().create(body={"name": "a"}).execute()["id"]
    assert [entry["fileId"] for entry in log.read()] == [made]
    client.files().update(fileId=made, body={"trashed": True}).execute()
    assert [entry["file"]["trashed"] for entry in log.read()] == [True]
    client.files().delete(fileId=made).execute()
    assert [entry["removed"] for entry in log.read()] == [True]
