"""What a run launcher answers run monitoring.

Seen with Dagster 1.13. `RunLauncher` is public, the types of its answers are not.
"""

from __future__ import annotations

from dagster._core.launcher.base import CheckRunHealthResult, WorkerStatus

__all__ = ["CheckRunHealthResult", "WorkerStatus"]
