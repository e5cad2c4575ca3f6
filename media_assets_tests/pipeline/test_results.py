"""What a stage hands over is looked at before it is published, and what is stored before it is used."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from media_assets.artifacts.all import PIPELINE as STAGES
from media_assets.base.errors import BadArtifact, FaultOfCode
from media_assets.pipeline.artifact import Artifact, Stored
from media_assets.pipeline.results import checked, described_by, found_in, own_fault
from media_assets.pipeline.status import State
from media_assets.places.folder.store import FolderArtifacts
from media_assets.places.manifest import Manifest, StoredFile
from media_assets.places.store import ArtifactStore
from media_assets_tests.toy_library import ToyLibrary, failed_files, failure_of, key_of, materialized, observed, retries
from media_assets_tests.toy_stages import Note, shout, tuned
from media_assets_tests.wrong_results import WRONG

pytestmark = pytest.mark.thorough

ONE_WORKER = {"assets": tuned("shout", workers=1)}


def made_in(directory: Path) -> Artifact[Note]:
    audio = directory / "shout.m4a"
    audio.write_text("sound", "utf-8")
    return Artifact(Note(text="a"), files={"shout.m4a": audio})


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_artifact_is_refused_and_the_stage_is_named_with_its_place(tmp_path: Path, name: str) -> None:
    directory = tmp_path / "file"
    directory.mkdir()
    spoil, reason = WRONG[name]
    with pytest.raises(FaultOfCode) as caught:
        checked(shout, spoil(made_in(directory), directory), directory)
    assert caught.value.reason.startswith(f"the stage shout {reason}")
    assert "toy_stages.py:" in caught.value.next_step


def test_an_artifact_passes_as_it_is(tmp_path: Path) -> None:
    made = made_in(tmp_path)
    assert checked(shout, made, tmp_path) is made


def test_a_wrong_result_stops_the_run_at_once_and_blames_no_file(tmp_path: Path) -> None:
    with ToyLibrary(tmp_path, **ONE_WORKER) as toy:
        keys = toy.write(a="good", b="odd\nshout: returns not_made", c="never")
        toy.run("note")
        result = toy.run("shout", keys=keys)
        reason = str(failure_of(result).metadata["reason"].value)
        assert reason.startswith("the stage shout names a file x that it did not make (")
        assert reason.endswith("; seen at b.txt")
        assert retries(result) == 0
        assert observed(result) == {}
        assert set(materialized(result)) == {key_of("a")}
        assert toy.bench.calls_of("shout")["never"] == 0
        assert toy.scratch() == []


def test_what_a_stage_looks_for_and_did_not_make_is_its_own_fault_and_not_tried_again(tmp_path: Path) -> None:
    with ToyLibrary(tmp_path, **ONE_WORKER) as toy:
        keys = toy.write(a="good", b="odd\nshout: looks_for sound.wav")
        toy.run("note")
        result = toy.run("shout", keys=keys)
        reason = "the stage shout looks for sound.wav in its work directory, where nothing made it"
        assert failed_files(result) == {key_of("b"): reason}
        assert "The stage is at fault, not the file" in str(observed(result)[key_of("b")]["next_step"])
        assert retries(result) == 0
        assert set(materialized(result)) == {key_of("a")}


@pytest.mark.parametrize(
    ("described", "reason"),
    [
        (None, "returned None, and no {name: value}"),
        (["title"], "returned a list, and no {name: value}"),
        ({1: "a"}, "returned a dict, and no {name: value}"),
        ({"title": object()}, "returned an object as title, which Dagster cannot show"),
        ({"fine": 1, "title": {"x": object()}}, "returned a dict as title, which Dagster cannot show"),
    ],
)
def test_a_description_that_dagster_cannot_show_is_a_fault_of_the_stage(described: object, reason: str) -> None:
    with pytest.raises(FaultOfCode) as caught:
        described_by(shout, described)
    assert caught.value.reason == f"`describe` of the stage shout {reason}"
    assert "`describe` (" in caught.value.next_step


def test_a_value_that_a_stage_cannot_make_is_told_in_a_line_with_the_stage(tmp_path: Path) -> None:
    with pytest.raises(ValidationError) as caught:
        Note.model_validate({"text": 5, "more": 1})
    fault = own_fault(shout, caught.value, tmp_path)
    assert fault is not None
    assert fault.reason == "the stage shout meets what is no Note (text: Input should be a valid string)"
    assert own_fault(shout, ValueError("odd"), tmp_path) is None
    assert own_fault(shout, FileNotFoundError(2, "x", "/elsewhere/a"), tmp_path) is None


# ----------------------------------------------------------------------------------------------- what is stored


def in_manifest(manifest: Path, change: Callable[[dict[str, Any]], object]) -> None:
    content = json.loads(manifest.read_text("utf-8"))
    change(content)
    manifest.write_text(json.dumps(content), "utf-8")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda content: content.update(value={"title": "old"}), "manifest.json is no Note: text: Field required"),
        pytest.param(
            lambda content: content.update(value=None),
            "manifest.json is no Note: Input should be a valid dictionary",
            marks=pytest.mark.thorough,
        ),
    ],
)
def test_a_stored_value_that_does_not_read_is_named_with_its_place_and_what_to_do(
    tmp_path: Path, change: Callable[[dict[str, Any]], object], why: str
) -> None:
    with ToyLibrary(tmp_path) as toy:
        keys = toy.write(a="first", b="second")
        toy.run("note")
        manifest = next((toy.root / "out" / "note").glob("a*/manifest.json"))
        in_manifest(manifest, change)
        result = toy.run("shout", keys=keys)
        reason = failed_files(result)[key_of("a")]
        assert reason.startswith("its note, as it is stored at file://")
        assert "/out/note/a" in reason
        assert f"cannot be used: {why}" in reason
        blamed = observed(result)[key_of("a")]
        assert blamed["error"] == "BadArtifact"
        assert "process --force --stage note --file 'a.txt'" in str(blamed["next_step"])
        assert retries(result) == 0
        assert set(materialized(result)) == {key_of("b")}


@pytest.mark.parametrize("text", [b'{"title": "old"}', b"", b"\x00" * 20, b"[" * 100_000, b'{"text": "\xff"}'])
def test_a_document_that_does_not_read_is_named_too(tmp_path: Path, text: bytes) -> None:
    """The file is as its manifest says, so only who reads it can tell."""
    (tmp_path / "note.json").write_bytes(text)
    manifest = a_manifest(document="note.json", sha256=hashlib.sha256(text).hexdigest())
    stored = Stored(manifest, Note, lambda _: tmp_path / "note.json", where=lambda: "shelf 3")
    with pytest.raises(BadArtifact) as caught:
        _ = stored.value
    assert caught.value.reason.startswith(
        "its note, as it is stored at shelf 3, cannot be used: note.json is no Note: "
    )
    assert len(caught.value.reason) < 500


def test_a_document_that_somebody_changed_is_to_be_mended_and_not_made_again(tmp_path: Path) -> None:
    (tmp_path / "note.json").write_text('{"text": "my own wor', "utf-8")
    stored = Stored(a_manifest(document="note.json", sha256="another"), Note, lambda _: tmp_path / "note.json")
    with pytest.raises(BadArtifact, match="it was changed since it was stored") as caught:
        _ = stored.value
    assert caught.value.next_step.startswith("Mend note.json there, or delete it")
    assert "--force" not in caught.value.next_step


def test_a_file_that_an_artifact_does_not_have_is_told_with_those_that_it_has() -> None:
    stored = Stored(a_manifest(), Note, lambda _: Path(), where=lambda: "shelf 3")
    with pytest.raises(BadArtifact, match=r"cannot be used: it has no file note.txt, only note.json"):
        stored.local_path("note.txt")


def test_a_place_that_cannot_tell_what_opens_its_artifacts_takes_no_file_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def link(self: FolderArtifacts, manifest: Manifest) -> str:
        raise KeyError("of a place of somebody else's")

    monkeypatch.setattr(FolderArtifacts, "link", link)
    with ToyLibrary(tmp_path) as toy:
        toy.write(a="first", b="second")
        assert set(materialized(toy.run("note"))) == {key_of("a"), key_of("b")}
    assert "cannot tell what opens it" in caplog.text


def a_manifest(document: str | None = None, sha256: str = "") -> Manifest:
    return Manifest(
        asset="note",
        key="box:a.txt",
        fingerprint="",
        version="",
        document=document,
        files=(StoredFile(name="note.json", path="note/a/note.json", size_bytes=1, sha256=sha256),),
        inputs={},
        code_version="1",
        settings={},
        made_at=datetime.now(UTC),
        made_in_seconds=0.0,
        made_by_run="",
    )


@pytest.mark.thorough
def test_all_files_whose_artifacts_do_not_read_alike_stop_the_run_and_mark_none(tmp_path: Path) -> None:
    with ToyLibrary(tmp_path) as toy:
        toy.write(a="1", b="2", c="3", d="4")
        toy.run("note")
        for manifest in (toy.root / "out" / "note").glob("*/manifest.json"):
            in_manifest(manifest, lambda content: content.update(value={"old": "shape"}))
        result = toy.run("shout")
        failure = failure_of(result)
        assert str(failure.description).startswith("shout stopped after 0 of 4 files, no file is to blame: ")
        assert str(failure.metadata["reason"].value).startswith(
            "the first 3 files failed all in the same way: its note, as it is stored at file://"
        )
        assert "raise its code_version" in str(failure.metadata["next_step"].value)
        assert observed(result) == {}
        assert set(toy.status().grid[key_of("a")].values()) == {State.DONE, State.MISSING}


@pytest.mark.thorough
def test_a_damaged_file_of_an_earlier_stage_is_to_blame_and_not_the_source(tmp_path: Path) -> None:
    with ToyLibrary(tmp_path) as toy:
        keys = toy.write(a="first\necho: misread", b="second\necho: misread")
        toy.run("note")
        toy.run("shout")
        audio = next((toy.root / "out" / "shout").glob("a*/**/shout.m4a"))
        audio.write_bytes(b"\x00" * audio.stat().st_size)
        result = toy.run("echo", keys=keys)
        reasons = failed_files(result)
        assert reasons[key_of("b")] == "cannot be opened"
        assert reasons[key_of("a")].startswith("its shout, as it is stored at file://")
        assert reasons[key_of("a")].endswith("shout.m4a is not what was stored (its checksum is another)")
        assert toy.scratch() == []


def test_the_values_of_the_product_are_classes_that_can_be_told_apart() -> None:
    assert all(isinstance(stage.value_type, type) for stage in STAGES)


def test_a_store_that_finds_another_artifact_is_not_believed(tmp_path: Path) -> None:
    with ToyLibrary(tmp_path) as toy:
        toy.write(a="good")
        toy.run("note")
        made = toy.made("note", key_of("a"))
        store = toy.library.store("note")
        with_any: Any = _FindsAny(store, made)
        assert found_in(with_any, "note", made.fingerprint) == made
        with pytest.raises(
            FaultOfCode, match=r"the store artifacts \(.*_FindsAny\) was asked for note with the finger"
        ):
            found_in(with_any, "note", "another")
        with pytest.raises(FaultOfCode, match="gave note with"):
            found_in(with_any, "shout", made.fingerprint)


class _FindsAny:
    """A store that does not look at the fingerprint."""

    def __init__(self, store: ArtifactStore, made: Manifest) -> None:
        self._store, self._made = store, made

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def find(self, asset: str, fingerprint: str) -> Manifest | None:
        return self._made
