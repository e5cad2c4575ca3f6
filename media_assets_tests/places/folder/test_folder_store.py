"""A folder as a store: artifacts are there complete or not at all, and no file of the user's is ever touched."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from media_assets.base.checksums import sha256_of
from media_assets.base.errors import Fatal, Transient
from media_assets.base.files import STAGING_PREFIX
from media_assets.base.keys import partition_key
from media_assets.places.folder.store import FolderArtifacts
from media_assets_tests.manifests import ASSET, draft
from media_assets_tests.places.folder.folder_stores import IN_FOLDER, Store, beside, names
from media_assets_tests.unprivileged import unprivileged_folder


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A folder of the user's."""
    folder = tmp_path / "in"
    folder.mkdir()
    return folder


# ----------------------------------------------------------------------------------------------- in its own folder


def test_what_was_published_is_read_back(store: Store) -> None:
    published = store.put(draft(), {"transcript.json": "{}", "transcript.srt": "1"})
    assert store.get() == published
    assert store.texts(published) == {"transcript.json": "{}", "transcript.srt": "1"}
    assert [file.size_bytes for file in published.files] == [2, 1]
    assert published.file("transcript.srt").sha256 == sha256_of(store.local_path(published.file("transcript.srt")))
    assert store.intact(published)
    with pytest.raises(KeyError, match=r"has no file 'x'; it has \['transcript.json', 'transcript.srt'\]"):
        published.file("x")


def test_there_is_nothing_before_something_is_published(store: Store) -> None:
    assert store.manifest(ASSET, "box:talk.mp4") is None
    assert store.find(ASSET, "f1") is None
    assert store.origin_of("0" * 64) is None
    assert not store.artifact_paths()(Path("/in/talk.srt"))


def test_an_artifact_without_files_is_an_artifact(store: Store) -> None:
    published = store.put(draft(not_applicable="is a photo"), {})
    assert store.get() == published
    assert store.intact(published)
    assert store.find(ASSET, "f1") == published


def test_keys_that_look_alike_do_not_share_a_folder(store: Store) -> None:
    paths = ("a/talk.mp4", "b/talk.mp4", "talk-mp4", "größe", "日本語", "--", "%")
    keys = [partition_key("box", path) for path in paths]
    for key in keys:
        store.put(draft(key), {"x.txt": key})
    for key in keys:
        assert store.texts(store.get(key)) == {"x.txt": key}
    assert all(name.isascii() and not name.startswith("-") for name in names(store.root / ASSET))


def test_a_folder_can_be_recognised_and_stays_short_whatever_the_name(store: Store) -> None:
    store.put(draft("box:" + "x" * 250 + ".mp4"), {"x.txt": ""})
    store.put(draft("box:2024/My talk (final).mp4"), {"x.txt": ""})
    assert any(name.startswith("My-talk-final-mp4-") for name in names(store.root / ASSET))
    assert max(map(len, names(store.root / ASSET))) < 100


def test_a_new_version_replaces_the_old_one_with_all_its_files(store: Store) -> None:
    store.put(draft(fingerprint="old"), {"a.txt": "old a", "b.txt": "old b"})
    new = store.put(draft(fingerprint="new"), {"a.txt": "new a"})
    assert store.get() == new
    (folder,) = (store.root / ASSET).iterdir()
    assert names(folder) == ["a.txt", "manifest.json"]
    assert store.texts(new) == {"a.txt": "new a"}
    assert store.find(ASSET, "old") is None
    assert store.find(ASSET, "new") == new


def test_an_artifact_is_found_by_what_it_was_made_from(store: Store) -> None:
    published = store.put(draft(), {"a.txt": "text"})
    assert store.find(ASSET, "f1") == published
    assert store.find(ASSET, "f2") is None
    assert store.find("summary", "f1") is None


def test_a_copy_has_the_same_files_and_a_life_of_its_own(store: Store) -> None:
    origin = store.put(draft("box:a.mp4"), {"a.txt": "text", "b.txt": "more"})
    copy = store.copy(origin, draft("box:b.mp4", reused_from="box:a.mp4"), IN_FOLDER)
    assert store.get("box:b.mp4") == copy
    assert store.texts(copy) == store.texts(origin)
    assert [file.sha256 for file in copy.files] == [file.sha256 for file in origin.files]
    store.put(draft("box:a.mp4", "other"), {"a.txt": "changed"})
    assert store.texts(copy) == {"a.txt": "text", "b.txt": "more"}
    assert store.find(ASSET, "f1") == copy


