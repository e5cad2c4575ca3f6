"""The names, units and help texts of all metrics; docs/operations.md lists them, the dashboard draws them.

Conventions: https://prometheus.io/docs/practices/naming/ (base units, `_total` for counters, points in time instead of
ages). Labels have few values: no metric has one for each file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from media_assets.operation.metrics.cells import OVER_BUDGET
from media_assets.operation.metrics.history import DURATION_BUCKETS_SECONDS, History, StageTotals
from media_assets.operation.metrics.present import Present

if TYPE_CHECKING:
    from prometheus_client import Metric
    from prometheus_client.core import HistogramMetricFamily

Samples = Mapping[Any, float]
"""Figures by the value of their label; by a tuple where there are none or several."""

_MOST_CAUSES = 20
OTHER_CAUSES = "other"
_OF_STAGES: Sequence[tuple[str, str, Callable[[StageTotals], float]]] = (
    (
        "artifacts_made",
        "Artifacts that were made; a video or photo that is left as it is does not count.",
        lambda totals: totals.made,
    ),
    ("artifacts_reused", "Artifacts that were found or copied instead of made.", lambda totals: totals.reused),
    (
        "source_bytes",
        "Bytes of the source files that artifacts were made from, where the stage reads them whole.",
        lambda totals: totals.source_bytes,
    ),
    ("artifact_bytes", "Bytes of artifacts that were made.", lambda totals: totals.artifact_bytes),
    (
        "media_seconds",
        "Playing time of the recordings that artifacts were made of.",
        lambda totals: totals.media_seconds,
    ),
)
"""Counters of one figure of each asset."""


def history_families(history: History, sources: Sequence[str]) -> Iterator[Metric]:
    """What the event log and the runs tell."""
    stages, files, cache = history.stages, history.files, history.runs.cache
    yield _gauge("files", "Files that are registered.", "source", dict.fromkeys(sources, 0) | files.by_source())
    yield _gauge(
        "artifacts",
        "Files by the state of their artifact: done, not_applicable, failed or missing.",
        "asset state",
        {(asset, state.value): n for asset in stages for state, n in files.states(asset).items()},
    )
    yield _gauge(
        "failed_files",
        f"Files whose last attempt failed; causes beyond the {_MOST_CAUSES} most frequent count as {OTHER_CAUSES}.",
        "asset error cause",
        _causes(history),
    )
    yield _gauge(
        "over_budget_files",
        "Files that were left alone because a budget was used up.",
        "asset",
        {asset: _over_budget(history, asset) for asset in stages},
    )
    yield _gauge(
        "saved_bytes",
        "Bytes by which the smaller versions that are there now are smaller than their sources.",
        "asset",
        {asset: files.saved_bytes(asset) for asset in stages},
    )
    for name, text, total in _OF_STAGES:
        yield _counter(name, text, "asset", {asset: total(totals) for asset, totals in stages.items()})
    yield _counter(
        "failures",
        "Attempts at a file that failed, by class of the error.",
        "asset error",
        {(asset, error): n for asset, totals in stages.items() for error, n in totals.failures.items()},
    )
    yield _counter(
        "cost_usd",
        "US dollars that artifacts cost.",
        "asset engine",
        {(asset, engine): cost for asset, totals in stages.items() for engine, cost in totals.cost_usd.items()},
    )
    yield _duration(stages)
    yield _counter("runs_ended", "Runs that ended.", "status", history.runs.ended)
    yield _counter("cache_hits", "Reads that found their file in the local cache.", "", {(): cache["hits"]})
    yield _counter("cache_misses", "Files that had to be fetched into the local cache.", "", {(): cache["misses"]})
    evicted = {(): cache["evicted_bytes"]}
    yield _counter("cache_evicted_bytes", "Bytes removed from the local cache to make room.", "", evicted)


def present_families(present: Present, cache_max_bytes: int) -> Iterator[Metric]:
    """What is going on right now."""
    yield _gauge("runs", "Runs that are not over.", "status", present.runs)
    yield _gauge("backfills", "Backfills that are not over.", "status", present.backfills)
    pools, sensors = present.pools.items(), present.sensors
    yield _gauge("pool_slots", "Steps that may use the pool at once.", "pool", {p: each.slots for p, each in pools})
    yield _gauge("pool_slots_used", "Steps that use the pool.", "pool", {p: each.used for p, each in pools})
    yield _gauge("pool_steps_waiting", "Steps that wait for the pool.", "pool", {p: each.waiting for p, each in pools})
    ticks = {name: sensor.last_tick for name, sensor in sensors.items()}
    yield _gauge("sensor_last_tick_timestamp_seconds", "When the sensor last looked.", "sensor", ticks)
    yield _gauge(
        "sensor_last_tick_success",
        "Whether the sensor's last look went well (1) or failed (0).",
        "sensor",
        {name: float(sensor.ok) for name, sensor in sensors.items()},
    )
    yield _gauge(
        "daemon_heartbeat_timestamp_seconds",
        "When the part of Dagster's daemon last gave a sign of life.",
        "daemon",
        {daemon.lower(): timestamp for daemon, timestamp in present.heartbeats.items()},
    )
    yield _gauge("cache_max_bytes", "What the local cache may hold.", "", {(): cache_max_bytes})
    held = {} if present.cache_bytes is None else {(): float(present.cache_bytes)}
    yield _gauge("cache_bytes", "What the local cache holds.", "", held)


def exporter_families(*, caught_up: bool, refreshed_at: float, refresh_seconds: float, errors: int) -> Iterator[Metric]:
    """About the exporter itself."""
    told = "Whether all recorded events are counted (1); until then counters are left out."
    yield _gauge("exporter_caught_up", told, "", {(): caught_up})
    yield _gauge("exporter_last_refresh_timestamp_seconds", "When storage was last read whole.", "", {(): refreshed_at})
    took = {(): refresh_seconds}
    yield _gauge("exporter_refresh_duration_seconds", "How long the last look at storage took.", "", took)
    yield _counter("exporter_refresh_errors", "Looks at storage that failed.", "", {(): errors})


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


def _gauge(name: str, text: str, labels: str, samples: Samples) -> Metric:
    from prometheus_client.core import GaugeMetricFamily

    return _filled(GaugeMetricFamily(f"media_assets_{name}", text, labels=labels.split()), samples)


def _counter(name: str, text: str, labels: str, samples: Samples) -> Metric:
    from prometheus_client.core import CounterMetricFamily

    return _filled(CounterMetricFamily(f"media_assets_{name}", text, labels=labels.split()), samples)


def _filled(family: Any, samples: Samples) -> Metric:
    for values, number in samples.items():
        family.add_metric(values if isinstance(values, tuple) else (values,), number)
    return family  # type: ignore[no-any-return]
