"""The section of library.yaml for summaries by a language model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, PositiveFloat

from media_assets.artifacts.summary.summarizer import SummarizerSection
from media_assets.base.secrets import Secrets
from media_assets.base.section import NOT_IN_RESULT, Section
from media_assets.base.validators import Language, WebAddress

if TYPE_CHECKING:
    from media_assets.artifacts.summary.engines.openai.engine import OpenAISummarizer


class Price(Section):
    """US dollars per million tokens."""

    input: Annotated[float, Field(ge=0)]
    output: Annotated[float, Field(ge=0)]


class OpenAISummary(SummarizerSection):
    """Any server that speaks OpenAI's chat completions with structured output."""

    engine: Literal["openai"]
    model: str = "gpt-4o-mini"
    language: Language | None = None
    """Language of the summary as ISO 639-1 code; absent: that of the transcript."""
    part_characters: Annotated[int, Field(ge=2000)] = 24_000
    """Longer transcripts are split at segment borders into parts of at most so many characters."""
    temperature: Annotated[float, Field(ge=0, le=2)] = 0.2
    base_url: Annotated[WebAddress, NOT_IN_RESULT] = "https://api.openai.com/v1"
    timeout_seconds: Annotated[PositiveFloat, NOT_IN_RESULT] = 120.0
    max_retries: Annotated[int, Field(ge=0), NOT_IN_RESULT] = 4
    prices: Annotated[dict[str, Price], NOT_IN_RESULT] = Field(default_factory=dict)
    """The price of each model, by its name."""

    def open(self, secrets: Secrets) -> OpenAISummarizer:
        from media_assets.artifacts.summary.engines.openai.engine import OpenAISummarizer

        return OpenAISummarizer(self, secrets)

    def server(self) -> str:
        return self.base_url

    def unpriced(self) -> str | None:
        return None if self.model in self.prices else self.model

    def cost_usd(self, input_tokens: int, output_tokens: int) -> float | None:
        """None when the model has no price."""
        price = self.prices.get(self.model)
        return (input_tokens * price.input + output_tokens * price.output) / 1_000_000 if price else None
