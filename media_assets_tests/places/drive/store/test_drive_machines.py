"""Several machines and threads on one store in Drive: whoever comes when, there is one artifact."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest

from media_assets.base.checksums import sha256_of
from media_assets.base.errors import Transient
from media_assets.places.drive.api.api import DriveApi
from media_assets.places.manifest import Manifest
from media_assets_tests.drive_server import DriveServer
from media_assets_tests.manifests import ASSET, KEY, draft
from media_assets_tests.places.drive.store.drive_stores import (
    IN_FOLDER,
    Account,
    Store,
    artifact_files,
    beside,
    everything,
)
from media_assets_tests.slowly import few_of_them


class InterruptedApi(DriveApi):
    """Somebody else does something just before this machine sends a request that changes something."""

    changes = 0
    meanwhile: Callable[[int], Any] = staticmethod(lambda _: None)

    def call(self, build: Callable[[Any], Any], **rest: Any) -> dict[str, Any]:
        if build(self.service).method != "GET":
            self.changes += 1
            self.meanwhile(self.changes)
        return super().call(build, **rest)


class InterruptedStore(Store):
    api_class = InterruptedApi

    def __init__(self, account: Account, root: Path, meanwhile: Callable[[int], Any]) -> None:
        super().__init__(account, root)
        assert isinstance(self.api, InterruptedApi)
        self.api.meanwhile = meanwhile


def check_one(drive: DriveServer, manifest: Manifest, store: Store) -> None:
    """This artifact is whole, and there is nothing else."""
    assert store.intact(manifest)
    assert len(artifact_files(drive, manifests=True)) == 1
    assert {item.id for item in artifact_files(drive)} == {file.path for file in manifest.files}
    for stored in manifest.files:
        assert hashlib.sha256(drive.content(stored.path)).hexdigest() == stored.sha256


def remove(drive: DriveServer, manifest: Manifest) -> None:
    """Without a trace."""
    (file, *_) = (drive.item(stored.path) for stored in manifest.files)
    artifact = file.app_properties["media_assets_artifact"]
    for item in drive.files(app_properties={"media_assets_artifact": artifact}):
        drive.delete(item.id)


TEXTS = {"a.txt": "text", "b.txt": "more"}


@pytest.mark.parametrize(
    ("when", "there_already"),
    few_of_them([(1, False), (2, False), (3, False), (1, True), (3, True), (4, True)], (2, False), (3, True)),
)
def test_two_machines_that_publish_at_once_end_up_with_one_artifact(
    drive: DriveServer, tmp_path: Path, when: int, there_already: bool
) -> None:
    account = Account(drive, tmp_path)
    other = Store(account, tmp_path / "other")
    # Another artifact, if not this one, so that the folders are there.
    first = other.put(draft(KEY if there_already else "box:x", "old"), {"a.txt": "old", "c.txt": "old"})
    theirs = []

    def meanwhile(number: int) -> None:
        if number == when:
            theirs.append(other.put(draft(made_by_run="other"), TEXTS))

    slow = InterruptedStore(account, tmp_path / "slow", meanwhile)
    ours = slow.put(draft(made_by_run="slow"), TEXTS)
    # The fourth change, if there is one, puts the old c.txt away: by then the other is just a later publication.
    assert len(theirs) == (when < 4 or there_already)
    if not there_already:
        remove(drive, first)
    now = other.get()
    assert now == slow.get()
    assert now == (theirs[0] if when == 4 and there_already else ours)
    check_one(drive, now, slow)


@pytest.mark.parametrize("when", few_of_them([2, 3, 4], 3))
def test_two_machines_that_disagree_end_up_with_one_artifact(drive: DriveServer, tmp_path: Path, when: int) -> None:
    account = Account(drive, tmp_path)
    other = Store(account, tmp_path / "other")
    other.put(draft(fingerprint="old"), {"a.txt": "old", "c.txt": "old"})
    theirs = {"a.txt": "theirs", "d.txt": "theirs, too"}

    def meanwhile(number: int) -> None:
        if number == when:
            other.put(draft(fingerprint="theirs"), theirs)

    slow = InterruptedStore(account, tmp_path / "slow", meanwhile)
    ours = slow.put(draft(fingerprint="ours"), TEXTS)
    assert ours.fingerprint == "ours"
    now = other.get()
    assert now == slow.get()
    assert now.fingerprint == ("theirs" if when == 4 else "ours")
    check_one(drive, now, other)


def test_of_two_artifacts_that_are_there_all_machines_see_the_same_and_the_next_puts_it_right(
    drive: DriveServer, tmp_path: Path
) -> None:
    account = Account(drive, tmp_path)
    one, two = Store(account, tmp_path / "one"), Store(account, tmp_path / "two")
    first = one.put(draft(made_by_run="one"), {"a.txt": "one"})
    hidden = [*artifact_files(drive), *artifact_files(drive, manifests=True)]
    for item in hidden:
        drive.trash(item.id)
    two.put(draft(made_by_run="two"), {"a.txt": "two"})
    for item in hidden:
        drive.restore(item.id)
    assert len(artifact_files(drive, manifests=True)) == 2
    third = Store(account, tmp_path / "three")
    for machine in (one, two, third):
        assert machine.get() == first
        assert machine.find(ASSET, "f1") == first
        assert machine.as_of_now(ASSET).manifest(ASSET, KEY) == first
    check_one(drive, third.put(draft(made_by_run="three"), {"a.txt": "three"}), one)


@pytest.mark.thorough
def test_when_somebody_removes_what_is_published_again_and_again_it_is_given_up_for_now(
    drive: DriveServer, tmp_path: Path
) -> None:
    def trash_everything(_: int) -> None:
        for item in artifact_files(drive):
            drive.trash(item.id)

    account = Account(drive, tmp_path)
    hindered = InterruptedStore(account, tmp_path / "hindered", trash_everything)
    with pytest.raises(Transient, match="was changed in Google Drive again and again"):
        hindered.put(draft(), {"a.txt": "text"})
    store = Store(account, tmp_path / "hindered")
    assert not store.intact(store.get())
    check_one(drive, store.put(draft(), {"a.txt": "text"}), store)


def test_what_a_machine_left_half_done_is_put_away_when_another_one_did_it(drive: DriveServer, tmp_path: Path) -> None:
    account = Account(drive, tmp_path)
    other = Store(account, tmp_path / "other")
    other.put(draft(fingerprint="old"), {"a.txt": "old"})
    broken = Store(account, tmp_path / "broken", max_retries=0)
    drive.fail_always("files.upload_chunk", "backendError")
    with pytest.raises(Transient):
        broken.put(draft(), {"b.txt": "half done", "large.bin": bytes(6_000_000)})
    assert broken.get().fingerprint == "old"
    assert list((broken.state / "google/uploads").iterdir()), "it is to go on from there"
    published = other.put(draft(), TEXTS)
    assert broken.get() == published
    assert not list((broken.state / "google/uploads").iterdir())
    check_one(drive, published, broken)


def test_what_the_search_does_not_find_yet_is_not_made_again(drive: DriveServer, tmp_path: Path) -> None:
    store = Store(Account(drive, tmp_path), tmp_path)
    published = store.put(draft(), TEXTS)
    for pair in list(drive.state.by_property):
        if pair[0] != "media_assets_part":  # the folders
            drive.state.by_property[pair].clear()
    assert store.get() == published
    assert store.intact(published)
    again = store.put(draft(made_by_run="again"), TEXTS)
    assert again.files == published.files
    check_one(drive, again, store)


@pytest.mark.thorough
def test_many_threads_share_a_store_and_make_each_folder_once(drive: DriveServer, tmp_path: Path) -> None:
    account = Account(drive, tmp_path)
    store = Store(account, tmp_path)
    lectures = drive.add_path("Lectures")
    keys = [f"box:{number}.mp4" for number in range(12)]
    targets = {key: beside(drive, lectures, key[4:]) if number % 2 else IN_FOLDER for number, key in enumerate(keys)}

    def publish(key: str) -> None:
        path = Path(mkdtemp(dir=tmp_path)) / "a.srt"
        path.write_text(key)
        store.publish(draft(key), {"a.srt": path}, {"a.srt": sha256_of(path)}, targets[key])

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(publish, [*keys, *keys]))
    assert all(store.intact(store.get(key)) for key in keys)
    assert sorted(content for path, content in everything(drive).items() if path.endswith(".srt")) == sorted(
        key.encode() for key in keys
    )
    folders = [drive.path(item.id) for item in drive.files() if item.is_folder]
    assert sorted(folders) == [
        "Artifacts",
        "Artifacts/.manifests",
        "Artifacts/.manifests/transcript",
        "Artifacts/transcript",
        "Lectures",
    ]
