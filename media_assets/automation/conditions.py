"""Under which conditions the stages are requested without anybody asking."""

from __future__ import annotations

from typing import Any

import dagster as dg
from dagster import AutomationCondition as Condition

from media_assets.pipeline.lanes import BULK_TAGS


def stage_condition(*, rerun_on_change: bool) -> Condition[Any]:
    """Request a file's stage when it is missing, when what it is made from is new, or when its code or settings are.

    Not while it is in work anywhere, and not again after it failed: it waits for one of the above, or for a person.
    Nor at the look that finds it missing: between its registration and the start of its own run a file of the live
    lane looks like any other, and by the next look it is in work. Nor at the look that finds its run ended: a look
    takes seconds, what was made since it began is not seen before the next, but who is in work is asked at the end.
    """
    reasons: Condition[Any] = Condition.newly_missing() | Condition.any_deps_updated()
    if rerun_on_change:
        reasons = reasons | Condition.code_version_changed()
    ended = Condition.newly_updated() | Condition.execution_failed().newly_true()
    # Not `in_progress()`: Dagster keeps what two `since` remember under one name when both are of an OR and an OR.
    without_an_end = Condition.run_in_progress().since(ended) & ~Condition.run_in_progress()
    return (
        reasons.since(Condition.newly_requested() | ended)
        & ~Condition.newly_missing()
        & ~Condition.any_deps_missing()
        & ~Condition.any_deps_in_progress()
        & ~Condition.in_progress()
        & ~without_an_end.newly_true()
    ).with_label("missing, or made from something that changed")


def condition_sensor(interval_seconds: int) -> dg.AutomationConditionSensorDefinition:
    """Evaluates the conditions of all stages; what it requests goes through in batches."""
    return dg.AutomationConditionSensorDefinition(
        "request_missing",
        target=dg.AssetSelection.all(),
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=interval_seconds,
        emit_backfills=True,
        run_tags=BULK_TAGS,
        description="Requests what is missing or out of date, in batches.",
    )