def test_what_was_replaced_since_it_was_found_is_not_copied(store: Store) -> None:
    origin = store.put(draft("box:a.mp4"), {"a.txt": "text"})
    store.put(draft("box:a.mp4", "f2"), {"a.txt": "next"})
    with pytest.raises(Transient, match=r"the transcript of box:a\.mp4 was replaced while it was copied"):
        store.copy(origin, draft("box:b.mp4"), IN_FOLDER)
    assert store.manifest(ASSET, "box:b.mp4") is None
    assert not list(store.root.rglob(f"{STAGING_PREFIX}*"))


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_text("tex"), lambda path: path.write_text("")])
def test_a_damaged_artifact_is_not_intact_and_not_found(store: Store, damage: object) -> None:
    published = store.put(draft(), {"a.txt": "text", "b.txt": "more"})
    damage(store.local_path(published.file("b.txt")))  # type: ignore[operator]
    assert not store.intact(published)
    assert store.find(ASSET, "f1") is None
    again = store.put(draft(), {"a.txt": "text", "b.txt": "more"})
    assert store.intact(again)
    assert store.find(ASSET, "f1") == again


def test_an_artifact_whose_folder_was_deleted_is_gone(store: Store) -> None:
    published = store.put(draft(), {"a.txt": "text"})
    for file in (store.local_path(published.file("a.txt")), next(store.root.rglob("manifest.json"))):
        file.unlink()
    assert store.manifest(ASSET, "box:talk.mp4") is None
    assert store.find(ASSET, "f1") is None


@pytest.mark.parametrize("text", ["", '{"format": 1, "asset": "tra', "not json"])
def test_a_manifest_that_was_cut_off_counts_as_absent(store: Store, text: str) -> None:
    store.put(draft(), {"a.txt": "text"})
    next(store.root.rglob("manifest.json")).write_text(text)
    assert store.manifest(ASSET, "box:talk.mp4") is None
    assert store.find(ASSET, "f1") is None
    again = store.put(draft(), {"a.txt": "text"})
    assert store.get() == again


@pytest.mark.parametrize("name", ["manifest.json", "coming.json", "replaced.json"])
def test_a_folder_in_the_place_of_a_manifest_makes_way(store: Store, name: str) -> None:
    folder = store.local_path(store.put(draft(), {"a.txt": "text"}).file("a.txt")).parent
    (folder / name).unlink(missing_ok=True)
    (folder / name / "below").mkdir(parents=True)
    assert (store.manifest(ASSET, "box:talk.mp4") is None) is (name == "manifest.json")
    again = store.put(draft(), {"a.txt": "text"})
    assert store.get() == again
    assert sorted(path.name for path in folder.iterdir()) == ["a.txt", "manifest.json"]


def test_folders_in_the_place_of_the_index_make_way(store: Store) -> None:
    published = store.put(draft(), {"a.txt": "text"})
    entries = [path for path in (store.root / ".index").rglob("*") if path.is_file() and path.suffix != ".lock"]
    assert len(entries) == 2
    for path in entries:
        path.unlink()
        path.mkdir()
    assert store.find(ASSET, "f1") is None
    assert store.origin_of(published.file("a.txt").sha256) is None
    assert store.put(draft(), {"a.txt": "text"}) == store.find(ASSET, "f1")


def test_a_manifest_that_may_not_be_read_counts_as_absent() -> None:
    with unprivileged_folder() as folder:
        store = Store(folder)
        store.put(draft(), {"a.txt": "text"})
        next(store.root.rglob("manifest.json")).chmod(0)
        assert store.manifest(ASSET, "box:talk.mp4") is None
        again = store.put(draft(), {"a.txt": "text"})
        assert store.get() == again


def test_a_manifest_of_another_version_is_fatal_and_left_alone(store: Store) -> None:
    store.put(draft(), {"a.txt": "text"})
    manifest = next(store.root.rglob("manifest.json"))
    manifest.write_text(manifest.read_text().replace('"format": 1', '"format": 2'))
    before = manifest.read_bytes()
    with pytest.raises(Fatal, match="is not a manifest of this version"):
        store.manifest(ASSET, "box:talk.mp4")
    with pytest.raises(Fatal, match="is not a manifest of this version"):
        store.put(draft(), {"a.txt": "text"})
    assert manifest.read_bytes() == before


