"""What lies beside the objects of a bucket: what it costs to know, what is ours, and what cannot be asked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from media_assets.base.errors import SourceChanged, Transient
from media_assets.places.bucket.source import BucketObjects
from media_assets.places.bucket.store.store import BucketArtifacts
from media_assets.places.source import SourceEntry, no_check
from media_assets.places.watching import AutomationSettings
from media_assets_tests.manifests import draft
from media_assets_tests.places.bucket.bucket_store import BESIDE, KEY, Store
from media_assets_tests.places.dict_state import DictState
from media_assets_tests.s3_server import Place, Request, S3Server, anything

ENDINGS = (".srt", ".vtt")


def source(place: Place, store: BucketArtifacts | None = None, prefix: str = "in", **changes: Any) -> BucketObjects:
    settings = place.source_settings(prefix, **changes)
    ours: Any = {"is_artifact": store.artifact_objects, "is_one_artifact": store.has_beside} if store else {}
    return BucketObjects("box", settings, AutomationSettings(), place.bucket(prefix), **ours)


def names(box: BucketObjects, entry: SourceEntry) -> list[str]:
    return [one.name for one in box.sidecars(entry, ENDINGS)]


def recordings(entries: Sequence[SourceEntry]) -> list[SourceEntry]:
    return [entry for entry in entries if entry.path.endswith(".mp4")]


@pytest.mark.thorough
@pytest.mark.parametrize("look", ["scan", "changes"])
def test_after_a_look_nobody_is_asked(server: S3Server, place: Place, look: str) -> None:
    for number in range(200):
        place.put_object(f"in/{number % 3}/{number}.mp4", "x")
    for number in range(0, 200, 2):
        place.put_object(f"in/{number % 3}/{number}.en.srt", "x")
    box = source(place, include=("**/*.mp4",))
    entries = list(box.scan()) if look == "scan" else box.changes(None, DictState()).changed
    before = len(server.requests)
    found = {entry.path: names(box, entry) for entry in entries}
    assert len(server.requests) == before
    assert found == {f"{number % 3}/{number}.mp4": [] if number % 2 else [f"{number}.en.srt"] for number in range(200)}


def test_a_process_that_has_not_looked_asks_once_for_a_file(server: S3Server, place: Place) -> None:
    place.put(**{"in/talk.mp4": "x", "in/talk.en.srt": "x", **{f"in/talk/{number}.srt": "x" for number in range(50)}})
    (entry,) = (entry for entry in source(place).scan() if entry.path == "talk.mp4")
    before = len(server.requests)
    assert names(source(place), entry) == ["talk.en.srt"]
    assert [request.method for request in server.requests[before:]] == ["GET"]
    assert "prefix=in" in server.requests[before].query


@pytest.mark.parametrize("scanned", [True, False])
def test_what_we_wrote_beside_a_recording_is_none_of_them(
    server: S3Server, place: Place, tmp_path: Path, scanned: bool
) -> None:
    place.put(**{"in/talk.mp4": "x", "in/talk.de.srt": "somebody's"})
    store = Store(place.settings("out"), tmp_path)
    store.put(draft(key=KEY), {"transcript.srt": "ours"}, BESIDE)
    assert "in/talk.transcript.srt" in place.paths() or "in/talk.srt" in place.paths()
    box, again = source(place, store), source(place, store)
    entries = recordings(list(box.scan()))
    before = len(server.requests)
    assert names(box if scanned else again, entries[0]) == ["talk.de.srt"]
    listed = [request for request in server.requests[before:] if "prefix=out" in request.query]
    assert not listed, "the whole index is not asked for one file"


def test_no_answer_does_not_mean_that_there_are_none(server: S3Server, place: Place) -> None:
    place.put(**{"in/talk.mp4": "x", "in/talk.en.srt": "x"})
    (entry,) = recordings(list(source(place).scan()))
    box = source(place, max_retries=0)
    server.fault("slow down", anything, times=50)
    with pytest.raises(Transient):
        names(box, entry)
    server.repair()
    assert names(box, entry) == ["talk.en.srt"]


def test_a_broken_transfer_is_said_to_be_one(server: S3Server, place: Place, tmp_path: Path) -> None:
    place.put(**{"in/talk.mp4": "x", "in/talk.en.srt": "said"})
    box = source(place, max_retries=0)
    (entry,) = recordings(list(box.scan()))
    (one,) = box.sidecars(entry, ENDINGS)
    server.fault("slow down", lambda request: request.path.endswith(".srt"), times=50)
    with pytest.raises(Transient):
        one.fetch(tmp_path / "copy", no_check)
    server.repair()
    one.fetch(tmp_path / "copy", no_check)
    assert (tmp_path / "copy").read_bytes() == b"said"


def test_what_vanishes_is_asked_for_anew(server: S3Server, place: Place, tmp_path: Path) -> None:
    place.put(**{"in/talk.mp4": "x", "in/talk.en.srt": "said", "in/talk.de.srt": "gesagt"})
    box = source(place)
    (entry,) = recordings(list(box.scan()))
    one = box.sidecars(entry, ENDINGS)[1]
    place.delete("in/talk.en.srt")
    with pytest.raises(SourceChanged):
        one.fetch(tmp_path / "copy", no_check)
    assert names(box, entry) == ["talk.de.srt"]


def test_names_that_the_client_cannot_handle_hide_what_is_deeper_and_no_more(place: Place) -> None:
    place.put(**{"in/a/talk.mp4": "x", "in/a/talk.en.srt": "x", "in/a/talk.d//x.srt": "x", "in/b/x.mp4": "x"})
    place.put(**{"in/b/x.srt": "x"})
    box = source(place)
    entries = recordings(list(box.scan()))
    assert box.unreadable
    for asked in (box, source(place)):
        assert [names(asked, entry) for entry in entries] == [["talk.en.srt"], ["x.srt"]]


def test_in_a_folder_that_could_not_be_listed_is_asked(place: Place) -> None:
    for path in ("in/a.mp4", "in/c/talk.mp4", "in/c/talk.en.srt", "in/c//y.srt"):
        place.put_object(path)
    box = source(place)
    assert [entry.path for entry in box.scan()] == ["a.mp4"]
    assert names(box, box.entry("box:c/talk.mp4")) == ["talk.en.srt"]


def test_an_object_of_gigabytes_is_not_fetched(server: S3Server, place: Place) -> None:
    """Its size is what a listing says; nobody opens it."""
    place.put_object("in/talk.mp4")
    place.put_object("in/talk.srt", bytes((16 << 20) + 1))
    box = source(place)
    (entry,) = recordings(list(box.scan()))
    before = len(server.requests)
    for asked in (box, source(place)):
        (one,) = asked.sidecars(entry, ENDINGS)
        assert one.too_large

    def reads(request: Request) -> bool:
        return request.method == "GET" and request.path.endswith(".srt")

    assert not any(map(reads, server.requests[before:]))
