"""The name under which the dagster.yaml of every instance finds our scheduler; those that exist keep it."""

from __future__ import annotations

from media_assets.dagster_seams.fixes import Scheduler

__all__ = ["Scheduler"]
