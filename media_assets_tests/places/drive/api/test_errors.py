"""Refusals: which stop the batch, which concern one file, and which may pass, by Drive's own reason."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from media_assets.base.errors import BadMedia, Fatal, MediaAssetsError, SourceChanged, Transient
from media_assets.places.drive.api.api import DriveApi
from media_assets.places.drive.api.credentials import READ_ONLY
from media_assets.places.drive.api.errors import NotFound, Refused
from media_assets_tests.drive_server import DOCUMENT, DriveServer
from media_assets_tests.places.drive.api.clients import api_for, noise, store

STOP = (
    *("storageQuotaExceeded", "quotaExceeded", "dailyLimitExceeded", "teamDriveFileLimitExceeded"),
    *("numChildrenInNonRootLimitExceeded", "domainPolicy", "accessNotConfigured", "insufficientPermissions"),
)
PASSING = ("userRateLimitExceeded", "rateLimitExceeded", "sharingRateLimitExceeded", "internalError", "backendError")


def raised_by(api: DriveApi, *, writing: bool) -> MediaAssetsError:
    with pytest.raises(MediaAssetsError) as caught:
        if writing:
            api.create({"name": "a"}, fields="id")
        else:
            api.get("any", fields="id")
    return caught.value


@pytest.mark.parametrize("reason", STOP)
def test_what_a_person_has_to_repair_stops_the_batch(plain_drive: DriveServer, tmp_path: Path, reason: str) -> None:
    api = api_for(plain_drive, tmp_path)
    api.new_id()
    plain_drive.fail_always("*", reason)
    for writing in (False, True):
        error = raised_by(api, writing=writing)
        assert isinstance(error, Fatal)
        assert reason in error.reason
        assert error.next_step
    assert plain_drive.calls["files.get"] == plain_drive.calls["files.create"] == 1, "nothing was asked again"
    plain_drive.repair()
    api.create({"name": "a"}, fields="id")


@pytest.mark.parametrize("reason", PASSING)
def test_what_outlasts_the_retries_may_pass_all_the_same(plain_drive: DriveServer, tmp_path: Path, reason: str) -> None:
    api = api_for(plain_drive, tmp_path, max_retries=1)
    plain_drive.fail_always("files.get", reason)
    assert isinstance(raised_by(api, writing=False), Transient)
    assert plain_drive.calls["files.get"] == 2


@pytest.mark.parametrize("reason", ["insufficientFilePermissions", "insufficientParentPermissions"])
def test_a_missing_right_is_the_places_fault_when_writing_and_the_files_when_reading(
    plain_drive: DriveServer, plain_api: DriveApi, reason: str
) -> None:
    plain_api.new_id()
    plain_drive.fail_always("*", reason)
    assert isinstance(raised_by(plain_api, writing=True), Fatal)
    assert isinstance(raised_by(plain_api, writing=False), Refused)


@pytest.mark.parametrize("reason", ["propertyLengthLimitExceeded", "fieldNotWritable", "invalid", "badRequest"])
def test_a_request_drive_does_not_understand_stops_nothing_but_the_file(
    plain_drive: DriveServer, plain_api: DriveApi, reason: str
) -> None:
    plain_api.new_id()
    plain_drive.fail_always("*", reason)
    error = raised_by(plain_api, writing=True)
    assert isinstance(error, Refused)
    assert error.code == reason


def test_what_is_not_there_or_not_shared_has_changed(plain_drive: DriveServer, plain_api: DriveApi) -> None:
    file_id = plain_drive.add_file("a", b"")
    plain_drive.share_away(file_id)
    with pytest.raises(NotFound, match="not shared with the account") as caught:
        plain_api.get(file_id, fields="id")
    assert isinstance(caught.value, SourceChanged)


def test_a_full_drive_takes_nothing_until_there_is_room(
    plain_drive: DriveServer, plain_api: DriveApi, tmp_path: Path
) -> None:
    md5 = noise(tmp_path / "a", 1000)
    plain_drive.state.storage_limit_bytes = 999
    file_id = plain_api.new_id()
    with pytest.raises(Fatal, match="Google Drive is full"):
        store(plain_api, tmp_path / "a", file_id)
    plain_drive.state.storage_limit_bytes = None
    assert store(plain_api, tmp_path / "a", file_id)["md5Checksum"] == md5


def test_a_service_account_is_told_that_it_has_no_storage(plain_drive: DriveServer, tmp_path: Path) -> None:
    api = api_for(plain_drive, tmp_path, service_account=True)
    noise(tmp_path / "a", 1000)
    with pytest.raises(Fatal, match="let it write to a shared drive"):
        store(api, tmp_path / "a", api.new_id(), parents=[plain_drive.add_folder("f")])
    shared = plain_drive.add_shared_drive("Team", item_limit=2)
    store(api, tmp_path / "a", api.new_id(), parents=[shared])
    with pytest.raises(Fatal, match="as many files as it may"):
        store(api, tmp_path / "a", api.new_id(), parents=[shared])


def test_a_folder_to_read_from_is_no_folder_to_write_to(plain_drive: DriveServer, plain_api: DriveApi) -> None:
    folder = plain_drive.add_folder("f")
    plain_drive.set_role(folder, "reader")
    with pytest.raises(Fatal, match="may not write there"):
        plain_api.create({"name": "a", "parents": [folder]}, fields="id")


def test_a_scope_that_is_too_small_is_named(plain_drive: DriveServer, tmp_path: Path) -> None:
    reader = api_for(plain_drive, tmp_path, scopes=[READ_ONLY])
    file_id = plain_drive.add_file("a", b"abc")
    reader.download(file_id, tmp_path / "a", size_bytes=3, md5=None)
    with pytest.raises(Fatal, match=r"auth/drive \(drive.readonly to read alone\)"):
        reader.new_id()


def test_the_scope_for_files_of_ones_own_is_enough_for_a_folder_of_ones_own(
    plain_drive: DriveServer, tmp_path: Path
) -> None:
    by_hand = plain_drive.add_path("Artifacts")
    api = api_for(plain_drive, tmp_path, scopes=["https://www.googleapis.com/auth/drive.file"])
    with pytest.raises(NotFound):
        api.get(by_hand, fields="id")
    folder = api.folder_id("My Drive/media-assets/audio", create=True)
    noise(tmp_path / "a", 1000)
    stored = store(api, tmp_path / "a", api.new_id(), parents=[folder])
    assert plain_drive.path(stored["id"]) == "media-assets/audio/a"


def test_files_that_may_not_be_downloaded_are_left_alone(
    plain_drive: DriveServer, plain_api: DriveApi, tmp_path: Path
) -> None:
    def download(file_id: str) -> None:
        plain_api.download(file_id, tmp_path / "a", size_bytes=3, md5=None)

    popular = plain_drive.add_file("popular", b"abc", download_quota_used_up=True)
    with pytest.raises(BadMedia, match="Leave it for a day"):
        download(popular)
    with pytest.raises(Refused, match="no content of its own") as caught:
        download(plain_drive.add_document("letter", mime=DOCUMENT))
    assert caught.value.code == "fileNotDownloadable"
    virus = plain_drive.add_file("virus", b"abc", abusive=True)
    with pytest.raises(Refused, match="acknowledge_abuse: true"):
        download(virus)
    plain_api.download(virus, tmp_path / "a", size_bytes=3, md5=None, acknowledge_abuse=True)
    assert (tmp_path / "a").read_bytes() == b"abc"


ADVICE = ("authError", "insufficientPermissions", "appNotAuthorizedToFile", "storageQuotaExceeded")


@pytest.mark.parametrize("reason", ADVICE)
def test_a_service_account_is_never_sent_to_a_login(plain_drive: DriveServer, tmp_path: Path, reason: str) -> None:
    steps = {}
    for robot in (True, False):
        api = api_for(plain_drive, tmp_path, service_account=robot, max_retries=0)
        ids = [api.new_id(), api.new_id()]
        noise(tmp_path / "small", 10)
        noise(tmp_path / "large")
        plain_drive.fail_always("*", reason)
        ways: list[Callable[[], object]] = [
            partial(api.get, "any", fields="id"),
            partial(store, api, tmp_path / "small", ids[0]),
            partial(store, api, tmp_path / "large", ids[1]),
            partial(api.download, "any", tmp_path / "x", size_bytes=1, md5=None),
        ]
        found = set()
        for way in ways:
            with pytest.raises(Fatal) as caught:
                way()
            found.add(caught.value.next_step)
            assert not robot or "login" not in str(caught.value)
        (steps[robot],) = found
        plain_drive.repair()
    assert steps[True] != steps[False]
    assert ("login" in steps[False]) == (reason != "storageQuotaExceeded")


def test_a_key_that_cannot_be_used_is_not_mended_by_a_login(plain_drive: DriveServer, tmp_path: Path) -> None:
    for content in ('{"type": "service_account"}', "{", '{"type": "external_account"}'):
        api = api_for(plain_drive, tmp_path, service_account=True)
        (tmp_path / "credentials.json").write_text(content)
        with pytest.raises(Fatal) as caught:
            api.account()
        assert "login" not in str(caught.value)
        assert caught.value.next_step
