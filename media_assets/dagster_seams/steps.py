"""A step of a run from within: why it failed, what it says of its inputs, and what is recorded of many files at once.

Seen with Dagster 1.13. An IO manager that records one materialization for each file of a batch has to say what that was
made from, as Dagster does for a whole step.

`add_asset_metadata` of Dagster's context reads, for each file, the keys of all files that there are, to see that the
file is one of the run's; and copies what was noted before. The IO manager has its files from the run itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg
from dagster._core.events import DagsterEventBatchMetadata, generate_event_batch_id
from dagster._core.execution.context.metadata_logging import AssetMetadataHandle, OutputMetadataAccumulator
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
    "add_metadata_of_files",
    "record_together",
]


def add_metadata_of_files(
    step: StepExecutionContext, asset_key: dg.AssetKey, metadata: Mapping[str, Mapping[str, Any]]
) -> None:
    """What Dagster is to record with the materialization of each file of the run.

    Args:
        metadata: By partition key.
    """
    noted = dict(step._metadata_accumulator.per_output_metadata)
    noted |= {AssetMetadataHandle(asset_key=asset_key, partition_key=key): of_file for key, of_file in metadata.items()}
    step._metadata_accumulator = OutputMetadataAccumulator(per_output_metadata=noted)


def record_together(
    step: StepExecutionContext, events: Sequence[dg.AssetMaterialization | dg.AssetObservation]
) -> Iterator[dg.DagsterEvent]:
    """The events of many files of one step; they are written to the log together, where that is on."""
    batch_id = generate_event_batch_id()  # type: ignore[no-untyped-call]
    for number, event in enumerate(events, start=1):
        batch = DagsterEventBatchMetadata(batch_id, number == len(events))
        if isinstance(event, dg.AssetMaterialization):
            yield dg.DagsterEvent.asset_materialization(step, event, batch)
        else:
            yield dg.DagsterEvent.asset_observation(step, event, batch)
