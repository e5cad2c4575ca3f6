"""`media-assets transcript`: what was said, and what became of it by whose hand."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from media_assets_tests.broken_library import tone
from media_assets_tests.command_line import typed
from media_assets_tests.real_library import RealLibrary

SAMPLE = Path(__file__).parents[2] / "samples" / "library" / "meetings" / "2025-03-17 team meeting.mp3"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> RealLibrary:
    made = RealLibrary(tmp_path_factory.mktemp("library"), assets={"summary": {"enabled": False}})
    shutil.copyfile(SAMPLE, made.media / "meeting.mp3")
    tone(made.media / "tone.ogg", 440, 1)
    made.process(stage="transcript")
    manifest = made.manifest("transcript", "meeting.mp3")
    srt = made.root / "artifacts" / manifest.file("transcript.srt").path
    srt.write_text(srt.read_text("utf-8").replace("battery", "accumulator", 1), "utf-8")
    made.process(stage="transcript")
    return made


def said(library: RealLibrary, *arguments: str) -> str:
    ended = typed("transcript", *arguments, cwd=library.root)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.mark.thorough
def test_a_transcript_is_printed_in_each_form_and_version(library: RealLibrary) -> None:
    assert "accumulator was empty" in said(library, "meeting.mp3")
    assert said(library, "*.mp3", "--form", "vtt").startswith("WEBVTT\n")
    assert "accumulator" in said(library, "meeting.mp3", "--version", "1", "--form", "srt")
    assert "accumulator" not in said(library, "meeting.mp3", "--version", "heard")

    lines = said(library, "meeting.mp3", "--versions").splitlines()
    assert lines[0].startswith("  heard  heard by faster-whisper tiny.en")
    assert lines[1].startswith("* 1 ")
    assert lines[1].endswith("in transcript.srt")


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["*"], "fits 2 files: media:meeting.mp3, media:tone.ogg"),
        (["nothing.mp3"], "nothing.mp3"),
        (["meeting.mp3", "--version", "7"], "there is no version '7'"),
        (["meeting.mp3", "--version", "1", "--form", "vtt"], "the version 1 is kept as it was written, in srt"),
    ],
)
def test_what_cannot_be_printed_is_told(library: RealLibrary, arguments: list[str], why: str) -> None:
    ended = typed("transcript", *arguments, cwd=library.root)
    assert ended.returncode == 2
    assert why in ended.stderr
