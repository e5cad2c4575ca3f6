"""Which files a rule of library.yaml is for. The rules themselves stand in `settings`, beside what they choose."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from media_assets.settings_rules import Glob
from media_assets.settings_section import Section
from media_assets.settings_whisper import Language


class FileCondition(Section):
    """A file has to meet everything that is given, and of a list one."""

    longer_than_seconds: Annotated[float, Field(ge=0)] | None = None
    """How long the recording plays."""
    sources: tuple[str, ...] = ()
    """Names under `sources`."""
    paths: tuple[Glob, ...] = ()
    """Globs on the path below the source; `**` crosses folders."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if all(getattr(self, name) in (None, ()) for name in type(self).model_fields):
            raise ValueError(f"should have at least one of {', '.join(type(self).model_fields)}")
        return self


class RecordingCondition(FileCondition):
    """Of a recording that is to be transcribed."""

    languages: tuple[Language, ...] = ()
    """Of the audio track, as its container says: ISO 639-1 or -2 codes."""
