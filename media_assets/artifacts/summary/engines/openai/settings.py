"""The section of library.yaml for summaries by a language model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from media_assets.artifacts.summary.summarizer import SummarizerSection
from media_assets.base.secrets import Secrets
from media_assets.base.validators import Language
from media_assets.services.openai.chat.section import ChatSection

if TYPE_CHECKING:
    from media_assets.artifacts.summary.engines.openai.engine import OpenAISummarizer


class OpenAISummary(ChatSection, SummarizerSection):
    """Any server that speaks OpenAI's chat completions with structured output."""

    engine: Literal["openai"]
    language: Language | None = None
    """Language of the summary as ISO 639-1 code; absent: that of the transcript."""
    part_characters: Annotated[int, Field(ge=2000)] = 24_000
    """Longer transcripts are split at segment borders into parts of at most so many characters."""

    def open(self, secrets: Secrets) -> OpenAISummarizer:
        from media_assets.artifacts.summary.engines.openai.engine import OpenAISummarizer

        return OpenAISummarizer(self, secrets)
