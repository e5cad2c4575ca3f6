"""The section of library.yaml for translations by a language model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from media_assets.artifacts.translation.translator import TranslatorSection
from media_assets.base.secrets import Secrets
from media_assets.services.openai.chat.section import ChatSection

if TYPE_CHECKING:
    from media_assets.artifacts.translation.engines.openai.engine import OpenAITranslator


class OpenAITranslation(ChatSection, TranslatorSection):
    """Any server that speaks OpenAI's chat completions with structured output."""

    engine: Literal["openai"] = "openai"
    batch_characters: Annotated[int, Field(ge=200)] = 3000
    """What is asked about at once, in characters of what was said."""

    def open(self, secrets: Secrets) -> OpenAITranslator:
        from media_assets.artifacts.translation.engines.openai.engine import OpenAITranslator

        return OpenAITranslator(self, secrets)
