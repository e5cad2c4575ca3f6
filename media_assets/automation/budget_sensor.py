"""The sensor that asks for what the budget of a day postponed, when another day has begun.

Dagster takes a stage that stopped for one that failed, and the conditions do not ask for it again. What a budget left
is noted by `pipeline.postponed`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import dagster as dg

from media_assets.base.wording import counted
from media_assets.pipeline.lanes import bulk_request
from media_assets.pipeline.postponed import POSTPONED_TAG, days_before, still_postponed

_INTERVAL_SECONDS = 300
# A batch that is stopped in the last minutes of a day notes what it left when its threads have ended.
_GRACE = timedelta(minutes=30)


def budget_sensor(stages: Sequence[dg.AssetKey]) -> dg.SensorDefinition:
    """Asks, once on each day, for what the budgets of the days before postponed."""

    @dg.sensor(
        name="resume_after_budget",
        asset_selection=list(stages),
        minimum_interval_seconds=_INTERVAL_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Requests what yesterday's budget postponed.",
    )
    def resume(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        today = (datetime.now(UTC) - _GRACE).date()
        days = [*days_before(today, context.cursor), *_bring_back(context.instance, today)]
        if not days:
            return dg.SkipReason("what earlier budgets postponed was requested today; again after midnight UTC")
        names = {stage.path[-1]: stage for stage in stages}
        waiting = still_postponed(context.instance, days, list(names))
        if not waiting:
            context.update_cursor(today.isoformat())
            return dg.SkipReason("no budget has postponed anything")
        for asset, keys in waiting.items():
            context.log.info(f"{asset}: requested again, for a budget had postponed it: {counted(len(keys))}")
        request = bulk_request({names[asset]: keys for asset, keys in waiting.items()})
        return dg.SensorResult(run_requests=[request], cursor=today.isoformat())

    return resume


def _bring_back(instance: dg.DagsterInstance, today: date) -> list[date]:
    """Where a day to come postponed something, a clock was ahead: that day becomes yesterday, and is returned once."""
    now = datetime.now(UTC).date()
    tagged = dict(instance.get_run_tags(tag_keys=[POSTPONED_TAG])).get(POSTPONED_TAG, set())
    ahead = [day for day in tagged if date.fromisoformat(day) > now]
    if not ahead:
        return []
    yesterday = today - timedelta(days=1)
    for run_id in instance.get_run_ids(dg.RunsFilter(tags={POSTPONED_TAG: ahead})):
        instance.add_run_tags(run_id, {POSTPONED_TAG: yesterday.isoformat()})
    return [yesterday]
