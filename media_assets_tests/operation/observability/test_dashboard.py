"""The dashboard, the rules for alarms and the document name the metrics that there are, and the names are good ones."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import Metric

from media_assets.operation.metrics.watch import Watch
from media_assets_tests.toy_library import ToyLibrary
from media_assets_tests.toy_stages import PIPELINE

ROOT = Path(__file__).resolve().parents[3]
DASHBOARD = json.loads((ROOT / "deploy/grafana/media_assets.json").read_text("utf-8"))
RULES = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yml").read_text("utf-8"))
DOCUMENT = (ROOT / "docs/operations.md").read_text("utf-8")

# promtool's lint: base units only, and no kind of metric in a name.
NOT_BASE_UNITS = ("milliseconds", "minutes", "hours", "days", "kilobytes", "megabytes", "bits", "percent", "grams")


@pytest.fixture(scope="module")
def metrics(tmp_path_factory: pytest.TempPathFactory) -> list[Metric]:
    with ToyLibrary(tmp_path_factory.mktemp("toy")) as toy:
        watch = Watch(toy.instance, toy.settings, [stage.name for stage in PIPELINE])
        watch.refresh()
        return list(watch.collect())


def series(metrics: list[Metric]) -> set[str]:
    """The names that a query can use."""
    suffixes = {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"], "gauge": [""]}
    return {f"{metric.name}{suffix}" for metric in metrics for suffix in suffixes[metric.type]}


def queries() -> Iterator[str]:
    for panel in DASHBOARD["panels"]:
        yield from (target["expr"] for target in panel.get("targets", ()))
    yield from (rule["expr"] for group in RULES["groups"] for rule in group["rules"])


def named(text: str) -> set[str]:
    return set(re.findall(r"\bmedia_assets_[a-z_]+", text)) - {"media_assets_"}


def test_every_query_uses_metrics_that_there_are(metrics: list[Metric]) -> None:
    used = set().union(*(named(re.sub(r"\{[^}]*\}", "", query)) for query in queries()))
    assert used - series(metrics) == set()


def test_the_dashboard_shows_every_metric(metrics: list[Metric]) -> None:
    shown = set().union(*map(named, queries()))
    assert {metric.name for metric in metrics if not any(name.startswith(metric.name) for name in shown)} == set()


def test_panels_have_places_and_ids_of_their_own() -> None:
    panels: list[dict[str, Any]] = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken = [
        (x, y)
        for place in (panel["gridPos"] for panel in panels)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(set(taken)) == len(taken)
    assert max(x for x, _ in taken) < 24


def test_the_document_lists_every_metric_with_its_help_text(metrics: list[Metric]) -> None:
    rows = dict(re.findall(r"^\| `(media_assets_\w+)` \| .* \| (.+) \|$", DOCUMENT, re.MULTILINE))
    told = {
        metric.name + ("_total" if metric.type == "counter" else ""): metric.documentation
        + (" A histogram." if metric.type == "histogram" else "")
        for metric in metrics
    }
    assert rows == told


def test_names_follow_the_conventions(metrics: list[Metric]) -> None:
    for metric in metrics:
        assert re.fullmatch(r"media_assets_[a-z][a-z_]*", metric.name), metric.name
        assert metric.documentation.endswith("."), metric.name
        assert not metric.name.endswith(("_total", "_count", "_sum", "_bucket", "_info")), metric.name
        assert not set(NOT_BASE_UNITS) & set(metric.name.split("_")), metric.name
        assert metric.type not in metric.name.split("_"), metric.name
        labels = {label for sample in metric.samples for label in sample.labels}
        assert labels <= {
            "asset",
            "source",
            "state",
            "status",
            "error",
            "cause",
            "engine",
            "pool",
            "sensor",
            "daemon",
            "le",
        }
