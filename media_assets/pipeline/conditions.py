"""Which files a rule of library.yaml is for.

What does not belong here: the rules themselves (`artifacts/*/settings.py`), and how one is chosen for a file (`rules`).
"""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from media_assets.base.section import Section
from media_assets.base.validators import Glob, Language


class Condition(Section):
    """What a rule of any kind can ask of a file. It has to meet everything that is given, and of a list one."""

    longer_than_seconds: Annotated[float, Field(ge=0)] | None = None
    """How long the recording plays."""
    sources: tuple[str, ...] = ()
    """Names under `sources`."""
    paths: tuple[Glob, ...] = ()
    """Globs on the path below the source; `**` crosses folders."""


class FileCondition(Condition):
    """What a rule asks of a file that is to get another engine: without any condition the section itself would do."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if all(getattr(self, name) in (None, ()) for name in type(self).model_fields):
            raise ValueError(f"should have at least one of {', '.join(type(self).model_fields)}")
        return self


class RecordingCondition(FileCondition):
    """What a rule asks of a recording that is to be transcribed."""

    languages: tuple[Language, ...] = ()
    """Languages of the audio track, as its container says: ISO 639-1 or -2 codes."""


class PictureCondition(Condition):
    """What a rule asks of a photo or a video that is to be made smaller."""

    older_than_years: Annotated[float, Field(ge=0)] | None = None
    """How many years ago it was taken, as its EXIF or the like says, or else last changed."""
    larger_than_bytes: Annotated[int, Field(ge=0)] | None = None
    larger_than_megapixels: Annotated[float, Field(ge=0)] | None = None
    more_lines_than: Annotated[int, Field(ge=0)] | None = None
    """Pixels of the shorter side of the displayed picture."""

    def given(self, *names: str) -> dict[str, Any]:
        """What is asked for beyond the conditions of these names, as plain JSON values."""
        dumped = self.model_dump(mode="json", exclude=set(names), exclude_defaults=True)
        return {"when": dumped} if dumped else {}