def test_work_on_another_file_system_is_taken_over_too(tmp_path: Path) -> None:
    memory = Path("/dev/shm")
    if not memory.is_dir() or memory.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no other file system")
    with TemporaryDirectory(dir=memory) as other:
        store = Store(Path(other))
        store.root = tmp_path / "out"
        published = store.put(draft(), {"a.txt": "text"})
        assert store.texts(published) == {"a.txt": "text"}
        assert not list(tmp_path.rglob(f"{STAGING_PREFIX}*"))


def test_the_link_opens_the_file_or_the_folder_of_several(store: Store) -> None:
    one = store.put(draft("box:one"), {"a b#?.txt": "text"})
    several = store.put(draft("box:several"), {"a.txt": "text", "b.txt": "text"})
    assert store.link(one) == store.local_path(one.files[0]).as_uri()
    assert store.link(several) == store.local_path(several.files[0]).parent.as_uri()


def test_a_whole_store_can_be_moved(store: Store, tmp_path: Path) -> None:
    store.put(draft(), {"a.txt": "text"})
    store.root.rename(tmp_path / "moved")
    moved = FolderArtifacts("artifacts", tmp_path / "moved")
    found = moved.find(ASSET, "f1")
    assert found is not None
    assert moved.local_path(found.file("a.txt")).read_text() == "text"


# ----------------------------------------------------------------------------------------------- whose a file is


def test_the_origin_of_a_file_is_known_by_its_content(store: Store) -> None:
    published = store.put(draft("box:talk.mp4"), {"a.txt": "text", "b.txt": "more"})
    for file in published.files:
        assert store.origin_of(file.sha256) == "transcript of box:talk.mp4"
    assert store.origin_of("0" * 64) is None


def test_an_artifact_that_is_its_source_bit_for_bit_does_not_make_the_source_an_artifact(store: Store) -> None:
    source = sha256_of(_file(store.root.parent / "talk.m4a", "sound"))
    published = store.put(draft(asset="m4a_audio", inputs={"drive_file": source}), {"audio.m4a": "sound"})
    assert published.file("audio.m4a").sha256 == source
    assert store.origin_of(source) is None


def test_an_empty_file_of_an_artifact_does_not_make_all_empty_files_artifacts(store: Store) -> None:
    published = store.put(draft(), {"transcript.txt": ""})
    assert store.origin_of(published.file("transcript.txt").sha256) is None


