"""The section `summary` of library.yaml: an engine, and rules that choose another one for some transcripts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from media_assets.artifacts.summary.engines.extractive.settings import ExtractiveSummary
from media_assets.artifacts.summary.engines.openai.settings import OpenAISummary
from media_assets.artifacts.summary.template import READY, SummaryTemplate
from media_assets.base.section import Section
from media_assets.pipeline.conditions import FileCondition

SummarySettings = Annotated[ExtractiveSummary | OpenAISummary, Field(discriminator="engine")]


def with_template(section: SummarySettings, templates: Mapping[str, SummaryTemplate] | None) -> SummarySettings:
    """The section with the template that it names.

    Args:
        templates: Those of the library; None where they are wrong, which is told.

    Raises:
        ValueError: there is none of that name.
    """
    if not isinstance(section, OpenAISummary) or templates is None:
        return section
    known = {*READY, *templates}
    if section.template is not None and section.template not in known:
        raise ValueError(
            f"has no such template {section.template}; should be one of {', '.join(sorted(known))}, or stand under "
            "`summary_templates`"
        )
    return section.with_templates(templates)


class SummaryRule(Section):
    """Another engine, or another model, for some transcripts."""

    when: FileCondition
    use: SummarySettings
    """A section like `summary`; nothing of that one is taken over."""
