"""What people wrote into stored translations is written over by nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from media_assets.base.errors import BadMedia
from media_assets_tests.artifacts.translation.desk import Desk
from media_assets_tests.artifacts.translation.translations import BEES, TranslatingModel, bees, translated
from media_assets_tests.openai_server import OpenAIServer, Says

MINE = "1\n00:00:00,000 --> 00:00:03,000\nGuten Morgen!\n\n"


@pytest.fixture
def desk(server: OpenAIServer, model: TranslatingModel, tmp_path: Path) -> Desk:
    made = Desk(tmp_path, server)
    made.make("de")
    model.asked.clear()
    return made


def edited_document(desk: Desk, number: int, text: str) -> str:
    document = json.loads(desk.text("translation.json"))
    document["segments"][number - 1]["translations"]["de"] = text
    return json.dumps(document)


def test_edited_captions_and_pages_stay_byte_for_byte_whatever_is_made_anew(
    desk: Desk, model: TranslatingModel
) -> None:
    desk.edit("transcript.de.srt", MINE)
    desk.edit("summary.de.md", "# Meine Bienen\n")
    for attempt in ({}, {"model": "gpt-4o"}, {"all_anew": True}):
        made = desk.make("de", **attempt)
        assert desk.text("transcript.de.srt") == MINE
        assert desk.text("summary.de.md") == "# Meine Bienen\n"
        assert made.by_hand == ("summary.de.md", "transcript.de.srt")
        assert desk.artifact is not None
        assert desk.artifact.by_hand
    assert made.segments[0].translations["de"] == translated(BEES[0], "de")


def test_captions_that_somebody_deleted_are_written_anew(desk: Desk) -> None:
    desk.edit("transcript.de.srt", MINE)
    desk.make("de")
    assert desk.artifact is not None
    desk.artifact.files["transcript.de.srt"].unlink()
    made = desk.make("de")
    assert made.by_hand == ()
    assert translated(BEES[0], "de").split()[0] in desk.text("transcript.de.srt")
    assert not desk.artifact.by_hand


def test_what_was_written_into_the_document_stays_and_captions_follow(desk: Desk, model: TranslatingModel) -> None:
    desk.edit("translation.json", edited_document(desk, 3, "Jawohl."))
    made = desk.make("de")
    assert model.asked == []
    assert made.segments[2].translations["de"] == "Jawohl."
    assert "Jawohl." in desk.text("transcript.de.srt")
    assert made.by_hand == ("translation.json",)
    for attempt in ({"model": "gpt-4o"}, {"all_anew": True}, {"glossary": {"de": {"yes": "Ja"}}}):
        made = desk.make("de", **attempt)
        assert made.segments[2].translations["de"] == "Jawohl."
    assert model.asked == [], "nothing of it is translated again"


def test_another_language_and_new_segments_are_translated_beside_what_people_wrote(
    desk: Desk, model: TranslatingModel
) -> None:
    desk.edit("translation.json", edited_document(desk, 3, "Jawohl."))
    desk.make("de")
    desk.said = bees([*BEES, "One last question: who takes care of them in winter?"])
    made = desk.make("de", "fr")
    assert made.segments[2].translations == {"de": "Jawohl.", "fr": translated("Yes.", "fr")}
    assert ("de", (7,)) in model.asked


def test_a_document_that_cannot_be_read_any_more_is_told_and_nothing_is_written_over(
    desk: Desk, model: TranslatingModel
) -> None:
    desk.edit("translation.json", '{"segments": "mine"')
    with pytest.raises(BadMedia, match=r"its translation\.json was edited where it is stored, and cannot be read"):
        desk.make("de")
    assert model.asked == []


def test_what_people_wrote_survives_a_language_that_fails(desk: Desk, model: TranslatingModel) -> None:
    desk.edit("transcript.de.srt", MINE)
    model.fault = lambda _, target: Says("", refusal="No.") if target == "es" else None
    with pytest.raises(BadMedia, match="into Spanish"):
        desk.make("de", "fr", "es")
    assert desk.text("transcript.de.srt") == MINE
    model.fault = None
    desk.make("de", "fr", "es")
    assert desk.text("transcript.de.srt") == MINE
