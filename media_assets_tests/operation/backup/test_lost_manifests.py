"""A manifest that was lost, and is written again from what an archive has of it: in a folder, on Drive, in a bucket.

`importing` asks a store whether the files are there, and publishes the artifact as a copy of itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from media_assets.places.drive.store.store import DriveArtifacts
from media_assets.places.stems import languages_said
from media_assets.places.store import Target
from media_assets_tests.places.every_place import EVERY_STORE, PlaceOfArtifacts
from media_assets_tests.places.test_every_store import IN_FOLDER, KEY, Publish, contents

FILES = {"transcript.srt": b"1\n", "transcript.txt": b"one"}


@pytest.fixture(params=EVERY_STORE)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[PlaceOfArtifacts]:
    with EVERY_STORE[request.param](tmp_path) as place:
        yield place


@pytest.mark.thorough
def test_an_artifact_whose_manifest_was_lost_is_there_again_once_and_whole(
    place: PlaceOfArtifacts, tmp_path: Path
) -> None:
    published = Publish(tmp_path / "work")(place.store, FILES)
    place.delete_manifests()
    store = place.again()
    assert store.manifest("transcript", KEY) is None
    assert store.intact(published)
    restored = store.copy(published, published, IN_FOLDER)
    assert (restored.fingerprint, restored.version) == (published.fingerprint, published.version)
    other = place.again()
    assert other.manifest("transcript", KEY) == restored
    assert other.intact(restored)
    assert contents(other, restored) == FILES
    assert other.find("transcript", published.fingerprint) == restored
    assert place.contents() == sorted(FILES.values())


def test_an_artifact_of_which_a_file_is_lost_too_is_not(place: PlaceOfArtifacts, tmp_path: Path) -> None:
    published = Publish(tmp_path / "work")(place.store, FILES)
    place.delete_manifests()
    place.delete(b"1\n")
    assert not place.again().intact(published)


def test_subtitles_beside_their_recording_keep_the_name_that_says_their_language(
    place: PlaceOfArtifacts, tmp_path: Path
) -> None:
    beside = place.beside("talk.mp4", b"recording")
    files = {"transcript.srt": b"1\n", "transcript.vtt": b"2\n"}
    languages = {"transcript.srt": "en", "transcript.vtt": "und"}
    published = Publish(tmp_path / "work")(place.store, files, Target("beside_source", beside, languages))
    names = place.names_beside()
    assert names == ["talk.en.srt", "talk.mp4", "talk.vtt"]
    place.delete_manifests()
    store = place.again()
    said = languages_said(published, beside.name)
    by_path = {"transcript.srt": "en", "transcript.vtt": ""}
    assert said == ({} if isinstance(place.store, DriveArtifacts) else by_path), "on Drive a path is an id"
    restored = store.copy(published, published, Target("beside_source", beside, said))
    assert place.names_beside() == names
    assert contents(place.again(), restored) == files
