"""A summary as Markdown that people read in Dagster and in files.

What was said or written by a model is text, never markup: it can neither bring HTML into the page nor break its form.
"""

from __future__ import annotations

import re

from media_assets.artifacts.summary.clock import to_clock
from media_assets.artifacts.summary.value import Summary, Usage
from media_assets.base.writing import one_direction

_INLINE = re.compile(r"[\\`*_\[\]|~#]")
_LINE_START = re.compile(r"^(?P<digits>\d*)(?P<mark>[-+.)=:])")
_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def to_markdown(summary: Summary, duration_seconds: float) -> str:
    """The whole summary, with chapter times as h:mm:ss."""
    blocks = [f"# {_escape(summary.title)}", _origin(summary, duration_seconds), _escape(summary.abstract)]
    blocks += _section("Key points", [_escape(point) for point in summary.key_points])
    blocks += _section(
        "Chapters", [f"**{to_clock(chapter.start_seconds)}** {_escape(chapter.title)}" for chapter in summary.chapters]
    )
    blocks += _section("Action items", [_escape(item) for item in summary.action_items])
    if summary.topics:
        blocks.append(f"**Topics:** {', '.join(_escape(topic) for topic in summary.topics)}")
    return "\n\n".join(block for block in blocks if block) + "\n"


def _origin(summary: Summary, duration_seconds: float) -> str:
    said = [f"{to_clock(duration_seconds)} long", f"summarised by {_escape(summary.engine)} ({_escape(summary.model)})"]
    if summary.parts > 1:
        said.append(f"in {summary.parts} parts")
    if summary.usage != Usage():
        said.append(f"{summary.usage.input_tokens:,} tokens in, {summary.usage.output_tokens:,} out")
    if summary.usage.cost_usd is not None:
        said.append(f"${summary.usage.cost_usd:.4f}")
    if summary.extractive:
        said.append("extractive: its sentences are quoted from the transcript")
    note = f" **{_escape(summary.note)}.**" if summary.note else ""
    return f"*{', '.join(said)}*{note}"


def _section(heading: str, items: list[str]) -> list[str]:
    return [f"## {heading}", "\n".join(f"- {item}" for item in items)] if items else []


def _escape(text: str) -> str:
    """The text as one line of plain Markdown text."""
    line = one_direction(_BREAKS.sub(" ", text))
    line = _INLINE.sub(r"\\\g<0>", " ".join(line.split()))
    line = "".join(_ENTITIES.get(char, char) for char in line)
    return _LINE_START.sub(r"\g<digits>\\\g<mark>", line)
