"""The section `translation` of library.yaml: an engine, and what it translates into."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from media_assets.artifacts.translation.engines.libretranslate.settings import LibreTranslation
from media_assets.artifacts.translation.engines.openai.settings import OpenAITranslation
from media_assets.base.section import Section
from media_assets.pipeline.conditions import FileCondition

TranslationSettings = Annotated[OpenAITranslation | LibreTranslation, Field(discriminator="engine")]


class TranslationRule(Section):
    """Other languages, or another engine, for some recordings."""

    when: FileCondition
    use: TranslationSettings
    """A section like `translation`; nothing of that one is taken over."""
