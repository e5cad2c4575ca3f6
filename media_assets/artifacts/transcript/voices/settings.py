"""The section `speakers`: whether transcripts say who speaks, and how well a voice has to be known to be named."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from media_assets.base.section import NOT_IN_RESULT, Section
from media_assets.base.validators import NamedPath


class SpeakerSettings(Section):
    """Who speaks in a transcript."""

    enabled: bool = True
    """Whether transcripts say who speaks."""
    engine: Literal["resemblyzer"] = "resemblyzer"
    """What tells voices apart: the network of the package Resemblyzer, on this machine."""
    min_speakers: Annotated[int, Field(ge=1, le=50)] | None = None
    """How many speak at least, where that is known. Who is heard for less than a second counts as nobody."""
    max_speakers: Annotated[int, Field(ge=1, le=50)] | None = None
    """How many speak at most, where that is known."""
    people: Annotated[NamedPath | None, NOT_IN_RESULT] = None
    """The file that says whose voices are whose. Absent: `people.yaml` beside library.yaml."""
    name_threshold: Annotated[float, Field(ge=0, le=1), NOT_IN_RESULT] = 0.5
    """How sure a name has to be, from 0 to 1."""

    @model_validator(mode="after")
    def _in_order(self) -> SpeakerSettings:
        if self.min_speakers and self.max_speakers and self.min_speakers > self.max_speakers:
            raise ValueError("min_speakers should not be more than max_speakers")
        return self
