"""What `doctor` is told of an account and its folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from media_assets.base.errors import Fatal
from media_assets.places.drive.api.api import DriveApi
from media_assets.places.drive.api.check import check
from media_assets.places.drive.api.credentials import READ_ONLY
from media_assets_tests.drive_server import DriveServer
from media_assets_tests.places.drive.api.clients import api_for


def test_what_was_found_fits_on_a_line(plain_drive: DriveServer, plain_api: DriveApi, tmp_path: Path) -> None:
    folder = plain_drive.add_path("A")
    assert check(plain_api, ["My Drive/A"]) == "person@example.com: 1 folder found, storage without a limit"
    plain_drive.state.storage_limit_bytes = 3 << 30
    reader = api_for(plain_drive, tmp_path, scopes=[READ_ONLY])
    assert check(reader, ["My Drive/A", folder]) == "person@example.com: 2 folders found, 3.0 GiB of storage free"
    robot = api_for(plain_drive, tmp_path, service_account=True)
    assert check(robot, [folder]) == "robot@project.example.com: 1 folder found, no storage of its own"


def test_all_folders_that_are_missing_are_named(plain_drive: DriveServer, plain_api: DriveApi) -> None:
    plain_drive.add_path("A")
    away = plain_drive.add_folder("away")
    plain_drive.share_away(away)
    with pytest.raises(Fatal) as caught:
        check(plain_api, ["My Drive/A", "My Drive/B", away])
    assert "My Drive/B" in caught.value.reason
    assert away in caught.value.reason
    assert "My Drive/A " not in caught.value.reason
    assert caught.value.next_step.count("Share it with person@example.com") == 1


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("accessNotConfigured", 'Enable "Google Drive API"'),
        ("insufficientPermissions", "need the scope"),
        ("domainPolicy", "Ask them to allow this one"),
        ("dailyLimitExceeded", "Wait until tomorrow"),
    ],
)
def test_what_stands_in_the_way_of_everything_is_explained(
    plain_drive: DriveServer, plain_api: DriveApi, reason: str, expected: str
) -> None:
    plain_drive.fail_always("about.get", reason)
    with pytest.raises(Fatal, match=expected):
        check(plain_api, ["My Drive"])


def test_the_end_of_a_testing_apps_grant_is_explained(plain_drive: DriveServer, plain_api: DriveApi) -> None:
    plain_drive.revoke()
    with pytest.raises(Fatal, match="its grants end after 7 days"):
        check(plain_api, ["My Drive"])
