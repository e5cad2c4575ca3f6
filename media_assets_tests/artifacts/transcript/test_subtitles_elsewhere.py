"""Subtitles that lie beside a recording in a bucket and on Drive are its transcript, as in a folder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import pytest

from media_assets.artifacts.transcript.value import Transcript
from media_assets.pipeline.status import LibraryStatus
from media_assets.places.manifest import Manifest
from media_assets_tests.artifacts.transcript.test_existing_subtitles import ENGLISH, GERMAN, film
from media_assets_tests.drive_library import access_to
from media_assets_tests.drive_server import DriveServer, Fault, drive_server
from media_assets_tests.openai_audio_server import AudioServer
from media_assets_tests.real_library import RealLibrary
from media_assets_tests.s3_server import ACCESS_KEY, SECRET_KEY, SESSION_TOKEN, Place, Request, s3_server

pytestmark = [pytest.mark.thorough, pytest.mark.timeout(600)]


RECORDINGS = {"include": ["**/*.mkv"]}
"""What is a source file; subtitles are looked for all the same."""


class Elsewhere(Protocol):
    """Where the recordings lie."""

    def sections(self, root: Path) -> dict[str, Any]:
        """The source, and a store that can lie beside it."""
        ...

    def put(self, name: str, content: bytes) -> None: ...

    def remove(self, name: str) -> None: ...

    def lose(self, name: str) -> None:
        """Let a file vanish right before its content is asked for."""
        ...

    def break_off(self, name: str) -> None:
        """Let the content of a file not come."""
        ...

    def mend(self) -> None:
        """End that."""
        ...

    questions_for_20: int
    """How often is asked what lies beside 20 recordings of one folder by a process that has not listed it."""

    def listings(self) -> int:
        """How often a folder was listed, or the beginning of names."""
        ...

    def names(self) -> list[str]:
        """What lies beside the recordings."""
        ...


class InBucket:
    questions_for_20 = 20

    def __init__(self, place: Place) -> None:
        self._place = place

    def sections(self, root: Path) -> dict[str, Any]:
        source, store = (self._place.settings(prefix, max_retries=1) for prefix in ("library", "artifacts"))
        return {
            "sources": {"media": {"type": "bucket", **source, **RECORDINGS}},
            "stores": {"own": {"type": "bucket", **store}},
        }

    def put(self, name: str, content: bytes) -> None:
        self._place.put_object(f"library/{name}", content)

    def remove(self, name: str) -> None:
        self._place.delete(f"library/{name}")

    def lose(self, name: str) -> None:
        self._place.server.fault(lambda: self.remove(name), partial(self._reads, name))

    def break_off(self, name: str) -> None:
        self._place.server.fault("cut body", partial(self._reads, name), times=1000)

    @staticmethod
    def _reads(name: str, request: Request) -> bool:
        return request.method == "GET" and request.path == f"library/{name}"

    def mend(self) -> None:
        self._place.server.repair()

    def listings(self) -> int:
        return sum("prefix=library" in request.query for request in self._place.server.requests)

    def names(self) -> list[str]:
        return [path.removeprefix("library/") for path in self._place.paths("library")]


class OnDrive:
    questions_for_20 = 1

    def __init__(self, drive: DriveServer) -> None:
        self._drive = drive
        self._folder = drive.add_path("Library")
        self._ids: dict[str, str] = {}

    def sections(self, root: Path) -> dict[str, Any]:
        way = json.loads(json.dumps({"type": "drive", **access_to(self._drive, root)}, default=str))
        return {
            "sources": {"media": {**way, **RECORDINGS, "folders": ["My Drive/Library"]}},
            "stores": {"own": {**way, "folder": "My Drive/Artifacts"}},
        }

    def put(self, name: str, content: bytes) -> None:
        if name in self._ids:
            self._drive.replace_content(self._ids[name], content)
        else:
            self._ids[name] = self._drive.add_file(name, content, parent=self._folder)

    def remove(self, name: str) -> None:
        self._drive.trash(self._ids.pop(name))

    def lose(self, name: str) -> None:
        self._drive.fail_next("files.download", "notFound", file_id=self._ids[name])

    def break_off(self, name: str) -> None:
        self._drive.fail_always("files.download", Fault.CUT_ANSWER, file_id=self._ids[name])

    def mend(self) -> None:
        self._drive.repair()

    def listings(self) -> int:
        asked = (request.params.get("q", "") for request in self._drive.counters.requests)
        return sum(f"'{self._folder}' in parents" in query and "appProperties" not in query for query in asked)

    def names(self) -> list[str]:
        return [item.name for item in self._drive.files(parent=self._folder)]


@contextmanager
def in_bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Elsewhere]:
    for name, value in (
        ("AWS_ACCESS_KEY_ID", ACCESS_KEY),
        ("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
        ("AWS_SESSION_TOKEN", SESSION_TOKEN),
    ):
        monkeypatch.setenv(name, value)
    with s3_server() as server:
        yield InBucket(Place(server))


@contextmanager
def on_drive(monkeypatch: pytest.MonkeyPatch) -> Iterator[Elsewhere]:
    with drive_server(seed=7) as drive:
        yield OnDrive(drive)


EVERYWHERE: dict[str, Any] = {"bucket": in_bucket, "drive": on_drive}


@pytest.fixture(params=EVERYWHERE)
def there(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Elsewhere]:
    opened: AbstractContextManager[Elsewhere] = EVERYWHERE[request.param](monkeypatch)
    with opened as place:
        yield place


class FarLibrary:
    """A library whose sources are not on this machine, and whose engine is a server that counts what it is asked."""

    def __init__(self, root: Path, there: Elsewhere, server: AudioServer) -> None:
        server.key = None
        self._server = server
        self._there = there
        self._library = RealLibrary(root)
        self.prefer_existing = True
        self.configure()

    def configure(self, **changes: Any) -> None:
        """With transcripts in a folder, unless the changes say otherwise."""
        sections = self._there.sections(self._library.root)
        sections["stores"]["here"] = {"type": "folder", "path": "artifacts"}
        outputs = {"default": {"store": "here"}, **changes}
        engine = {"engine": "openai", "base_url": self._server.base_url}
        transcription = {**engine, "prefer_existing": self.prefer_existing}
        assets = {"thumbnail": {"enabled": False}, "summary": {"enabled": False}}
        self._library.configure(
            **sections, outputs=outputs, transcription=transcription, assets=assets, retries={"max_retries": 0}
        )

    def process(self, **selection: Any) -> LibraryStatus:
        return self._library.process(stage="transcript", **selection)

    def transcripts(self, **selection: Any) -> dict[str, Transcript]:
        """What is made of the files, by their names. Their engine has `subtitles`, or the server's name."""
        status = self.process(**selection)
        assert not status.failures, [failure.reason for failure in status.failures.values()]
        found = {}
        artifacts = self._library.root / "artifacts"
        for path in artifacts.glob("transcript/*/manifest.json"):
            manifest = Manifest.model_validate_json(path.read_text("utf-8"))
            if manifest.not_applicable:
                continue
            name = manifest.key.partition(":")[2].partition("~")[0]
            said = (artifacts / manifest.file("transcript.json").path).read_bytes()
            found[name.removesuffix(".mkv")] = Transcript.model_validate_json(said)
        return found

    @property
    def count(self) -> int:
        return len(self._server.uploads)


