"""Whether a library is alive and ready, for load balancers and Kubernetes' probes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from media_assets.dagster_seams.future_ticks import TOLERANCE_SECONDS, ahead
from media_assets.operation.metrics.present import Present
from media_assets.operation.metrics.watch import Watch

HEARTBEAT_SECONDS = 300.0
"""A daemon that has given no sign of life for longer counts as dead. Dagster's own interval is 30 s; a part that works
through something long gives its signs less often."""


def readiness(watch: Watch, interval_seconds: float) -> tuple[bool, dict[str, Any]]:
    """Whether files that are dropped in now would be processed, and what speaks against it.

    Args:
        interval_seconds: Between two looks at storage.
    """
    reasons = list(_reasons(watch, interval_seconds, time.time()))
    body = {"status": "not ready" if reasons else "ready", "reasons": reasons, "caught_up": watch.caught_up}
    return not reasons, body


def _reasons(watch: Watch, interval_seconds: float, now: float) -> Iterator[str]:
    if watch.error:
        yield f"storage does not answer ({watch.error}); the log of this process says more"
    elif not watch.answered_at:
        yield "storage has not answered yet"
    elif now - watch.answered_at > 3 * interval_seconds + 30:
        yield f"storage has not answered for {now - watch.answered_at:.0f} s"
    if watch.present:
        yield from _silent_daemons(watch.present, now)
        if watch.present.latest_tick > now + TOLERANCE_SECONDS:
            yield f"{ahead(watch.present.latest_tick, now)}; restart Dagster's daemon to have them go on"


def _silent_daemons(present: Present, now: float) -> Iterator[str]:
    never = sorted(daemon.lower() for daemon in present.required_daemons - present.heartbeats.keys())
    if never:
        yield f"parts of Dagster's daemon have never run: {', '.join(never)}"
    for daemon in sorted(present.required_daemons & present.heartbeats.keys()):
        silent_seconds = now - present.heartbeats[daemon]
        if silent_seconds < -TOLERANCE_SECONDS:
            yield f"the last sign of life of Dagster's daemon is {-silent_seconds:.0f} s ahead: {daemon.lower()}"
        elif silent_seconds > HEARTBEAT_SECONDS:
            yield f"Dagster's daemon gives no sign of life: {daemon.lower()} for {silent_seconds:.0f} s"
