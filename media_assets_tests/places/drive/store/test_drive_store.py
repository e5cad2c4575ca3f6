"""Google Drive as a store: what was published is read back, in few calls, and is where people look for it."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from media_assets.base.errors import Fatal, SourceChanged, Transient
from media_assets.places.drive.api.errors import NoSuchFolder
from media_assets_tests.drive_server import DriveServer, drive_server
from media_assets_tests.manifests import ASSET, KEY, draft
from media_assets_tests.places.drive.store.drive_stores import (
    IN_FOLDER,
    Account,
    Store,
    artifact_files,
    beside,
    everything,
)


@pytest.fixture(scope="module", params=["http", "https"])
def any_drive(request: pytest.FixtureRequest) -> Iterator[DriveServer]:
    with drive_server(seed=1, tls=request.param == "https") as drive:
        yield drive


# ----------------------------------------------------------------------------------------------- what is there


def test_what_was_published_is_read_back(any_drive: DriveServer, tmp_path: Path) -> None:
    store = Store(Account(any_drive, tmp_path), tmp_path)
    published = store.put(draft(), {"transcript.json": "{}", "transcript.srt": "1"})
    elsewhere = Store(Account(any_drive, tmp_path), tmp_path / "another machine")
    for reader in (store, elsewhere):
        assert reader.get() == published
        assert reader.texts(published) == {"transcript.json": "{}", "transcript.srt": "1"}
        assert reader.intact(published)
    assert [file.size_bytes for file in published.files] == [2, 1]
    assert {file.path for file in published.files} == {item.id for item in artifact_files(any_drive)}


def test_there_is_nothing_before_something_is_published_and_looking_makes_nothing(
    drive: DriveServer, store: Store
) -> None:
    assert store.manifest(ASSET, KEY) is None
    assert store.find(ASSET, "f1") is None
    assert store.origin_of("0" * 64) is None
    assert store.as_of_now(ASSET).manifest(ASSET, KEY) is None
    assert drive.files() == []
    assert not store.state.exists()


def test_an_artifact_without_files_is_an_artifact(store: Store) -> None:
    published = store.put(draft(not_applicable="is a photo"), {})
    assert store.get() == published
    assert store.intact(published)
    assert store.find(ASSET, "f1") == published


def test_an_empty_file_is_a_file(store: Store) -> None:
    published = store.put(draft(), {"transcript.srt": ""})
    assert store.intact(store.get())
    assert store.texts(published) == {"transcript.srt": ""}


def test_a_new_version_takes_the_ids_of_the_old_one(drive: DriveServer, store: Store) -> None:
    old = store.put(draft(fingerprint="old"), {"a.txt": "old a", "b.txt": "old b"})
    manifests = artifact_files(drive, manifests=True)
    new = store.put(draft(fingerprint="new"), {"a.txt": "new a", "c.txt": "new c"})
    assert store.get() == new
    assert new.file("a.txt").path == old.file("a.txt").path
    assert [item.id for item in artifact_files(drive, manifests=True)] == [item.id for item in manifests]
    assert sorted(drive.content(item.id) for item in artifact_files(drive)) == [b"new a", b"new c"]
    assert drive.item(old.file("b.txt").path).trashed, "a person can get it back"
    assert store.find(ASSET, "old") is None
    assert store.find(ASSET, "new") == new


def test_published_again_as_it_is_nothing_is_sent_but_the_manifest(drive: DriveServer, store: Store) -> None:
    store.put(draft(), {"a.txt": "text"})
    with drive.counting() as calls:
        store.put(draft(), {"a.txt": "text"})
    assert calls["files.create"] == calls["files.update"] == 0
    with drive.counting() as calls:
        store.put(draft(made_by_run="another"), {"a.txt": "text"})
    assert (calls["files.create"], calls["files.update"]) == (0, 1)


def test_a_copy_is_made_by_drive_and_has_a_life_of_its_own(drive: DriveServer, store: Store) -> None:
    origin = store.put(draft("box:a.mp4"), {"a.txt": "text", "b.txt": "more"})
    up = drive.counters.bytes_up
    copy = store.copy(origin, draft("box:b.mp4", reused_from="box:a.mp4"), IN_FOLDER)
    assert drive.calls["files.copy"] == 2
    assert drive.counters.bytes_up - up < 4_000, "only the manifest was sent"
    assert store.get("box:b.mp4") == copy
    assert [file.sha256 for file in copy.files] == [file.sha256 for file in origin.files]
    store.put(draft("box:a.mp4", "other"), {"a.txt": "changed"})
    assert store.intact(copy)
    assert store.texts(copy) == {"a.txt": "text", "b.txt": "more"}
    assert store.find(ASSET, "f1") == copy


def test_a_copy_over_an_old_artifact_leaves_one(drive: DriveServer, store: Store) -> None:
    origin = store.put(draft("box:a.mp4"), {"a.txt": "text", "same.txt": "same"})
    old = store.put(draft("box:b.mp4", "old"), {"a.txt": "old", "same.txt": "same", "c.txt": "old c"})
    copy = store.copy(origin, draft("box:b.mp4"), IN_FOLDER)
    assert copy.file("same.txt").path == old.file("same.txt").path
    assert sorted(drive.content(item.id) for item in artifact_files(drive)) == [b"same", b"same", b"text", b"text"]


def test_a_copy_over_an_old_artifact_keeps_its_name(drive: DriveServer, store: Store) -> None:
    target = beside(drive, drive.add_path("Lectures"))
    old = store.put(draft(fingerprint="old"), {"transcript.srt": "old"}, target)
    origin = store.put(draft("box:a.mp4"), {"transcript.srt": "text"})
    copy = store.copy(origin, draft(), target)
    assert drive.item(copy.files[0].path).name == drive.item(old.files[0].path).name == "talk.srt"
    assert drive.item(old.files[0].path).trashed


def test_what_was_replaced_since_it_was_found_is_not_copied(drive: DriveServer, store: Store) -> None:
    origin = store.put(draft("box:a.mp4"), {"a.txt": "text"})
    store.put(draft("box:a.mp4", "f2"), {"a.txt": "next"})
    replaced = pytest.raises(Transient, match=r"the transcript of box:a\.mp4 was replaced while it was copied")
    with replaced:
        store.copy(origin, draft("box:b.mp4"), IN_FOLDER)
    drive.delete(origin.files[0].path)
    with replaced:
        store.copy(origin, draft("box:b.mp4"), IN_FOLDER)
    assert artifact_files(drive) == []
    assert store.manifest(ASSET, "box:b.mp4") is None


def test_a_store_reads_what_another_of_the_same_name_in_another_folder_has_not(
    drive: DriveServer, tmp_path: Path
) -> None:
    account = Account(drive, tmp_path)
    one = Store(account, tmp_path, "My Drive/One")
    two = Store(account, tmp_path, "My Drive/Two")
    first = one.put(draft(), {"a.txt": "of one"})
    assert two.manifest(ASSET, KEY) is None
    assert two.find(ASSET, "f1") is None
    second = two.put(draft(), {"a.txt": "of two"})
    assert one.get() == first
    assert two.get() == second
    assert one.texts(first) == {"a.txt": "of one"}


def test_a_file_has_one_artifact_under_all_its_names(drive: DriveServer, tmp_path: Path) -> None:
    store = Store(Account(drive, tmp_path), tmp_path, identity=lambda key: f"box:~{key.rpartition('~')[2]}")
    store.put(draft("box:old name.mp4~id1"), {"a.txt": "text"})
    assert store.manifest(ASSET, "box:new name.mp4~id1") is not None
    assert store.manifest(ASSET, "box:old name.mp4~id2") is None


# ----------------------------------------------------------------------------------------------- few calls


def test_a_look_at_an_artifact_costs_one_list(drive: DriveServer, store: Store) -> None:
    store.put(draft(), {"a.txt": "text", "b.txt": "more"})
    with drive.counting() as calls:
        manifest = store.manifest(ASSET, KEY)
        assert manifest is not None
        assert store.intact(manifest)
    assert calls == {"files.list": 1}


def test_a_manifest_is_downloaded_once_on_another_machine_and_never_on_ours(
    drive: DriveServer, store: Store, tmp_path: Path
) -> None:
    published = store.put(draft(), {"a.txt": "text"})
    assert store.get() == published
    assert drive.calls["files.download"] == 0
    for _ in range(3):
        another = Store(Account(drive, tmp_path), tmp_path / "another")
        assert another.get() == published
    assert drive.calls["files.download"] == 1


@pytest.mark.thorough
def test_all_artifacts_of_an_asset_are_seen_by_a_few_lists(drive: DriveServer, store: Store, tmp_path: Path) -> None:
    folder = drive.add_shared_drive("Team")
    published = {}
    for number in range(30):
        key = f"box:{number}.mp4"
        target = beside(drive, folder, f"{number}.mp4") if number % 2 else IN_FOLDER
        published[key] = store.put(draft(key), {"a.txt": f"text {number}"}, target)
    store.put(draft(asset="summary"), {"s.txt": "summary"})
    drive.trash(published["box:4.mp4"].files[0].path)
    drive.replace_content(published["box:5.mp4"].files[0].path, b"edited by hand")
    drive.delete(published["box:6.mp4"].files[0].path)
    for reader in (store, Store(Account(drive, tmp_path), tmp_path / "another")):
        with drive.counting() as calls:
            now = reader.as_of_now(ASSET)
            assert {key: now.manifest(ASSET, key) for key in published} == published
            damaged = {key for key, manifest in published.items() if not now.intact(manifest)}
        assert damaged == {"box:4.mp4", "box:5.mp4", "box:6.mp4"}
        assert calls["files.list"] <= 4
        assert calls["files.get"] <= 10
        assert calls["files.download"] == (0 if reader is store else 30)
    assert now.manifest(ASSET, "box:unknown.mp4") is None


# ----------------------------------------------------------------------------------------------- for people


def test_files_in_the_stores_folder_can_be_recognised(drive: DriveServer, store: Store) -> None:
    store.put(draft("box:2024/My talk.mp4"), {"transcript.srt": "1", "transcript.json": "{}"})
    store.put(draft("box:2025/My talk.mp4"), {"transcript.srt": "2"})
    names = [path.rpartition("/")[2] for path in everything(drive)]
    assert len(set(names)) == 3
    assert all(name.startswith("My talk~") for name in names)
    assert sorted(name.partition(".")[2] for name in names) == ["srt", "srt", "transcript.json"]
    assert {path.rpartition("/")[0] for path in everything(drive)} == {"Artifacts/transcript"}
    assert {item.mime_type for item in artifact_files(drive)} == {"application/x-subrip", "application/json"}


def test_beside_its_source_an_artifact_is_named_after_it(drive: DriveServer, store: Store) -> None:
    folder = drive.add_path("Lectures")
    target = beside(drive, folder)
    published = store.put(draft(), {"transcript.srt": "1", "transcript.vtt": "2", "transcript.json": "{}"}, target)
    names = sorted(item.name for item in drive.files(parent=folder))
    assert names == ["talk.mp4", "talk.srt", "talk.transcript.json", "talk.vtt"]
    assert published.placement == "beside_source"
    assert store.intact(store.get())
    store.put(draft(fingerprint="f2"), {"transcript.srt": "new"}, target)
    assert sorted(item.name for item in drive.files(parent=folder)) == ["talk.mp4", "talk.srt"]


def test_beside_its_source_no_name_is_used_twice(drive: DriveServer, store: Store) -> None:
    folder = drive.add_path("Lectures")
    drive.add_file("talk.srt", b"typed by hand", parent=folder)
    targets = {f"box:{name}": beside(drive, folder, name) for name in ("talk.mp4", "talk.mov", "talk.m4a")}
    for key, target in targets.items():
        texts = {"german.srt": "1", "english.srt": "2", "audio.m4a": "3"}
        published = store.put(draft(key), texts, target)
        assert store.texts(published) == texts
    names = [item.name for item in drive.files(parent=folder)]
    assert len(names) == len(set(names)) == 1 + 3 + 9
    assert {"talk.mp4.srt", "talk.mov.srt", "talk.mp4.m4a", "talk.m4a.m4a"} <= set(names)


@pytest.mark.parametrize("name", ["new\nline.mp4", "it's \\ .mp4", "%41,[x].mp4", "no suffix", "ü" * 125 + ".mp4"])
def test_beside_a_source_with_an_odd_name(drive: DriveServer, store: Store, name: str) -> None:
    folder = drive.add_path("Lectures")
    texts = {"transcript.srt": "1", "transcript.json": "{}"}
    published = store.put(draft(), texts, beside(drive, folder, name))
    assert store.texts(published) == texts
    assert len(drive.files(parent=folder)) == 3
    assert all(item.name.isprintable() for item in drive.files(parent=folder) if item.name != name)


def test_another_placement_moves_the_files_and_keeps_their_ids(drive: DriveServer, store: Store) -> None:
    folder = drive.add_path("Lectures")
    inside = store.put(draft(), {"transcript.srt": "1", "transcript.json": "{}"})
    outside = store.copy(inside, draft(), beside(drive, folder))
    assert [file.path for file in outside.files] == [file.path for file in inside.files]
    assert sorted(item.name for item in drive.files(parent=folder)) == ["talk.mp4", "talk.srt", "talk.transcript.json"]
    back = store.copy(outside, draft(), IN_FOLDER)
    assert [item.name for item in drive.files(parent=folder)] == ["talk.mp4"]
    assert store.texts(back) == {"transcript.srt": "1", "transcript.json": "{}"}
    assert drive.calls["files.copy"] == 0


def test_another_placement_in_another_drive_makes_new_files_and_leaves_no_old_ones(
    drive: DriveServer, store: Store
) -> None:
    team = drive.add_shared_drive("Team")
    inside = store.put(draft(), {"transcript.srt": "1"})
    outside = store.copy(inside, draft(), beside(drive, team))
    assert sorted(item.name for item in drive.files(parent=team)) == ["talk.mp4", "talk.srt"]
    assert [item.id for item in artifact_files(drive)] == [outside.files[0].path]
    assert store.intact(store.get())
    back = store.copy(outside, draft(), IN_FOLDER)
    assert [item.id for item in artifact_files(drive)] == [back.files[0].path]


def test_the_link_opens_the_file_or_the_folder_of_several(drive: DriveServer, store: Store, tmp_path: Path) -> None:
    folder = drive.add_path("Lectures")
    one = store.put(draft("box:one.mp4"), {"a.txt": "text"})
    several = store.put(draft(), {"a.txt": "text", "b.txt": "text"}, beside(drive, folder))
    assert store.link(one) == f"https://drive.google.com/file/d/{one.files[0].path}/view"
    assert store.link(several) == f"https://drive.google.com/drive/folders/{folder}"
    another = Store(Account(drive, tmp_path), tmp_path / "another")
    assert another.link(several) == f"https://drive.google.com/file/d/{several.files[0].path}/view"
    another.get()
    assert another.link(several) == f"https://drive.google.com/drive/folders/{folder}"


def test_every_property_fits_and_every_file_has_those_that_were_agreed_on(drive: DriveServer, store: Store) -> None:
    fingerprint = "f" * 64
    store.put(draft(fingerprint=fingerprint), {"a" * 120 + ".txt": "text"})
    (file,) = artifact_files(drive)
    (manifest,) = artifact_files(drive, manifests=True)
    for item in (file, manifest):
        assert all(len((key + value).encode()) <= 124 for key, value in item.app_properties.items())
        assert item.app_properties["media_assets_store"] == "artifacts"
    assert manifest.app_properties["media_assets_part"] == "manifest"
    assert manifest.app_properties["media_assets_asset"] == ASSET
    assert manifest.app_properties["media_assets_fingerprint"] == f"{ASSET}-{fingerprint}"
    assert "media_assets_sha256" in file.app_properties


# ----------------------------------------------------------------------------------------------- whose a file is


def test_the_origin_of_a_file_is_known_by_its_content(drive: DriveServer, store: Store) -> None:
    source = "5" * 64
    published = store.put(draft(inputs={"drive_file": source}), {"a.txt": "text", "empty.txt": ""})
    assert store.origin_of(published.file("a.txt").sha256) == f"{ASSET} of {KEY}"
    assert store.origin_of(published.file("empty.txt").sha256) is None
    assert store.origin_of("0" * 64) is None
    untouched = store.put(draft("box:b", inputs={"drive_file": published.file("a.txt").sha256}), {"b.txt": "b"})
    again = store.put(draft("box:b", inputs={"drive_file": untouched.files[0].sha256}), {"b.txt": "b"})
    assert store.origin_of(again.files[0].sha256) is None, "it is its source bit for bit"


# ----------------------------------------------------------------------------------------------- on this machine


def test_what_was_published_is_in_the_cache_already(drive: DriveServer, store: Store) -> None:
    published = store.put(draft(), {"a.txt": "text"})
    assert store.texts(published) == {"a.txt": "text"}
    assert drive.calls["files.download"] == 0


def test_a_file_that_is_gone_or_another_is_not_handed_out(drive: DriveServer, store: Store, tmp_path: Path) -> None:
    published = store.put(draft(), {"a.txt": "text"})
    another = Store(Account(drive, tmp_path), tmp_path / "another")
    drive.replace_content(published.files[0].path, b"next")
    with pytest.raises(Transient, match=r"a\.txt was replaced in Google Drive"):
        another.texts(published)
    drive.delete(published.files[0].path)
    with pytest.raises(SourceChanged, match=r"lost its a\.txt"):
        another.texts(published)


def test_a_large_file_goes_up_in_chunks_and_leaves_no_journal(drive: DriveServer, store: Store) -> None:
    published = store.put(draft(), {"big.bin": b"0123456789abcdef" * 400_000})
    assert drive.calls["files.upload_chunk"] == 25
    assert store.intact(store.get())
    assert published.files[0].size_bytes == 6_400_000
    assert list((store.state / "google/uploads").iterdir()) == []


def test_a_publication_that_broke_off_leaves_its_journal_to_nobody_else(drive: DriveServer, tmp_path: Path) -> None:
    store = Store(Account(drive, tmp_path), tmp_path, max_retries=0)
    drive.fail_always("files.upload_chunk", "backendError")
    with pytest.raises(Transient):
        store.put(draft(), {"big.bin": b"0123456789abcdef" * 400_000})
    (journal,) = (store.state / "google/uploads").iterdir()
    assert stat.S_IMODE(journal.stat().st_mode) == 0o700
    sessions = list(journal.glob("*.session"))
    assert len(sessions) == 1
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in sessions)


# ----------------------------------------------------------------------------------------------- what does not work


def test_a_manifest_of_another_version_is_fatal_and_left_alone(drive: DriveServer, store: Store) -> None:
    store.put(draft(), {"a.txt": "text"})
    (manifest,) = artifact_files(drive, manifests=True)
    newer = drive.content(manifest.id).replace(b'"format": 1', b'"format": 2')
    drive.replace_content(manifest.id, newer)
    with pytest.raises(Fatal, match="is not a manifest of this version"):
        store.manifest(ASSET, KEY)
    with pytest.raises(Fatal, match="is not a manifest of this version"):
        store.put(draft(), {"a.txt": "text"})
    assert drive.content(manifest.id) == newer


def test_a_manifest_that_is_damaged_counts_as_absent(drive: DriveServer, store: Store) -> None:
    store.put(draft(), {"a.txt": "text"})
    (manifest,) = artifact_files(drive, manifests=True)
    drive.replace_content(manifest.id, b"\xff{")
    assert store.manifest(ASSET, KEY) is None
    again = store.put(draft(), {"a.txt": "text"})
    assert store.get() == again
    assert [item.id for item in artifact_files(drive, manifests=True)] == [manifest.id]
    assert len(artifact_files(drive)) == 1


def test_a_full_drive_is_fatal_and_what_was_there_stays(drive: DriveServer, store: Store) -> None:
    store.put(draft(), {"a.txt": "text"})
    drive.state.storage_limit_bytes = drive.state.storage_used_bytes + 10
    with pytest.raises(Fatal, match=r"Google Drive is full \(storageQuotaExceeded"):
        store.put(draft(fingerprint="f2"), {"b.txt": "much more text"})
    assert store.intact(store.get())
    drive.state.storage_limit_bytes = None
    store.put(draft(fingerprint="f2"), {"b.txt": "much more text"})
    assert [drive.content(item.id) for item in artifact_files(drive)] == [b"much more text"]


def test_a_service_account_is_told_that_it_owns_no_storage(drive: DriveServer, tmp_path: Path) -> None:
    folder = drive.add_path("Shared with the robot")
    store = Store(Account(drive, tmp_path, service=True), tmp_path, folder)
    with pytest.raises(
        Fatal, match=r"storageQuotaExceeded.*A service account owns none: let it write to a shared drive"
    ):
        store.put(draft(), {"a.txt": "text"})
    with pytest.raises(Fatal, match="a service account owns no storage to write files with"):
        store.check()
    team = drive.add_shared_drive("Team")
    shared = Store(Account(drive, tmp_path, service=True), tmp_path, "Shared drives/Team/Artifacts")
    published = shared.put(draft(), {"a.txt": "text"})
    assert drive.item(published.files[0].path).drive_id == team
    assert shared.intact(shared.get())


def test_a_folder_that_may_not_be_written_is_named_and_work_goes_on_after_the_repair(
    drive: DriveServer, store: Store
) -> None:
    folder = drive.add_path("Lectures")
    target = beside(drive, folder)
    drive.set_role(folder, "reader")
    with pytest.raises(Fatal, match=r"person@example\.com may not write into the folder 'Lectures'.*as an editor"):
        store.put(draft(), {"transcript.srt": "1"}, target)
    drive.set_role(folder, None)
    store.put(draft(), {"transcript.srt": "1"}, target)
    assert sorted(item.name for item in drive.files(parent=folder)) == ["talk.mp4", "talk.srt"]


def test_when_the_folder_of_the_source_is_gone_the_file_is_to_blame(drive: DriveServer, store: Store) -> None:
    folder = drive.add_path("Lectures")
    target = beside(drive, folder)
    drive.trash(folder)
    with pytest.raises(SourceChanged, match="lies in the folder 'Lectures', which is in the trash"):
        store.put(draft(), {"transcript.srt": "1"}, target)
    drive.delete(folder)
    with pytest.raises(SourceChanged, match="is not in Google Drive"):
        store.put(draft(), {"transcript.srt": "1"}, target)


def test_a_folder_named_by_an_id_that_is_not_there_is_fatal_for_readers_too(drive: DriveServer, tmp_path: Path) -> None:
    store = Store(Account(drive, tmp_path), tmp_path, "1" * 33)
    with pytest.raises(NoSuchFolder, match="there is no 111"):
        store.manifest(ASSET, KEY)


@pytest.mark.thorough
def test_folders_that_were_removed_under_a_running_process_are_made_again(drive: DriveServer, store: Store) -> None:
    store.put(draft(), {"a.txt": "text"})
    for folder in ("Artifacts/transcript", "Artifacts/.manifests"):
        drive.delete(drive.add_path(folder))
    published = store.put(draft(), {"a.txt": "text"})
    assert store.intact(store.get())
    assert drive.path(published.files[0].path).startswith("Artifacts/transcript/")
    drive.trash(drive.add_path("Artifacts/transcript"))
    store.put(draft(), {"a.txt": "text"})
    assert store.intact(store.get())
    assert len(artifact_files(drive)) == 1


# ----------------------------------------------------------------------------------------------- doctor


def test_the_check_says_what_is_there_and_leaves_nothing_behind(drive: DriveServer, tmp_path: Path) -> None:
    account = Account(drive, tmp_path)
    drive.state.storage_limit_bytes = 15 * 2**30
    store = Store(account, tmp_path, "My Drive/Some/Artifacts")
    assert store.check() == "My Drive/Some/Artifacts: will be made by the first artifact, 15.0 GiB are free"
    assert drive.files() == []
    folder = drive.add_path("Some/Artifacts")
    assert store.check() == "My Drive/Some/Artifacts: can be written, 15.0 GiB are free"
    drive.state.storage_limit_bytes = drive.state.storage_used_bytes
    with pytest.raises(Fatal, match="Google Drive is full"):
        store.check()
    drive.set_role(folder, "reader")
    with pytest.raises(Fatal, match=r"may not write into the folder 'Artifacts'"):
        store.check()
    with pytest.raises(NoSuchFolder, match="there is no Shared drives/Nobody's"):
        Store(account, tmp_path, "Shared drives/Nobody's/Artifacts").check()
    drive.add_shared_drive("Team")
    assert "in a shared drive" in Store(account, tmp_path, "Shared drives/Team").check()
