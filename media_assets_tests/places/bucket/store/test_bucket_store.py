"""A bucket as a store: artifacts in its own folder and beside their sources, and no object of the user's is touched."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import requests

from media_assets.base.errors import Fatal, Transient
from media_assets.base.keys import partition_key
from media_assets.places.source import Beside
from media_assets.places.store import Target
from media_assets_tests.manifests import ASSET, draft
from media_assets_tests.places.bucket.bucket_store import (
    BESIDE,
    IN_FOLDER,
    KEY,
    OTHER_KEY,
    USERS,
    Store,
    another,
    below,
)
from media_assets_tests.s3_server import Place, S3Server

# ----------------------------------------------------------------------------------------------- in its own folder


@pytest.mark.thorough
def test_what_was_published_is_read_back(place: Place, store: Store, tmp_path: Path) -> None:
    published = store.put(draft(), {"transcript.json": "{}", "größe.srt": "1", "empty.txt": ""})
    assert store.get() == published
    assert another(place, tmp_path).texts(published) == {"transcript.json": "{}", "größe.srt": "1", "empty.txt": ""}
    assert store.intact(published)
    assert [file.size_bytes for file in published.files] == [2, 1, 0]
    assert place.client.head_object(Bucket=place.name, Key=published.file("größe.srt").path)["ContentType"] == (
        "application/x-subrip"
    )


@pytest.mark.thorough
def test_there_is_nothing_before_something_is_published(store: Store) -> None:
    assert store.manifest(ASSET, KEY) is None
    assert store.find(ASSET, "f1") is None
    assert store.origin_of("0" * 64) is None
    assert store.as_of_now(ASSET).manifest(ASSET, KEY) is None
    assert not store.artifact_objects()("s3://bucket/in/talk.srt")


def test_an_artifact_without_files_is_an_artifact(store: Store) -> None:
    published = store.put(draft(not_applicable="is a photo"), {})
    assert store.get() == published
    assert store.intact(published)
    assert store.find(ASSET, "f1") == published


@pytest.mark.thorough
def test_keys_that_look_alike_do_not_share_a_folder(store: Store) -> None:
    keys = [
        partition_key("box", path) for path in ("a/talk.mp4", "b/talk.mp4", "talk-mp4", "größe", "日本語", "--", "%")
    ]
    for key in keys:
        store.put(draft(key), {"x.txt": key})
    now = store.as_of_now(ASSET)
    for key in keys:
        assert store.texts(store.get(key)) == {"x.txt": key}
        assert now.manifest(ASSET, key) == store.get(key)


def test_a_new_version_replaces_the_old_one_with_all_its_files(place: Place, store: Store) -> None:
    store.put(draft(fingerprint="old"), {"a.txt": "old a", "b.txt": "old b"})
    new = store.put(draft(fingerprint="new"), {"a.txt": "new a"})
    assert store.get() == new
    assert sorted(path.rsplit("/", 1)[-1] for path in place.paths(f"out/{ASSET}/")) == ["a.txt", "manifest.json"]
    assert store.texts(new) == {"a.txt": "new a"}
    assert store.find(ASSET, "old") is None
    assert store.find(ASSET, "new") == new


def test_a_copy_has_the_same_files_and_a_life_of_its_own(place: Place, store: Store, tmp_path: Path) -> None:
    origin = store.put(draft("box:a.mp4"), {"a.txt": "text", "b.txt": "more"})
    copy = store.copy(origin, draft("box:b.mp4", reused_from="box:a.mp4"), IN_FOLDER)
    store.put(draft("box:a.mp4", "other"), {"a.txt": "changed"})
    assert store.get("box:b.mp4") == copy
    assert another(place, tmp_path).texts(copy) == {"a.txt": "text", "b.txt": "more"}
    assert store.find(ASSET, "f1") == copy


@pytest.mark.parametrize("target", [IN_FOLDER, BESIDE])
def test_what_was_replaced_since_it_was_found_is_not_copied(place: Place, store: Store, target: Target) -> None:
    beside = Target("beside_source", Beside("box", "in", "a.mp4"))
    origin = store.put(draft("box:a.mp4"), {"a.txt": "text"}, beside)
    store.put(draft("box:a.mp4", "f2"), {"a.txt": "next"}, beside)
    with pytest.raises(Transient, match=r"the transcript of box:a\.mp4 was replaced while it was copied"):
        store.copy(origin, draft(KEY), target)
    assert store.manifest(ASSET, KEY) is None
    assert store.texts(store.copy(store.get("box:a.mp4"), draft(KEY), target)) == {"a.txt": "next"}
    assert not [path for path in place.paths() if "coming" in path]


@pytest.mark.thorough
@pytest.mark.parametrize("content", [None, "tex", ""])
@pytest.mark.parametrize("target", [IN_FOLDER, BESIDE])
def test_a_damaged_artifact_is_not_intact_and_is_made_again(
    place: Place, store: Store, content: str | None, target: Target
) -> None:
    published = store.put(draft(), {"a.txt": "text", "b.txt": "more"}, target)
    damaged = published.file("b.txt").path
    place.delete(damaged) if content is None else place.put_object(damaged, content)
    for reader in (store, store.as_of_now(ASSET)):
        assert not reader.intact(published)
    assert store.find(ASSET, "f1") is None
    again = store.put(draft(), {"a.txt": "text", "b.txt": "more"}, target)
    assert store.intact(again)
    assert store.as_of_now(ASSET).intact(again)
    assert store.find(ASSET, "f1") == again


def test_a_file_beside_its_source_with_other_content_of_the_same_size_is_not_intact(place: Place, store: Store) -> None:
    published = store.put(draft(), {"a.txt": "text"}, BESIDE)
    place.put_object(published.files[0].path, "edit")
    assert not store.intact(published)
    with pytest.raises(Transient, match="is not what was published"), _without_cache(store).lease(published.files[0]):
        pass


def _without_cache(store: Store) -> Store:
    return Store(store._settings.model_dump(exclude={"type"}), store._work / "no cache")


@pytest.mark.parametrize("text", ["", '{"format": 1, "asset": "tra', "not json"])
def test_a_damaged_manifest_counts_as_absent(place: Place, store: Store, text: str) -> None:
    store.put(draft(), {"a.txt": "text"})
    (manifest,) = (path for path in place.paths() if path.endswith("manifest.json"))
    place.put_object(manifest, text)
    assert store.manifest(ASSET, KEY) is None
    assert store.find(ASSET, "f1") is None
    assert store.put(draft(), {"a.txt": "text"}) == store.get()
    assert len(place.paths(f"out/{ASSET}/")) == 2


def test_a_manifest_of_another_version_is_fatal_and_left_alone(place: Place, store: Store) -> None:
    store.put(draft(), {"a.txt": "text"})
    (manifest,) = (path for path in place.paths() if path.endswith("manifest.json"))
    before = place.get(manifest).replace(b'"format": 1', b'"format": 2')
    place.put_object(manifest, before)
    for action in (lambda: store.manifest(ASSET, KEY), lambda: store.put(draft(), {"a.txt": "text"})):
        with pytest.raises(Fatal, match="is not a manifest of this version"):
            action()
    assert place.get(manifest) == before


@pytest.mark.thorough
def test_all_artifacts_are_shown_as_of_now_and_read_only_when_they_are_new(
    server: S3Server, place: Place, store: Store
) -> None:
    keys = [f"box:{number}.mp4" for number in range(60)]
    for key in keys[:40]:
        store.put(draft(key), {"a.txt": key})
    store.put(draft(keys[0], asset="summary"), {"manifest.json": "{}"})
    first = store.as_of_now(ASSET)
    assert [key for key in keys if first.manifest(ASSET, key)] == keys[:40]
    assert first.manifest("summary", keys[0]) == store.get(keys[0], "summary")
    store.put(draft(keys[0], "f2"), {"a.txt": "new"})
    before = len(server.requests)
    second = store.as_of_now(ASSET)
    manifest = second.manifest(ASSET, keys[0])
    assert manifest is not None and manifest.fingerprint == "f2"
    assert second.intact(manifest)
    assert [request.path for request in server.requests[before:] if request.path] == [
        next(path for path in place.paths(f"out/{ASSET}/0-mp4-") if path.endswith("manifest.json"))
    ]


def test_what_was_just_published_is_not_fetched_again(server: S3Server, place: Place, tmp_path: Path) -> None:
    store = Store(place.settings("out"), tmp_path / "work")
    published = store.put(draft(), {"a.txt": "text"})
    before = len(server.requests)
    assert store.texts(published) == {"a.txt": "text"}
    assert len(server.requests) == before
    assert another(place, tmp_path).texts(published) == {"a.txt": "text"}


def test_the_link_is_the_objects_or_that_of_the_folder_of_several(place: Place, store: Store) -> None:
    one, several = store.put(draft("box:1"), {"a.txt": "1"}), store.put(draft("box:2"), {"a.txt": "1", "b.txt": "2"})
    assert store.link(one) == f"s3://{place.name}/{one.files[0].path}"
    assert store.link(several) == f"s3://{place.name}/{several.files[0].path.rsplit('/', 2)[0]}"


def test_another_machine_can_be_let_fetch_a_file_for_a_while(store: Store) -> None:
    published = store.put(draft(), {"a.txt": "text", "b.txt": "other"})
    address = store.signed_link(published.file("b.txt"), 90)
    assert requests.get(address, timeout=10).text == "other"
    assert "X-Amz-Expires=90" in address


def test_a_link_is_signed_only_where_that_is_configured(place: Place, tmp_path: Path) -> None:
    store = Store(place.settings("out", link_seconds=60), tmp_path / "work")
    published = store.put(draft(), {"a.txt": "text"})
    assert requests.get(store.link(published), timeout=10).text == "text"
    assert "X-Amz-Expires=60" in store.link(published)


def test_the_origin_of_a_file_is_known_by_its_content(store: Store) -> None:
    published = store.put(draft(), {"a.txt": "text", "empty.txt": ""})
    assert store.origin_of(published.file("a.txt").sha256) == f"transcript of {KEY}"
    assert store.origin_of(published.file("empty.txt").sha256) is None
    source = hashlib.sha256(b"sound").hexdigest()
    store.put(draft(asset="m4a_audio", inputs={"drive_file": source}), {"audio.m4a": "sound"})
    assert store.origin_of(source) is None


def test_the_store_is_checked_by_writing(server: S3Server, place: Place, store: Store) -> None:
    before = place.paths()
    assert store.check() == f"s3://{place.name}/out can be written"
    assert place.paths() == before
    server.fault((403, "AccessDenied"), lambda request: request.writes, 9)
    with pytest.raises(Fatal, match="cannot be written: access is denied"):
        store.check()


def test_a_server_that_knows_no_conditional_writes_is_refused(server: S3Server, place: Place, store: Store) -> None:
    server.ignore_conditions = True
    try:
        with pytest.raises(Fatal, match="overwrites objects that it was told not to"):
            store.check()
    finally:
        server.ignore_conditions = False
    assert place.paths() == sorted(USERS)


# ----------------------------------------------------------------------------------------------- beside the source


def test_beside_its_source_an_artifact_is_named_after_it(place: Place, store: Store) -> None:
    published = store.put(draft(), {"transcript.srt": "1", "transcript.json": "{}"}, BESIDE)
    assert below(place, "in/") == ["talk.mp4", "talk.mp4.srt", "talk.mp4.transcript.json", "talk.vtt"]
    assert store.texts(store.get()) == {"transcript.srt": "1", "transcript.json": "{}"}
    ours = store.artifact_objects()
    assert [path for path in place.paths("in/") if not ours(f"s3://{place.name}/{path}")] == sorted(USERS)
    assert not ours("s3://elsewhere/in/talk.srt")
    assert store.intact(published)
    assert not [path for path in place.paths() if "coming" in path]


@pytest.mark.thorough
def test_made_again_it_keeps_its_name_and_what_is_no_longer_made_goes(place: Place, store: Store) -> None:
    store.put(draft(), {"transcript.srt": "old", "transcript.txt": "old"}, BESIDE)
    new = store.put(draft(fingerprint="f2"), {"transcript.srt": "new"}, BESIDE)
    assert below(place, "in/") == ["talk.mp4", "talk.mp4.srt", "talk.vtt"]
    assert place.get("in/talk.mp4.srt") == b"new"
    assert len(place.paths("out/.index/beside/")) == 1
    store.put(draft(fingerprint="f3"), {"transcript.srt": "new"}, IN_FOLDER)
    assert place.paths("in/") == sorted(USERS)
    assert place.paths("out/.index/beside/") == []
    assert new.placement == "beside_source"


@pytest.mark.thorough
@pytest.mark.parametrize("size", [4, 6 * 1024 * 1024])
def test_an_object_of_the_users_is_never_overwritten(place: Place, tmp_path: Path, size: int) -> None:
    store = Store(place.settings("out"), tmp_path / "work")
    place.put_object("in/talk.srt", "typed by hand")
    place.put_object("in/talk.mp4.srt", "typed by hand")
    published = store.put(draft(), {"transcript.srt": b"o" * size}, BESIDE)
    assert place.get("in/talk.srt") == place.get("in/talk.mp4.srt") == b"typed by hand"
    assert published.files[0].path.startswith("in/talk~")
    assert place.get(published.files[0].path) == b"o" * size
    assert store.intact(published)
    again = store.put(draft(fingerprint="f2"), {"transcript.srt": b"n" * size}, BESIDE)
    assert again.files[0].path == published.files[0].path
    assert place.get(published.files[0].path) == b"n" * size
    assert len(place.paths("out/.index/beside/")) == 1


@pytest.mark.parametrize("size", [4, 6 * 1024 * 1024])
def test_an_object_that_the_user_writes_at_the_last_moment_is_not_overwritten(
    server: S3Server, place: Place, store: Store, size: int
) -> None:
    server.fault(
        lambda: place.put_object("in/talk.mp4.srt", "typed by hand"),
        lambda request: request.method == "PUT" and request.path == "in/talk.mp4.srt",
    )
    published = store.put(draft(), {"transcript.srt": b"o" * size}, BESIDE)
    assert place.get("in/talk.mp4.srt") == b"typed by hand"
    assert published.files[0].path == "in/talk.mp4.transcript.srt"


def test_what_the_user_edited_is_his(place: Place, store: Store) -> None:
    store.put(draft(), {"transcript.srt": "ours"}, BESIDE)
    place.put_object("in/talk.mp4.srt", "edit")
    store.put(draft(fingerprint="f2"), {"transcript.srt": "next"}, BESIDE)
    assert place.get("in/talk.mp4.srt") == b"edit"
    assert b"next" in [place.get(path) for path in place.paths("in/")]
    store.put(draft(fingerprint="f3"), {"transcript.srt": "next"}, IN_FOLDER)
    assert below(place, "in/") == ["talk.mp4", "talk.mp4.srt", "talk.vtt"]


@pytest.mark.thorough
def test_when_every_name_is_taken_nothing_is_overwritten(place: Place, store: Store) -> None:
    taken: set[str] = set()
    with pytest.raises(Fatal, match=r"no free name for transcript\.srt beside s3://.*/in/talk\.mp4"):
        for version in range(9):
            published = store.put(draft(fingerprint=f"f{version}"), {"transcript.srt": "ours"}, BESIDE)
            taken.add(published.files[0].path)
            place.put_object(published.files[0].path, "edited by hand")
    assert len(taken) > 2
    assert {place.get(path) for path in taken} == {b"edited by hand"}


@pytest.mark.thorough
def test_two_recordings_of_one_name_keep_their_artifacts_apart(place: Place, store: Store) -> None:
    for _ in range(2):
        for name in ("talk.mp4", "talk.mov"):
            target = Target("beside_source", Beside("box", "in", name))
            store.put(draft(f"box:{name}"), {"a.srt": name, "b.srt": "b"}, target)
    assert len([path for path in place.paths("in/") if path.endswith(".srt")]) == 4
    for name in ("talk.mp4", "talk.mov"):
        assert store.texts(store.get(f"box:{name}")) == {"a.srt": name, "b.srt": "b"}


@pytest.mark.thorough
def test_a_copy_can_lie_beside_its_source(place: Place, store: Store) -> None:
    origin = store.put(draft(OTHER_KEY), {"a.srt": "text"})
    copy = store.copy(origin, draft(KEY), BESIDE)
    assert place.get("in/talk.mp4.srt") == b"text"
    assert store.intact(copy)
    moved = store.copy(copy, draft(KEY), IN_FOLDER)
    assert place.paths("in/") == sorted(USERS)
    assert store.texts(moved) == {"a.srt": "text"}
