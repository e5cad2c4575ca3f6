"""A store in Drive whose searches lag and whose checksums come late: nothing is made twice, and nothing good is lost.

The server's clock is moved by requests or by the test, so nothing here sleeps.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from media_assets.base.errors import Fatal, Transient
from media_assets.places.drive.api.errors import StoreGone
from media_assets_tests.drive_server import DriveServer, Fault
from media_assets_tests.manifests import ASSET, KEY, draft
from media_assets_tests.places.drive.store.drive_stores import (
    IN_FOLDER,
    Account,
    Store,
    artifact_files,
)
from media_assets_tests.slowly import few_of_them

NEVER = 1e9
TEXTS = {"a.txt": "text", "b.txt": "more"}


def folders(drive: DriveServer) -> list[str]:
    return sorted(drive.path(item.id) for item in drive.files() if item.is_folder)


FOLDERS = ["Artifacts", "Artifacts/.manifests", "Artifacts/.manifests/transcript", "Artifacts/transcript"]


# ----------------------------------------------------------------------------------------------- searches


def test_with_searches_that_lag_everything_is_made_once_and_known_at_once(drive: DriveServer, tmp_path: Path) -> None:
    drive.seconds_per_request = 1
    drive.lag(search_seconds=6)
    account = Account(drive, tmp_path)
    store = Store(account, tmp_path)
    published = store.put(draft(), TEXTS)
    for reader in (store, Store(account, tmp_path)):
        drive.state.search_lag_seconds = NEVER
        assert reader.get() == published
        assert reader.intact(published)
        assert reader.find(ASSET, "f1") == published
        now = reader.as_of_now(ASSET)
        assert now.manifest(ASSET, KEY) == published
        assert now.intact(published)
    assert folders(drive) == FOLDERS
    again = Store(account, tmp_path).put(draft(made_by_run="again"), TEXTS)
    assert again.files == published.files
    assert folders(drive) == FOLDERS
    assert len(artifact_files(drive)) == 2
    assert len(artifact_files(drive, manifests=True)) == 1


def test_a_new_version_is_seen_though_searches_show_the_old_one(drive: DriveServer, tmp_path: Path) -> None:
    account = Account(drive, tmp_path)
    store = Store(account, tmp_path)
    store.put(draft(fingerprint="old"), {"a.txt": "old", "c.txt": "old"})
    drive.lag(search_seconds=NEVER)
    new = store.put(draft(fingerprint="new"), TEXTS)
    for reader in (store, Store(account, tmp_path)):
        assert reader.get() == new
        assert reader.intact(new)
        now = reader.as_of_now(ASSET)
        assert now.manifest(ASSET, KEY) == new
        assert now.intact(new)


def test_what_was_removed_is_not_remembered_for_ever(drive: DriveServer, tmp_path: Path) -> None:
    store = Store(Account(drive, tmp_path), tmp_path)
    store.put(draft(), TEXTS)
    (manifest,) = artifact_files(drive, manifests=True)
    drive.lag(search_seconds=NEVER)
    drive.delete(manifest.id)
    assert store.as_of_now(ASSET).manifest(ASSET, KEY) is None
    with drive.counting() as calls:
        assert store.as_of_now(ASSET).manifest(ASSET, KEY) is None
    assert calls["files.get"] == 0


def test_a_process_that_died_after_it_made_the_stores_folder_leaves_no_second_one(
    drive: DriveServer, tmp_path: Path
) -> None:
    account = Account(drive, tmp_path)
    drive.lag(search_seconds=NEVER)
    for _ in range(2):
        with pytest.raises(Transient, match="does not show the folder My Drive/Artifacts in searches yet"):
            Store(account, tmp_path).put(draft(), TEXTS)
    assert folders(drive) == ["Artifacts"]
    drive.lag()
    Store(account, tmp_path).put(draft(), TEXTS)
    assert folders(drive) == FOLDERS


@pytest.mark.parametrize("when", few_of_them(range(1, 6), 2))
def test_two_machines_that_begin_a_store_at_once_have_each_folder_once(
    drive: DriveServer, tmp_path: Path, when: int
) -> None:
    """The other machine does all of its work within one request of ours, when neither can see the other's."""
    account = Account(drive, tmp_path)
    drive.seconds_per_request = 1
    drive.lag(search_seconds=6)
    other = Store(account, tmp_path / "other")
    ours = Store(account, tmp_path / "ours")
    requests = 0

    def meanwhile() -> None:
        nonlocal requests
        requests += 1
        if requests == when:
            other.put(draft("box:theirs"), TEXTS)

    call = ours.api.call

    def interrupted(build: Callable[[Any], Any], **rest: Any) -> dict[str, Any]:
        if build(ours.api.service).method != "GET":
            meanwhile()
        return call(build, **rest)

    ours.api.call = interrupted  # type: ignore[method-assign]
    ours.put(draft(), TEXTS)
    drive.advance(10)
    assert folders(drive) == FOLDERS
    for machine in (other, ours, Store(account, tmp_path / "third")):
        assert machine.intact(machine.get())
        assert machine.intact(machine.get("box:theirs"))


