"""Checks of quality: one result for each file, recorded with its batch, which warns and stops nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from media_assets.pipeline.quality_warnings import check_counts, quality_warnings
from media_assets_tests.postgres import Databases
from media_assets_tests.sql import commits
from media_assets_tests.toy_library import ToyLibrary, key_of, materialized, observed
from media_assets_tests.toy_stages import CalmLimits

CALM = {"shout": ["calm"]}


@pytest.fixture
def toy(tmp_path: Path) -> Iterator[ToyLibrary]:
    with ToyLibrary(tmp_path) as library:
        yield library


def shouted(toy: ToyLibrary) -> dg.ExecuteInProcessResult:
    toy.run("note")
    return toy.run("shout")


def found(result: dg.ExecuteInProcessResult) -> dict[str | None, bool]:
    """Whether each file passes, as the run says it."""
    return {one.partition: one.passed for one in result.get_asset_check_evaluations()}


def warned(toy: ToyLibrary) -> list[str]:
    """The files that are warned of now."""
    return [one.key for one in quality_warnings(toy.instance, ["note", "shout"], toy.register())]


def test_each_file_has_a_result_of_its_own_and_a_red_one_stops_nothing(toy: ToyLibrary) -> None:
    toy.write(a="one", b="two!", c="nothing")
    result = shouted(toy)
    assert result.success
    assert set(materialized(result)) == {key_of("a"), key_of("b"), key_of("c")}
    assert found(result) == {key_of("a"): True, key_of("b"): False}, "there is nothing to judge in c"
    assert all(one.severity is dg.AssetCheckSeverity.WARN for one in result.get_asset_check_evaluations())
    (warning,) = quality_warnings(toy.instance, ["note", "shout"], toy.register())
    assert (warning.asset, warning.key, warning.check) == ("shout", key_of("b"), "calm")
    assert warning.sentence == "1 exclamation marks. Breathe"
    assert check_counts(toy.instance, CALM, toy.register()) == {("shout", "calm"): (1, 1)}
    assert toy.run("echo").success, "what comes behind it is made too"


def test_a_file_that_fails_has_no_result_and_the_others_have_theirs(toy: ToyLibrary) -> None:
    toy.write(a="one!", b="two\nshout: poison")
    result = shouted(toy)
    assert not result.success
    assert set(observed(result)) == {key_of("b")}
    assert found(result) == {key_of("a"): False}


def test_a_retry_of_the_batch_tells_no_file_twice(toy: ToyLibrary) -> None:
    toy.write(a="one", b="two!\nshout: transient 1")
    result = shouted(toy)
    assert result.success
    evaluations = result.get_asset_check_evaluations()
    assert sorted(one.partition or "" for one in evaluations) == [key_of("a"), key_of("b")]


def test_what_is_made_again_is_looked_at_again(toy: ToyLibrary) -> None:
    toy.write(a="one!", b="two!")
    shouted(toy)
    assert warned(toy) == [key_of("a"), key_of("b")]
    toy.write(a="one", b="nothing")
    shouted(toy)
    assert warned(toy) == [], "b has nothing to judge any more, and the warning is of what it was"


def test_other_limits_make_nothing_anew_and_count_from_the_next_look(tmp_path: Path) -> None:
    with ToyLibrary(tmp_path) as toy:
        toy.write(a="one!")
        shouted(toy)
        made = toy.made("shout", key_of("a")).made_by_run
    with ToyLibrary(tmp_path, calm=CalmLimits(max_marks=1)) as toy:
        shouted(toy)
        assert toy.made("shout", key_of("a")).made_by_run == made
        assert warned(toy) == []


def test_checks_that_nobody_wants_are_not_there(tmp_path: Path) -> None:
    with ToyLibrary(tmp_path, calm=CalmLimits(enabled=False)) as toy:
        toy.write(a="one!")
        result = shouted(toy)
        assert result.success
        assert found(result) == {}
        assert not toy.definitions.resolve_asset_graph().asset_check_keys


def test_a_check_that_fails_itself_says_so_and_stops_nothing(toy: ToyLibrary) -> None:
    toy.write(a="one", b="cannot be judged")
    assert shouted(toy).success
    (warning,) = quality_warnings(toy.instance, ["shout"], toy.register())
    assert (warning.key, warning.said) == (key_of("b"), "the check itself failed: ZeroDivisionError: by no words")
    assert warning.next_step.startswith("Mend `_calm`")


@pytest.mark.thorough
def test_the_results_of_a_batch_are_written_in_few_transactions(toy: ToyLibrary) -> None:
    toy.write(**{f"n{number:03}": "one" for number in range(50)})
    toy.run("note")
    with commits() as seen:
        result = toy.run("shout")
    assert len(found(result)) == 50
    assert len(seen) < 100, "not another one for each file"


@pytest.mark.thorough
def test_on_postgresql_too(tmp_path: Path, databases: Databases) -> None:
    with ToyLibrary(tmp_path, database=databases.with_tables()) as toy:
        toy.write(a="one", b="two!", c="nothing")
        with commits() as seen:
            shouted(toy)
        assert len(seen) < 100
        assert warned(toy) == [key_of("b")]
        assert check_counts(toy.instance, CALM, toy.register()) == {("shout", "calm"): (1, 1)}
