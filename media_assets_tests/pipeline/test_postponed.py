"""What the budget of a day postponed is asked for again when there is a new one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock

import dagster as dg
import pytest

from media_assets.automation import budget_sensor as postponed
from media_assets.automation.budget_sensor import budget_sensor
from media_assets.automation.conditions import stage_condition
from media_assets.base.secrets import Secrets
from media_assets.config.settings import Settings
from media_assets.definitions import build_definitions
from media_assets.pipeline.batch import batches_of
from media_assets.pipeline.dagster_asset import dagster_asset
from media_assets.pipeline.lanes import BULK_TAGS
from media_assets.pipeline.partitions import media_files
from media_assets.places.folder.settings import FolderSource
from media_assets.work import spending
from media_assets.work.settings import BudgetSettings
from media_assets_tests.toy_library import ToyLibrary, failure_of, key_of
from media_assets_tests.toy_stages import PIPELINE, tuned

KEYS = [dg.AssetKey(stage.name) for stage in PIPELINE]
NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
MIDNIGHT = datetime(2026, 4, 1, tzinfo=UTC)
TOMORROW = NOW + timedelta(days=1)


@pytest.fixture
def toy(tmp_path: Path, database: str | None) -> Iterator[ToyLibrary]:
    """A day's budget is a dollar, and files come one after the other."""
    changes = {"budgets": BudgetSettings(per_day_usd=1.0), "assets": tuned("echo", workers=1)}
    with ToyLibrary(tmp_path, database=database, **changes) as library:
        yield library


def look(toy: ToyLibrary, now: datetime, cursor: str | None = None) -> tuple[dict[str, set[str]], str | None]:
    """What a tick requests, by asset, and the cursor after it."""
    context = dg.build_sensor_context(instance=toy.instance, cursor=cursor)
    with mock.patch.object(postponed, "datetime", wraps=datetime) as clock:
        clock.now.return_value = now
        result = budget_sensor(KEYS)(context)
    if not isinstance(result, dg.SensorResult):
        return {}, context.cursor
    (request,) = result.run_requests or ()
    assert request.tags.items() >= BULK_TAGS.items()
    subset = request.asset_graph_subset
    assert subset
    found = {
        key.path[-1]: set(partitions.get_partition_keys())
        for key, partitions in subset.partitions_subsets_by_asset_key.items()
    }
    return found, result.cursor


def run_on(toy: ToyLibrary, day: datetime, asset: str, *keys: str) -> dg.ExecuteInProcessResult:
    with mock.patch.object(spending, "datetime", wraps=datetime) as clock:
        clock.now.return_value = day
        return toy.run(asset, keys=keys)


def stopped(toy: ToyLibrary, day: datetime = NOW) -> None:
    """A run of echoes that ended after two dollars' worth of four files."""
    toy.write(
        a="a\necho: pay 0.6",
        b="b\necho: poison",
        c="c\necho: pay 0.7",
        d="d\necho: pay 0.2",
    )
    toy.run("note")
    toy.run("shout")
    assert "the budget of $1.00 a day" in str(failure_of(run_on(toy, day, "echo")).description)


@pytest.mark.thorough
def test_what_was_not_come_to_is_requested_on_the_next_day_and_once(toy: ToyLibrary) -> None:
    stopped(toy)
    assert look(toy, NOW)[0] == {}, "today nothing is to be had"
    requested, cursor = look(toy, TOMORROW)
    assert requested == {"echo": {key_of("c"), key_of("d")}}, "neither what is done nor what is bad"
    assert look(toy, TOMORROW, cursor)[0] == {}
    assert look(toy, TOMORROW + timedelta(days=1), cursor)[0] == {}, "what failed then is no matter of budgets"


@pytest.mark.thorough
def test_a_day_on_which_no_daemon_ran_is_caught_up(toy: ToyLibrary) -> None:
    _, cursor = look(toy, NOW - timedelta(days=3))
    stopped(toy)
    assert set(look(toy, NOW + timedelta(days=9), cursor)[0]) == {"echo"}


