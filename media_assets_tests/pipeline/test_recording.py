"""What names the recording is written for each file, though files share what is made of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from media_assets.base.checksums import sha256_of
from media_assets.base.errors import BadMedia
from media_assets.pipeline.recording import Recording, address_of
from media_assets_tests import toy_stages
from media_assets_tests.toy_library import ToyLibrary, key_of
from media_assets_tests.toy_stages import Note

Texts = Callable[[Note, Recording], Mapping[str, str]]


def page(note: Note, recording: Recording) -> dict[str, str]:
    return {"echo.md": f"{recording.name} says {note.title} at {recording.address_at(7.9)}"}


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ToyLibrary]:
    monkeypatch.setattr(toy_stages.echo, "texts", page)
    with ToyLibrary(tmp_path) as library:
        yield library


def page_of(toy: ToyLibrary, name: str) -> str:
    return toy.text_of("echo", key_of(name), "echo.md")


def expected(toy: ToyLibrary, name: str) -> str:
    return f"{name}.txt says 96 decibels of same at {(toy.inbox / name).as_uri()}.txt#t=7"


@pytest.mark.thorough
def test_files_of_equal_content_share_the_artifact_and_each_is_named(toy: ToyLibrary) -> None:
    toy.write(one="same", two="same", other="another")
    assert all(result.success for result in toy.run_all())
    assert toy.bench.calls_of("echo") == Counter(same=1, another=1)
    assert [page_of(toy, name) for name in ("one", "two")] == [expected(toy, "one"), expected(toy, "two")]
    one, two = (toy.made("echo", key_of(name)) for name in ("one", "two"))
    assert one.version == two.version, "later stages have no need to be made again"
    assert {one.reused_from, two.reused_from} in ({None, one.key}, {None, two.key})
    for manifest in (one, two):
        for stored in manifest.files:
            with toy.library.store("echo").lease(stored) as path:
                assert (sha256_of(path), path.stat().st_size) == (stored.sha256, stored.size_bytes)


@pytest.mark.thorough
def test_a_renamed_file_is_not_worked_on_again_and_bears_its_new_name(toy: ToyLibrary) -> None:
    toy.write(before="same")
    toy.run_all()
    version = toy.made("echo", key_of("before")).version
    (toy.inbox / "before.txt").rename(toy.inbox / "now.txt")
    toy.run_all()
    assert toy.bench.calls_of("echo") == Counter(same=1)
    assert page_of(toy, "now") == expected(toy, "now")
    assert toy.made("echo", key_of("now")).version == version
    toy.run("echo", keys=[key_of("now")], force=True)
    assert toy.bench.calls_of("echo") == Counter(same=2)
    assert toy.made("echo", key_of("now")).version == version, "the same result under another name"


@pytest.mark.thorough
def test_what_was_made_before_there_were_such_texts_stays(toy: ToyLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as before:
        before.setattr(toy_stages.echo, "texts", None)
        toy.write(one="same")
        toy.run_all()
    old = toy.made("echo", key_of("one"))
    toy.run_all()
    assert toy.made("echo", key_of("one")) == old
    toy.write(two="same")
    toy.run_all()
    assert toy.bench.calls_of("echo") == Counter(same=1)
    assert page_of(toy, "two") == expected(toy, "two")
    assert toy.made("echo", key_of("two")).version == old.version


@pytest.mark.thorough
def test_an_artifact_that_is_replaced_while_it_is_copied_is_copied_again(
    toy: ToyLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    toy.write(one="same")
    toy.run_all()
    replaced: list[str] = []

    def replacing(note: Note, recording: Recording) -> dict[str, str]:
        if not replaced:
            (manifest,) = (toy.root / "out" / "echo").rglob("manifest.json")
            text = manifest.read_text("utf-8")
            replaced.append(text)
            manifest.write_text(text.replace('"cost_usd": 0.25', '"cost_usd": 0.5'), "utf-8")
        return page(note, recording)

    monkeypatch.setattr(toy_stages.echo, "texts", replacing)
    toy.write(two="same")
    toy.run_all()
    assert replaced
    assert toy.made("echo", key_of("two")).cost_usd == 0.5
    assert toy.bench.calls_of("echo") == Counter(same=1)


def test_a_recording_opens_where_browsers_can_open_it() -> None:
    there = "file:///talks/Gr%C3%BC%C3%9Fe%20%281%29.mp4"
    assert Recording("box:a.mp4", lambda: there).address_at(61.9) == f"{there}#t=61"
    assert Recording("box:a.mp4", lambda: there).opens
    drive = Recording("box:a~1", lambda: "https://drive.google.com/file/d/1/view")
    assert (drive.opens, drive.address_at(-3)) == (True, "https://drive.google.com/file/d/1/view?t=0")
    assert not Recording("box:a.mp4", lambda: "s3://bucket/a.mp4").opens
    assert not Recording("box:a.mp4").opens


def test_what_is_noted_of_a_recording_is_asked_for_once_and_only_when_needed() -> None:
    asked: list[int] = []

    def listed() -> dict[str, object]:
        asked.append(1)
        return {"recorded_at": "2025-03-17T10:30:00Z", "modified_at": 12}

    recording = Recording("box:2025/talk%2C one.mp4", listed=listed)
    assert (recording.name, asked) == ("talk, one.mp4", [])
    assert recording.recorded_at == datetime(2025, 3, 17, 10, 30, tzinfo=UTC)
    assert recording.modified_at is None
    assert len(asked) == 1


def test_nothing_fails_for_want_of_an_address(toy: ToyLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    assert address_of(toy.library, "gone:a.txt") == ""

    def broken(_: str) -> str:
        raise ZeroDivisionError

    monkeypatch.setattr(type(toy.library.source(key_of("a"))), "link_of", broken)
    assert address_of(toy.library, key_of("a")) == ""
    with pytest.raises(BadMedia):
        toy.library.source("gone:a.txt")
