"""A step of a run from within: why it failed, and what it says of its inputs.

Seen with Dagster 1.13. An IO manager that records one materialization for each file of a batch has to say what that was
made from, as Dagster does for a whole step.
"""

from __future__ import annotations

from dagster._core.execution.context.system import StepExecutionContext
from dagster._core.execution.plan.execute_step import (
    _build_data_version_tags,
    _get_code_version,
    _get_input_provenance_data,
)
from dagster._core.execution.plan.objects import ErrorSource, StepFailureData
from dagster_shared.error import SerializableErrorInfo

__all__ = [
    "ErrorSource",
    "SerializableErrorInfo",
    "StepExecutionContext",
    "StepFailureData",
    "_build_data_version_tags",
    "_get_code_version",
    "_get_input_provenance_data",
]
