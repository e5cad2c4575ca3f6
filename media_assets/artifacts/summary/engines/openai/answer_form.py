"""The form in which a summary is asked for, and how it is read where a model keeps to it half-way."""

from __future__ import annotations

from media_assets.artifacts.summary.engines.openai import prompts
from media_assets.artifacts.summary.engines.openai.answers import Answer
from media_assets.artifacts.summary.engines.openai.leniency import fields_of, known_fields
from media_assets.services.openai.chat.chat import AnswerForm
from media_assets.services.openai.chat.reading import AnswerReader

_ENOUGH = 3
"""An object with so many fields of a summary is one."""

SUMMARY_FORM = AnswerForm(
    {"name": "summary", "schema": Answer.model_json_schema()},
    AnswerReader(known_fields, lambda found: Answer.model_validate(fields_of(found)), _ENOUGH),
    prompts.REPAIR,
)