def test_a_folder_that_people_renamed_or_moved_is_still_used(drive: DriveServer, tmp_path: Path) -> None:
    account = Account(drive, tmp_path)
    published = Store(account, tmp_path).put(draft(), TEXTS)
    drive.move(drive.add_path("Artifacts/transcript"), drive.add_path("Elsewhere"))
    drive.rename(drive.add_path("Artifacts"), "Results")
    store = Store(account, tmp_path)
    assert store.get() == published
    store.put(draft("box:b"), TEXTS)
    assert folders(drive) == [
        *("Elsewhere", "Elsewhere/transcript", "Results", "Results/.manifests", "Results/.manifests/transcript")
    ]


def test_a_folder_that_people_put_in_the_place_of_the_old_one_is_the_new_store(
    drive: DriveServer, tmp_path: Path
) -> None:
    account = Account(drive, tmp_path)
    Store(account, tmp_path).put(draft(), TEXTS)
    drive.rename(drive.add_path("Artifacts"), "Old")
    drive.add_path("Artifacts")
    store = Store(account, tmp_path)
    assert store.manifest(ASSET, KEY) is None
    store.put(draft(), TEXTS)
    assert store.intact(store.get())


# ----------------------------------------------------------------------------------------------- checksums


def test_with_checksums_that_come_late_nothing_is_sent_twice_or_renamed(drive: DriveServer, tmp_path: Path) -> None:
    account = Account(drive, tmp_path)
    store = Store(account, tmp_path)
    drive.lag(checksum_seconds=8)
    drive.seconds_per_request = 1
    first = store.put(draft(), TEXTS)
    copy = store.copy(first, draft("box:copy"), IN_FOLDER)
    second = store.put(draft(fingerprint="f2"), {"a.txt": "text 2", "b.txt": "more"})
    assert second.files[1] == first.files[1]
    assert [file.path for file in second.files] == [file.path for file in first.files]
    assert store.intact(copy)
    assert {item.revision for item in artifact_files(drive)} == {0, 1}, "a.txt was put there twice, the others once"
    assert len(drive.files(trashed=None)) == len(FOLDERS) + 6


def test_what_drive_has_no_checksum_of_yet_is_taken_for_what_its_marks_say(drive: DriveServer, tmp_path: Path) -> None:
    account = Account(drive, tmp_path)
    store = Store(account, tmp_path)
    drive.lag(checksum_seconds=NEVER)
    with pytest.raises(Transient, match="has not worked out the checksum"):
        store.put(draft(), {"a.txt": "text"})
    drive.lag()
    drive.advance(2 * NEVER)
    Account(drive, tmp_path)
    published = Store(account, tmp_path).put(draft(), {"a.txt": "text"})
    (file,) = artifact_files(drive)
    assert file.revision == 0, "what was sent was found again"
    for item in [*artifact_files(drive), *artifact_files(drive, manifests=True)]:
        drive.change(item.id, checksums_ready=False)
    reader = Store(account, tmp_path / "another")
    assert reader.get() == published
    assert reader.intact(published)
    assert reader.texts(published) == {"a.txt": "text"}


