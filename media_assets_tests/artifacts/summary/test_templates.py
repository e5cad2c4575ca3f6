"""Summaries in a form of one's own: what is asked, what is taken for an answer, and the page that is made of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt
from pydantic import SecretStr

from media_assets.artifacts.summary.asset import summary as stage
from media_assets.artifacts.summary.engines.openai.settings import OpenAISummary
from media_assets.artifacts.summary.markdown import to_markdown
from media_assets.artifacts.summary.summarizer import Summarizer
from media_assets.artifacts.summary.template import READY, SummaryTemplate, ready_template, sample_of
from media_assets.artifacts.summary.value import Summary, TemplatedForm
from media_assets.base.errors import BadMedia, BadResult
from media_assets.base.keys import partition_key
from media_assets.base.secrets import Secrets
from media_assets.config.errors import SettingsError
from media_assets.config.load import load_settings
from media_assets.config.settings import Settings
from media_assets.pipeline.recording import Recording
from media_assets.work.work import Work
from media_assets_tests.artifacts.summary.test_openai_compatible import long_transcript
from media_assets_tests.artifacts.summary.transcripts import BEES, transcript
from media_assets_tests.openai_server import OpenAIServer, Says, openai_server

MINUTES = {
    "participants": ["Anna Keller", "David"],
    "decisions": [{"decision": "Buy a battery", "reason": "the old one is empty", "time": "0:00:04"}],
    "action_items": [{"task": "Buy it | in Hamburg", "who": "David", "until": "tomorrow"}],
    "open_questions": [],
}
BOARD = {
    "prompt": "Say what the board thinks.",
    "schema": {"type": "object", "properties": {"mood": {"type": "string"}}, "required": ["mood"]},
    "render": "The mood was **{{ data.mood }}**.",
}


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with openai_server() as running:
        yield running


def summarizer(server: OpenAIServer, templates: dict[str, Any] | None = None, **settings: Any) -> Summarizer:
    section = OpenAISummary.model_validate(
        {"engine": "openai", "base_url": server.base_url, "max_retries": 0, **settings}
    ).with_templates({name: SummaryTemplate.model_validate(each) for name, each in (templates or {}).items()})
    return section.open(Secrets(openai_api_key=SecretStr(server.key or "")))


def answer(data: Any, **more: Any) -> Says:
    said = {
        "title": "Weather station",
        "abstract": "The battery is empty.",
        "chapters": [{"start": "0:00:00", "title": "Battery"}],
        "data": data,
        **more,
    }
    return Says(json.dumps(said))


def recording(seconds: float = 60.0) -> Recording:
    return Recording(partition_key("talks", "board.mp4"), lambda: "https://example.org/board.mp4", seconds=seconds)


# ------------------------------------------------------------------------------------------- what is asked


def test_a_template_is_asked_for_and_its_answer_kept_beside_title_abstract_and_chapters(
    server: OpenAIServer, tmp_path: Path
) -> None:
    server.script.append(answer(MINUTES))
    made = summarizer(server, template="minutes").summarize(transcript(BEES), Work(tmp_path))

    (request,) = server.requests
    assert "Write the minutes of this meeting" in request.messages[0]["content"]
    form = request.body["response_format"]["json_schema"]
    assert form["strict"] is True
    assert list(form["schema"]["properties"]) == ["title", "abstract", "chapters", "data"]
    assert form["schema"]["properties"]["data"] == ready_template("minutes").schema_
    assert made.form == TemplatedForm(name="minutes", data=MINUTES, render=ready_template("minutes").render)
    assert (made.title, made.abstract) == ("Weather station", "The battery is empty.")
    assert [chapter.title for chapter in made.chapters] == ["Battery"]
    assert Summary.model_validate_json(made.model_dump_json()) == made


def test_an_answer_that_is_not_of_the_schema_is_asked_for_again(server: OpenAIServer, tmp_path: Path) -> None:
    server.script += [answer({"mood": 3}), answer({"mood": "good"})]
    made = summarizer(server, {"board": BOARD}, template="board").summarize(transcript(BEES), Work(tmp_path))
    assert made.form is not None
    assert made.form.data == {"mood": "good"}
    first, second = server.requests
    assert "data.mood: 3 is not of type 'string'" in second.messages[-1]["content"]
    assert first.body["response_format"]["json_schema"]["strict"] is False, "an open schema is none for strict mode"
    server.script += [answer({})] * 2
    with pytest.raises(BadMedia, match="'mood' is a required property"):
        summarizer(server, {"board": BOARD}, template="board").summarize(transcript(BEES), Work(tmp_path))


def test_fields_that_a_model_gives_beside_the_rest_are_those_of_the_schema(
    server: OpenAIServer, tmp_path: Path
) -> None:
    said = {"title": "Board", "abstract": "It met.", "chapters": [], "mood": "good"}
    server.script.append(Says(json.dumps(said)))
    made = summarizer(server, {"board": BOARD}, template="board").summarize(transcript(BEES), Work(tmp_path))
    assert made.form is not None
    assert made.form.data == {"mood": "good"}


def test_a_long_transcript_is_worked_on_in_parts_and_combined(server: OpenAIServer, tmp_path: Path) -> None:
    def by_part(body: dict[str, Any]) -> Says:
        return answer({"mood": f"request {len(server.requests)}"})

    server.refuses = by_part
    work = Work(tmp_path, journal=tmp_path / "journal")
    engine = summarizer(server, {"board": BOARD}, template="board", part_characters=8000)
    made = engine.summarize(long_transcript(), work)

    *parts, last = server.requests
    assert made.parts == len(parts) > 3
    notes = [json.loads(line) for line in last.material.splitlines()]
    assert [set(note["data"]) for note in notes] == [{"mood"}] * len(parts)
    assert made.form is not None
    before = len(server.requests)
    assert engine.summarize(long_transcript(), work).form == made.form
    assert len(server.requests) == before, "what was paid for lies in the journal"


# ------------------------------------------------------------------------------------------- pages


def page(data: Any, render: str, seconds: float = 60.0) -> str:
    made = Summary(
        title="Weather",
        abstract="It rains.",
        engine="openai",
        model="m",
        extractive=False,
        form=TemplatedForm(name="board", data=data, render=render),
    )
    return to_markdown(made, recording(seconds))


def test_minutes_are_a_page_with_links_to_moments() -> None:
    text = page(MINUTES, ready_template("minutes").render)
    assert text.startswith("# board\n\n**Weather**\n\n[board.mp4](https://example.org/board.mp4)")
    assert "**Participants:** Anna Keller, David\n" in text
    assert "- [00:04](https://example.org/board.mp4#t=4) Buy a battery – the old one is empty\n" in text
    assert "| Buy it \\| in Hamburg | David | tomorrow |" in text
    assert "Open questions" not in text
    assert text.endswith("*Summarised by openai (m)*\n")


@pytest.mark.parametrize("name", READY)
def test_ready_templates_make_pages_of_whatever_their_schema_allows(name: str) -> None:
    template = ready_template(name)
    full = MarkdownIt("commonmark").enable("table").render(page(sample_of(template.schema_), template.render))
    assert "<li>" in full or "<strong>" in full
    empty: dict[str, Any] = {key: [] for key in template.schema_["properties"]}
    assert "It rains." in page(empty, template.render)


def test_nothing_that_a_model_wrote_is_markup() -> None:
    hostile = "<script>x</script>\n# [a](javascript:x) **b** | `c`"
    text = page({"mood": hostile}, "{{ data.mood }}\n\n- {{ data.mood | upper | safe }}")
    html = MarkdownIt("commonmark").enable("table").render(text)
    assert "<script" not in html.lower()
    assert 'javascript:x"' not in html
    assert html.count("<h1>") == 1
    assert "<code>" not in html


def test_a_time_outside_the_recording_is_no_link() -> None:
    assert "board.mp4#t" not in page({"mood": "0:02:00"}, "{{ data.mood | moment }}", seconds=60.0)
    assert "#t=120" in page({"mood": "0:02:00"}, "{{ data.mood | moment }}", seconds=600.0)
    assert "soon" in page({"mood": "soon"}, "{{ data.mood | moment }}")


def test_what_is_absent_is_empty_and_what_cannot_be_rendered_says_why() -> None:
    assert "[]" in page({}, "\\[{{ data.mood.colour }}\\]").replace("\\", "")
    with pytest.raises(BadResult, match=r"the template board can make no page .*: line 2: ") as caught:
        page({"mood": None}, "a\n{{ data.mood + 1 }}")
    assert "`render` of board" in str(caught.value)
    with pytest.raises(BadResult, match="unsafe"):
        page({}, "{{ data.__class__.__mro__[1].__subclasses__() }}")


# ------------------------------------------------------------------------------------------- library.yaml


def problems(tmp_path: Path, **settings: Any) -> dict[str, str]:
    (tmp_path / "library.yaml").write_text(json.dumps({"sources": {"talks": {"path": "talks"}}, **settings}))
    with pytest.raises(SettingsError) as caught:
        load_settings(tmp_path / "library.yaml")
    return {".".join(problem.key): problem.text for problem in caught.value.problems}


def test_a_template_that_is_not_there_is_told_when_library_yaml_is_read(tmp_path: Path) -> None:
    (text,) = problems(tmp_path, summary={"engine": "openai", "template": "minuts"}).values()
    assert "no such template minuts; should be one of interview, lecture, minutes" in text
    rule = {"when": {"paths": ["board/**"]}, "use": {"engine": "openai", "template": "bored"}}
    (text,) = problems(tmp_path, summary_rules=[rule], summary_templates={"board": BOARD}).values()
    assert "should be one of board, interview, lecture, minutes" in text


def test_a_template_with_the_extractive_engine_is_refused(tmp_path: Path) -> None:
    (text,) = problems(tmp_path, summary={"engine": "extractive", "template": "minutes"}).values()
    assert "only `engine: openai` can fill" in text


@pytest.mark.parametrize(
    ("change", "key", "said"),
    [
        ({"render": "a\n{% if %}"}, "summary_templates.board.render", "line 2: Expected an expression"),
        ({"render": "{{ moot }}"}, "summary_templates.board.render", "there is no moot"),
        ({"render": "{{ data.mood | shout }}"}, "summary_templates.board.render", "line 1: No filter named 'shout'"),
        ({"render": "a\n{{ data.moot }}"}, "summary_templates.board", "line 2: 'dict object' has no attribute 'moot'"),
        ({"schema": {"type": "objct"}}, "summary_templates.board.schema", "is no JSON schema"),
        ({"schema": {"type": "array"}}, "summary_templates.board.schema", "`type: object`"),
        ({"prompt": " "}, "summary_templates.board.prompt", ""),
    ],
)
def test_a_faulty_template_is_told_with_its_line_when_library_yaml_is_read(
    tmp_path: Path, change: dict[str, Any], key: str, said: str
) -> None:
    found = problems(
        tmp_path, summary_templates={"board": BOARD | change}, summary={"engine": "openai", "template": "board"}
    )
    assert said in found[key]


def settings(**given: Any) -> Settings:
    return Settings.model_validate({"sources": {"talks": {"path": "talks"}}, **given})


def test_a_template_is_part_of_the_fingerprint_of_its_summaries_and_of_no_other() -> None:
    plain = settings(summary={"engine": "openai"})
    assert "template" not in plain.summary.result_settings()
    assert stage.settings_for(plain) == stage.settings_for(
        settings(summary={"engine": "openai"}, summary_templates={"board": BOARD})
    )
    told = settings(summary={"engine": "openai", "template": "board"}, summary_templates={"board": BOARD})
    other = settings(
        summary={"engine": "openai", "template": "board"}, summary_templates={"board": BOARD | {"prompt": "Else."}}
    )
    assert told.summary.result_settings()["template"]["prompt"] == "Say what the board thinks."
    assert len({json.dumps(each.summary.result_settings()) for each in (plain, told, other)}) == 3


def test_a_summary_without_a_template_is_stored_as_before() -> None:
    made = Summary(title="t", abstract="a", engine="e", model="m", extractive=True)
    assert "form" not in made.model_dump()


def test_a_library_has_its_own_templates_in_summary_and_in_rules(tmp_path: Path) -> None:
    board, use = {"minutes": BOARD}, {"engine": "openai", "template": "minutes"}
    rule = {"when": {"paths": ["board/**"]}, "use": use}
    given = {"sources": {"talks": {"path": "talks"}}, "summary": use, "summary_rules": [rule]}
    (tmp_path / "library.yaml").write_text(json.dumps({**given, "summary_templates": board}))
    loaded = load_settings(tmp_path / "library.yaml")
    for section in (loaded.summary, loaded.summary_rules[0].use):
        assert isinstance(section, OpenAISummary)
        assert section.chosen_template is not None
        assert section.chosen_template.prompt == "Say what the board thinks.", "before the ready one of that name"
