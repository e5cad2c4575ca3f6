"""The section `cache` of library.yaml: how much of fetched files is kept on this machine, and how long."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, PositiveFloat

from media_assets.base.section import Section


class CacheSettings(Section):
    """The bounded cache of files that were fetched from Drive and buckets."""

    max_bytes: Annotated[int, Field(ge=0)] = 20_000_000_000
    max_age_days: PositiveFloat = 14.0
