"""What the sections of library.yaml about language models have in common: the model, its server, and its price."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import Field, PositiveFloat

from media_assets.base.section import NOT_IN_RESULT, Section
from media_assets.base.validators import WebAddress
from media_assets.services.openai.truncation import BYTES_PER_TOKEN
from media_assets.work.engine_section import EngineSection


class Price(Section):
    """US dollars per million tokens."""

    input: Annotated[float, Field(ge=0)]
    output: Annotated[float, Field(ge=0)]


class ChatSection(EngineSection):
    """A section about an engine that asks a language model."""

    model: str = "gpt-4o-mini"
    temperature: Annotated[float, Field(ge=0, le=2)] = 0.2
    base_url: Annotated[WebAddress, NOT_IN_RESULT] = "https://api.openai.com/v1"
    timeout_seconds: Annotated[PositiveFloat, NOT_IN_RESULT] = 120.0
    max_retries: Annotated[int, Field(ge=0), NOT_IN_RESULT] = 4
    prices: Annotated[dict[str, Price], NOT_IN_RESULT] = Field(default_factory=dict)
    """The price of each model, by its name."""

    def server(self) -> str:
        return self.base_url

    def unpriced(self) -> str | None:
        return None if self.model in self.prices else self.model

    def cost_usd(self, input_tokens: int, output_tokens: int) -> float | None:
        """None when the model has no price."""
        price = self.prices.get(self.model)
        return (input_tokens * price.input + output_tokens * price.output) / 1_000_000 if price else None

    def estimate_usd(self, size_bytes: int, answer_tokens: int) -> float | None:
        """What questions of so much text in all will cost, with answers of so many tokens; None when the model has no
        price."""
        return self.cost_usd(math.ceil(size_bytes / BYTES_PER_TOKEN), answer_tokens)
