"""Folders by id, by link and by path, and what is said of those that are none."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from media_assets.places.drive.api.api import DriveApi
from media_assets.places.drive.api.errors import NoSuchFolder, WrongFolder
from media_assets_tests.drive_server import DriveServer, Fault
from media_assets_tests.places.drive.api.clients import api_for


@pytest.mark.parametrize(
    "link",
    [
        "{}",
        " {} ",
        "https://drive.google.com/drive/folders/{}",
        "https://drive.google.com/drive/u/0/folders/{}?usp=sharing",
        "https://drive.google.com/open?id={}",
    ],
)
def test_an_id_and_every_kind_of_link_lead_to_the_folder(
    plain_drive: DriveServer, plain_api: DriveApi, link: str
) -> None:
    folder = plain_drive.add_path("A/B")
    assert plain_api.folder_id(link.format(folder)) == folder
    shared = plain_drive.add_folder("C", plain_drive.add_shared_drive("Team"))
    assert plain_api.folder_id(link.format(shared)) == shared


def test_a_path_leads_down_from_my_drive_or_a_shared_drive(plain_drive: DriveServer, plain_api: DriveApi) -> None:
    folder = plain_drive.add_path("Lectures/It's a \\ 2024")
    plain_drive.add_file("Lectures", b"no folder")
    plain_drive.trash(plain_drive.add_folder("Lectures"))
    assert plain_api.folder_id("My Drive/Lectures/It's a \\ 2024/") == folder
    assert plain_api.folder_id("My Drive") == plain_api.folder_id("https://drive.google.com/drive/my-drive")
    assert plain_api.folder_id("My Drive") == plain_drive.root_id
    team = plain_drive.add_shared_drive("Team")
    videos = plain_drive.add_path("Videos/2024", team)
    assert plain_api.folder_id("Shared drives/Team/Videos/2024") == videos
    assert plain_api.folder_id("Shared drives/Team") == team


def test_shortcuts_to_folders_are_followed(plain_drive: DriveServer, plain_api: DriveApi) -> None:
    team = plain_drive.add_shared_drive("Team")
    videos = plain_drive.add_path("Videos/2024", team)
    shortcut = plain_drive.add_shortcut("Link", plain_drive.item(videos).parent or "")
    assert plain_api.folder_id("My Drive/Link/2024") == videos
    assert plain_api.folder_id(shortcut) == plain_drive.item(videos).parent
    plain_drive.delete(plain_drive.add_folder("gone"))
    dangling = plain_drive.add_shortcut("Dangling", "1missing")
    with pytest.raises(WrongFolder, match="is a file in Google Drive"):
        plain_api.folder_id(dangling)


@pytest.mark.parametrize(
    "place", ["", "Lectures", "My drive/Lectures", "/home/me/videos", "https://example.com/x", "a b"]
)
def test_what_is_no_place_is_told_what_one_looks_like(plain_api: DriveApi, place: str) -> None:
    with pytest.raises(WrongFolder, match="My Drive/Lectures"):
        plain_api.folder_id(place)


def test_what_is_missing_is_named_with_the_account(plain_drive: DriveServer, tmp_path: Path) -> None:
    plain_drive.add_path("A/B")
    robot = api_for(plain_drive, tmp_path, service_account=True)
    with pytest.raises(NoSuchFolder, match=r"no My Drive/A in .* not shared with robot@project"):
        robot.folder_id("My Drive/A/B/C/D")  # its own My Drive is empty
    person = api_for(plain_drive, tmp_path)
    with pytest.raises(NoSuchFolder, match=r"no My Drive/A/B/C in .* not shared with person@example.com"):
        person.folder_id("My Drive/A/B/C/D")
    with pytest.raises(NoSuchFolder, match="no Shared drives/Team in"):
        person.folder_id("Shared drives/Team/Videos", create=True)
    with pytest.raises(NoSuchFolder, match="no 1aaaaaaaaaaaaaaaaaaa in"):
        person.folder_id("1aaaaaaaaaaaaaaaaaaa", create=True)


def test_what_cannot_be_used_is_named(plain_drive: DriveServer, plain_api: DriveApi) -> None:
    with pytest.raises(WrongFolder, match="is a file in Google Drive, not a folder"):
        plain_api.folder_id(plain_drive.add_file("a", b""))
    trashed = plain_drive.add_folder("t")
    plain_drive.trash(trashed)
    with pytest.raises(WrongFolder, match="is in the trash"):
        plain_api.folder_id(trashed)
    twins = [plain_drive.add_folder("Twin"), plain_drive.add_folder("Twin")]
    with pytest.raises(WrongFolder, match="several folders My Drive/Twin") as caught:
        plain_api.folder_id("My Drive/Twin/x", create=True)
    assert not isinstance(caught.value, NoSuchFolder)
    assert all(twin in caught.value.reason for twin in twins)


def test_what_is_missing_of_a_path_is_made_once(drive: DriveServer, api: DriveApi) -> None:
    made = drive.add_folder("A")
    drive.fail_next("files.create", Fault.ANSWER_LOST)
    drive.fail_next("files.create", Fault.NOT_JSON)
    folder = api.folder_id("My Drive/A/B/C", create=True)
    assert drive.path(folder) == "A/B/C"
    assert api.folder_id("My Drive/A/B/C", create=True) == folder
    assert [item.name for item in drive.files()].count("B") == [item.name for item in drive.files()].count("C") == 1
    assert drive.item(drive.item(folder).parent or "").parent == made
    team = drive.add_shared_drive("Team")
    assert drive.item(api.folder_id("Shared drives/Team/X", create=True)).parent == team


def test_several_that_make_a_path_at_the_same_time_agree_on_one(plain_drive: DriveServer, tmp_path: Path) -> None:
    apis = [api_for(plain_drive, tmp_path) for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        folders = set(pool.map(lambda api: api.folder_id("My Drive/A", create=True), apis))
    settled = plain_drive.files(name="A")
    assert folders >= {item.id for item in settled}
    assert apis[0].folder_id("My Drive/A") in folders
