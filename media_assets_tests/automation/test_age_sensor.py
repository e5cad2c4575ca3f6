"""What becomes old enough for another rule is requested, by a sensor that looks now and then."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import dagster as dg
import pytest

from media_assets.artifacts.compressed_image.asset import compressed_image
from media_assets.automation import age_sensor as ageing
from media_assets.automation.age_sensor import age_sensor, due_by_age
from media_assets.config.load import load_settings
from media_assets.config.opening import open_library
from media_assets.config.settings import Settings
from media_assets.operation.instance import open_instance
from media_assets.pipeline.lanes import LANE_TAG
from media_assets_tests.broken_library import tone
from media_assets_tests.real_library import RealLibrary
from media_assets_tests.sample_media import noisy_photo

NOW = datetime.now(UTC)
LATER = NOW + timedelta(days=6 * 366)
RULES = [
    {"name": "new", "larger_than_bytes": 0, "reduction": 0.5, "smallest_long_side": 100},
    {"name": "old", "older_than_years": 5, "larger_than_bytes": 0, "reduction": 0.8, "smallest_long_side": 100},
]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Of a library with a photo that is compressed, and a recording."""
    real = RealLibrary(
        tmp_path_factory.mktemp("library"), assets={"compressed_image": {"enabled": True}}, images={"rules": RULES}
    )
    noisy_photo(real.media / "photo.jpg")
    tone(real.media / "tone.ogg", 440, 1)
    assert not real.process(stage="compressed_image").failures
    return load_settings(real.root / "library.yaml")


@pytest.fixture
def instance(settings: Settings) -> Iterator[dg.DagsterInstance]:
    with open_instance(settings) as opened:
        yield opened


@pytest.mark.thorough
def test_a_photo_is_due_when_it_is_old_enough_for_another_rule(settings: Settings) -> None:
    keys = ["media:photo.jpg", "media:tone.ogg", "media:unknown.jpg"]
    assert list(due_by_age(open_library(settings), compressed_image, keys, NOW)) == []
    assert list(due_by_age(open_library(settings), compressed_image, keys, LATER)) == ["media:photo.jpg"]


@pytest.mark.thorough
def test_other_rules_in_library_yaml_make_nothing_due(settings: Settings, tmp_path: Path) -> None:
    stricter = settings.images.model_copy(update={"rules": settings.images.rules[1:]})
    changed = open_library(settings.model_copy(update={"images": stricter}))
    assert list(due_by_age(changed, compressed_image, ["media:photo.jpg"], NOW)) == []


def tick(settings: Settings, instance: dg.DagsterInstance, cursor: str | None, now: datetime) -> tuple[Any, str]:
    """What a tick returns, and the cursor after it."""
    context = dg.build_sensor_context(instance=instance, cursor=cursor)
    with mock.patch.object(ageing, "datetime", wraps=datetime) as clock:
        clock.now.return_value = now
        result = age_sensor(open_library(settings), [compressed_image])(context)
    return result, (result.cursor if isinstance(result, dg.SensorResult) else context.cursor) or ""


def test_the_library_is_looked_at_once_in_a_month(settings: Settings, instance: dg.DagsterInstance) -> None:
    _, cursor = tick(settings, instance, None, NOW)
    result, cursor = tick(settings, instance, cursor, LATER - timedelta(days=1))
    (request,) = result.run_requests
    assert request.asset_graph_subset.num_partitions_and_non_partitioned_assets == 1
    assert request.tags[LANE_TAG] == "bulk"
    again, cursor = tick(settings, instance, cursor, LATER)
    assert isinstance(again, dg.SkipReason), "what was requested a day ago is not requested again"
    later, cursor = tick(settings, instance, cursor, LATER + timedelta(days=30))
    assert isinstance(later, dg.SensorResult), "what failed is tried again in the next month"


def test_a_large_library_is_looked_at_part_by_part(settings: Settings, instance: dg.DagsterInstance) -> None:
    with mock.patch.object(ageing, "_FILES_PER_TICK", 1):
        first, cursor = tick(settings, instance, None, LATER)
        assert isinstance(first, dg.SensorResult)
        second, cursor = tick(settings, instance, cursor, LATER)
        assert isinstance(second, dg.SkipReason)
        assert "1 file" in str(second.skip_message)
        third, _ = tick(settings, instance, cursor, LATER)
        assert "all was looked at" in str(third.skip_message)
