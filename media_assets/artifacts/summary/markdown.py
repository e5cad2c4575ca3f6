"""A summary as a page of Markdown that people read in Dagster and in files: what was recorded, and what it is about.

What was said, written by a model, or given as a name is text, never markup: it can neither bring HTML into the page nor
break its form. The page links to the recording, and its chapters to their moments, where browsers open its address.

Source: CommonMark 0.31, 6.3 (links).
"""

from __future__ import annotations

import re
from urllib.parse import quote

from media_assets.artifacts.summary.value import Summary, Usage
from media_assets.base.wording import clock, describe_moment
from media_assets.base.writing import one_direction
from media_assets.pipeline.recording import Recording

_INLINE = re.compile(r"[\\`*_\[\]|~#]")
_LINE_START = re.compile(r"^(\d*(?=[.)])|(?=[-+=:]))")
"""Where a line would begin a list, a heading or a table: not after the year of `2025-03-17`."""
_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_SUFFIX = re.compile(r"(?<=[^.])\.(?=\d*[A-Za-z])[A-Za-z0-9]{1,5}$")
"""The ending of a name that says its format: not the rest of `Talk v1.5`."""
_OPENING_SECONDS = 60.0
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_KEPT_IN_ADDRESSES = "%:/?#[]@!$&'*+,;=~"
"""What ends no destination of a link, and means something in addresses (RFC 3986); all else is percent-encoded."""


def to_markdown(summary: Summary, recording: Recording) -> str:
    """The whole page."""
    name = _escape(recording.name)
    title = _escape(summary.title)
    blocks = [f"# {_escape(_SUFFIX.sub('', recording.name)) or name}", f"**{title}**" if title else ""]
    blocks += [_facts(summary, recording, name), _escape(summary.abstract)]
    blocks += _section("Key points", [_escape(point) for point in summary.key_points])
    if not _is_whole(summary):
        entries = [f"{_moment(recording, it.start_seconds)} {_escape(it.title)}" for it in summary.chapters]
        blocks += _section("Chapters", entries)
    blocks += _section("Action items", [_escape(item) for item in summary.action_items])
    if summary.topics:
        blocks.append(f"**Topics:** {', '.join(_escape(topic) for topic in summary.topics)}")
    blocks.append(_origin(summary))
    return "\n\n".join(block for block in blocks if block) + "\n"


def _facts(summary: Summary, recording: Recording, name: str) -> str:
    """What opens the recording, when it was made, how long it is and who speaks; then what has to be known."""
    facts = [f"[{name}]({_destination(recording.address)})" if recording.opens else name]
    if recording.address and not recording.opens:
        facts[0] += f" ({_escape(recording.address)})"
    if recording.recorded_at:
        facts.append(f"recorded {describe_moment(recording.recorded_at)}")
    elif recording.modified_at:
        facts.append(f"file of {recording.modified_at:%Y-%m-%d}")
    if recording.seconds is not None:
        facts.append(f"{clock(recording.seconds)} long")
    if summary.speakers:
        facts.append(f"speakers: {', '.join(map(_escape, summary.speakers))}")
    note = f"\n\n**{_escape(summary.note)}.**" if summary.note else ""
    return f"{' · '.join(facts)}{note}"


def _is_whole(summary: Summary) -> bool:
    """Whether its one chapter is the whole once more."""
    return [(it.title, it.start_seconds < _OPENING_SECONDS) for it in summary.chapters] == [(summary.title, True)]


def _moment(recording: Recording, seconds: float) -> str:
    """The time of a chapter, which opens the recording there."""
    shown = clock(seconds)
    return f"[{shown}]({_destination(recording.address_at(seconds))})" if recording.opens else f"**{shown}**"


def _origin(summary: Summary) -> str:
    said = [f"Summarised by {_escape(summary.engine)} ({_escape(summary.model)})"]
    if summary.parts > 1:
        said.append(f"in {summary.parts} parts")
    if summary.usage != Usage():
        said.append(f"{summary.usage.input_tokens:,} tokens in, {summary.usage.output_tokens:,} out")
    if summary.usage.cost_usd is not None:
        said.append(f"${summary.usage.cost_usd:.4f}")
    if summary.extractive:
        said.append("extractive: its sentences are quoted from the transcript")
    return f"*{', '.join(said)}*"


def _section(heading: str, items: list[str]) -> list[str]:
    return [f"## {heading}", "\n".join(f"- {item}" for item in items)] if items else []


def _destination(address: str) -> str:
    """An address as the destination of a link: blanks, brackets and letters of other scripts would end it, or would
    be taken otherwise by one reader or another."""
    return quote(address, safe=_KEPT_IN_ADDRESSES, errors="replace").replace("&", "&amp;")


def _escape(text: str) -> str:
    """The text as one line of plain Markdown text."""
    line = one_direction(_BREAKS.sub(" ", text))
    line = _INLINE.sub(r"\\\g<0>", " ".join(line.split()))
    line = "".join(_ENTITIES.get(char, char) for char in line)
    return _LINE_START.sub(r"\1\\", line)
