"""The keys of library.yaml that all transcribers have: `guards`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, PositiveFloat, PositiveInt

from media_assets.base.section import Section


class GuardSettings(Section):
    """Guards against hallucination; the values are those Whisper's authors published with it."""

    max_compression_ratio: PositiveFloat = 2.4
    min_average_log_probability: float = -1.0
    max_no_speech_probability: Annotated[float, Field(ge=0, le=1)] = 0.6
    max_repetitions: PositiveInt = 3
    """A segment that says one token so often in a row, or what the previous so many segments said, is dropped."""
