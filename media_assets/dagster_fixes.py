"""Faults of Dagster that we run into, mended here and nowhere else. Each says when it can go.

Dagster 1.13.27: a run whose step waits for a slot of a pool is to look again after an interval, and takes the least of
the intervals and 0. So it looks again and again without a pause, on a whole core, for as long as it waits
(`InstanceConcurrencyContext.interval_to_next_pending_claim_check`). To be removed when that method answers with the
least of the intervals.
"""

from __future__ import annotations

import time

from dagster._core.execution.plan.instance_concurrency_context import InstanceConcurrencyContext

# A slot that came free meanwhile is noticed within so many seconds.
_MAX_WAIT_SECONDS = 2.0


def _interval_to_next_pending_claim_check(self: InstanceConcurrencyContext) -> float:
    if not self._pending_claims:
        return 0.0
    now = time.time()
    waits = [ready_at - now for ready_at in self._pending_timeouts.values()]
    return min(_MAX_WAIT_SECONDS, max(0.0, min(waits, default=0.0)))


def apply() -> None:
    """Mend them, for this process; a second call changes nothing."""
    InstanceConcurrencyContext.interval_to_next_pending_claim_check = (  # type: ignore[method-assign]
        _interval_to_next_pending_claim_check
    )
