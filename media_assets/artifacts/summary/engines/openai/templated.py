"""The form in which a summary by a template is asked for: title, abstract and chapters, and what its schema says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from media_assets.artifacts.summary.engines.openai import prompts
from media_assets.artifacts.summary.engines.openai.answers import Answer, TemplateAnswer
from media_assets.artifacts.summary.engines.openai.leniency import fields_of
from media_assets.artifacts.summary.template import SummaryTemplate
from media_assets.base.writing import storable
from media_assets.services.openai.chat.chat import AnswerForm
from media_assets.services.openai.chat.reading import AnswerReader

_ASKED = ("title", "abstract", "chapters")
"""What every summary has, for whatever is made of it later."""
_DATA = "data"
_MOST_MISTAKES = 5


def form_of(template: SummaryTemplate) -> AnswerForm[TemplateAnswer]:
    """What a model is to answer by a template, checked by its schema."""
    from jsonschema import Draft202012Validator
    from referencing import Registry

    # Nothing is fetched for a reference: the registry knows no more than the schema itself.
    validator = Draft202012Validator(template.schema_, registry=Registry())
    own = frozenset(template.schema_["properties"])

    def data_of(found: Mapping[str, object]) -> object:
        return found.get(_DATA, {name: value for name, value in found.items() if name in own})

    def parse(found: Mapping[str, object]) -> TemplateAnswer:
        data = _storable(data_of(found))
        wrong = [
            InitErrorDetails(
                type=PydanticCustomError("schema", "{told}", {"told": error.message}),
                loc=(_DATA, *error.absolute_path),
                input=None,
            )
            for error in list(validator.iter_errors(data))[:_MOST_MISTAKES]
        ]
        if wrong:
            raise ValidationError.from_exception_data("answer", wrong)
        usual = {name: value for name, value in found.items() if name not in own or name in _ASKED}
        return TemplateAnswer.model_validate({**fields_of(usual), _DATA: data})

    def known(found: Mapping[str, object]) -> int:
        return sum(name in found for name in (*_ASKED, _DATA))

    return AnswerForm(
        {"name": "summary", "schema": _schema(template), "strict": _is_strict(template.schema_)},
        AnswerReader(known, parse, len(_ASKED)),
        prompts.REPAIR,
    )


def system(template: SummaryTemplate, language: str | None, transcript_language: str) -> str:
    """The standing instructions."""
    schema = json.dumps(template.schema_, ensure_ascii=False)
    return prompts.templated(template.prompt, schema, language, transcript_language)


def _schema(template: SummaryTemplate) -> dict[str, Any]:
    """The schema of the whole answer. What the template's refers to by `#/$defs` stays where it is looked for."""
    usual = Answer.model_json_schema()
    own = dict(template.schema_)
    definitions = {**usual.get("$defs", {}), **own.pop("$defs", {})}
    return {
        "type": "object",
        "properties": {**{name: usual["properties"][name] for name in _ASKED}, _DATA: own},
        "required": [*_ASKED, _DATA],
        "additionalProperties": False,
        "$defs": definitions,
    }


def _is_strict(schema: Any) -> bool:
    """Whether servers take it for their strict mode: every object is closed, and everything in it required."""
    if isinstance(schema, list):
        return all(map(_is_strict, schema))
    if not isinstance(schema, dict):
        return True
    if schema.get("type") == "object":
        properties = schema.get("properties", {})
        if schema.get("additionalProperties") is not False or {*properties} != {*schema.get("required", ())}:
            return False
    return all(map(_is_strict, schema.values()))


def _storable(value: Any) -> Any:
    """Without the halves of characters and the NULs that models give."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, list):
        return [_storable(each) for each in value]
    if isinstance(value, dict):
        return {storable(str(name)): _storable(each) for name, each in value.items()}
    return value
