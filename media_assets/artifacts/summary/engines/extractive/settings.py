"""The section of library.yaml for summaries that quote."""

from __future__ import annotations

from typing import Literal

from pydantic import PositiveInt

from media_assets.base.section import Section


class ExtractiveSummary(Section):
    """Chooses sentences of the transcript; needs no key and no download."""

    engine: Literal["extractive"] = "extractive"
    abstract_sentences: PositiveInt = 3
    key_points: PositiveInt = 5
    topics: PositiveInt = 8
    max_chapters: PositiveInt = 12
