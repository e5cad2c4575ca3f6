"""The names, units and help texts of all metrics; docs/operations.md lists them, the dashboard draws them.

Conventions: https://prometheus.io/docs/practices/naming/ (base units, `_total` for counters, points in time instead of
ages). Labels have few values: no metric has one for each file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from media_assets.operation.metrics.cells import OVER_BUDGET
from media_assets.operation.metrics.history import DURATION_BUCKETS_SECONDS, History, StageTotals
from media_assets.operation.metrics.present import Present

if TYPE_CHECKING:
    from prometheus_client import Metric
    from prometheus_client.core import HistogramMetricFamily

Samples = Mapping[Any, float]
"""Figures by the values of their labels, a tuple."""

_MOST_CAUSES = 20
OTHER_CAUSES = "other"


def history_families(history: History, sources: Sequence[str]) -> Iterator[Metric]:
    """What the event log and the runs tell."""
    stages = history.stages
    files = dict.fromkeys(sources, 0) | history.files.by_source()
    yield _gauge("files", "Files that are registered.", ["source"], {(source,): n for source, n in files.items()})
    yield _gauge(
        "artifacts",
        "Files by the state of their artifact: done, not_applicable, failed or missing.",
        ["asset", "state"],
        {(asset, state.value): n for asset in stages for state, n in history.files.states(asset).items()},
    )
    yield _gauge(
        "failed_files",
        f"Files whose last attempt failed; causes beyond the {_MOST_CAUSES} most frequent count as {OTHER_CAUSES}.",
        ["asset", "error", "cause"],
        _causes(history),
    )
    yield _gauge(
        "over_budget_files",
        "Files that were left alone because a budget was used up.",
        ["asset"],
        {(asset,): _over_budget(history, asset) for asset in stages},
    )
    yield _gauge(
        "saved_bytes",
        "Bytes by which the smaller versions that are there now are smaller than their sources.",
        ["asset"],
        {(asset,): history.files.saved_bytes(asset) for asset in stages},
    )
    yield from _stage_counters(stages)
    yield _duration(stages)
    yield _counter("runs_ended", "Runs that ended.", ["status"], {(s,): n for s, n in history.runs.ended.items()})
    cache = history.runs.cache
    yield _counter("cache_hits", "Reads that found their file in the local cache.", [], {(): cache["hits"]})
    yield _counter("cache_misses", "Files that had to be fetched into the local cache.", [], {(): cache["misses"]})
    yield _counter(
        "cache_evicted_bytes", "Bytes removed from the local cache to make room.", [], {(): cache["evicted_bytes"]}
    )


def _stage_counters(stages: Mapping[str, StageTotals]) -> Iterator[Metric]:
    yield _counter(
        "artifacts_made",
        "Artifacts that were made; a video or photo that is left as it is does not count.",
        ["asset"],
        {(a,): t.made for a, t in stages.items()},
    )
    yield _counter(
        "artifacts_reused",
        "Artifacts that were found or copied instead of made.",
        ["asset"],
        {(a,): t.reused for a, t in stages.items()},
    )
    yield _counter(
        "failures",
        "Attempts at a file that failed, by class of the error.",
        ["asset", "error"],
        {(asset, error): n for asset, totals in stages.items() for error, n in totals.failures.items()},
    )
    yield _counter(
        "source_bytes",
        "Bytes of the source files that artifacts were made from, where the stage reads them whole.",
        ["asset"],
        {(asset,): totals.source_bytes for asset, totals in stages.items()},
    )
    yield _counter(
        "artifact_bytes",
        "Bytes of artifacts that were made.",
        ["asset"],
        {(a,): t.artifact_bytes for a, t in stages.items()},
    )
    yield _counter(
        "media_seconds",
        "Playing time of the recordings that artifacts were made of.",
        ["asset"],
        {(asset,): totals.media_seconds for asset, totals in stages.items()},
    )
    yield _counter(
        "cost_usd",
        "US dollars that artifacts cost.",
        ["asset", "engine"],
        {(asset, engine): cost for asset, totals in stages.items() for engine, cost in totals.cost_usd.items()},
    )


def present_families(present: Present, cache_max_bytes: int) -> Iterator[Metric]:
    """What is going on right now."""
    yield _gauge("runs", "Runs that are not over.", ["status"], {(s,): n for s, n in present.runs.items()})
    yield _gauge(
        "backfills", "Backfills that are not over.", ["status"], {(s,): n for s, n in present.backfills.items()}
    )
    pools = present.pools
    yield _gauge(
        "pool_slots", "Steps that may use the pool at once.", ["pool"], {(p,): i.slots for p, i in pools.items()}
    )
    yield _gauge("pool_slots_used", "Steps that use the pool.", ["pool"], {(p,): i.used for p, i in pools.items()})
    yield _gauge(
        "pool_steps_waiting", "Steps that wait for the pool.", ["pool"], {(p,): i.waiting for p, i in pools.items()}
    )
    yield _gauge(
        "sensor_last_tick_timestamp_seconds",
        "When the sensor last looked.",
        ["sensor"],
        {(name,): sensor.last_tick for name, sensor in present.sensors.items()},
    )
    yield _gauge(
        "sensor_last_tick_success",
        "Whether the sensor's last look went well (1) or failed (0).",
        ["sensor"],
        {(name,): float(sensor.ok) for name, sensor in present.sensors.items()},
    )
    yield _gauge(
        "daemon_heartbeat_timestamp_seconds",
        "When the part of Dagster's daemon last gave a sign of life.",
        ["daemon"],
        {(daemon.lower(),): timestamp for daemon, timestamp in present.heartbeats.items()},
    )
    yield _gauge("cache_max_bytes", "What the local cache may hold.", [], {(): cache_max_bytes})
    held = {} if present.cache_bytes is None else {(): float(present.cache_bytes)}
    yield _gauge("cache_bytes", "What the local cache holds.", [], held)


def exporter_families(*, caught_up: bool, refreshed_at: float, refresh_seconds: float, errors: int) -> Iterator[Metric]:
    """About the exporter itself."""
    yield _gauge(
        "exporter_caught_up",
        "Whether all recorded events are counted (1); until then counters are left out.",
        [],
        {(): caught_up},
    )
    yield _gauge("exporter_last_refresh_timestamp_seconds", "When storage was last read whole.", [], {(): refreshed_at})
    yield _gauge(
        "exporter_refresh_duration_seconds", "How long the last look at storage took.", [], {(): refresh_seconds}
    )
    yield _counter("exporter_refresh_errors", "Looks at storage that failed.", [], {(): errors})


def _duration(stages: Mapping[str, StageTotals]) -> HistogramMetricFamily:
    from prometheus_client.core import HistogramMetricFamily
    from prometheus_client.utils import floatToGoString

    family = HistogramMetricFamily(
        "media_assets_stage_duration_seconds", "Time that making one artifact took.", labels=["asset"]
    )
    for asset, totals in stages.items():
        below, buckets = 0, []
        for bound, count in zip((*DURATION_BUCKETS_SECONDS, float("inf")), totals.durations, strict=True):
            below += count
            buckets.append((floatToGoString(bound), below))  # type: ignore[no-untyped-call]
        family.add_metric([asset], buckets, totals.seconds)
    return family


def _causes(history: History) -> Samples:
    found: Counter[tuple[str, str, str]] = Counter()
    for asset in history.stages:
        for cause, files in history.files.causes(asset).items():
            if cause.error != OVER_BUDGET:
                found[asset, cause.error, cause.reason] = files
    shown = dict(found.most_common(_MOST_CAUSES))
    for (asset, error, _), files in found.most_common()[_MOST_CAUSES:]:
        key = (asset, error, OTHER_CAUSES)
        shown[key] = shown.get(key, 0) + files
    return shown


def _over_budget(history: History, asset: str) -> int:
    return sum(files for cause, files in history.files.causes(asset).items() if cause.error == OVER_BUDGET)


def _gauge(name: str, text: str, labels: list[str], samples: Samples) -> Metric:
    from prometheus_client.core import GaugeMetricFamily

    family = GaugeMetricFamily(f"media_assets_{name}", text, labels=labels)
    for values, number in samples.items():
        family.add_metric(values, number)
    return family


def _counter(name: str, text: str, labels: list[str], samples: Samples) -> Metric:
    from prometheus_client.core import CounterMetricFamily

    family = CounterMetricFamily(f"media_assets_{name}", text, labels=labels)
    for values, number in samples.items():
        family.add_metric(values, number)
    return family
