"""What people do to artifacts in Drive: their own files are never touched, and what they broke is made again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from media_assets.places.drive.store.marks import FIELDS, DriveFile
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


@pytest.fixture
def lectures(drive: DriveServer) -> str:
    return drive.add_path("Lectures")


Damage = Callable[[DriveServer, str], None]
DAMAGES: dict[str, Damage] = {
    "trashed": DriveServer.trash,
    "deleted": DriveServer.delete,
    "of another size": lambda drive, file: drive.replace_content(file, b"mor"),
    "of the same size": lambda drive, file: drive.replace_content(file, b"MORE"),
    "shared away": DriveServer.share_away,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_artifact_is_not_intact_and_made_again_once(drive: DriveServer, store: Store, damage: str) -> None:
    published = store.put(draft(), {"a.txt": "text", "b.txt": "more"})
    assert store.intact(published)
    DAMAGES[damage](drive, published.file("b.txt").path)
    assert not store.intact(published)
    assert not store.intact(store.get())
    assert store.find(ASSET, "f1") is None
    again = store.put(draft(), {"a.txt": "text", "b.txt": "more"})
    assert again.file("a.txt").path == published.file("a.txt").path
    assert again.file("b.txt").path != published.file("b.txt").path
    assert store.intact(again)
    assert store.find(ASSET, "f1") == again
    ours = {item.id for item in artifact_files(drive)} - {published.file("b.txt").path}
    assert ours == {file.path for file in again.files}


def test_without_a_sha256_from_drive_the_md5_is_enough(drive: DriveServer, store: Store) -> None:
    published = store.put(draft(), {"a.txt": "text"})
    file = DriveFile.of(store.api.get(published.file("a.txt").path, fields=FIELDS))
    assert file.holds(published.files[0])
    assert replace(file, sha256="").holds(published.files[0])
    assert not replace(file, sha256="", md5="0" * 32).holds(published.files[0])


def test_files_may_be_renamed_and_moved_and_stay_intact(drive: DriveServer, store: Store) -> None:
    published = store.put(draft(), {"a.txt": "text", "b.txt": "more"})
    mine = drive.add_path("My own order/of things")
    drive.rename(published.file("a.txt").path, "Whatever.txt")
    for item in [*artifact_files(drive), *artifact_files(drive, manifests=True)]:
        drive.move(item.id, mine)
    drive.rename(drive.add_path("Artifacts/transcript"), "Transcripts")
    assert store.get() == published
    assert store.intact(published)
    again = store.put(draft(fingerprint="f2"), {"a.txt": "text 2", "b.txt": "more"})
    assert [file.path for file in again.files] == [file.path for file in published.files]
    assert {drive.path(file.path).rpartition("/")[0] for file in again.files} == {"Artifacts/Transcripts"}
    assert len(artifact_files(drive, manifests=True)) == 1


@pytest.mark.thorough
def test_a_file_that_somebody_edited_is_his_and_kept(drive: DriveServer, store: Store, lectures: str) -> None:
    target = beside(drive, lectures)
    published = store.put(draft(), {"transcript.srt": "teh"}, target)
    edited = published.files[0].path
    drive.replace_content(edited, b"the")
    again = store.put(draft(fingerprint="f2"), {"transcript.srt": "teh end"}, target)
    last = store.put(draft(fingerprint="f3"), {}, target)
    assert drive.content(edited) == b"the"
    assert not drive.item(edited).app_properties, "the source may take it for a file of the library"
    assert store.get() == last
    assert not store.intact(again)
    assert everything(drive, lectures) == {"Lectures/talk.mp4": b"recording talk.mp4", "Lectures/talk.srt": b"the"}


def test_subtitles_keep_their_id_when_their_name_gets_a_language_and_what_a_person_called_them_stays(
    drive: DriveServer, store: Store, lectures: str
) -> None:
    target = beside(drive, lectures)
    texts = {"transcript.srt": "1", "transcript.vtt": "2"}
    before = store.put(draft(), texts, target)
    in_english = replace(target, languages=dict.fromkeys(texts, "en"))
    after = store.put(draft(fingerprint="f2"), {**texts, "transcript.srt": "3"}, in_english)
    assert {name: after.file(name).path for name in texts} == {name: before.file(name).path for name in texts}
    assert sorted(item.name for item in artifact_files(drive)) == ["talk.en.srt", "talk.en.vtt"]
    drive.rename(after.file("transcript.srt").path, "Untertitel.srt")
    store.put(draft(fingerprint="f3"), texts, replace(target, languages=dict.fromkeys(texts, "de")))
    assert sorted(item.name for item in artifact_files(drive)) == ["Untertitel.srt", "talk.de.vtt"]


def test_a_file_of_the_users_is_never_overwritten(drive: DriveServer, store: Store, lectures: str) -> None:
    for name in ("talk.srt", "talk.mp4.srt"):
        drive.add_file(name, b"typed by hand", parent=lectures)
    published = store.put(draft(), {"transcript.srt": "ours"}, beside(drive, lectures))
    assert store.texts(published) == {"transcript.srt": "ours"}
    (third,) = (item for item in artifact_files(drive))
    assert third.name.startswith("talk~") and third.name.endswith(".srt")
    assert everything(drive, lectures)["Lectures/talk.srt"] == b"typed by hand"
    assert everything(drive, lectures)["Lectures/talk.mp4.srt"] == b"typed by hand"


def test_a_copy_that_somebody_made_is_his_even_with_our_marks_on_it(drive: DriveServer, store: Store) -> None:
    published = store.put(draft(), {"a.txt": "text"})
    mine = drive.add_path("Mine")
    for original in (published.files[0].path, artifact_files(drive, manifests=True)[0].id):
        body = {"name": "My copy", "parents": [mine]}
        drive.client().files().copy(fileId=original, body=body).execute()
    assert len(artifact_files(drive)) == len(artifact_files(drive, manifests=True)) == 2, "copies bear our marks"
    assert store.get() == published
    again = store.put(draft(fingerprint="f2"), {"b.txt": "next"})
    assert store.get() == again
    copies = drive.files(parent=mine)
    assert len(copies) == 2
    assert b"text" in [drive.content(item.id) for item in copies]


def test_a_copy_does_not_stand_in_for_an_artifact_that_was_deleted(drive: DriveServer, store: Store) -> None:
    published = store.put(draft(), {"a.txt": "text"})
    (manifest,) = artifact_files(drive, manifests=True)
    copy = drive.client().files().copy(fileId=manifest.id, body={"name": "My copy"}).execute()["id"]
    drive.delete(manifest.id)
    assert store.manifest(ASSET, KEY) is None
    assert store.find(ASSET, "f1") is None
    again = store.put(draft(), {"a.txt": "text"})
    assert store.get() == again
    assert again.files == published.files, "the file was found again by its marks"
    assert not drive.item(copy).trashed


def test_an_old_version_that_somebody_takes_out_of_the_trash_does_no_harm(drive: DriveServer, store: Store) -> None:
    old = store.put(draft(fingerprint="old"), {"old.txt": "old"})
    new = store.put(draft(fingerprint="new"), {"new.txt": "new"})
    drive.restore(old.files[0].path)
    assert store.get() == new
    assert store.intact(new)
    last = store.put(draft(fingerprint="last"), {"new.txt": "last"})
    assert [item.id for item in artifact_files(drive)] == [file.path for file in last.files]


def test_when_the_whole_store_is_in_the_trash_it_starts_anew(drive: DriveServer, tmp_path: Path) -> None:
    account = Account(drive, tmp_path)
    Store(account, tmp_path).put(draft(), {"a.txt": "text"})
    drive.trash(drive.add_path("Artifacts"))
    store = Store(account, tmp_path)
    assert store.manifest(ASSET, KEY) is None
    published = store.put(draft(), {"a.txt": "text"}, IN_FOLDER)
    assert store.intact(store.get())
    assert len(artifact_files(drive)) == 1
    assert drive.path(published.files[0].path).startswith("Artifacts/transcript/")


def test_a_source_that_moved_takes_its_artifacts_along_when_they_are_made_again(
    drive: DriveServer, store: Store, lectures: str
) -> None:
    published = store.put(draft(), {"transcript.srt": "1", "transcript.vtt": "2"}, beside(drive, lectures))
    archive = drive.add_path("Archive")
    drive.add_file("talk.vtt", b"typed by hand", parent=archive)
    drive.move(drive.files(parent=lectures, name="talk.mp4")[0].id, archive)
    again = store.put(draft(fingerprint="f2"), {"transcript.srt": "1", "transcript.vtt": "3"}, beside(drive, archive))
    assert [file.path for file in again.files] == [file.path for file in published.files]
    assert everything(drive, lectures) == {}
    assert sorted(everything(drive, archive)) == [
        "Archive/talk.mp4",
        "Archive/talk.mp4.srt",
        "Archive/talk.mp4.vtt",
        "Archive/talk.vtt",
    ]
