"""The section of library.yaml for a LibreTranslate server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, PositiveFloat, PositiveInt

from media_assets.artifacts.translation.translator import TranslatorSection
from media_assets.base.secrets import Secrets
from media_assets.base.section import NOT_IN_RESULT
from media_assets.base.validators import WebAddress

if TYPE_CHECKING:
    from media_assets.artifacts.translation.engines.libretranslate.engine import LibreTranslator


class LibreTranslation(TranslatorSection):
    """A server that speaks LibreTranslate's API; each segment is translated by itself."""

    engine: Literal["libretranslate"]
    base_url: Annotated[WebAddress, NOT_IN_RESULT] = "http://localhost:5000"
    batch_characters: Annotated[PositiveInt, NOT_IN_RESULT] = 2000
    """What is sent at once; a server with a lower limit gets less."""
    timeout_seconds: Annotated[PositiveFloat, NOT_IN_RESULT] = 120.0
    max_retries: Annotated[int, Field(ge=0), NOT_IN_RESULT] = 4

    def open(self, secrets: Secrets) -> LibreTranslator:
        from media_assets.artifacts.translation.engines.libretranslate.engine import LibreTranslator

        return LibreTranslator(self, secrets)
