"""The section `summary` of library.yaml: an engine, and rules that choose another one for some transcripts."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from media_assets.artifacts.summary.engines.extractive.settings import ExtractiveSummary
from media_assets.artifacts.summary.engines.openai.settings import OpenAISummary
from media_assets.base.section import Section
from media_assets.pipeline.conditions import FileCondition

SummarySettings = Annotated[ExtractiveSummary | OpenAISummary, Field(discriminator="engine")]


class SummaryRule(Section):
    """Another engine, or another model, for some transcripts."""

    when: FileCondition
    use: SummarySettings
    """A section like `summary`; nothing of that one is taken over."""
