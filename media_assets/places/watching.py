"""The section `automation` of library.yaml: how sources are watched, and what happens by itself."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, PositiveInt

from media_assets.base.section import Section
from media_assets.base.time_zones import time_zone_of_this_machine
from media_assets.base.validators import TimeZone
from media_assets.places.section import SourceSection


class AutomationSettings(Section):
    """How sources are watched, and what is done without anybody asking."""

    source_interval_seconds: PositiveInt | None = None
    """Time between two looks at a source that has no `interval_seconds`; absent: what is usual for its kind."""
    quiet_factor: Annotated[float, Field(ge=1)] = 6.0
    """While nothing changes in a source, the time between two looks grows to a tenth of the time since the last change,
    up to so many times the interval; a folder that is listed in no time is left out of that. 1: it does not."""
    settle_seconds: Annotated[float, Field(ge=0)] = 5.0
    """A file whose size or time changed within so many seconds is taken to be still written."""
    incomplete_seconds: Annotated[float, Field(ge=0)] = 600.0
    """An empty file or an mp4 without its index waits so long after its last change before it counts as broken."""
    live_files: Annotated[int, Field(ge=0)] = 5
    """Up to so many new or changed files at once get a run of their own through all stages, at once."""
    condition_interval_seconds: PositiveInt = 60
    """Time between two looks at what is missing."""
    rerun_on_change: bool = True
    """Whether new settings or a new code version re-make, by themselves, the artifacts that depend on them."""
    time_zone: TimeZone | None = None
    """Time zone of what is done every night, e.g. Europe/Berlin; absent: that of the machine."""

    def interval_of(self, source: SourceSection) -> int:
        """Time between two looks at a source, in seconds."""
        return source.interval_seconds or self.source_interval_seconds or source.usual_interval_seconds

    @property
    def zone(self) -> str:
        """The name of the time zone."""
        return self.time_zone or time_zone_of_this_machine()
