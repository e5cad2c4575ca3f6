"""What every store promises (`places.store`), in a folder, on Drive and in a bucket."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from media_assets.base.checksums import sha256_of
from media_assets.base.errors import Cancelled, Transient
from media_assets.places.artifact_names import hash_of
from media_assets.places.manifest import Manifest
from media_assets.places.source import Beside
from media_assets.places.store import ArtifactStore, ShowsEdits, Target
from media_assets_tests.manifests import FINGERPRINT, draft
from media_assets_tests.places.every_place import EVERY_STORE, PlaceOfArtifacts

IN_FOLDER = Target("folder")
KEY = "box:talks/talk.mp4"


@pytest.fixture(params=EVERY_STORE)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[PlaceOfArtifacts]:
    with EVERY_STORE[request.param](tmp_path) as place:
        yield place


class Publish:
    """Publishes artifacts made from bytes."""

    def __init__(self, work: Path) -> None:
        self._work = work
        self._count = 0

    def __call__(
        self, store: ArtifactStore, files: Mapping[str, bytes], target: Target = IN_FOLDER, **fields: Any
    ) -> Manifest:
        self._count += 1
        work = self._work / f"{self._count}"
        work.mkdir(parents=True)
        paths = {name: work / name for name in files}
        for name, content in files.items():
            paths[name].write_bytes(content)
        digests = {name: sha256_of(path) for name, path in paths.items()}
        return store.publish(draft(fields.pop("key", KEY), **fields), paths, digests, target)


@pytest.fixture
def publish(tmp_path: Path) -> Publish:
    return Publish(tmp_path / "work")


def folder(path: Path) -> Path:
    path.mkdir()
    return path


def contents(store: ArtifactStore, manifest: Manifest) -> dict[str, bytes]:
    found = {}
    for stored in manifest.files:
        with store.lease(stored) as path:
            found[stored.name] = path.read_bytes()
    return found


def test_what_was_published_is_found_by_another_process(place: PlaceOfArtifacts, publish: Publish) -> None:
    files = {"transcript.srt": b"1\n", "transcript.json": b"{}"}
    published = publish(place.store, files, value={"words": 3})
    other = place.again()
    assert other.manifest("transcript", KEY) == published
    assert other.intact(published)
    assert contents(other, published) == files
    assert place.contents() == sorted(files.values())
    assert {stored.name: stored.size_bytes for stored in published.files} == {"transcript.srt": 2, "transcript.json": 2}
    assert "://" in other.link(published)


def test_what_was_never_published_is_not_there(place: PlaceOfArtifacts) -> None:
    assert place.store.manifest("transcript", KEY) is None
    assert place.store.find("transcript", FINGERPRINT) is None
    assert place.store.origin_of("0" * 64) is None


NO_RECORD = (
    b"",
    b"\0" * 300,
    bytes(range(256)),
    b"[]",
    b"null",
    b"3",
    b'"text"',
    b'{"format": 1, "asset": "tra',
    b'{"format": 1}',
    b'{"format": "1"}',
    b'{"format": 1, "files": [{"name": 3}]}',
    b"[" * 50_000,
    b"../victim",
)
"""What a loss of power, a bad disk or a hand may leave where something of ours was."""


@pytest.mark.thorough
@pytest.mark.parametrize("damage", NO_RECORD, ids=range(len(NO_RECORD)))
def test_a_manifest_that_no_version_wrote_counts_as_absent_and_is_made_again(
    place: PlaceOfArtifacts, publish: Publish, damage: bytes
) -> None:
    files = {"transcript.srt": b"1\n"}
    publish(place.store, files)
    other = publish(place.store, {"transcript.srt": b"2\n"}, key="box:other.mp4", fingerprint="e" * 64)
    place.edit_manifests(lambda text: damage if KEY.encode() in text else text)
    store = place.again()
    assert store.manifest("transcript", KEY) is None
    assert store.find("transcript", FINGERPRINT) is None
    snapshot = store.as_of_now("transcript")
    assert snapshot.manifest("transcript", KEY) is None
    assert snapshot.manifest("transcript", "box:other.mp4") == other
    again = publish(store, files)
    assert place.again().manifest("transcript", KEY) == again
    assert contents(place.again(), again) == files


@pytest.mark.thorough
@pytest.mark.parametrize("damage", [*NO_RECORD, b"transcript of \0\0"], ids=range(len(NO_RECORD) + 1))
def test_an_index_that_says_nothing_of_ours_counts_as_absent_and_is_written_again(
    place: PlaceOfArtifacts, publish: Publish, damage: bytes
) -> None:
    files = {"transcript.srt": b"1\n", "transcript.txt": b"one"}
    beside = place.beside("talk.mp4", b"source")
    target = Target("beside_source", beside)
    published = publish(place.store, files, target)
    sha256 = published.file("transcript.txt").sha256
    origin = place.store.origin_of(sha256)
    assert origin == f"transcript of {KEY}"
    place.damage_index(damage)
    store = place.again()
    assert store.find("transcript", FINGERPRINT) in (None, published)
    assert store.origin_of(sha256) in (None, origin)
    assert store.manifest("transcript", KEY) == published
    again = publish(store, files, target)
    assert contents(place.again(), again) == files
    assert place.again().find("transcript", FINGERPRINT) == again
    assert place.again().origin_of(sha256) == origin
    assert b"source" in place.contents(), "the user's file is as it was"


def test_an_artifact_without_files_and_an_empty_file(place: PlaceOfArtifacts, publish: Publish) -> None:
    nothing = publish(place.store, {}, not_applicable="has no audio stream")
    assert place.again().manifest("transcript", KEY) == nothing
    empty = publish(place.store, {"transcript.txt": b""}, key="box:silent.mp4")
    assert contents(place.again(), empty) == {"transcript.txt": b""}
    assert place.again().intact(empty)


def test_a_new_version_leaves_nothing_of_the_old_one(place: PlaceOfArtifacts, publish: Publish) -> None:
    publish(place.store, {"transcript.srt": b"old srt", "transcript.txt": b"old text"})
    after = publish(place.again(), {"transcript.srt": b"new srt", "transcript.vtt": b"new vtt"}, fingerprint="e" * 64)
    assert place.again().manifest("transcript", KEY) == after
    assert place.contents() == [b"new srt", b"new vtt"]
    assert place.again().find("transcript", FINGERPRINT) is None
    assert place.again().find("transcript", "e" * 64) == after


def test_the_same_version_published_again_is_there_once(place: PlaceOfArtifacts, publish: Publish) -> None:
    for _ in range(3):
        publish(place.again(), {"transcript.srt": b"srt"})
    assert place.contents() == [b"srt"]


def test_artifacts_of_other_assets_and_files_stay_apart(place: PlaceOfArtifacts, publish: Publish) -> None:
    keys = [KEY, "box:talks/other.mp4", "box:talk.mp4", "other:talks/talk.mp4", "box:talks_talk.mp4"]
    for key in keys:
        publish(place.store, {"transcript.srt": key.encode()}, key=key)
    publish(place.store, {"summary.md": b"summary"}, asset="summary")
    reader = place.again().as_of_now("transcript")
    for key in keys:
        manifest = reader.manifest("transcript", key)
        assert manifest is not None
        assert reader.intact(manifest)
        assert contents(place.store, manifest) == {"transcript.srt": key.encode()}
    assert reader.manifest("transcript", "box:never") is None


def test_a_file_that_is_gone_or_changed_makes_its_artifact_incomplete(
    place: PlaceOfArtifacts, publish: Publish
) -> None:
    one = publish(place.store, {"transcript.srt": b"first file"})
    two = publish(place.store, {"transcript.srt": b"second file"}, key="box:two.mp4", fingerprint="e" * 64)
    place.delete(b"first file")
    place.overwrite(b"second file", b"of another size")
    store = place.again()
    assert not store.intact(one)
    assert not store.intact(two)
    assert not store.as_of_now("transcript").intact(one)
    assert store.find("transcript", FINGERPRINT) is None
    again = publish(store, {"transcript.srt": b"first file"})
    assert place.again().intact(again)
    assert place.contents().count(b"first file") == 1


def test_what_a_person_changed_is_told_with_what_lies_there_now(
    place: PlaceOfArtifacts, publish: Publish, tmp_path: Path
) -> None:
    files = {"transcript.srt": b"on tilt", "transcript.vtt": b"as it was", "transcript.txt": b"gone soon"}
    manifest = publish(place.store, files)
    place.overwrite(b"on tilt", b"on new tiles")
    place.delete(b"gone soon")
    store = place.again()
    assert isinstance(store, ShowsEdits)

    edited = store.edited(manifest, folder(tmp_path / "edited"))

    assert edited.keys() == {"transcript.srt"}
    edit = edited["transcript.srt"]
    assert edit.path.read_bytes() == b"on new tiles"
    assert edit.sha256 == hashlib.sha256(b"on new tiles").hexdigest()
    assert abs(datetime.now(UTC) - edit.at) < timedelta(minutes=10)


def test_an_artifact_that_nobody_changed_has_no_edits(
    place: PlaceOfArtifacts, publish: Publish, tmp_path: Path
) -> None:
    manifest = publish(place.store, {"transcript.srt": b"some text"})
    store = place.again()
    assert isinstance(store, ShowsEdits)
    assert store.edited(manifest, folder(tmp_path / "edited")) == {}
    assert not list((tmp_path / "edited").iterdir()), "nothing was fetched for it"


def test_files_are_told_by_their_content(place: PlaceOfArtifacts, publish: Publish) -> None:
    published = publish(place.store, {"transcript.srt": b"some text"})
    origin = place.again().origin_of(published.files[0].sha256)
    assert origin is not None
    assert "transcript" in origin


def test_a_copy_stands_for_itself(place: PlaceOfArtifacts, publish: Publish) -> None:
    origin = publish(place.store, {"transcript.srt": b"some text"})
    copy = place.store.copy(origin, draft(key="box:twin.mp4", reused_from=KEY), IN_FOLDER)
    assert contents(place.again(), copy) == {"transcript.srt": b"some text"}
    assert place.contents() == [b"some text", b"some text"]
    publish(place.store, {"transcript.srt": b"new text"}, fingerprint="e" * 64)
    assert place.again().intact(copy)
    assert place.contents() == [b"new text", b"some text"]


def test_beside_its_source_an_artifact_is_replaced_in_place(place: PlaceOfArtifacts, publish: Publish) -> None:
    target = Target("beside_source", place.beside("talk.mp4", b"recording"))
    publish(place.store, {"audio.m4a": b"old audio"}, target)
    after = publish(place.again(), {"audio.m4a": b"new audio"}, target, fingerprint="e" * 64)
    assert place.contents() == [b"new audio", b"recording"]
    assert contents(place.again(), after) == {"audio.m4a": b"new audio"}
    assert after.placement == "beside_source"


FILES_OF_ASSETS = {"m4a_audio": "audio.m4a", "summary": "summary.md", "transcript": "transcript.srt"}
SUFFIXES = (".m4a", ".srt", ".summary.md")


def test_the_artifacts_of_each_of_two_files_of_one_stem_share_one_of_their_own(
    place: PlaceOfArtifacts, publish: Publish
) -> None:
    sources = [place.beside(name, name.encode()) for name in ("rec.mp3", "rec.wav")]

    def make(asset: str, beside: Beside) -> None:
        content = f"{asset} of {beside.name}".encode()
        key = f"box:{beside.name}"
        fields = {"asset": asset, "key": key, "fingerprint": hash_of(f"{asset} {key}")}
        publish(place.again(), {FILES_OF_ASSETS[asset]: content}, Target("beside_source", beside), **fields)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda one: make(*one), itertools.product(FILES_OF_ASSETS, sources)))
    names = [f"{source.name}{suffix}" for source in sources for suffix in ("", *SUFFIXES)]
    assert place.names_beside() == sorted(names)


def test_a_file_whose_artifacts_were_there_first_keeps_their_stem(place: PlaceOfArtifacts, publish: Publish) -> None:
    first = Target("beside_source", place.beside("rec.mp3", b"first"))
    publish(place.again(), {"audio.m4a": b"audio"}, first, asset="m4a_audio", key="box:rec.mp3")
    second = Target("beside_source", place.beside("rec.wav", b"second"))
    for asset, name in FILES_OF_ASSETS.items():
        fields = {"asset": asset, "key": "box:rec.wav", "fingerprint": hash_of(asset)}
        publish(place.again(), {name: asset.encode()}, second, **fields)
    publish(place.again(), {"summary.md": b"text"}, first, asset="summary", key="box:rec.mp3")
    publish(place.again(), {"audio.m4a": b"anew"}, first, asset="m4a_audio", key="box:rec.mp3", fingerprint="e" * 64)
    of_first = ["rec.m4a", "rec.mp3", "rec.summary.md"]
    assert place.names_beside() == sorted([*of_first, "rec.wav", *(f"rec.wav{suffix}" for suffix in SUFFIXES)])


def in_english(beside: Beside) -> Target:
    return Target("beside_source", beside, {"transcript.srt": "en", "transcript.vtt": "en"})


def test_subtitles_beside_their_recording_bear_their_language(place: PlaceOfArtifacts, publish: Publish) -> None:
    beside = place.beside("talk.mp4", b"recording")
    files = {"transcript.srt": b"1", "transcript.vtt": b"2", "transcript.json": b"{}"}
    publish(place.store, files, in_english(beside))
    assert place.names_beside() == ["talk.en.srt", "talk.en.vtt", "talk.mp4", "talk.transcript.json"]
    again = publish(place.again(), {**files, "transcript.srt": b"3"}, in_english(beside), fingerprint="e" * 64)
    assert place.names_beside() == ["talk.en.srt", "talk.en.vtt", "talk.mp4", "talk.transcript.json"]
    assert contents(place.again(), again)["transcript.srt"] == b"3"
    german = Target("beside_source", beside, {"transcript.srt": "de", "transcript.vtt": "und"})
    now = publish(place.again(), files, german, fingerprint="d" * 64)
    assert place.names_beside() == ["talk.de.srt", "talk.mp4", "talk.transcript.json", "talk.vtt"]
    assert contents(place.again(), now) == files
    assert place.again().intact(now)


def test_subtitles_under_the_name_they_had_before_get_their_language_when_they_are_made_again(
    place: PlaceOfArtifacts, publish: Publish
) -> None:
    beside = place.beside("talk.mp4", b"recording")
    files = {"transcript.srt": b"1", "audio.m4a": b"sound"}
    before = publish(place.store, files, Target("beside_source", beside))
    assert place.names_beside() == ["talk.m4a", "talk.mp4", "talk.srt"]
    assert place.again().intact(before), "nothing is done to what is there"
    after = publish(place.again(), {**files, "transcript.srt": b"2"}, in_english(beside), fingerprint="e" * 64)
    assert place.names_beside() == ["talk.en.srt", "talk.m4a", "talk.mp4"]
    assert contents(place.again(), after) == {"transcript.srt": b"2", "audio.m4a": b"sound"}
    copy = place.again().copy(after, after.model_copy(update={"fingerprint": "d" * 64}), in_english(beside))
    assert place.names_beside() == ["talk.en.srt", "talk.m4a", "talk.mp4"], "a copy onto itself is no second one"
    assert place.again().intact(copy)


def test_subtitles_that_a_person_put_there_are_never_written_over(place: PlaceOfArtifacts, publish: Publish) -> None:
    beside = place.beside("talk.mp4", b"recording")
    place.beside("talk.en.srt", b"by hand")
    publish(place.store, {"transcript.srt": b"ours"}, in_english(beside))
    assert len(place.names_beside()) == 3
    again = publish(place.again(), {"transcript.srt": b"anew"}, in_english(beside), fingerprint="e" * 64)
    assert sorted(place.contents()) == [b"anew", b"by hand", b"recording"]
    assert contents(place.again(), again) == {"transcript.srt": b"anew"}
    (name,) = set(place.names_beside()) - {"talk.mp4", "talk.en.srt"}
    assert name.startswith("talk.") and name.endswith(".en.srt")


def test_the_subtitles_of_one_recording_are_not_those_of_another(place: PlaceOfArtifacts, publish: Publish) -> None:
    beside = place.beside("talk.mp4", b"recording")
    place.beside("talk.en.mp4", b"in English")
    publish(place.store, {"transcript.srt": b"ours"}, in_english(beside))
    assert "talk.en.srt" not in place.names_beside()
    assert any(name.endswith(".en.srt") for name in place.names_beside())


def test_what_a_person_made_of_an_artifact_beside_its_source_is_his(place: PlaceOfArtifacts, publish: Publish) -> None:
    target = Target("beside_source", place.beside("talk.mp4", b"recording"))
    publish(place.store, {"transcript.srt": b"as it was made"}, target)
    place.overwrite(b"as it was made", b"with a slip corrected")
    publish(place.again(), {"transcript.srt": b"made anew"}, target, fingerprint="e" * 64)
    assert sorted(place.contents()) == [b"made anew", b"recording", b"with a slip corrected"]
    publish(place.again(), {"transcript.srt": b"made once more"}, target, fingerprint="d" * 64)
    assert sorted(place.contents()) == [b"made once more", b"recording", b"with a slip corrected"]


def test_an_artifact_can_move_between_its_places(place: PlaceOfArtifacts, publish: Publish) -> None:
    target = Target("beside_source", place.beside("talk.mp4", b"recording"))
    for where in (IN_FOLDER, target, IN_FOLDER):
        moved = publish(place.again(), {"transcript.srt": b"some text"}, where)
        assert contents(place.again(), moved) == {"transcript.srt": b"some text"}
        assert place.contents() == [b"recording", b"some text"]


def test_of_publications_at_the_same_time_one_remains(place: PlaceOfArtifacts, publish: Publish) -> None:
    def attempt(number: int) -> bool:
        try:
            publish(place.again(), {"transcript.srt": b"text %d" % number}, fingerprint=f"{number}" * 64)
        except Transient:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert any(pool.map(attempt, range(4)))
    manifest = place.again().manifest("transcript", KEY)
    assert manifest is not None
    assert place.again().intact(manifest)
    assert place.contents() == list(contents(place.again(), manifest).values())


def test_the_check_leaves_nothing_behind(place: PlaceOfArtifacts) -> None:
    assert place.store.check()
    assert place.contents() == []


@pytest.mark.thorough
def test_a_publication_that_is_stopped_leaves_nothing_half_and_can_be_made_again(
    place: PlaceOfArtifacts, publish: Publish, tmp_path: Path
) -> None:
    files = {"transcript.json": b"{}" * 1_000_000, "transcript.srt": b"1\n"}
    origin = publish(place.store, files)

    def stopping_at(last: int) -> Callable[[], None]:
        calls = iter(range(last))

        def check() -> None:
            if next(calls, None) is None:
                raise Cancelled("the run was stopped")

        return check

    paths = {name: tmp_path / name for name in files}
    for name, content in files.items():
        paths[name].write_bytes(content)
    digests = {name: sha256_of(path) for name, path in paths.items()}
    other = draft(key="box:other.mp4", fingerprint="e" * 64)
    with pytest.raises(Cancelled):
        place.store.publish(other, paths, digests, IN_FOLDER, check=stopping_at(0))
    assert place.store.manifest("transcript", "box:other.mp4") is None
    with pytest.raises(Cancelled):
        place.store.copy(origin, draft(key="box:copy.mp4"), IN_FOLDER, check=stopping_at(1))
    assert place.store.manifest("transcript", "box:copy.mp4") is None
    again = publish(place.store, files, key="box:other.mp4", fingerprint="e" * 64)
    assert contents(place.store, again) == files
    copied = place.store.copy(origin, draft(key="box:copy.mp4"), IN_FOLDER)
    assert contents(place.store, copied) == files
