"""The figures of an exporter as Prometheus reads them."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def parsed(text: str) -> Samples:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def figure(samples: Samples, name: str, **labels: str) -> float:
    return samples[f"media_assets_{name}", frozenset(labels.items())]


def states(samples: Samples) -> dict[str, dict[str, int]]:
    """As `status --json` shows them."""
    found: dict[str, dict[str, int]] = {}
    for (name, labels), number in samples.items():
        if name == "media_assets_artifacts":
            found.setdefault(dict(labels)["asset"], {})[dict(labels)["state"]] = int(number)
    return found
