"""Templates of summaries: what a language model is asked for, the form of its answer, and the page that is made of it.

Some are ready (`templates/*.yaml`, in the form of library.yaml). What does not belong here: how a page is rendered
(`rendering`), and how a model is asked (`engines/openai`).
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Self

import yaml
from pydantic import Field, StringConstraints, field_validator, model_validator

from media_assets.artifacts.summary.rendering import TemplateMistake, compiled, rendered
from media_assets.base.section import Section

READY = ("interview", "lecture", "minutes")
"""Templates that come with the project."""
_VERSION = 1
"""Counted up whenever the same template would ask for something else."""
_MOST_SAMPLE_DEPTH = 8

_SAMPLE = {
    "title": "text",
    "abstract": "text",
    "speakers": ["text"],
    "chapters": [{"start_seconds": 1, "title": "text"}],
}

Prompt = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class SummaryTemplate(Section):
    """One form of summary."""

    prompt: Prompt
    """What is wanted, in words."""
    schema_: dict[str, Any] = Field(alias="schema")
    """JSON schema of an object: what a summary of this form has beside title, abstract and chapters."""
    render: str
    """Jinja template of the page, below its head."""

    @field_validator("schema_")
    @classmethod
    def _usable(cls, schema: dict[str, Any]) -> dict[str, Any]:
        from jsonschema import Draft202012Validator, SchemaError

        try:
            Draft202012Validator.check_schema(schema)
        except SchemaError as error:
            place = ".".join(map(str, error.absolute_path))
            raise ValueError(f"is no JSON schema: {f'{place}: ' if place else ''}{error.message}") from None
        if schema.get("type") != "object" or not schema.get("properties"):
            raise ValueError("should be of `type: object`, with `properties`")
        return schema

    @field_validator("render")
    @classmethod
    def _well_formed(cls, render: str) -> str:
        try:
            compiled(render)
        except TemplateMistake as mistake:
            raise ValueError(f"is no Jinja template: {mistake}") from None
        return render

    @model_validator(mode="after")
    def _renders(self) -> Self:
        """A page of an answer that has everything can be made: else each file would fail of it."""
        try:
            rendered(self.render, _SAMPLE | {"data": sample_of(self.schema_)}, lambda _: None, strict=True)
        except TemplateMistake as mistake:
            raise ValueError(f"`render` cannot be rendered: {mistake}") from None
        return self

    def result_settings(self) -> dict[str, Any]:
        """See `Section`."""
        return {"prompt": self.prompt, "schema": self.schema_, "render": self.render, "version": _VERSION}


@cache
def ready_template(name: str) -> SummaryTemplate:
    """One of `READY`."""
    text = (files("media_assets.artifacts.summary") / "templates" / f"{name}.yaml").read_text("utf-8")
    return SummaryTemplate.model_validate(yaml.safe_load(text))


def sample_of(schema: Any, depth: int = _MOST_SAMPLE_DEPTH) -> Any:
    """A value of a schema in which everything is there, as far as that shows without looking references up."""
    if not isinstance(schema, dict) or depth == 0:
        return "text"
    for choice in ("anyOf", "oneOf", "allOf"):
        if schema.get(choice):
            return sample_of(schema[choice][0], depth - 1)
    if "const" in schema or schema.get("enum"):
        return schema.get("const", schema.get("enum", [None])[0])
    kinds = schema.get("type")
    match kinds[0] if isinstance(kinds, list) and kinds else kinds:
        case "object":
            return {name: sample_of(each, depth - 1) for name, each in schema.get("properties", {}).items()}
        case "array":
            return [sample_of(schema.get("items"), depth - 1)]
        case "integer" | "number":
            return 1
        case "boolean":
            return True
        case "null":
            return None
    return "text"
