"""What the budget of a day postponed, and the sensor that asks for it when another day has begun.

Dagster takes a stage that stopped for one that failed, and the conditions do not ask for it again. So a batch that the
budget stopped leaves a row with the files it did not come to, in the database of the instance, and a tag on its run by
which the rows of a day are found.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

import dagster as dg
from pydantic import BaseModel

from media_assets.base.wording import counted
from media_assets.lanes import bulk_request
from media_assets.latest_records import made_ids
from media_assets.pipeline.partitions import registered

POSTPONED_TAG = "media_assets/postponed_on"
"""Tag of a run: the day (UTC) whose budget stopped it."""

POSTPONED_ROWS = "media_assets/postponed/"
"""How the names of all rows begin."""

_INTERVAL_SECONDS = 300
# A batch that is stopped in the last minutes of a day notes what it left when its threads have ended.
_GRACE = timedelta(minutes=30)
# At its first look, and however long no daemon ran.
_MOST_DAYS = 31


class Postponed(BaseModel):
    """What one run left undone."""

    asset: str
    made: dict[str, int | None]
    """By key, the id of its last materialization at that time."""


def postpone(instance: dg.DagsterInstance, run_id: str, day: date, asset: str, keys: Collection[str]) -> None:
    """Note files for the next day."""
    postponed = Postponed(asset=asset, made=_made(instance, asset, keys))
    instance.daemon_cursor_storage.set_cursor_values({_row(run_id, asset): postponed.model_dump_json()})
    instance.add_run_tags(run_id, {POSTPONED_TAG: day.isoformat()})


def still_postponed(
    instance: dg.DagsterInstance, days: Sequence[date], assets: Sequence[str]
) -> Mapping[str, set[str]]:
    """Files by asset that were postponed on those days, are registered still, and were not made since.

    Args:
        assets: Those to look for.
    """
    there = set(registered(instance))
    found: defaultdict[str, set[str]] = defaultdict(set)
    for postponed in _rows(instance, days, assets):
        waiting = there.intersection(postponed.made)
        made = _made(instance, postponed.asset, waiting)
        found[postponed.asset] |= {key for key in waiting if made[key] == postponed.made[key]}
    return {asset: keys for asset, keys in found.items() if keys}


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
        days = [*_days_before(today, context.cursor), *_bring_back(context.instance, today)]
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


def _days_before(today: date, cursor: str | None) -> list[date]:
    """The days since the last look, today not among them."""
    earliest = today - timedelta(days=_MOST_DAYS)
    last = date.fromisoformat(cursor) if cursor else earliest
    # A day to come is one of a clock that was ahead.
    first = max(last, earliest) if last <= today else earliest
    return [first + timedelta(days=number) for number in range((today - first).days)]


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


def _rows(instance: dg.DagsterInstance, days: Sequence[date], assets: Sequence[str]) -> Iterator[Postponed]:
    for run_id in instance.get_run_ids(dg.RunsFilter(tags={POSTPONED_TAG: [day.isoformat() for day in days]})):
        rows = {_row(run_id, asset) for asset in assets}
        for text in instance.daemon_cursor_storage.get_cursor_values(rows).values():
            yield Postponed.model_validate_json(text)


def _made(instance: dg.DagsterInstance, asset: str, keys: Collection[str]) -> dict[str, int | None]:
    found = made_ids(instance, asset, keys)
    return {key: found.get(key) for key in keys}


def _row(run_id: str, asset: str) -> str:
    return f"{POSTPONED_ROWS}{run_id}/{asset}"
