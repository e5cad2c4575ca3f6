"""How many steps may use a scarce thing at once."""

from __future__ import annotations

import dagster as dg


def apply_pool_limits(instance: dg.DagsterInstance, pools: dict[str, int]) -> None:
    """Make the instance's pools what library.yaml says; a query when they are so already."""
    current = {limit.name: limit.limit for limit in instance.event_log_storage.get_pool_limits()}
    for pool, limit in pools.items():
        if current.get(pool) != limit:
            instance.event_log_storage.set_concurrency_slots(pool, limit)