@pytest.fixture
def far(tmp_path: Path, there: Elsewhere, server: AudioServer) -> FarLibrary:
    return FarLibrary(tmp_path, there, server)


@pytest.fixture
def recording(tmp_path: Path) -> bytes:
    path = film(tmp_path / "talk.mkv", {})
    content = path.read_bytes()
    path.unlink()
    return content


def test_they_are_taken_over_and_what_becomes_of_them_is_seen_by_the_next_pass(
    far: FarLibrary, there: Elsewhere, recording: bytes
) -> None:
    there.put("talk.mkv", recording)
    there.put("talk.de.srt", GERMAN.encode())
    there.put("talk.EN.SRT", ENGLISH.encode("utf-16"))
    said = far.transcripts()["talk"]
    assert (said.text, said.engine, said.model) == ("Good morning, everybody.", "subtitles", "talk.EN.SRT")
    assert said.note == "Taken over from subtitles: talk.EN.SRT"
    there.put("talk.EN.SRT", ENGLISH.replace("everybody", "all").encode())
    assert far.transcripts()["talk"].text == "Good morning, all."
    assert far.count == 0
    there.remove("talk.EN.SRT")
    assert far.transcripts()["talk"].engine == "openai"
    assert far.count == 1
    there.put("talk.mkv.vtt", b"WEBVTT\n\n00:00.500 --> 00:02.000\nNew ones.\n")
    assert far.transcripts()["talk"].text == "New ones."
    assert far.count == 1


