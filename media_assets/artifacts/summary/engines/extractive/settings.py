"""The section of library.yaml for summaries that quote."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from pydantic import PositiveInt, model_validator

from media_assets.artifacts.summary.summarizer import SummarizerSection
from media_assets.base.secrets import Secrets

if TYPE_CHECKING:
    from media_assets.artifacts.summary.engines.extractive.engine import ExtractiveSummarizer


class ExtractiveSummary(SummarizerSection):
    """Chooses sentences of the transcript; needs no key and no download."""

    engine: Literal["extractive"] = "extractive"
    abstract_sentences: PositiveInt = 3
    key_points: PositiveInt = 5
    topics: PositiveInt = 8
    max_chapters: PositiveInt = 12

    @model_validator(mode="before")
    @classmethod
    def _has_no_template(cls, given: object) -> object:
        if isinstance(given, Mapping) and given.get("template") is not None:
            raise ValueError(
                "has a template, which only `engine: openai` can fill: the extractive engine quotes what was said"
            )
        return given

    def open(self, secrets: Secrets) -> ExtractiveSummarizer:  # noqa: ARG002
        from media_assets.artifacts.summary.engines.extractive.engine import ExtractiveSummarizer

        return ExtractiveSummarizer(self)
