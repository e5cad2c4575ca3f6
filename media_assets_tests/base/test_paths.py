"""What others wrote down does not lead out of its root: manifests, keys, journals, archives, a cache's ledger."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_assets.artifacts.duplicates.review.moves import undo_moves
from media_assets.base.checksums import sha256_of
from media_assets.base.errors import BadMedia, Fatal, MediaAssetsError, SourceChanged
from media_assets.base.paths import LeadsOut, below, plain, plain_name
from media_assets.places.folder.mover import FolderMover
from media_assets.places.folder.settings import FolderSource
from media_assets.places.folder.source import Folder
from media_assets.places.folder.store import FolderArtifacts
from media_assets.places.journal import MoveJournal
from media_assets.places.manifest import Manifest
from media_assets.places.watching import AutomationSettings
from media_assets_tests.artifacts.duplicates.aside import (
    REVIEW,
    Copies,
    InBucket,
    InFolder,
    OnDrive,
    apply,
    mover_of,
    rows,
)
from media_assets_tests.drive_server import drive_server
from media_assets_tests.manifests import ASSET, draft
from media_assets_tests.places.bucket import bucket_store
from media_assets_tests.places.cache.caches import cache_in, fetching
from media_assets_tests.places.drive.store import drive_stores
from media_assets_tests.places.folder.folder_stores import Store, beside
from media_assets_tests.s3_server import Place, s3_server
from media_assets_tests.toy_library import ToyLibrary

VICTIM = "nobody's business"


@pytest.fixture
def victim(tmp_path: Path) -> Iterator[Path]:
    """A file beside the library, which is as it was in the end."""
    path = tmp_path / "victim"
    path.write_text(VICTIM)
    yield path
    assert path.read_text() == VICTIM


# ------------------------------------------------------------------------------------------------ the function


@pytest.mark.parametrize(
    "path",
    ["", ".", "..", "../x", "a/..", "a/../b", "./a", "a/.", "a/./b", "/", "/etc/passwd", "//a", "a//b", "a/", "a\0b"],
)
def test_a_path_that_is_not_plain_leads_out(path: str, tmp_path: Path) -> None:
    for check in (plain, plain_name, lambda path: below(tmp_path, path)):
        with pytest.raises(LeadsOut):
            check(path)


@given(st.text(st.sampled_from("./a \0\n"), max_size=8))
def test_whatever_passes_lies_below_and_is_written_in_one_way(path: str) -> None:
    root = Path("/nowhere/root")
    try:
        found = below(root, path)
    except LeadsOut:
        return
    assert found.relative_to(root).as_posix() == path
    assert found != root


def test_links_are_followed_within_the_root_and_not_out_of_it(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    (root / "within").symlink_to(root / "sub")
    (root / "out").symlink_to(tmp_path)
    assert below(root, "within/x") == root / "within/x"
    assert below(root, "out") == root / "out", "the link itself lies below"
    assert below(root, "out/x", follow_links=True) == root / "out/x"
    with pytest.raises(LeadsOut, match="through a link"):
        below(root, "out/x")


# ------------------------------------------------------------------------------------------------ a folder as a store

ELSEWHERE = [
    "../victim",
    "transcript/../../victim",
    "{root}/victim",
    "transcript/{own}/../../../victim",
    "victim",
    "transcript/{other}/transcript.srt",
    "transcript/{own}/manifest.json",
    "transcript/{own}/sub/x",
    ".index/content/x",
    "box:../victim",
    "box:%2E%2E/victim",
    "box:talk.mp4",
    "nobody:victim",
    "",
    ".",
    "a\0b",
]


def doctor(store: FolderArtifacts, manifest: Manifest, **changes: Any) -> Path:
    """Rewrite the first file of a manifest as it is stored; returns where it lies."""
    path = store.local_path(manifest.files[0]).with_name("manifest.json")
    content = json.loads(path.read_text())
    content["files"][0] |= changes
    path.write_text(json.dumps(content))
    return path


@pytest.mark.parametrize("where", ELSEWHERE)
def test_a_manifest_that_names_what_is_not_its_own_counts_as_none(
    where: str, tmp_path: Path, victim: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = Store(tmp_path, {"box": tmp_path / "in"})
    other = store.put(draft("box:other.mp4"), {"transcript.srt": "other"})
    published = store.put(draft(), {"transcript.srt": "1", "transcript.json": "{}"})
    names = {"own": Path(published.files[0].path).parts[1], "other": Path(other.files[0].path).parts[1]}
    wrong = where.format(root=tmp_path, **names)
    with caplog.at_level(logging.WARNING):
        path = doctor(store, published, path=wrong, size_bytes=len(VICTIM), sha256=sha256_of(victim))
        for _ in range(3):
            assert store.manifest(ASSET, "box:talk.mp4") is None
            assert store.find(ASSET, "f1") in (None, other)
    assert [record.getMessage() for record in caplog.records if str(path) in record.getMessage()] == [
        record.getMessage() for record in caplog.records
    ]
    assert len(caplog.records) == 1
    assert "counts as missing" in caplog.text
    again = store.put(draft(fingerprint="f2"), {"transcript.srt": "2"})
    assert store.get() == again
    assert store.intact(again)
    assert store.intact(other)


@pytest.mark.parametrize("name", ["../../victim", "/victim", "a/b", "", ".", "..", "a\0"])
def test_a_manifest_with_a_name_that_is_a_path_counts_as_none(name: str, tmp_path: Path, victim: Path) -> None:
    store = Store(tmp_path)
    doctor(store, store.put(draft(), {"transcript.srt": "1"}), name=name)
    assert store.manifest(ASSET, "box:talk.mp4") is None


@pytest.mark.parametrize("where", ["{root}/victim", "box:../victim", "box:%2E%2E/victim", "nobody:victim", "a:", ":a"])
def test_beside_sources_nothing_is_removed_that_lies_in_no_source(where: str, tmp_path: Path, victim: Path) -> None:
    """Not even where the records that say what is ours were doctored as well."""
    library = tmp_path / "in"
    library.mkdir()
    store = FolderArtifacts("artifacts", tmp_path / "out", {"box": library}, mounts=list)
    work = tmp_path / "work"
    work.mkdir()

    def put(fingerprint: str) -> Manifest:
        file = work / "transcript.srt"
        file.write_text(fingerprint)
        files, digests = {"transcript.srt": file}, {"transcript.srt": sha256_of(file)}
        return store.publish(draft(fingerprint=fingerprint), files, digests, beside(library / "talk.mp4"))

    put("f1")
    (manifest,) = (tmp_path / "out").glob("transcript/*/manifest.json")
    content = json.loads(manifest.read_text())
    content["files"][0] |= {
        "path": where.format(root=tmp_path),
        "size_bytes": len(VICTIM),
        "sha256": sha256_of(victim),
    }
    manifest.write_text(json.dumps(content))
    for record in (tmp_path / "out/.index/beside").iterdir():
        record.write_text(f"transcript.srt of transcript of box:talk.mp4\n{sha256_of(victim)}")
    store._claims._record(victim).write_text(f"transcript.srt of transcript of box:talk.mp4\n{sha256_of(victim)}")
    found = store.manifest(ASSET, "box:talk.mp4")
    assert found is None or not store.intact(found)
    assert store.intact(put("f2"))


def test_an_artifact_whose_folder_is_a_link_is_made_again_in_a_folder(tmp_path: Path) -> None:
    store = Store(tmp_path)
    published = store.put(draft(), {"transcript.srt": "1", "transcript.json": "{}"})
    folder = store.local_path(published.files[0]).parent
    elsewhere = folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(elsewhere)
    before = {path.name: path.read_bytes() for path in elsewhere.iterdir()}
    assert not store.intact(store.get())
    again = store.put(draft(fingerprint="f2"), {"transcript.srt": "2"})
    assert not folder.is_symlink()
    assert store.texts(again) == {"transcript.srt": "2"}
    assert {path.name: path.read_bytes() for path in elsewhere.iterdir()} == before


def test_a_file_of_an_artifact_that_is_a_link_is_not_the_file_that_was_published(tmp_path: Path, victim: Path) -> None:
    store = Store(tmp_path)
    published = store.put(draft(), {"transcript.srt": VICTIM})
    path = store.local_path(published.files[0])
    path.unlink()
    path.symlink_to(victim)
    assert not store.intact(store.get())
    assert store.texts(store.put(draft(fingerprint="f2"), {"transcript.srt": "2"})) == {"transcript.srt": "2"}


def test_the_folder_of_an_asset_may_be_a_link_to_another_disk(tmp_path: Path) -> None:
    store = Store(tmp_path)
    (tmp_path / "disk").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / ASSET).symlink_to(tmp_path / "disk")
    published = store.put(draft(), {"transcript.srt": "1", "transcript.json": "{}"})
    assert store.intact(store.get())
    store.put(draft(fingerprint="f2"), {"transcript.srt": "2"})
    assert not store.local_path(published.file("transcript.json")).exists()


@pytest.mark.thorough
def test_made_again_by_force_a_doctored_artifact_removes_nothing(tmp_path: Path, victim: Path) -> None:
    with ToyLibrary(tmp_path / "library") as toy:
        (key,) = toy.write(talk="hello")
        toy.run_all()
        store = toy.library.store("echo")
        assert isinstance(store, FolderArtifacts)
        doctor(store, toy.made("echo", key), path="../../victim", size_bytes=len(VICTIM))
        assert all(result.success for result in toy.run_all(force=True))
        assert victim.exists()
        assert store.intact(toy.made("echo", key))


# ------------------------------------------------------------------------------------------------ buckets and Drive


@pytest.mark.thorough
@pytest.mark.parametrize("where", ["victim", "other/victim", "out/transcript/x/y/z", "out/../victim", "out//victim"])
def test_a_manifest_in_a_bucket_that_names_what_is_not_its_own_counts_as_none(where: str, tmp_path: Path) -> None:
    with s3_server() as server:
        place = Place(server)
        victims = {path: VICTIM.encode() for path in ("victim", "other/victim", "out/transcript/x/y/z")}
        for path, content in victims.items():
            place.put_object(path, content)
        store = bucket_store.Store(place.settings("out"), tmp_path / "work")
        store.put(draft(), {"transcript.srt": "1"})
        (manifest,) = [path for path in place.paths("out/transcript") if path.endswith("manifest.json")]
        content = json.loads(place.get(manifest))
        content["files"][0] |= {"path": where, "size_bytes": len(VICTIM)}
        place.put_object(manifest, json.dumps(content).encode())
        assert store.manifest(ASSET, "box:talk.mp4") is None
        again = store.put(draft(fingerprint="f2"), {"transcript.srt": "2"})
        assert store.intact(again)
        assert {path: place.get(path) for path in victims} == victims


@pytest.mark.parametrize("whose", ["a person's", "another artifact's"])
def test_a_manifest_in_drive_that_names_another_file_does_not_write_over_it(whose: str, tmp_path: Path) -> None:
    with drive_server() as drive:
        store = drive_stores.Store(drive_stores.Account(drive, tmp_path), tmp_path)
        other = store.put(draft("box:other.mp4"), {"transcript.srt": VICTIM})
        person = drive.add_file("victim.srt", VICTIM.encode())
        named = person if whose == "a person's" else other.files[0].path
        store.put(draft(), {"transcript.srt": "1"})
        (manifest,) = [
            item
            for item in drive_stores.artifact_files(drive, manifests=True)
            if item.name.endswith(".json") and b'"box:talk.mp4"' in drive.content(item.id)
        ]
        content = json.loads(drive.content(manifest.id))
        content["files"][0] |= {"path": named, "size_bytes": len(VICTIM), "sha256": other.files[0].sha256}
        drive.replace_content(manifest.id, json.dumps(content).encode())
        found = store.manifest(ASSET, "box:talk.mp4")
        assert found is None or not store.intact(found)
        assert not any(store.as_of_now(ASSET).intact(each) for each in (found,) if each)
        again = store.put(draft(fingerprint="f2"), {"transcript.srt": "2"})
        assert store.texts(again) == {"transcript.srt": "2"}
        assert again.files[0].path != named
        assert drive.content(person) == drive.content(other.files[0].path) == VICTIM.encode()
        assert store.intact(store.get("box:other.mp4"))


# ------------------------------------------------------------------------------------------------ keys added by hand


@pytest.mark.parametrize(
    "path", ["../victim", "/etc/passwd", "a/../../victim", "%2E%2E/victim", "a%00b", ".", "a//b", "link/victim"]
)
@pytest.mark.parametrize("cache", [False, True])
def test_a_key_that_leads_out_of_its_source_is_no_file(path: str, cache: bool, tmp_path: Path, victim: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/link").symlink_to(tmp_path)
    folder = Folder("box", FolderSource(path=tmp_path / "in", cache=cache), AutomationSettings())
    with pytest.raises(BadMedia, match="leads out of source 'box'"):
        folder.entry(f"box:{path}")


def test_a_link_is_a_file_only_of_a_source_that_follows_links(tmp_path: Path, victim: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/link.mp4").symlink_to(victim)
    closed = Folder("box", FolderSource(path=tmp_path / "in"), AutomationSettings())
    opened = Folder("box", FolderSource(path=tmp_path / "in", follow_symlinks=True), AutomationSettings())
    assert [entry.key for entry in opened.scan()] == ["box:link.mp4"]
    assert opened.entry("box:link.mp4").size_bytes == len(VICTIM)
    assert list(closed.scan()) == []
    with pytest.raises(SourceChanged, match="no longer a file"):
        closed.entry("box:link.mp4")


# ------------------------------------------------------------------------------------------------ journals, the cache


@pytest.fixture(params=["folder", "drive", "bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Copies]:
    (tmp_path / "place").mkdir()
    if request.param == "folder":
        yield InFolder(tmp_path / "place")
    elif request.param == "drive":
        with drive_server() as drive:
            yield OnDrive(drive, tmp_path / "place")
    else:
        with s3_server() as server:
            yield InBucket(server, tmp_path / "place")


def rewritten(journal: MoveJournal, change: Callable[[dict[str, Any]], None]) -> None:
    entries = [entry for _, entry in journal.read()]
    for entry in entries:
        change(entry)
    journal.path.write_text("".join(f"{json.dumps(entry)}\n" for entry in entries))


@pytest.mark.parametrize("wrong", ["../../victim", "/victim", "a/../../victim", "%2E%2E/victim"])
def test_a_doctored_journal_moves_nothing_from_elsewhere(place: Copies, wrong: str, victim: Path) -> None:
    apply(place)
    elsewhere = ""
    if isinstance(place, OnDrive):
        elsewhere = place.drive.add_folder("elsewhere")
        victim_id = place.drive.add_file("victim", VICTIM.encode(), parent=elsewhere)

    def change(entry: dict[str, Any]) -> None:
        if entry["event"] == "moving":
            entry["move"]["destination"] = wrong
            if isinstance(place, OnDrive):
                entry["move"]["file"]["address"] = victim_id
                entry["move"]["target"] = elsewhere
        if entry["event"] == "creating":
            entry["folder"] = elsewhere or f"{victim.parent}/place/library/{REVIEW}/../../../empty"

    empty = victim.parent / "empty"
    empty.mkdir()
    before = place.library()
    rewritten(place.journal, change)
    refusals: list[str] = []
    try:
        for outcome in undo_moves(mover_of(place.way), place.journal):
            refusals.append(outcome.detail)
    except MediaAssetsError as error:
        refusals.append(str(error))
    assert refusals
    assert any("leads out" in text or "not for review" in text for text in refusals), refusals
    assert place.library() == before
    assert empty.is_dir()
    if isinstance(place, OnDrive):
        assert place.drive.path(victim_id) == "elsewhere/victim"


def test_folders_that_a_doctored_journal_names_stay(place: Copies, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    name = str(tmp_path / "empty")
    if isinstance(place, InFolder):
        (place.root / REVIEW).mkdir()
        name = f"{place.root}/{REVIEW}/../../../empty"
        (place.root / REVIEW / "link").symlink_to(tmp_path / "empty")
        with pytest.raises(Fatal, match="not the review folder"):
            FolderMover(place.root, place.root / REVIEW).remove_folder(f"{place.root}/{REVIEW}/link")
    elif isinstance(place, OnDrive):
        name = place.drive.add_folder("empty")
    else:
        return  # a bucket has no folders
    with pytest.raises(Fatal, match="review folder"):
        mover_of(place.way).remove_folder(name)
    assert (tmp_path / "empty").is_dir()


@pytest.mark.parametrize("line", ["[]", "1", "{}", '{"event": "moving"}', '{"event": "moving", "move": {}}', '"x"'])
def test_a_line_that_no_move_wrote_into_a_journal_is_told_with_its_number(line: str, tmp_path: Path) -> None:
    place = InFolder(tmp_path)
    place.journal.path.write_text(line + "\n")
    (outcome,) = undo_moves(mover_of(place.way), place.journal)
    assert outcome.state == "skipped"
    assert outcome.key == f"line 1 of {place.journal.path.name}"
    assert set(rows(place)), "all is there"


@pytest.mark.parametrize("name", ["../../victim", "{root}/victim", "..", ""])
def test_a_ledger_of_the_cache_that_names_what_is_not_in_it_is_counted_anew(
    name: str, tmp_path: Path, victim: Path
) -> None:
    cache = cache_in(tmp_path, max_bytes=10)
    with cache.lease("a", 5, fetching("first")):
        pass
    ledger = tmp_path / "cache" / "ledger.json"
    content = json.loads(ledger.read_text())
    content["oldest"] = [[1, name.format(root=tmp_path)]]
    ledger.write_text(json.dumps(content))
    with cache.lease("b", 9, fetching("123456789")) as path:
        assert path.read_text() == "123456789"
