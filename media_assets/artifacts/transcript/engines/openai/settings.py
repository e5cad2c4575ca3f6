"""The section of library.yaml for transcription behind OpenAI's API, or a server that speaks it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, PositiveFloat

from media_assets.artifacts.transcript.hearing.languages import ServerLanguages
from media_assets.artifacts.transcript.hearing.settings import GuardSettings
from media_assets.artifacts.transcript.transcriber import Tools, TranscriberSection
from media_assets.base.section import NOT_IN_RESULT
from media_assets.base.validators import WebAddress

if TYPE_CHECKING:
    from media_assets.artifacts.transcript.engines.openai.engine import OpenAITranscriber


_SMALLEST_UPLOAD_BYTES = 320_000
"""Ten seconds as they are sent."""
_LARGEST_UPLOAD_BYTES = 25_000_000
"""What OpenAI takes in one request."""


class OpenAITranscription(TranscriberSection):
    """Any server that speaks OpenAI's audio transcriptions."""

    engine: Literal["openai"]
    model: str = "whisper-1"
    language: ServerLanguages = None
    """ISO 639-1 code; a list: each piece is in one of these; absent or `auto`: the server detects it."""
    prompt: str | None = None
    """Names and terms that are likely to be said, or a text in the style that is wanted."""
    temperature: Annotated[float, Field(ge=0, le=1)] = 0.0
    answers: Literal["auto", "timed", "text"] = "auto"
    """`timed`: segments and words with times, as whisper-1 and most other servers give them. `text`: text alone; then
    short pieces are sent, and times within a piece are estimated. `auto`: `text` for models whose name begins with
    gpt-, `timed` for all others."""
    piece_seconds: Annotated[float, Field(ge=10, le=1200)] | None = None
    """Longer audio is cut at its quietest moments into pieces of at most so much; absent: 600, or 30 for `text`."""
    guards: GuardSettings = GuardSettings()
    max_upload_bytes: Annotated[int, Field(ge=_SMALLEST_UPLOAD_BYTES), NOT_IN_RESULT] = _LARGEST_UPLOAD_BYTES
    """What the server takes in one request; pieces are shorter where it has to be."""
    base_url: Annotated[WebAddress, NOT_IN_RESULT] = "https://api.openai.com/v1"
    timeout_seconds: Annotated[PositiveFloat, NOT_IN_RESULT] = 300.0
    max_retries: Annotated[int, Field(ge=0), NOT_IN_RESULT] = 4
    price_per_minute: Annotated[float | None, Field(ge=0), NOT_IN_RESULT] = None
    """US dollars per minute of sound; absent: the cost is not known."""

    def open(self, tools: Tools) -> OpenAITranscriber:
        from media_assets.artifacts.transcript.engines.openai.engine import OpenAITranscriber

        return OpenAITranscriber(self, tools.ffmpeg, tools.secrets)

    def server(self) -> str:
        return self.base_url

    def unpriced(self) -> str | None:
        return None if self.price_per_minute is not None else self.model
