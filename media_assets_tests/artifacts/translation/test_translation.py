"""The stage: what is stored of each language, what is asked for again, and what is taken over."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import srt
import webvtt

from media_assets.artifacts.summary.value import TemplatedForm
from media_assets.artifacts.transcript.value import LanguageStretch, Speaker
from media_assets.artifacts.translation.asset import describe
from media_assets.artifacts.translation.value import Translation
from media_assets.base.errors import BadMedia, DayIsSpent, NotApplicable, OverBudget, Transient
from media_assets.work.settings import BudgetSettings
from media_assets.work.spending import Spending
from media_assets_tests.artifacts.translation.desk import Desk
from media_assets_tests.artifacts.translation.translations import (
    BEES,
    Item,
    TranslatingModel,
    bees,
    summary,
    translated,
)
from media_assets_tests.openai_server import OpenAIServer, Says, Silent, Status

PRICED: dict[str, Any] = {"prices": {"gpt-4o-mini": {"input": 10_000, "output": 100_000}}}
"""A cent for a token read, a dime for one written: 3 dollars for an answer of the stand-in."""


@pytest.fixture
def desk(server: OpenAIServer, model: TranslatingModel, tmp_path: Path) -> Desk:
    return Desk(tmp_path, server)


def test_each_language_has_captions_and_a_summary(desk: Desk) -> None:
    made = desk.make("de", "ja")

    assert desk.names == {
        "translation.json",
        *(f"transcript.{language}.{form}" for language in ("de", "ja") for form in ("srt", "vtt")),
        "summary.de.md",
        "summary.ja.md",
    }
    assert made == Translation.model_validate_json(desk.text("translation.json"))
    for segment, said in zip(made.segments, desk.said.segments, strict=True):
        assert (segment.start_seconds, segment.end_seconds, segment.text) == (
            said.start_seconds, said.end_seconds, said.text,
        )  # fmt: skip
        assert segment.translations == {"de": translated(said.text, "de"), "ja": translated(said.text, "ja")}
    assert [segment.id for segment in made.segments] == [1, 2, 3, 4, 5, 6]
    cues = list(srt.parse(desk.text("transcript.de.srt")))
    assert " ".join(cue.content.replace("\n", " ") for cue in cues) == " ".join(translated(text, "de") for text in BEES)
    assert len(webvtt.from_string(desk.text("transcript.ja.vtt"))) >= len(BEES)
    markdown = desk.text("summary.de.md")
    assert f"**{translated(desk.told.title, 'de')}**" in markdown
    assert translated("The queen lays every egg.", "de") in markdown
    assert "translated from English by openai (gpt-4o-mini)" in markdown


def test_the_first_cue_of_a_segment_begins_with_it(desk: Desk) -> None:
    desk.make("de")
    starts = {round(cue.start.total_seconds(), 3) for cue in srt.parse(desk.text("transcript.de.srt"))}
    assert {round(segment.start_seconds, 3) for segment in desk.said.segments} <= starts


def test_ten_languages_cost_one_pass_each(desk: Desk, model: TranslatingModel) -> None:
    languages = ("de", "es", "fr", "it", "nl", "pl", "pt-BR", "sv", "ja", "ar")
    made = desk.make(*languages)
    assert made.finished == languages
    speech = [language for language, ids in model.asked if ids == (1, 2, 3, 4, 5, 6)]
    assert speech == list(languages)
    assert len(model.asked) == 2 * len(languages), "one question for the speech, and one for the summary"


def test_an_added_language_is_asked_for_alone(desk: Desk, model: TranslatingModel) -> None:
    before = desk.make("de", "es")
    model.asked.clear()
    after = desk.make("de", "fr", "es")
    assert model.languages == ["fr"]
    assert after.finished == ("de", "fr", "es")
    for old, new in zip(before.segments, after.segments, strict=True):
        assert old.translations.items() <= new.translations.items()
    assert before.summaries.items() <= after.summaries.items()


def test_a_language_that_is_taken_away_costs_nothing_and_its_files_go(desk: Desk, model: TranslatingModel) -> None:
    desk.make("de", "es")
    model.asked.clear()
    assert desk.make("de").finished == ("de",)
    assert model.asked == []
    assert not any(".es." in name for name in desk.names)


def test_one_language_that_fails_is_named_and_costs_the_others_nothing(desk: Desk, model: TranslatingModel) -> None:
    refused = Says("", refusal="No Spanish, sorry.")
    model.fault = lambda _, target: refused if target == "es" else None
    with pytest.raises(BadMedia) as caught:
        desk.make("de", "es", "fr")
    assert "into Spanish (es): is nothing that gpt-4o-mini will translate (No Spanish, sorry.)" in caught.value.reason
    assert "de, fr are done" in caught.value.reason
    assert "transcript.fr.srt" in desk.names, "the others are stored"
    assert not any(".es." in name for name in desk.names)
    (failed,) = [each for each in desk.artifact.value.languages if each.state == "failed"]  # type: ignore[union-attr]
    assert failed.language == "es"

    model.fault = None
    model.asked.clear()
    assert desk.make("de", "es", "fr").finished == ("de", "es", "fr")
    assert model.languages == ["es"], "the next attempt asks for what is missing alone"


def test_a_failed_language_that_is_taken_from_the_list_costs_the_others_nothing(
    desk: Desk, model: TranslatingModel
) -> None:
    model.fault = lambda _, target: Says("", refusal="No.") if target == "es" else None
    with pytest.raises(BadMedia):
        desk.make("de", "es")
    model.asked.clear()
    assert desk.make("de").finished == ("de",)
    assert model.asked == []


def test_a_language_that_fails_half_way_keeps_the_half(desk: Desk, model: TranslatingModel) -> None:
    desk.said = bees([f"This is sentence number {number} of a very long talk." for number in range(1, 81)])
    model.fault = lambda *_: Says("", refusal="No.") if len(model.asked) == 2 else None
    with pytest.raises(BadMedia):
        desk.make("de")
    model.fault = None
    model.asked.clear()
    desk.make("de", "fr")  # with other settings, the journal is another one
    assert next(ids[0] for language, ids in model.asked if language == "de") > 30


def test_nothing_is_stored_where_nothing_came_of_it(desk: Desk, model: TranslatingModel) -> None:
    model.fault = lambda *_: Says("", refusal="No.")
    with pytest.raises(BadMedia, match="into German"):
        desk.make("de")
    assert desk.artifact is None


def test_a_crash_does_not_pay_twice(desk: Desk, model: TranslatingModel) -> None:
    desk.said = bees([f"This is sentence number {number} of a very long talk." for number in range(1, 81)])
    model.fault = lambda *_: Status(500) if len(model.asked) == 2 else None
    with pytest.raises(Transient):
        desk.make("de", **PRICED)
    assert len(desk.journals) == 1
    model.fault = None
    first = model.asked[0]
    model.asked.clear()
    made = desk.make("de", **PRICED)
    assert first not in model.asked
    answers = len(model.asked) + 1
    assert made.languages[0].usage.cost_usd == pytest.approx(3.0 * answers), "what the first attempt paid counts"
    assert desk.artifact is not None
    assert desk.artifact.cost_usd == pytest.approx(3.0 * answers)


@pytest.mark.thorough
def test_a_killed_process_does_not_pay_twice(
    desk: Desk, server: OpenAIServer, model: TranslatingModel, tmp_path: Path
) -> None:
    """Killed with its second answer in flight, and begun again in another process."""
    desk.said = bees([f"This is sentence number {number} of a very long talk." for number in range(1, 81)])
    code = (
        "import sys; from pathlib import Path; from types import SimpleNamespace;"
        "from media_assets_tests.artifacts.translation.desk import Desk;"
        "from media_assets_tests.artifacts.translation.translations import bees;"
        f"server = SimpleNamespace(base_url={server.base_url!r}, key={server.key!r});"
        f"desk = Desk(Path({str(tmp_path / 'there')!r}), server);"
        "desk.said = bees([f'This is sentence number {number} of a very long talk.' for number in range(1, 81)]);"
        "print(desk.make('de').finished)"
    )
    (tmp_path / "there").mkdir()
    first = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)

    def kill(*_: object) -> Silent | None:
        if len(model.asked) < 2:
            return None
        first.kill()
        return Silent()

    model.fault = kill
    assert first.communicate(timeout=120)[0] == ""
    model.fault = None
    paid = model.asked[0]
    model.asked.clear()
    second = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert second.stdout == "('de',)\n", second.stderr
    assert paid not in model.asked


def test_a_journal_that_is_damaged_counts_as_none(desk: Desk, model: TranslatingModel) -> None:
    desk.said = bees([f"This is sentence number {number} of a very long talk." for number in range(1, 81)])
    model.fault = lambda *_: Status(500) if len(model.asked) == 2 else None
    with pytest.raises(Transient):
        desk.make("de")
    for path in desk.journals:
        path.write_bytes(b"\x00" * 10)
    model.fault = None
    assert desk.make("de").finished == ("de",)


def test_what_was_taken_over_is_not_paid_for_again(desk: Desk) -> None:
    desk.make("de", **PRICED)
    made = desk.make("de", "fr", **PRICED)
    assert desk.artifact is not None
    assert desk.artifact.cost_usd == pytest.approx(6.0)
    assert [each.usage.cost_usd for each in made.languages] == [pytest.approx(6.0), pytest.approx(6.0)]


def test_of_a_corrected_transcript_only_the_corrected_segments_are_translated(
    desk: Desk, model: TranslatingModel
) -> None:
    desk.make("de", "fr")
    model.asked.clear()
    corrected = [*BEES[:3], "Hanna, please order forty new frames from Miller before Friday.", *BEES[4:]]
    desk.said = bees(corrected)
    made = desk.make("de", "fr")
    assert model.asked == [("de", (4,)), ("fr", (4,))]
    assert [segment.translations["de"] for segment in made.segments] == [translated(text, "de") for text in corrected]


def test_segments_that_were_added_or_removed_move_no_translation(desk: Desk, model: TranslatingModel) -> None:
    desk.make("de")
    model.asked.clear()
    said = [BEES[0], "This sentence is a new one, said by nobody before.", *BEES[2:]]
    desk.said = bees(said)
    made = desk.make("de")
    assert model.asked == [("de", (2,))]
    assert [segment.translations["de"] for segment in made.segments] == [translated(text, "de") for text in said]


def test_another_model_translates_anew_and_so_does_who_wants_all_anew(desk: Desk, model: TranslatingModel) -> None:
    desk.make("de")
    model.asked.clear()
    desk.make("de", model="gpt-4o")
    assert len(model.asked) == 2
    desk.make("de", model="gpt-4o", all_anew=True)
    assert len(model.asked) == 4


def test_a_new_word_in_the_glossary_costs_what_has_to_do_with_it(desk: Desk, model: TranslatingModel) -> None:
    desk.make("de", "fr")
    model.asked.clear()
    desk.make("de", "fr", glossary={"de": {"queen": "Weisel"}})
    assert model.asked == [("de", (2,)), ("de", (3,))], "a segment, and a key point of the summary"


def test_what_the_glossary_wanted_and_did_not_get_is_noted(desk: Desk, model: TranslatingModel) -> None:
    made = desk.make("de", glossary={"de": {"queen": "Weisel", "hive": "evih"}})
    assert made.languages[0].note == "the glossary has, and segments have not, queen as Weisel (2)"
    assert describe(desk.stored)["note"].startswith("de: the glossary has")  # type: ignore[arg-type]


def test_a_recording_in_the_only_wanted_language_is_not_translated(desk: Desk, model: TranslatingModel) -> None:
    with pytest.raises(NotApplicable, match="is in English already, and is wanted in nothing else"):
        desk.make("en", "en-GB")
    assert model.asked == []


def test_a_language_that_it_is_in_already_is_said_and_left_out(desk: Desk, model: TranslatingModel) -> None:
    made = desk.make("en", "de")
    assert [(each.language, each.state) for each in made.languages] == [("en", "already"), ("de", "translated")]
    assert model.languages == ["de"]
    assert not any(".en." in name for name in desk.names)
    assert describe(desk.stored)["already"] == "it is in en"  # type: ignore[arg-type]


def test_of_a_recording_in_two_languages_what_is_in_the_wanted_one_stays(desk: Desk, model: TranslatingModel) -> None:
    third = desk.said.segments[2]
    stretches = (
        LanguageStretch(start_seconds=0, end_seconds=third.start_seconds, language="en"),
        LanguageStretch(start_seconds=third.start_seconds, end_seconds=99, language="de"),
    )
    desk.said = desk.said.model_copy(update={"languages": stretches})
    made = desk.make("de")
    assert model.asked[0] == ("de", (1, 2))
    assert [segment.translations["de"] for segment in made.segments[2:]] == list(BEES[2:])


def test_a_summary_in_the_wanted_language_is_not_translated(desk: Desk, model: TranslatingModel) -> None:
    desk.summary_settings = {"language": "de"}
    desk.make("de", "fr")
    assert "summary.de.md" not in desk.names
    assert "summary.fr.md" in desk.names
    assert model.asked == [("de", (1, 2, 3, 4, 5, 6)), ("fr", (1, 2, 3, 4, 5, 6)), ("fr", (1, 2, 3, 4, 5, 6, 7))]


def test_of_a_summary_by_a_template_phrases_are_translated(desk: Desk, model: TranslatingModel) -> None:
    data = {"decisions": [{"what": "Order new frames.", "by": "Friday", "state": "open"}], "count": 2}
    render = "{% for it in data.decisions %}{{ it.what }} {{ it.state }}{% endfor %}"
    desk.told = summary(form=TemplatedForm(name="minutes", data=data, render=render))
    made = desk.make("de")
    form = made.summaries["de"].form
    assert form is not None
    ordered = translated("Order new frames.", "de")
    assert form.data == {"decisions": [{"what": ordered, "by": "Friday", "state": "open"}], "count": 2}
    assert ordered in desk.text("summary.de.md")
    model.asked.clear()
    desk.make("de", "fr")
    assert model.languages == ["fr"]


def test_a_summary_to_which_a_person_gave_another_form_is_translated_anew(desk: Desk, model: TranslatingModel) -> None:
    desk.make("de")
    document = json.loads(desk.text("translation.json"))
    document["summaries"]["de"]["key_points"].append("Noch ein Punkt.")
    desk.edit("translation.json", json.dumps(document))
    model.asked.clear()
    assert desk.make("de").finished == ("de",)
    assert model.asked == [("de", (1, 2, 3, 4, 5, 6, 7))]


def test_speakers_are_kept(desk: Desk) -> None:
    segments = tuple(
        segment.model_copy(update={"speaker": f"S{index % 2 + 1}"}) for index, segment in enumerate(desk.said.segments)
    )
    speakers = (Speaker(id="S1", name="Anna", seconds=9.0), Speaker(id="S2", seconds=8.0))
    desk.said = desk.said.model_copy(update={"segments": segments, "speakers": speakers})
    made = desk.make("de")
    assert [segment.speaker for segment in made.segments] == ["S1", "S2"] * 3
    assert made.speakers == speakers
    assert "<v Anna>" in desk.text("transcript.de.vtt")


@pytest.mark.parametrize("target", ["ar", "ja"])
def test_arrows_markup_and_other_scripts_break_no_caption(desk: Desk, model: TranslatingModel, target: str) -> None:
    desk.said = bees(["Press --> twice, then <b>save</b> & close the window.", *BEES])
    made = desk.make(target)
    wanted = translated(desk.said.segments[0].text, target)
    assert made.segments[0].translations[target] == wanted
    cues = list(srt.parse(desk.text(f"transcript.{target}.srt")))
    assert "-->" not in "".join(cue.content for cue in cues)
    shown = webvtt.from_string(desk.text(f"transcript.{target}.vtt"))
    assert len(shown) == len(cues)
    assert "<b>" not in desk.text(f"transcript.{target}.vtt")
    assert json.loads(desk.text("translation.json"))["segments"][0]["translations"][target] == wanted


def test_what_has_no_letters_is_not_sent(desk: Desk, model: TranslatingModel) -> None:
    desk.said = bees([BEES[0], "♪ ♪", "1984", BEES[1]])
    made = desk.make("de")
    assert model.asked[0] == ("de", (1, 4))
    assert [segment.translations["de"] for segment in made.segments[1:3]] == ["♪ ♪", "1984"]


def _echo(items: list[Item], _: str) -> list[Item]:
    texts = dict(enumerate(BEES, start=1))
    return [{**item, "text": texts.get(item["id"], item["text"])} for item in items]


def test_a_model_that_gives_everything_back_as_it_was_has_not_translated(desk: Desk, model: TranslatingModel) -> None:
    model.twist = lambda items, target: _echo(items, target) if target == "mt" else items
    with pytest.raises(BadMedia, match=r"into mt.*was given back untranslated by gpt-4o-mini: 5 of"):
        desk.make("mt", "fr")
    model.twist = None
    model.asked.clear()
    assert desk.make("mt", "fr").finished == ("mt", "fr")
    assert model.languages == ["mt"], "and what was no translation is not taken for one"


ENGLISH = "This is what I think they are going to say about the bees in the hive and what we should do with them now."
FRENCH = "Ce que je pense, c'est que les abeilles de la ruche vont nous dire ce que nous devons faire avec elles."
GERMAN = "Ich denke, dass die Bienen in dem Stock uns sagen werden, was wir jetzt mit ihnen machen sollen und wie."


def in_the_words_of(text: str, items: list[Item]) -> list[Item]:
    """As much of a text for each line as it has room for."""
    return [{**item, "text": text[: 2 * len(item["text"])]} for item in items]


@pytest.mark.parametrize(("answer", "instead"), [(ENGLISH, "English"), (FRENCH, "French")])
def test_a_model_that_answers_in_another_language_has_not_translated(
    desk: Desk, model: TranslatingModel, answer: str, instead: str
) -> None:
    model.twist = lambda items, _: in_the_words_of(answer, items)
    with pytest.raises(BadMedia, match=f"into German.*was answered in {instead} by gpt-4o-mini"):
        desk.make("de")
    assert desk.artifact is None
    assert desk.journals == []
    speech = [ids for _, ids in model.asked if len(ids) == len(BEES)]
    assert speech == [(1, 2, 3, 4, 5, 6)] * 2, "it was asked twice, and then no more"
    model.twist = lambda items, _: in_the_words_of(GERMAN, items)
    assert desk.make("de").finished == ("de",)


def test_of_a_long_recording_only_the_beginning_is_paid_for_in_another_language(
    desk: Desk, model: TranslatingModel
) -> None:
    desk.said = bees([f"This is sentence number {number} of a very long talk." for number in range(1, 401)])
    model.twist = lambda items, _: in_the_words_of(ENGLISH, items)
    with pytest.raises(BadMedia, match="was answered in English"):
        desk.make("de")
    assert max(number for _, ids in model.asked for number in ids) <= 80


def test_a_model_that_once_answers_in_another_language_is_asked_again(desk: Desk, model: TranslatingModel) -> None:
    model.twists = [lambda items: in_the_words_of(ENGLISH, items)]
    made = desk.make("de")
    assert [segment.translations["de"] for segment in made.segments] == [translated(text, "de") for text in BEES]


def test_a_quotation_that_stays_as_it_is_is_noted(desk: Desk, model: TranslatingModel) -> None:
    model.twist = lambda items, _: [
        {**item, "text": BEES[0]} if item["begins"] == "Good morning," else item for item in items
    ]
    made = desk.make("de")
    assert made.languages[0].note == "1 of 6 segments are as they were said"


def test_what_would_cost_more_than_a_file_may_is_not_begun(desk: Desk, model: TranslatingModel) -> None:
    desk.spending = Spending(BudgetSettings(per_file_usd=20))
    with pytest.raises(OverBudget):
        desk.make("de", "fr", "es", **PRICED)
    assert model.asked == []


def test_a_day_whose_budget_is_spent_keeps_what_it_paid_for(
    desk: Desk, server: OpenAIServer, model: TranslatingModel
) -> None:
    server.prompt_tokens = 6000
    desk.said = bees([f"This is sentence number {number} of a very long talk." for number in range(1, 81)])
    cheap: dict[str, Any] = {
        "prices": {"gpt-4o-mini": {"input": 1000, "output": 1000}}
    }  # some 5 dollars for a question
    desk.spending = Spending(BudgetSettings(per_day_usd=7))
    with pytest.raises(DayIsSpent):
        desk.make("de", **cheap)
    paid = list(model.asked)
    assert paid
    model.asked.clear()
    desk.spending = Spending(BudgetSettings(per_day_usd=50))
    assert desk.make("de", **cheap).finished == ("de",)
    assert not set(paid) & set(model.asked)


def test_the_budget_is_asked_for_what_is_missing_alone(desk: Desk) -> None:
    desk.make("de", "fr", **PRICED)
    desk.spending = Spending(BudgetSettings(per_file_usd=0.01))
    assert desk.make("de", **PRICED).finished == ("de",)
    assert desk.spending.spent_usd == 0
