"""What the budget of a day left for another day, as it is noted in the database of the Dagster instance.

A batch that the budget stopped leaves a row with the files it did not come to, and a tag on its run by which the rows
of a day are found. Asking for them again does not belong here (`automation.budget_sensor`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, timedelta

import dagster as dg
from pydantic import BaseModel

from media_assets.pipeline.latest_records import made_ids
from media_assets.pipeline.partitions import registered

POSTPONED_TAG = "media_assets/postponed_on"
"""Tag of a run: the day (UTC) whose budget stopped it."""
POSTPONED_ROWS = "media_assets/postponed/"
"""How the names of all rows begin."""
_MOST_DAYS = 31
"""How many days back is looked at most, at the first look or after a time without a daemon."""


class Postponed(BaseModel):
    """What one run left undone."""

    asset: str
    made: dict[str, int | None]
    """The files by key, each with the id of its last materialization at that time."""


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


def days_before(today: date, cursor: str | None) -> list[date]:
    """The days since the last look, today not among them."""
    earliest = today - timedelta(days=_MOST_DAYS)
    last = date.fromisoformat(cursor) if cursor else earliest
    # A day to come is one of a clock that was ahead.
    first = max(last, earliest) if last <= today else earliest
    return [first + timedelta(days=number) for number in range((today - first).days)]


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
