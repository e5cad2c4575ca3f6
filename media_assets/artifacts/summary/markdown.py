"""A summary as a page of Markdown that people read in Dagster and in files: what was recorded, and what it is about.

What was said, written by a model, or given as a name is text, never markup: it can neither bring HTML into the page nor
break its form. The page links to the recording, and its chapters to their moments, where browsers open its address.

Source: CommonMark 0.31, 6.3 (links).
"""

from __future__ import annotations

import math
import re
from functools import partial
from urllib.parse import quote

from media_assets.artifacts.summary.clock import from_clock
from media_assets.artifacts.summary.escaping import escaped
from media_assets.artifacts.summary.rendering import TemplateMistake, rendered
from media_assets.artifacts.summary.value import Summary, TemplatedForm, Usage
from media_assets.base.errors import BadResult
from media_assets.base.wording import clock, describe_moment
from media_assets.pipeline.recording import Recording

_SUFFIX = re.compile(r"(?<=[^.])\.(?=\d*[A-Za-z])[A-Za-z0-9]{1,5}$")
"""The ending of a name that says its format: not the rest of `Talk v1.5`."""
_OPENING_SECONDS = 60.0
_KEPT_IN_ADDRESSES = "%:/?#[]@!$&'*+,;=~"
"""What ends no destination of a link, and means something in addresses (RFC 3986); all else is percent-encoded."""


def to_markdown(summary: Summary, recording: Recording) -> str:
    """The whole page."""
    name = escaped(recording.name)
    title = escaped(summary.title)
    blocks = [f"# {escaped(_SUFFIX.sub('', recording.name)) or name}", f"**{title}**" if title else ""]
    blocks.append(_facts(summary, recording, name))
    blocks += _usual(summary, recording) if summary.form is None else [_by_template(summary, summary.form, recording)]
    blocks.append(_origin(summary))
    return "\n\n".join(block for block in blocks if block) + "\n"


def _usual(summary: Summary, recording: Recording) -> list[str]:
    blocks = [escaped(summary.abstract)]
    blocks += _section("Key points", [escaped(point) for point in summary.key_points])
    if not _is_whole(summary):
        entries = [f"{_moment(recording, it.start_seconds)} {escaped(it.title)}" for it in summary.chapters]
        blocks += _section("Chapters", entries)
    blocks += _section("Action items", [escaped(item) for item in summary.action_items])
    if summary.topics:
        blocks.append(f"**Topics:** {', '.join(escaped(topic) for topic in summary.topics)}")
    return blocks


def _by_template(summary: Summary, form: TemplatedForm, recording: Recording) -> str:
    """What the template makes of it.

    Raises:
        BadResult: of this answer, it can make none.
    """
    given = {
        "title": summary.title,
        "abstract": summary.abstract,
        "chapters": [chapter.model_dump() for chapter in summary.chapters],
        "speakers": list(summary.speakers),
        "data": form.data,
    }
    try:
        return rendered(form.render, given, partial(_moment_of, recording))
    except TemplateMistake as mistake:
        raise BadResult(
            f"the template {form.name} can make no page of its summary: {mistake}",
            next_step=f"Let `render` of {form.name} take what its `schema` allows, such as what is absent, then "
            "`media-assets retry`",
            place=f"the template {form.name}: {mistake}",
        ) from mistake


def _moment_of(recording: Recording, said: object) -> str | None:
    """A time that a model said, as a link to it; None where it is none, or lies outside the recording."""
    is_number = isinstance(said, int | float) and not isinstance(said, bool)
    seconds = float(said) if is_number else from_clock(said) if isinstance(said, str) else None  # type: ignore[arg-type]
    if seconds is None or not 0 <= seconds <= (math.inf if recording.seconds is None else recording.seconds):
        return None
    return _moment(recording, seconds)


def _facts(summary: Summary, recording: Recording, name: str) -> str:
    """What opens the recording, when it was made, how long it is and who speaks; then what has to be known."""
    facts = [f"[{name}]({_destination(recording.address)})" if recording.opens else name]
    if recording.address and not recording.opens:
        facts[0] += f" ({escaped(recording.address)})"
    if recording.recorded_at:
        facts.append(f"recorded {describe_moment(recording.recorded_at)}")
    elif recording.modified_at:
        facts.append(f"file of {recording.modified_at:%Y-%m-%d}")
    if recording.seconds is not None:
        facts.append(f"{clock(recording.seconds)} long")
    if summary.speakers:
        facts.append(f"speakers: {', '.join(map(escaped, summary.speakers))}")
    note = f"\n\n**{escaped(summary.note)}.**" if summary.note else ""
    return f"{' · '.join(facts)}{note}"


def _is_whole(summary: Summary) -> bool:
    """Whether its one chapter is the whole once more."""
    return [(it.title, it.start_seconds < _OPENING_SECONDS) for it in summary.chapters] == [(summary.title, True)]


def _moment(recording: Recording, seconds: float) -> str:
    """The time of a chapter, which opens the recording there."""
    shown = clock(seconds)
    return f"[{shown}]({_destination(recording.address_at(seconds))})" if recording.opens else f"**{shown}**"


def _origin(summary: Summary) -> str:
    said = [f"Summarised by {escaped(summary.engine)} ({escaped(summary.model)})"]
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
