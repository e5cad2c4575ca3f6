"""Sensors as Dagster stores them: whether they are on, their cursors and their ticks.

Seen with Dagster 1.13. The public interface reads a cursor within a tick of its own sensor only.
"""

from __future__ import annotations

from dagster._core.definitions.run_request import InstigatorType
from dagster._core.scheduler.instigation import InstigatorStatus, SensorInstigatorData, TickStatus

__all__ = ["InstigatorStatus", "InstigatorType", "SensorInstigatorData", "TickStatus"]
