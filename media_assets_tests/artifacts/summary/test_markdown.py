"""Markdown of summaries, read back with a real Markdown parser."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from media_assets.artifacts.summary.markdown import to_markdown
from media_assets.artifacts.summary.value import Summary, TimedHeading, Usage
from media_assets.base.keys import partition_key
from media_assets.pipeline.recording import Recording

PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
PARSER.validateLink = lambda _: True  # type: ignore[assignment,method-assign]  # by itself it takes no file:// for a link
TALK = Recording("box:talk.mp4", lambda: "https://example.org/talk.mp4", seconds=4000.0)


def summary(text: str) -> Summary:
    return Summary(
        title=text,
        abstract=text,
        key_points=(text, text),
        chapters=(TimedHeading(start_seconds=3725.0, title=text),),
        action_items=(text,),
        topics=(text, text),
        speakers=(text, text),
        engine="openai",
        model=text,
        extractive=False,
    )


def structure(markdown: str) -> list[str]:
    """The kinds of blocks and of everything inline that is not plain text, in order."""
    kinds = []
    for token in PARSER.parse(markdown):
        kinds.append(f"{token.type} {token.tag}")
        kinds += [child.type for child in token.children or [] if child.type != "text"]
    return kinds


def links(markdown: str) -> list[str]:
    """Where its links lead to."""
    children = [child for token in PARSER.parse(markdown) for child in token.children or []]
    return [str(child.attrs["href"]) for child in children if child.type == "link_open"]


def shown(markdown: str) -> str:
    """What a reader sees."""
    return " ".join(
        "".join(child.content for child in token.children or []) for token in PARSER.parse(markdown) if token.children
    )


HOSTILE = (
    "<script>alert(1)</script>",
    "a | b | c",
    "# heading",
    "one\n\n# two\n\n- three",
    "`code` ```fence",
    "[link](javascript:alert(1)) ![image](http://x/y.png)",
    "<http://evil.example> <!-- comment -->",
    "1. first",
    "12) twelfth",
    "- item",
    "+ item",
    "---",
    "===",
    "***bold*** __bold__ ~~gone~~",
    "> quote &amp; &lt;b&gt;",
    "back\\slash \\",
    "tab\tand\x00null\x0bvertical\u2028separator",
    "[ref]: http://x",
    "| a |\n|---|\n| b |",
    "$x$ :::",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_changes_neither_the_form_nor_what_is_read(text: str) -> None:
    markdown = to_markdown(summary(text), TALK)

    assert structure(markdown) == structure(to_markdown(summary("harmless"), TALK))
    visible = " ".join(re.sub(r"[\x00-\x1f\u2028]", " ", text).split())
    assert shown(markdown).count(visible) >= 9


@pytest.mark.parametrize("text", [*HOSTILE, "x" * 200, "Größe (1)](http://x) <b>", "\u202egpm.exe", "اجتماع", "\udcff"])
def test_no_name_of_a_recording_changes_the_form_and_its_link_is_one(text: str) -> None:
    key = partition_key("box", f"{text}.mp4".replace("/", "-"))
    recording = Recording(key, lambda: f"https://h/{text.replace('#', '%23')}.mp4", seconds=9)

    markdown = to_markdown(summary("x"), recording)

    markdown.encode("utf-8")
    assert structure(markdown) == structure(to_markdown(summary("x"), TALK))
    assert all(link.startswith("https://h/") and ".mp4" in link for link in links(markdown))
    assert len(links(markdown)) == 2


@settings(max_examples=150, deadline=None)
@given(st.text(min_size=1).filter(lambda text: any(char.isalnum() for char in text)))
@example("a\\")
@example("0.")
@example("0\u202e)")
def test_no_text_at_all_breaks_the_form(text: str) -> None:
    assert structure(to_markdown(summary(text), TALK)) == structure(to_markdown(summary("harmless"), TALK))


def test_it_shows_times_parts_tokens_and_cost() -> None:
    usage = Usage(input_tokens=12_345, output_tokens=678, cost_usd=0.00226)

    markdown = to_markdown(summary("x").model_copy(update={"usage": usage, "parts": 3}), TALK)

    assert "1:06:40 long" in markdown
    assert "[1:02:05](https://example.org/talk.mp4#t=3725) x" in markdown
    assert "in 3 parts, 12,345 tokens in, 678 out, $0.0023" in markdown
    assert "extractive" not in markdown


def test_it_says_when_it_is_extractive_and_leaves_out_empty_sections() -> None:
    made = Summary(title="T", abstract="A", engine="extractive", model="textrank", extractive=True)
    markdown = to_markdown(made, Recording("box:talk.mp4"))

    assert markdown.count("extractive: its sentences are quoted") == 1
    assert "##" not in markdown
    assert "Topics" not in markdown


def test_the_page_says_what_was_recorded_and_links_to_its_moments(tmp_path: Path) -> None:
    path = tmp_path / "Grüße <an> Anna (1) [neu] & mehr.mp4"
    chapters = (TimedHeading(start_seconds=0.0, title="Bees"), TimedHeading(start_seconds=75.9, title="Honey"))
    made = Summary(
        title="Bees make honey",
        abstract="Bees make honey. It is sweet.",
        chapters=chapters,
        speakers=("Anna", "Speaker 2"),
        engine="extractive",
        model="textrank",
        extractive=True,
        note="The language is not known",
    )
    noted = {"recorded_at": "2025-03-17T10:30:00+01:00", "modified_at": "2026-01-01T00:00:00Z"}
    recording = Recording(partition_key("box", path.name), path.as_uri, lambda: noted, 90.0)

    markdown = to_markdown(made, recording)

    assert shown(markdown).startswith(
        "Grüße <an> Anna (1) [neu] & mehr Bees make honey Grüße <an> Anna (1) [neu] & mehr.mp4 · "
        "recorded 2025-03-17 10:30 · 01:30 long · speakers: Anna, Speaker 2 The language is not known. Bees make honey."
    )
    assert [unquote(link) for link in links(markdown)] == [
        f"file://{path}",
        f"file://{path}#t=0",
        f"file://{path}#t=75",
    ]
    assert "01:15 Honey" in shown(markdown)


def test_where_nothing_opens_the_recording_times_are_plain() -> None:
    markdown = to_markdown(summary("x"), Recording("box:talk.mp4", lambda: "s3://bucket/a*b/talk.mp4"))
    assert links(markdown) == []
    assert "**1:02:05** x" in markdown
    assert "talk.mp4 (s3://bucket/a*b/talk.mp4)" in shown(markdown)
    assert links(to_markdown(summary("x"), Recording("box:a", lambda: "javascript:alert(1)"))) == []


def test_a_video_in_drive_opens_where_the_chapter_begins() -> None:
    recording = Recording("box:talk.mp4~1", lambda: "https://drive.google.com/file/d/1/view")
    assert links(to_markdown(summary("x"), recording))[-1] == "https://drive.google.com/file/d/1/view?t=3725"


def test_a_chapter_that_is_the_whole_is_not_listed_and_an_ending_is_no_part_of_the_heading() -> None:
    made = Summary(
        title="T",
        abstract="A",
        chapters=(TimedHeading(start_seconds=0.0, title="T"),),
        engine="e",
        model="m",
        extractive=True,
    )
    assert "Chapters" not in to_markdown(made, TALK)
    headings = [
        to_markdown(made, Recording(f"box:{name}")).splitlines()[0] for name in ("a.b.mp4", "Talk v1.5", ".hidden")
    ]
    assert headings == ["# a.b", "# Talk v1.5", "# \\.hidden"]
    assert "****" not in to_markdown(made.model_copy(update={"title": " "}), TALK)


def test_a_summary_without_speakers_is_stored_as_before_there_were_any() -> None:
    made = Summary(title="T", abstract="A", engine="e", model="m", extractive=True)
    assert "speakers" not in made.model_dump()
    assert "speakers" not in made.model_dump_json()
    named = made.model_copy(update={"speakers": ("Anna",)})
    assert Summary.model_validate_json(named.model_dump_json()) == named


def test_a_date_at_the_beginning_is_written_as_it_is() -> None:
    markdown = to_markdown(summary("x"), Recording("box:2025-03-17 team meeting.mp3"))
    assert markdown.startswith("# 2025-03-17 team meeting\n")