def test_an_edit_that_drive_still_takes_in_is_waited_for_and_kept(drive: DriveServer, tmp_path: Path) -> None:
    store = Store(Account(drive, tmp_path), tmp_path)
    published = store.put(draft(), {"a.txt": "teh"})
    edited = published.files[0].path
    drive.replace_content(edited, b"the")
    drive.change(edited, checksums_at=drive.state.now(), checksums_ready=False)
    with pytest.raises(Transient, match="has not worked out the checksum"):
        store.put(draft(fingerprint="f2"), {"a.txt": "new"})
    drive.change(edited, checksums_ready=True)
    store.put(draft(fingerprint="f2"), {"a.txt": "new"})
    assert drive.content(edited) == b"the"


# ----------------------------------------------------------------------------------------------- refusals


REFUSED: dict[str, Callable[[DriveServer], None]] = {
    "list: no permission": lambda drive: drive.fail_always("files.list", "insufficientFilePermissions"),
    "list: scope": lambda drive: drive.fail_always("files.list", "insufficientPermissions"),
    "list: bad request": lambda drive: drive.fail_always("files.list", "badRequest"),
    "list: nothing in it": lambda drive: drive.fail_always("files.list", Fault.EMPTY),
    "list: a page": lambda drive: drive.fail_always("files.list", Fault.NOT_JSON),
    "get: no permission": lambda drive: drive.fail_always("files.get", "insufficientFilePermissions"),
    "get: a page": lambda drive: drive.fail_always("files.get", Fault.NOT_JSON),
    "get: not found": lambda drive: drive.fail_always("files.get", "notFound"),
    "deleted": lambda drive: drive.delete(drive.add_path("Artifacts")),
    "trashed": lambda drive: drive.trash(drive.add_path("Artifacts")),
    "unshared": lambda drive: drive.share_away(drive.add_path("Artifacts")),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_store_that_cannot_be_asked_stops_everything_and_blames_no_file(
    drive: DriveServer, tmp_path: Path, what: str
) -> None:
    store = Store(Account(drive, tmp_path), tmp_path, max_retries=1)
    published = store.put(draft(), TEXTS)
    REFUSED[what](drive)
    ways: list[Callable[[], Any]] = [
        lambda: store.put(draft("box:new"), TEXTS),
        lambda: store.put(draft(fingerprint="f2"), {"a.txt": "next"}),
    ]
    if not what.startswith("get"):
        ways += [lambda: store.manifest(ASSET, "box:unknown"), lambda: store.as_of_now(ASSET)]
    if not what.startswith("list"):
        ways += [lambda: store.intact(published)]
    for way in ways:
        with pytest.raises(Fatal) as caught:
            way()
        assert isinstance(caught.value, StoreGone) or "list" in what or "get" in what
        assert caught.value.next_step
    assert len(artifact_files(drive, manifests=True)) <= 1


def test_another_process_does_not_begin_a_second_store_where_the_first_is_not_shared_any_more(
    drive: DriveServer, tmp_path: Path
) -> None:
    account = Account(drive, tmp_path)
    Store(account, tmp_path).put(draft(), TEXTS)
    root = drive.add_path("Artifacts")
    drive.share_away(root)
    for _ in range(2):
        with pytest.raises(StoreGone, match=r"no longer shared with person@example\.com"):
            Store(account, tmp_path).put(draft(), TEXTS)
    assert [item.id for item in drive.files(name="Artifacts")] == [root]
    drive.share_back(root)
    assert Store(account, tmp_path).manifest(ASSET, KEY) is not None