def _file(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


# ----------------------------------------------------------------------------------------------- beside the source


def test_beside_its_source_an_artifact_is_named_after_it(store: Store, library: Path) -> None:
    target = beside(library / "talk.mp4")
    published = store.put(draft(), {"transcript.srt": "1", "transcript.vtt": "2", "transcript.json": "{}"}, target)
    assert names(library) == ["talk.mp4", "talk.srt", "talk.transcript.json", "talk.vtt"]
    assert store.texts(store.get()) == {"transcript.srt": "1", "transcript.vtt": "2", "transcript.json": "{}"}
    ours = store.artifact_paths()
    assert [path.name for path in sorted(library.iterdir()) if not ours(path)] == ["talk.mp4"]
    assert store.intact(published)
    assert published.placement == "beside_source"


def test_made_again_it_keeps_its_name(store: Store, library: Path) -> None:
    target = beside(library / "talk.mp4")
    store.put(draft(), {"transcript.srt": "old"}, target)
    store.put(draft(fingerprint="f2"), {"transcript.srt": "new"}, target)
    assert names(library) == ["talk.mp4", "talk.srt"]
    assert (library / "talk.srt").read_text() == "new"


def test_a_file_of_the_users_is_never_overwritten(store: Store, library: Path) -> None:
    (library / "talk.srt").write_text("typed by hand")
    (library / "talk.mp4.srt").symlink_to("nowhere")
    published = store.put(draft(), {"transcript.srt": "ours"}, beside(library / "talk.mp4"))
    assert (library / "talk.srt").read_text() == "typed by hand"
    assert (library / "talk.mp4.srt").is_symlink()
    (third,) = set(names(library)) - {"talk.mp4", "talk.srt", "talk.mp4.srt"}
    assert third.startswith("talk~") and third.endswith(".srt")
    assert store.texts(published) == {"transcript.srt": "ours"}


def test_when_every_name_is_taken_nothing_is_overwritten(store: Store, library: Path) -> None:
    target = beside(library / "talk.mp4")
    taken: set[Path] = set()
    with pytest.raises(Fatal, match=r"no free name for transcript\.srt beside"):
        for version in range(9):
            published = store.put(draft(fingerprint=f"f{version}"), {"transcript.srt": "ours"}, target)
            taken.add(store.local_path(published.files[0]))
            store.local_path(published.files[0]).write_text("edited by hand")
    assert len(taken) > 2
    assert {path.read_text() for path in taken} == {"edited by hand"}


def test_two_recordings_of_one_name_keep_their_artifacts_apart(store: Store, library: Path) -> None:
    keys = {"box:talk.mp4": library / "talk.mp4", "box:talk.mov": library / "talk.mov"}
    for _ in range(2):
        for key, source in keys.items():
            store.put(draft(key), {"transcript.srt": key}, beside(source))
    assert names(library) == ["talk.mov", "talk.mov.srt", "talk.mp4", "talk.srt"]
    for key in keys:
        assert store.texts(store.get(key)) == {"transcript.srt": key}


def test_two_stages_keep_their_artifacts_apart(store: Store, library: Path) -> None:
    target = beside(library / "talk.mp4")
    store.put(draft(asset="one"), {"one.srt": "1"}, target)
    store.put(draft(asset="two"), {"two.srt": "2"}, target)
    assert store.texts(store.get(asset="one")) == {"one.srt": "1"}
    assert store.texts(store.get(asset="two")) == {"two.srt": "2"}


def test_files_of_one_artifact_never_share_a_name(store: Store, library: Path) -> None:
    texts = {"german.srt": "eins", "english.srt": "one"}
    published = store.put(draft(), texts, beside(library / "talk.mp4"))
    assert store.texts(published) == texts


def test_the_sound_of_a_recording_that_is_m4a_already_does_not_replace_it(store: Store, library: Path) -> None:
    source = library / "talk.m4a"
    published = store.put(draft("box:talk.m4a", asset="m4a_audio"), {"audio.m4a": "sound"}, beside(source))
    assert source.read_text() == "recording 'talk.m4a'"
    assert store.local_path(published.files[0]).name == "talk.audio.m4a"


def test_a_file_that_the_user_edited_is_his_and_kept(store: Store, library: Path) -> None:
    target = beside(library / "talk.mp4")
    store.put(draft(), {"transcript.srt": "teh"}, target)
    (library / "talk.srt").write_text("the")
    published = store.put(draft(fingerprint="f2"), {"transcript.srt": "teh end"}, target)
    assert (library / "talk.srt").read_text() == "the"
    assert store.texts(published) == {"transcript.srt": "teh end"}
    ours = store.artifact_paths()
    assert not ours(library / "talk.srt")
    assert ours(store.local_path(published.files[0]))
    last = store.put(draft(fingerprint="f3"), {}, target)
    assert last.files == ()
    assert names(library) == ["talk.mp4", "talk.srt"]


def test_a_file_that_the_user_deleted_is_put_back(store: Store, library: Path) -> None:
    target = beside(library / "talk.mp4")
    store.put(draft(), {"transcript.srt": "1"}, target)
    (library / "talk.srt").unlink()
    store.put(draft(), {"transcript.srt": "1"}, target)
    assert names(library) == ["talk.mp4", "talk.srt"]


def test_another_placement_moves_the_artifact(store: Store, library: Path) -> None:
    target, texts = beside(library / "talk.mp4"), {"transcript.srt": "1", "transcript.json": "{}"}
    inside = store.put(draft(), texts)
    outside = store.copy(inside, draft(), target)
    assert names(library) == ["talk.mp4", "talk.srt", "talk.transcript.json"]
    (folder,) = (store.root / ASSET).iterdir()
    assert names(folder) == ["manifest.json"]
    assert store.texts(outside) == texts
    back = store.copy(outside, draft(), IN_FOLDER)
    assert names(library) == ["talk.mp4"]
    assert store.texts(back) == texts
    assert not store.artifact_paths()(library / "talk.srt")


def test_copied_onto_itself_an_artifact_stays_as_it_is(store: Store, library: Path) -> None:
    published = store.put(draft(), {"transcript.srt": "1"}, beside(library / "talk.mp4"))
    again = store.copy(published, published, beside(library / "talk.mp4"))
    assert again == published
    assert store.texts(store.get()) == {"transcript.srt": "1"}


@pytest.mark.parametrize(
    "name", ["b\udce4r.mp4", "new\nline.mp4", "-rf.mp4", "%41,[x].mp4", " blank .mp4", "no suffix", "ü" * 125 + ".mp4"]
)
def test_beside_a_source_with_an_odd_name(store: Store, library: Path, name: str) -> None:
    key, texts = partition_key("box", name), {"transcript.srt": "1", "transcript.json": "{}"}
    published = store.put(draft(key), texts, beside(library / name))
    assert store.get(key) == published
    assert store.texts(published) == texts
    assert store.intact(published)
    assert {store.local_path(file).parent for file in published.files} == {library}
    ours = store.artifact_paths()
    assert [os.fsencode(path.name) for path in library.iterdir() if not ours(path)] == [os.fsencode(name)]
    assert store.link(published).startswith("file:///")


@pytest.mark.parametrize("name", ["b\udce4r.mp4", "10:30 talk.mp4", "%41,[x].mp4"])
def test_beside_a_source_that_lies_within_the_store(tmp_path: Path, name: str) -> None:
    library = tmp_path / "out/in"
    library.mkdir(parents=True)
    store = Store(tmp_path)
    published = store.put(draft(), {"transcript.srt": "1"}, beside(library / name))
    assert store.get() == published
    assert store.texts(store.get()) == {"transcript.srt": "1"}
    assert store.local_path(published.files[0]).parent == library


@pytest.mark.parametrize("name", ["talk.mp4", "b\udce4r, 10:30.mp4"])
def test_artifacts_beside_their_sources_are_found_where_the_source_is_mounted_now(tmp_path: Path, name: str) -> None:
    old, new = tmp_path / "old mount", tmp_path / "new mount"
    (old / "sub").mkdir(parents=True)
    before = Store(tmp_path, {"box": old})
    before.put(draft(), {"transcript.srt": "1"}, beside(old / "sub" / name))
    old.rename(new)
    after = Store(tmp_path, {"box": new})
    assert after.intact(after.get())
    assert after.texts(after.get()) == {"transcript.srt": "1"}
    ours = after.artifact_paths()
    assert [path.name for path in (new / "sub").iterdir() if not ours(path)] == [name]
    after.put(draft(fingerprint="f2"), {"transcript.srt": "2"}, beside(new / "sub" / name))
    assert len(list((new / "sub").iterdir())) == 2


def test_a_store_that_may_not_be_written_is_fatal_and_blames_no_file() -> None:
    with unprivileged_folder() as folder:
        store = Store(folder)
        store.put(draft("box:a.mp4"), {"a.txt": "text"})
        (store.root / ASSET).chmod(0o500)
        with pytest.raises(Fatal, match="store 'artifacts' cannot be written: Permission denied"):
            store.put(draft("box:b.mp4"), {"a.txt": "text"})
        (store.root / ASSET).chmod(0o700)


def test_a_store_leaves_some_of_its_disk_free(tmp_path: Path) -> None:
    Store(tmp_path).put(draft("box:a.mp4"), {"a.txt": "text"})
    store = Store(tmp_path, min_free_bytes=10**18)
    with pytest.raises(Fatal, match="bytes free; 4 are needed"):
        store.put(draft("box:b.mp4"), {"a.txt": "text"})
    assert store.manifest(ASSET, "box:b.mp4") is None


def test_nothing_but_the_artifacts_is_left_behind(store: Store, library: Path) -> None:
    store.put(draft(), {"transcript.srt": "1"}, beside(library / "talk.mp4"))
    store.put(draft("box:b.mp4"), {"transcript.srt": "1"})
    assert not list(library.parent.rglob(f"{STAGING_PREFIX}*"))


def test_a_publication_that_fails_leaves_the_old_artifact_as_it_was(store: Store, tmp_path: Path) -> None:
    old = store.put(draft(), {"a.txt": "text"})
    with pytest.raises(FileNotFoundError):
        store.publish(draft(fingerprint="f2"), {"a.txt": tmp_path / "missing"}, {"a.txt": "0"}, IN_FOLDER)
    assert store.get() == old
    assert store.texts(old) == {"a.txt": "text"}
    assert not list(store.root.rglob(f"{STAGING_PREFIX}*"))
