"""What a person changes in the folder of a store."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from media_assets.base.checksums import sha256_of
from media_assets.places.folder.store import FolderArtifacts
from media_assets.places.manifest import Manifest
from media_assets.places.source import Beside
from media_assets.places.store import Target
from media_assets_tests.manifests import draft


@pytest.fixture
def store(tmp_path: Path) -> FolderArtifacts:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "talk.mp4").write_bytes(b"recording")
    return FolderArtifacts("artifacts", tmp_path / "out", {"box": tmp_path / "in"})


def publish(store: FolderArtifacts, work: Path, text: str, target: Target, fingerprint: str = "f") -> Manifest:
    path = work / "made.srt"
    path.write_text(text, "utf-8")
    manifest = draft("box:talk.mp4", fingerprint * 64)
    return store.publish(manifest, {"transcript.srt": path}, {"transcript.srt": sha256_of(path)}, target)


def test_an_edit_that_leaves_the_size_as_it_is_is_seen(store: FolderArtifacts, tmp_path: Path) -> None:
    manifest = publish(store, tmp_path, "on tilt", Target("folder"))
    assert store.intact(manifest)
    path = store.local_path(manifest.files[0])
    path.write_text("on time", "utf-8")
    later = path.stat().st_mtime_ns + 1_000_000_000
    os.utime(path, ns=(later, later))
    assert not store.intact(manifest)


def test_a_library_whose_times_were_lost_is_whole(store: FolderArtifacts, tmp_path: Path) -> None:
    manifest = publish(store, tmp_path, "on tilt", Target("folder"))
    path = store.local_path(manifest.files[0])
    later = path.stat().st_mtime_ns + 10_000_000_000
    os.utime(path, ns=(later, later))
    assert store.intact(manifest)


def test_what_a_person_made_of_it_is_ours_once_it_was_taken_over(store: FolderArtifacts, tmp_path: Path) -> None:
    beside = Target("beside_source", Beside("box", str(tmp_path / "in"), "talk.mp4"))
    publish(store, tmp_path, "on tilt", beside)
    (srt,) = (tmp_path / "in").glob("*.srt")
    srt.write_text("on tiles", "utf-8")
    publish(store, tmp_path, "on tiles", beside, "e")
    publish(store, tmp_path, "on tiles!", beside, "d")
    assert {path.name: path.read_text("utf-8") for path in (tmp_path / "in").iterdir()} == {
        "talk.mp4": "recording",
        srt.name: "on tiles!",
    }


def test_what_a_person_made_of_it_goes_on_under_the_name_that_says_its_language(
    store: FolderArtifacts, tmp_path: Path
) -> None:
    place = Beside("box", str(tmp_path / "in"), "talk.mp4")
    publish(store, tmp_path, "on tilt", Target("beside_source", place))
    srt = tmp_path / "in" / "talk.srt"
    srt.write_text("on tiles", "utf-8")
    in_english = Target("beside_source", place, {"transcript.srt": "en"})
    publish(store, tmp_path, "on tiles", in_english, "e")
    assert {path.name: path.read_text("utf-8") for path in (tmp_path / "in").iterdir()} == {
        "talk.mp4": "recording",
        "talk.en.srt": "on tiles",
    }
    (tmp_path / "in" / "talk.en.srt").write_text("on nails", "utf-8")
    publish(store, tmp_path, "on tilt", Target("beside_source", place, {"transcript.srt": "de"}), "d")
    assert (tmp_path / "in" / "talk.en.srt").read_text("utf-8") == "on nails", "what nobody took over is his"
