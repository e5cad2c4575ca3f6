"""`media-assets people`: a voice that was named once is found in another recording."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from media_assets_tests.command_line import typed
from media_assets_tests.real_library import RealLibrary

SAMPLES = Path(__file__).parents[2] / "samples" / "library"
MEETING = "meetings/2025-03-17 team meeting.mp3"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> RealLibrary:
    made = RealLibrary(tmp_path_factory.mktemp("library"), assets={"summary": {"enabled": False}})
    shutil.copyfile(SAMPLES / MEETING, made.media / "meeting.mp3")
    made.process(stage="transcript")
    return made


def said(library: RealLibrary, *arguments: str) -> str:
    ended = typed("people", *arguments, cwd=library.root)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.mark.thorough
def test_a_voice_that_was_named_once_is_found_in_a_later_recording(library: RealLibrary) -> None:
    assert "Nobody has a name yet" in said(library, "list")
    assert "David Brandt is known by 1 voice" in said(library, "name", "meeting.mp3", "Speaker 1", "David Brandt")
    assert "meeting.mp3 (S1," in said(library, "list")

    shutil.copyfile(SAMPLES / "talks" / "looking-after-recordings.mp4", library.media / "talk.mp4")
    library.process(stage="transcript")
    text = typed("transcript", "talk.mp4", cwd=library.root).stdout
    assert "David Brandt" in text.partition("\n\n")[0], "the heading says who speaks"

    library.process(stage="transcript", refresh=True)
    text = typed("transcript", "meeting.mp3", cwd=library.root).stdout
    assert "David Brandt: Good morning" in text

    assert "David Brandt is forgotten" in said(library, "forget", "David Brandt")
    assert "Nobody has a name yet" in said(library, "list")


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["name", "meeting.mp3", "S9", "Anna"], "nobody is called 'S9' in meeting.mp3"),
        (["name", "nothing.mp3", "S1", "Anna"], "nothing.mp3"),
        (["forget", "Nobody"], "nobody is called 'Nobody'"),
    ],
)
def test_what_cannot_be_named_is_told(library: RealLibrary, arguments: list[str], why: str) -> None:
    ended = typed("people", *arguments, cwd=library.root)
    assert ended.returncode == 2
    assert why in ended.stderr
