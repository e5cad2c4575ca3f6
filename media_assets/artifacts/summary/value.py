"""The value of `summary`: what a recording is about, and what it cost to find out."""

from __future__ import annotations

from typing import Any

from pydantic import SerializerFunctionWrapHandler, model_serializer

from media_assets.base.model import Model


class TimedHeading(Model):
    """The title of a chapter, and where in the recording it begins."""

    start_seconds: float
    title: str


class Usage(Model):
    """What a paid engine used, and what that cost by the configured price table."""

    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = None
    """None when the price table has no row for the model."""


class TemplatedForm(Model):
    """What a summary by a template has beside the rest."""

    name: str
    """The template, as library.yaml calls it."""
    data: dict[str, Any]
    """What the model answered in the form of the template's schema."""
    render: str
    """The Jinja template that the page is made by: it is written anew for each name of a recording."""


class Summary(Model):
    """The value of `summary`."""

    title: str
    abstract: str
    key_points: tuple[str, ...] = ()
    chapters: tuple[TimedHeading, ...] = ()
    action_items: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    engine: str
    model: str
    extractive: bool
    """True when every sentence was taken from the transcript and none was written."""
    speakers: tuple[str, ...] = ()
    """Who speaks, by name, in the order of their first words; empty where nobody is told apart."""
    parts: int = 1
    """How many parts of the transcript were summarised before the whole."""
    usage: Usage = Usage()
    note: str | None = None
    """What whoever reads the summary has to know of it: one sentence."""
    form: TemplatedForm | None = None
    """Absent where no template was used."""

    @model_serializer(mode="wrap")
    def _without_what_is_absent(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """The value as it was stored before there were notes, speakers and templates: the same summary stays the same
        version."""
        dumped: dict[str, Any] = dump(self)
        if self.note is None:
            dumped.pop("note", None)
        if self.form is None:
            dumped.pop("form", None)
        if not self.speakers:
            dumped.pop("speakers", None)
        return dumped
