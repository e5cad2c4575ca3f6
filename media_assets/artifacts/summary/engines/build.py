"""What makes summaries of transcripts: by quoting the best sentences, or by a language model."""

from __future__ import annotations

from media_assets.artifacts.summary.engines.extractive.settings import ExtractiveSummary
from media_assets.artifacts.summary.settings import SummarySettings
from media_assets.artifacts.summary.summarizer import Summarizer
from media_assets.base.secrets import Secrets
from media_assets.work.engine_pool import EnginePool

__all__ = ["Summarizer", "Summarizers", "build_summarizer"]

Summarizers = EnginePool[SummarySettings, Summarizer]
"""The configured ones: `summary` and those of `summary_rules`."""


def build_summarizer(settings: SummarySettings, secrets: Secrets) -> Summarizer:
    """The configured summarizer. Touches neither network nor disk."""
    if isinstance(settings, ExtractiveSummary):
        from media_assets.artifacts.summary.engines.extractive.engine import ExtractiveSummarizer

        return ExtractiveSummarizer(settings)
    from media_assets.artifacts.summary.engines.openai.engine import OpenAISummarizer

    return OpenAISummarizer(settings, secrets)
