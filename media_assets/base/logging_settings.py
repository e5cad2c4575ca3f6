"""The section `logging` of library.yaml: what processes write to their output."""

from __future__ import annotations

from typing import Literal

from media_assets.base.section import Section


class LoggingSettings(Section):
    """The output of our processes; Dagster's own records of runs are not touched by it."""

    format: Literal["text", "json"] = "text"
    """`json`: one object for each line, with run_id, asset, partition, lane, attempt and seconds where they apply."""
    level: Literal["debug", "info", "warning", "error"] = "info"
    """What is less important is left out."""
