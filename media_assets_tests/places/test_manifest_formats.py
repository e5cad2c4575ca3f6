"""Manifests of other formats than the present one, in a folder, on Drive and in a bucket.

As there was no other format yet, these tests have a history of their own: before the first came one in which the sizes
of files had another name, and before that one that knew no runs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from media_assets.base.errors import Fatal
from media_assets.places.manifest_formats import FORMATS, PRESENT, UPGRADES, ManifestFormats
from media_assets_tests.manifests import draft
from media_assets_tests.places.every_place import EVERY_STORE, PlaceOfArtifacts
from media_assets_tests.places.test_every_store import KEY, Publish, contents


def sizes_are_called_so(content: dict[str, Any]) -> dict[str, Any]:
    files = [{**file, "size_bytes": file["bytes"]} for file in content["files"]]
    for file in files:
        del file["bytes"]
    return {**content, "files": files}


def made_by_some_run(content: dict[str, Any]) -> dict[str, Any]:
    return {**content, "made_by_run": "unknown"}


EARLIER = ManifestFormats({-1: made_by_some_run, 0: sizes_are_called_so})


def written_earlier(text: bytes) -> bytes:
    content = json.loads(text)
    del content["made_by_run"]
    for file in content["files"]:
        file["bytes"] = file.pop("size_bytes")
    return json.dumps({**content, "format": -1}).encode()


def written_later(text: bytes) -> bytes:
    return json.dumps({**json.loads(text), "format": PRESENT + 1, "shade": "blue"}).encode()


@pytest.fixture(params=EVERY_STORE)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[PlaceOfArtifacts]:
    with EVERY_STORE[request.param](tmp_path, EARLIER) as place:
        yield place


@pytest.fixture
def publish(tmp_path: Path) -> Publish:
    return Publish(tmp_path / "work")


def test_an_older_manifest_is_upgraded_as_it_is_read_step_by_step(place: PlaceOfArtifacts, publish: Publish) -> None:
    files = {"transcript.srt": b"1\n"}
    published = publish(place.store, files)
    place.edit_manifests(written_earlier)
    store = place.again()
    expected = published.model_copy(update={"made_by_run": "unknown"})
    assert store.manifest("transcript", KEY) == expected
    assert store.as_of_now("transcript").manifest("transcript", KEY) == expected
    assert store.find("transcript", published.fingerprint) == expected
    assert store.intact(expected)
    assert contents(store, expected) == files


def test_what_replaces_an_older_version_has_the_present_format(place: PlaceOfArtifacts, publish: Publish) -> None:
    publish(place.store, {"transcript.srt": b"1\n", "transcript.txt": b"one"})
    place.edit_manifests(written_earlier)
    after = publish(place.again(), {"transcript.srt": b"2\n"}, fingerprint="e" * 64)
    assert place.again().manifest("transcript", KEY) == after
    assert place.contents() == [b"2\n"]


def test_a_newer_manifest_is_refused_and_never_written_over(place: PlaceOfArtifacts, publish: Publish) -> None:
    publish(place.store, {"transcript.srt": b"1\n"})
    place.edit_manifests(written_later)
    seen: list[bytes] = []
    store = place.again()
    for action in (
        lambda: store.manifest("transcript", KEY),
        lambda: store.as_of_now("transcript").manifest("transcript", KEY),
        lambda: publish(store, {"transcript.srt": b"2\n"}),
    ):
        with pytest.raises(Fatal, match="format 2, and this one knows formats up to 1") as caught:
            action()
        assert "Upgrade media-assets here" in caught.value.next_step

    def show(text: bytes) -> bytes:
        seen.append(text)
        return text

    place.edit_manifests(show)
    assert [json.loads(text)["shade"] for text in seen] == ["blue"]
    assert place.contents()[0] == b"1\n"


def test_a_format_that_never_was_is_no_manifest() -> None:
    never: tuple[object, ...] = ({"format": -7}, {"format": "1"}, {"format": None}, [], "text", 3)
    for content in never:
        assert FORMATS.read(json.dumps(content), "there") is None
        with pytest.raises(Fatal, match="is not a manifest of this version") as caught:
            FORMATS.manifest(content, "there", repair="Mend it")
        assert caught.value.next_step == "Mend it"


def test_there_is_an_upgrade_from_every_format_there_was() -> None:
    assert set(UPGRADES) == set(range(1, PRESENT))
    assert FORMATS.read(draft().model_dump_json(), "there") == draft()
