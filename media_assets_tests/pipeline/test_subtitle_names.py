"""Subtitles beside their recording are called by their language, whichever way they come there."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from media_assets.pipeline.settings import Output
from media_assets_tests import toy_stages
from media_assets_tests.broken_library import SAMPLES
from media_assets_tests.real_library import RealLibrary
from media_assets_tests.toy_library import ToyLibrary, key_of
from media_assets_tests.toy_stages import Note

BESIDE = {"echo": Output(placement="beside_source")}


def in_english(_: Note) -> Mapping[str, str]:
    return {"echo.srt": "en"}


def names(toy: ToyLibrary) -> list[str]:
    return sorted(path.name for path in toy.inbox.iterdir())


@pytest.mark.thorough
def test_a_copy_and_a_renamed_file_get_them_without_new_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toy_stages.echo, "languages", in_english)
    with ToyLibrary(tmp_path, outputs=BESIDE) as toy:
        toy.write(one="same", two="same")
        toy.run_all()
        assert names(toy) == [
            "one.echo.json", "one.en.srt", "one.txt", "two.echo.json", "two.en.srt", "two.txt"
        ]  # fmt: skip
        (toy.inbox / "two.txt").rename(toy.inbox / "new.txt")
        toy.register()
        for stage in toy_stages.PIPELINE:
            toy.run(stage.name, keys=[key_of("new")])
        assert "new.en.srt" in names(toy)
        assert toy.bench.calls_of("echo") == Counter(same=1)
        assert sorted(toy.register()) == [key_of("new"), key_of("one")], "none of them is a file of the library"


@pytest.mark.thorough
def test_what_lies_in_the_folder_of_the_store_gets_its_name_when_it_moves_beside_its_recording(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(toy_stages.echo, "languages", in_english)
    with ToyLibrary(tmp_path) as toy:
        toy.write(one="same")
        toy.run_all()
        assert names(toy) == ["one.txt"]
    with ToyLibrary(tmp_path, outputs=BESIDE) as toy:
        toy.run_all()
        assert names(toy) == ["one.echo.json", "one.en.srt", "one.txt"]
        assert toy.bench.calls_of("echo") == Counter(same=1)


@pytest.mark.thorough
def test_what_lies_there_under_its_old_name_stays_until_it_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ToyLibrary(tmp_path, outputs=BESIDE) as toy:
        toy.write(one="same")
        toy.run_all()
        old = ["one.echo.json", "one.srt", "one.txt"]
        assert names(toy) == old
        monkeypatch.setattr(toy_stages.echo, "languages", in_english)
        toy.run_all()
        assert (names(toy), toy.bench.calls_of("echo")) == (old, Counter(same=1))
        toy.run("echo", force=True)
        assert names(toy) == ["one.echo.json", "one.en.srt", "one.txt"]


@pytest.mark.thorough
def test_a_transcript_beside_its_recording_is_found_by_players(tmp_path: Path) -> None:
    library = RealLibrary(tmp_path, outputs={"transcript": {"placement": "beside_source"}})
    shutil.copy(SAMPLES / "talks" / "spring-weather.webm", library.media / "Spring.webm")
    (library.media / "Spring.de.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nHallo\n", "utf-8")
    library.process(stage="transcript")
    found = {path.name for path in library.media.iterdir()}
    assert found >= {"Spring.webm", "Spring.en.srt", "Spring.en.vtt", "Spring.transcript.txt", "Spring.de.srt"}
    assert (library.media / "Spring.de.srt").read_text("utf-8").endswith("Hallo\n")
    assert (library.media / "Spring.transcript.txt").read_text("utf-8").startswith("Spring.webm\n")
