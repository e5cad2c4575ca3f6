"""What was spent, in the database of the Dagster instance: the one place that all runs, containers and machines share.

For each day a run has a row of its own, which nobody else writes: whatever happens at once, no amount is lost, and no
lock is needed. A tag on the run says on which day it paid last; by that tag the rows of a day are found. So whoever
deletes a run in the UI deletes with it what it spent today.
"""

from __future__ import annotations

import threading
from datetime import date

import dagster as dg

from media_assets.base.batches import batched

PAID_TAG = "media_assets/paid_on"
"""Tag of a run: the last day (UTC) on which it paid for something."""

SPENT_ROWS = "media_assets/spent_usd/"
"""How the names of all rows begin."""

# One statement may bind some 32,000 variables in SQLite.
_ROWS_PER_QUERY = 5_000
# The stages of a run follow one another, but threads of one may still be at their last call.
_writing = threading.Lock()


class InstanceLedger:
    """The ledger as one run sees it. See `work.spending.Ledger`."""

    def __init__(self, instance: dg.DagsterInstance, run_id: str) -> None:
        self._instance = instance
        self._run_id = run_id

    def add(self, day: date, usd: float) -> None:
        with _writing:
            row = _row(day, self._run_id)
            storage = self._instance.daemon_cursor_storage
            before = storage.get_cursor_values({row}).get(row)
            if before is None:
                self._instance.add_run_tags(self._run_id, {PAID_TAG: day.isoformat()})
            storage.set_cursor_values({row: repr(float(before or 0) + usd)})

    def spent_usd(self, day: date) -> float:
        return spent_usd(self._instance, day)


def spent_usd(instance: dg.DagsterInstance, day: date) -> float:
    """What all runs spent on a day (UTC), with the estimates of calls that are under way."""
    runs = instance.get_run_ids(dg.RunsFilter(tags={PAID_TAG: day.isoformat()}))
    rows = [_row(day, run_id) for run_id in runs]
    found = map(instance.daemon_cursor_storage.get_cursor_values, map(set, batched(rows, _ROWS_PER_QUERY)))
    return sum(float(usd) for page in found for usd in page.values())


def _row(day: date, run_id: str) -> str:
    return f"{SPENT_ROWS}{day}/{run_id}"
