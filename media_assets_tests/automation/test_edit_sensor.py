"""What somebody corrects where it is stored is requested, once for each edit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import dagster as dg
import pytest

from media_assets.artifacts.transcript.asset import transcript
from media_assets.automation import edit_sensor as editing
from media_assets.automation.edit_sensor import edit_sensor
from media_assets.config.load import load_settings
from media_assets.config.opening import open_library
from media_assets.config.settings import Settings
from media_assets.operation.instance import open_instance
from media_assets_tests.broken_library import tone
from media_assets_tests.real_library import RealLibrary


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> RealLibrary:
    real = RealLibrary(tmp_path_factory.mktemp("library"))
    for name in ("a", "b", "c"):
        tone(real.media / f"{name}.ogg", 400 + ord(name), 1)
    assert not real.process(stage="transcript").failures
    return real


@pytest.fixture
def settings(made: RealLibrary) -> Settings:
    return load_settings(made.root / "library.yaml")


@pytest.fixture
def instance(settings: Settings) -> Iterator[dg.DagsterInstance]:
    with open_instance(settings) as opened:
        yield opened


def tick(settings: Settings, instance: dg.DagsterInstance, cursor: str | None) -> tuple[set[str], str]:
    """The files that a tick requests, and the cursor after it."""
    context = dg.build_sensor_context(instance=instance, cursor=cursor)
    result: Any = edit_sensor(open_library(settings), [transcript])(context)
    if isinstance(result, dg.SkipReason):
        return set(), context.cursor or ""
    (request,) = result.run_requests
    subset = request.asset_graph_subset.get_partitions_subset(dg.AssetKey("transcript"))
    return set(subset.get_partition_keys()), result.cursor


def captions(made: RealLibrary, name: str) -> Path:
    return made.root / "artifacts" / made.manifest("transcript", f"{name}.ogg").file("transcript.srt").path


@pytest.mark.thorough
def test_an_edit_is_requested_once_and_the_next_edit_again(
    made: RealLibrary, settings: Settings, instance: dg.DagsterInstance
) -> None:
    nothing, cursor = tick(settings, instance, None)
    assert nothing == set()
    captions(made, "b").write_text("1\n00:00:00,000 --> 00:00:01,000\nHello\n", "utf-8")
    assert tick(settings, instance, cursor)[0] == {"media:b.ogg"}
    _, cursor = tick(settings, instance, cursor)
    assert tick(settings, instance, cursor)[0] == set(), "it is asked for already"
    captions(made, "b").write_text("1\n00:00:00,000 --> 00:00:01,000\nHello there\n", "utf-8")
    again, cursor = tick(settings, instance, cursor)
    assert again == {"media:b.ogg"}
    captions(made, "b").unlink()
    assert tick(settings, instance, cursor)[0] == set(), "what is gone is no edit"


@pytest.mark.thorough
def test_a_large_library_is_looked_at_part_by_part(
    made: RealLibrary, settings: Settings, instance: dg.DagsterInstance
) -> None:
    captions(made, "c").write_text("1\n00:00:00,000 --> 00:00:01,000\nHello\n", "utf-8")
    with mock.patch.object(editing, "_FILES_PER_TICK", 2):
        first, cursor = tick(settings, instance, None)
        second, cursor = tick(settings, instance, cursor)
        assert (first, second) == (set(), {"media:c.ogg"})
        assert tick(settings, instance, cursor)[0] == set(), "it goes round"
