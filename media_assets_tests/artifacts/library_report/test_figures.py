"""Figures of a library count what they say: what was made, and what failed by its own fault."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from media_assets.artifacts.library_report.figures import LibraryFigures, library_figures
from media_assets.pipeline.marks import WITHDRAWN
from media_assets.places.manifest import Manifest
from media_assets.places.store import Target
from media_assets_tests.toy_library import ToyLibrary, key_of
from media_assets_tests.toy_stages import PIPELINE


@pytest.fixture
def toy(tmp_path: Path) -> Iterator[ToyLibrary]:
    with ToyLibrary(tmp_path) as library:
        yield library


def figures(toy: ToyLibrary) -> LibraryFigures:
    return library_figures(toy.instance, toy.library, PIPELINE, toy.register())


def publish_left(toy: ToyLibrary, name: str) -> None:
    """As a stage stores it that leaves the original as it is."""
    left = Manifest(
        asset="shout",
        key=key_of(name),
        fingerprint="f" * 64,
        version="1",
        value={"source_bytes": 1000, "outcome": "left"},
        inputs={},
        code_version="1",
        settings={},
        made_at=datetime.now(UTC),
        made_in_seconds=0.001,
        made_by_run="run",
    )
    toy.library.store("shout").publish(left, {}, {}, Target("folder"))


def note(toy: ToyLibrary, name: str, metadata: dict[str, Any]) -> None:
    toy.instance.report_runless_asset_event(dg.AssetObservation("note", partition=key_of(name), metadata=metadata))


@pytest.mark.thorough
def test_what_is_left_as_it_is_counts_for_no_speed(toy: ToyLibrary) -> None:
    toy.write(a="one", b="two")
    publish_left(toy, "a")
    stage = figures(toy).stages["shout"]
    assert (stage.made, stage.left, stage.files_per_hour) == (0, 1, None)
    toy.run("note")
    toy.run("shout", keys=[key_of("b")])
    stage = figures(toy).stages["shout"]
    assert (stage.made, stage.left) == (1, 1)
    assert stage.work_seconds == toy.made("shout", key_of("b")).made_in_seconds


def test_failures_of_one_cause_are_one_row_and_a_file_over_budget_has_not_failed(toy: ToyLibrary) -> None:
    toy.write(a="one", b="two", c="three")
    note(toy, "a", {"failed": "ends after 3.5 s of 60 s", "error": "BadMedia"})
    note(toy, "b", {"failed": "ends after 12 s of 90 s", "error": "BadMedia"})
    note(toy, "c", {"failed": "would cost 3 USD", "error": "OverBudget"})
    found = figures(toy)
    assert found.failures_by_cause.most_common() == [("ends after 3.5 s of 60 s", 2)]
    assert found.failed_once == 2


def test_a_failure_that_was_withdrawn_was_none(toy: ToyLibrary) -> None:
    toy.write(a="one", b="two")
    for name in "ab":
        note(toy, name, {"failed": "is poison", "error": "BadMedia"})
    note(toy, "a", {WITHDRAWN: "it was the engine"})
    assert figures(toy).failed_once == 1
    note(toy, "a", {"failed": "is poison", "error": "BadMedia"})
    assert figures(toy).failed_once == 2
