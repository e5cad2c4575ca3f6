"""Where Dagster makes the loggers of runs and sensors.

Seen with Dagster 1.13. The format of those lines cannot be set for a library by public means.
"""

from __future__ import annotations

from dagster._core.definitions import instigation_logger
from dagster._core.execution import context_creation_job
from dagster._core.utils import coerce_valid_log_level

__all__ = ["coerce_valid_log_level", "context_creation_job", "instigation_logger"]
