"""The summarizers of a library: each is built when a transcript first needs it, and once."""

from __future__ import annotations

from media_assets.artifacts.summary.settings import SummarySettings
from media_assets.artifacts.summary.summarizer import Summarizer
from media_assets.work.engine_pool import EnginePool

Summarizers = EnginePool[SummarySettings, Summarizer]
"""The configured ones: `summary` and those of `summary_rules`."""
