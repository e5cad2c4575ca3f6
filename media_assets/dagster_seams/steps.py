"""A step of a run from within: why it failed, what it says of its inputs, and what is recorded of many files at once.

Seen with Dagster 1.13. An IO manager that records one materialization for each file of a batch has to say what that was
made from, as Dagster does for a whole step. When the output is stored, Dagster records one for each partition of the
run by itself; it does so for an output that is an asset's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import dagster as dg
from dagster._core.events import DagsterEventBatchMetadata, generate_event_batch_id
from dagster._core.execution.context.system import StepExecutionContext
from dagster._core.execution.plan.execute_step import (
    _build_data_version_tags,
    _get_code_version,
    _get_input_provenance_data,
)
from dagster._core.execution.plan.objects import ErrorSource, StepFailureData, UserFailureData
from dagster_shared.error import SerializableErrorInfo

__all__ = [
    "ErrorSource",
    "SerializableErrorInfo",
    "StepExecutionContext",
    "StepFailureData",
    "UserFailureData",
    "_build_data_version_tags",
    "_get_code_version",
    "_get_input_provenance_data",
    "record_checks",
    "record_nothing_more",
    "record_together",
]


def record_nothing_more(context: dg.OutputContext) -> None:
    """Keep Dagster from recording an artifact for each file of the run once its output is stored: what there is to
    record, the IO manager has recorded by then, and some files may have none."""
    context._asset_key = None


def record_checks(
    step: StepExecutionContext, evaluations: Sequence[dg.AssetCheckEvaluation]
) -> Iterator[dg.DagsterEvent]:
    """What asset checks found of many files of one step; the events are written to the log together.

    Dagster makes such an event for one check of a whole step only, and of no batch.
    """
    batch_id = generate_event_batch_id()  # type: ignore[no-untyped-call]
    for number, evaluation in enumerate(evaluations, start=1):
        yield dg.DagsterEvent.from_step(
            event_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION,
            step_context=step,
            event_specific_data=evaluation,
            message=f"{evaluation.check_name}: {evaluation.description}",
            batch_metadata=DagsterEventBatchMetadata(batch_id, number == len(evaluations)),
        )


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