@pytest.mark.thorough
def test_what_is_noted_after_the_end_of_its_day_is_not_forgotten(toy: ToyLibrary) -> None:
    _, cursor = look(toy, MIDNIGHT + timedelta(minutes=5))
    stopped(toy)
    assert set(look(toy, MIDNIGHT + timedelta(minutes=40), cursor)[0]) == {"echo"}


@pytest.mark.thorough
def test_what_a_clock_that_was_ahead_postponed_does_not_wait_for_that_date(toy: ToyLibrary) -> None:
    _, cursor = look(toy, NOW)
    stopped(toy, NOW + timedelta(days=365))
    requested, cursor = look(toy, NOW + timedelta(minutes=5), cursor)
    assert requested == {"echo": {key_of("c"), key_of("d")}}
    assert look(toy, NOW + timedelta(minutes=10), cursor)[0] == {}, "once"
    assert look(toy, TOMORROW, cursor)[0] == {}
    assert look(toy, NOW + timedelta(days=366), cursor)[0] == {}


@pytest.mark.thorough
def test_what_was_postponed_right_after_midnight_was_not_by_a_clock_that_was_ahead(toy: ToyLibrary) -> None:
    stopped(toy, MIDNIGHT + timedelta(minutes=5))
    assert look(toy, MIDNIGHT + timedelta(minutes=10))[0] == {}


@pytest.mark.thorough
def test_what_was_made_or_taken_out_since_is_not_requested(toy: ToyLibrary) -> None:
    stopped(toy)
    assert run_on(toy, TOMORROW, "echo", key_of("c")).success
    toy.instance.delete_dynamic_partition(str(media_files.name), key_of("d"))
    assert look(toy, TOMORROW)[0] == {}


@pytest.mark.thorough
def test_what_is_made_of_it_follows_by_itself(tmp_path: Path) -> None:
    budgets = BudgetSettings(per_day_usd=1.0)
    with ToyLibrary(tmp_path, budgets=budgets, assets=tuned("shout", workers=1)) as toy:
        condition = stage_condition(rerun_on_change=True)
        definitions = dg.Definitions(
            assets=[dagster_asset(stage, toy.settings, condition, batches_of(stage, PIPELINE)) for stage in PIPELINE],
            resources=toy.definitions.resources,
        )
        seen: list[dict[str, set[str]]] = []
        cursor = None

        def evaluate() -> dict[str, set[str]]:
            nonlocal cursor
            found = dg.evaluate_automation_conditions(definitions, toy.instance, cursor=cursor)
            cursor = found.cursor
            asked = {key.path[-1]: {str(one) for one in found.get_requested_partitions(key)} for key in KEYS}
            seen.append({asset: keys for asset, keys in asked.items() if keys})
            return seen[-1]

        evaluate()
        toy.write(a="a\nshout: pay 0.6", b="b\nshout: pay 0.7")
        evaluate()
        assert set(evaluate()) == {stage.name for stage in PIPELINE}
        toy.run("note")
        assert not run_on(toy, NOW, "shout").success
        toy.run("echo", keys=[key_of("a")])
        assert evaluate() == evaluate() == {}, "the conditions do not ask for what was postponed"

        (requested, _) = look(toy, TOMORROW)
        assert requested == {"shout": {key_of("b")}}
        assert run_on(toy, TOMORROW, "shout", *requested["shout"]).success
        assert evaluate() == {"echo": {key_of("b")}}, seen


@pytest.mark.parametrize("per_day_usd", [None, 0.0, 5.0])
def test_there_is_a_sensor_where_a_day_has_a_budget(tmp_path: Path, per_day_usd: float | None) -> None:
    sources = {"media": FolderSource(path=tmp_path)}
    settings = Settings(sources=sources, state_dir=tmp_path / "state", budgets=BudgetSettings(per_day_usd=per_day_usd))
    sensors = {sensor.name for sensor in build_definitions(settings, Secrets(_env_file=None)).sensors or ()}
    assert ("resume_after_budget" in sensors) is (per_day_usd is not None)
