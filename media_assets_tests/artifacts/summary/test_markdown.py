"""Markdown of summaries, read back with a real Markdown parser."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from media_assets.artifacts.summary.markdown import to_markdown
from media_assets.artifacts.summary.value import Summary, TimedHeading, Usage

PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def summary(text: str) -> Summary:
    return Summary(
        title=text,
        abstract=text,
        key_points=(text, text),
        chapters=(TimedHeading(start_seconds=3725.0, title=text),),
        action_items=(text,),
        topics=(text, text),
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
    markdown = to_markdown(summary(text), 4000.0)

    assert structure(markdown) == structure(to_markdown(summary("harmless"), 4000.0))
    visible = " ".join(re.sub(r"[\x00-\x1f\u2028]", " ", text).split())
    assert shown(markdown).count(visible) >= 7


@settings(max_examples=150, deadline=None)
@given(st.text(min_size=1).filter(lambda text: any(char.isalnum() for char in text)))
@example("a\\")
@example("0.")
@example("0\u202e)")
def test_no_text_at_all_breaks_the_form(text: str) -> None:
    assert structure(to_markdown(summary(text), 10.0)) == structure(to_markdown(summary("harmless"), 10.0))


def test_it_shows_times_parts_tokens_and_cost() -> None:
    usage = Usage(input_tokens=12_345, output_tokens=678, cost_usd=0.00226)

    markdown = to_markdown(summary("x").model_copy(update={"usage": usage, "parts": 3}), 4000.0)

    assert "1:06:40 long" in markdown
    assert "**1:02:05** x" in markdown
    assert "in 3 parts, 12,345 tokens in, 678 out, $0.0023" in markdown
    assert "extractive" not in markdown


def test_it_says_when_it_is_extractive_and_leaves_out_empty_sections() -> None:
    markdown = to_markdown(
        Summary(title="T", abstract="A", engine="extractive", model="textrank", extractive=True), 1.0
    )

    assert "extractive: its sentences are quoted" in markdown
    assert "##" not in markdown
    assert "Topics" not in markdown
