"""The transcript as text: what stands above it, and where its paragraphs end."""

from __future__ import annotations

from typing import Any

import pytest

from media_assets.artifacts.transcript.text import paragraphs, to_text
from media_assets.pipeline.recording import Recording
from media_assets_tests.artifacts.transcript.said import plain, spoken

TALK = Recording("box:2025/Team meeting (1).mp4", listed=lambda: {"recorded_at": "2025-03-17T10:30:00+01:00"})


def recorded(**noted: Any) -> str:
    """What the second line says of a recording of which so much is known."""
    return to_text(spoken((0, 5, "", "Hello.")), Recording("box:a.mp4", listed=lambda: noted)).splitlines()[1]


def test_it_says_what_was_recorded_when_and_who_says_what():
    made = spoken(
        (0, 4, "S1", "Good morning, Ben."),
        (4, 6, "S2", "Good morning."),
        (6, 9, "S2", "Shall we begin?"),
        (12, 14, "S2", "Well then."),
        (3725, 3730, "S1", "That was all."),
        names={"S1": "Anna"},
    )
    assert to_text(made, TALK) == (
        "Team meeting (1).mp4\n"
        "Recorded 2025-03-17 10:30 · 1:02:10 long · English\n"
        "Speakers: Anna, Speaker 2\n"
        "\n"
        "[00:00] Anna: Good morning, Ben.\n"
        "\n"
        "[00:04] Speaker 2: Good morning. Shall we begin?\n"
        "\n"
        "[00:12] Speaker 2: Well then.\n"
        "\n"
        "[1:02:05] Anna: That was all.\n"
    )


def test_one_voice_is_named_where_it_has_a_name_and_not_otherwise():
    said = ((0, 4, "S1", "Good morning."), (4, 6, "S1", "Let us begin."))
    assert "Speaker" not in to_text(spoken(*said), TALK)
    named = to_text(spoken(*said, names={"S1": "Anna"}), TALK)
    assert "\nSpeakers: Anna\n" in named
    assert named.endswith("[00:00] Anna: Good morning. Let us begin.\n")


def test_a_voice_that_cannot_be_told_has_a_paragraph_without_a_name():
    made = spoken((0, 1, "S1", "One."), (1, 2, "", "Two."), (2, 3, "S2", "Three."), names={"S1": "Anna"})
    assert list(map(str, paragraphs(made))) == ["[00:00] Anna: One.", "[00:01] Two.", "[00:02] Speaker 2: Three."]


def test_a_date_is_said_to_be_that_of_the_recording_or_of_the_file_alone():
    assert recorded(recorded_at="2024-06-01T08:05:59Z") == "Recorded 2024-06-01 08:05 UTC · 00:05 long · English"
    assert recorded(modified_at="2024-06-01T08:05:59Z") == "File of 2024-06-01 · 00:05 long · English"
    assert recorded(recorded_at=None, modified_at="yesterday") == "00:05 long · English"
    assert to_text(spoken(language="und"), Recording("box:a.mp4")) == "a.mp4\n00:10 long\n\n(no speech)\n"


def test_paragraphs_end_where_the_speaker_pauses():
    made = spoken((0, 2, "", "First."), (2.5, 4, "", "Still first."), (7, 8, "", "Second."))
    assert list(map(str, paragraphs(made))) == ["[00:00] First. Still first.", "[00:07] Second."]


def test_a_paragraph_that_has_grown_long_ends_at_a_short_pause():
    sentences = [(i * 2.0, i * 2.0 + (1.4 if i % 2 else 2.0), "", "x" * 99 + ".") for i in range(12)]
    assert [len(text.split()) for text in plain(spoken(*sentences)).split("\n\n")] == [6, 6]


def test_without_any_pause_a_paragraph_ends_with_a_sentence():
    said = [(i, i + 1, "", f"{'word ' * 19}{'end.' if i % 2 else 'and'}") for i in range(60)]
    found = plain(spoken(*said)).split("\n\n")
    assert all(1200 <= len(text) < 1500 for text in found[:-1])
    assert all(text.endswith("end.") for text in found)


@pytest.mark.parametrize(
    "name",
    ["Anna\n[00:00] Ben", "--> x", "</v>", "<v Ben>", "x" * 10_000, "\u202eannA", "آنا", "\ud800", "[00:01] Ben:"],
)
def test_no_name_breaks_the_text(name: str):
    made = spoken((0, 1, "S1", "One."), (1, 2, "S2", "Two."), names={"S1": name})
    text = to_text(made, Recording(f"box:{name}.mp4"))
    text.encode("utf-8")
    lines = text.splitlines()
    assert len(lines) == 7
    assert lines[4].startswith("[00:00] ") and lines[4].endswith(": One.")
    assert lines[6] == "[00:01] Speaker 2: Two."
    assert "\u202e" not in text
    assert max(map(len, lines)) < 200