def test_nothing_is_made_again_while_they_stay_as_they_are(far: FarLibrary, there: Elsewhere, recording: bytes) -> None:
    there.put("talk.mkv", recording)
    there.put("talk.en.srt", ENGLISH.encode())
    first = far.transcripts()["talk"]
    there.put("other.en.srt", GERMAN.encode())
    assert far.transcripts()["talk"] == first
    assert far.count == 0


def test_ours_beside_the_recording_are_not_taken_for_somebodys(
    far: FarLibrary, there: Elsewhere, recording: bytes, tmp_path: Path
) -> None:
    far.configure(transcript={"store": "own", "placement": "beside_source"})
    there.put("talk.mkv", recording)
    assert not far.process().failures
    assert far.count == 1
    written = there.names()
    assert any(name.endswith(".srt") for name in written)
    assert not far.process().failures
    # Another machine looks at it anew, and hears the recording rather than read what we wrote.
    (tmp_path / "other").mkdir()
    other = FarLibrary(tmp_path / "other", there, far._server)
    sections = {"transcript": {"store": "own", "placement": "beside_source"}}
    other.configure(**sections)
    assert not other.process(force=True).failures
    assert far.count == 2
    assert there.names() == written


def test_one_that_is_no_text_is_named_and_the_recording_heard(
    far: FarLibrary, there: Elsewhere, recording: bytes
) -> None:
    there.put("talk.mkv", recording)
    there.put("talk.en.srt", b"\x00\x01\x02" * 1000)
    said = far.transcripts()["talk"]
    assert said.engine == "openai"
    assert said.note is not None
    assert said.note.startswith("talk.en.srt cannot be read: ")


def test_planning_asks_nothing_and_a_run_asks_little(far: FarLibrary, there: Elsewhere, recording: bytes) -> None:
    for number in range(20):
        there.put(f"{number}.mkv", recording + bytes(number))
        there.put(f"{number}.en.srt", ENGLISH.replace("everybody", f"number {number}").encode())
    before = there.listings()
    found = far.transcripts()
    assert there.listings() == before + 1 + there.questions_for_20, "the scan, and what the runs asked"
    assert {name: said.text for name, said in found.items()} == {
        str(number): f"Good morning, number {number}." for number in range(20)
    }
    before = there.listings()
    assert far.transcripts() == found
    assert there.listings() == before + 1, "the scan of the source"
    assert far.count == 0


def test_one_that_vanishes_before_it_is_read_makes_no_transcript_and_the_next_pass_hears_the_recording(
    far: FarLibrary, there: Elsewhere, recording: bytes
) -> None:
    there.put("talk.mkv", recording)
    there.put("talk.en.srt", ENGLISH.encode())
    there.lose("talk.en.srt")
    (failure,) = far.process().failures.values()
    assert failure.kind == "Transient"
    assert failure.reason.startswith("its subtitles talk.en.srt changed or vanished before they were read")
    assert far.count == 0
    there.remove("talk.en.srt")
    assert far.transcripts()["talk"].engine == "openai"


def test_while_they_cannot_be_read_no_recording_is_heard_in_their_place(
    far: FarLibrary, there: Elsewhere, recording: bytes
) -> None:
    there.put("talk.mkv", recording)
    there.put("talk.en.srt", ENGLISH.encode())
    there.break_off("talk.en.srt")
    (failure,) = far.process().failures.values()
    assert (failure.kind, far.count) == ("Transient", 0)
    there.mend()
    assert far.transcripts()["talk"].engine == "subtitles"


def test_where_existing_ones_are_not_wanted_nobody_is_asked_for_them(
    far: FarLibrary, there: Elsewhere, recording: bytes
) -> None:
    there.put("talk.mkv", recording)
    there.put("talk.en.srt", ENGLISH.encode())
    far.prefer_existing = False
    far.configure()
    before = there.listings()
    assert far.transcripts()["talk"].engine == "openai"
    assert there.listings() == before + 1, "the scan of the source"
