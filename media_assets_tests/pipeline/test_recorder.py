"""When the artifacts of a batch are recorded: each soon after it is stored, once, and many in one transaction."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dagster as dg
import pytest

from media_assets.dagster_seams.runs import BACKFILL_ID_TAG
from media_assets.pipeline import recorder
from media_assets.pipeline.abandoned_runs import close_abandoned_runs
from media_assets.pipeline.records import EventFeed, Failed, Made
from media_assets_tests.child_processes import processes
from media_assets_tests.sql import commits
from media_assets_tests.toy_library import ToyLibrary, key_of, materialized, observed, retries, run_in_child
from media_assets_tests.toy_stages import tuned
from media_assets_tests.waiting import wait_until

ONE_BY_ONE = {"assets": tuned("note", workers=1)}


@pytest.fixture
def toy(tmp_path: Path) -> Iterator[ToyLibrary]:
    with ToyLibrary(tmp_path, **ONE_BY_ONE) as library:
        yield library


def recorded(toy: ToyLibrary) -> set[str]:
    return toy.instance.get_materialized_partitions(dg.AssetKey("note"))


def events(toy: ToyLibrary) -> Counter[tuple[type, str | None]]:
    """What whoever reads the event log is told of the files: how often, by kind and key."""
    feed = EventFeed(toy.instance, settle_seconds=0)
    page = feed.after(0, limit=1000, now=0.0)
    return Counter((type(event), event.key) for event in page.events if isinstance(event, Made | Failed))


@pytest.mark.thorough
def test_an_artifact_is_recorded_while_others_of_its_batch_are_in_work(toy: ToyLibrary) -> None:
    toy.write(a="one", b="two\nnote: pause b", c="poison\nnote: poison")
    with ThreadPoolExecutor() as pool:
        run = pool.submit(toy.run, "note")
        toy.bench.wait_for("b")
        wait_until(lambda: recorded(toy) == {key_of("a")}, 30)
        toy.bench.let_go("b")
        result = run.result()
    assert set(materialized(result)) == recorded(toy) == {key_of("a"), key_of("b")}
    assert set(observed(result)) == {key_of("c")}
    assert events(toy) == {(Made, key_of("a")): 1, (Made, key_of("b")): 1, (Failed, key_of("c")): 1}


@pytest.mark.thorough
@pytest.mark.parametrize(("tags", "at_once"), [({}, {key_of("a")}), ({BACKFILL_ID_TAG: "backfill"}, set())])
def test_in_a_backfill_artifacts_wait_longer_for_each_other(
    toy: ToyLibrary, monkeypatch: pytest.MonkeyPatch, tags: dict[str, str], at_once: set[str]
) -> None:
    keys = toy.write(a="one", b="two\nnote: pause b")
    monkeypatch.setattr(recorder, "TOGETHER_SECONDS", 0.0)
    with ThreadPoolExecutor() as pool:
        run = pool.submit(toy.run, "note", keys=keys, tags=tags)
        toy.bench.wait_for("b")  # which is begun when the outcome of the other was taken up
        before = recorded(toy)
        toy.bench.let_go("b")
        assert set(materialized(run.result())) == set(keys)
    assert before == at_once


@pytest.mark.thorough
def test_what_was_recorded_is_not_recorded_again_when_the_batch_is_tried_again(toy: ToyLibrary) -> None:
    toy.write(a="one", b="flaky\nnote: transient 1", c="photo\nnote: photo", d="poison\nnote: poison")
    result = toy.run("note")
    assert retries(result) == 1
    assert set(materialized(result)) == {key_of("a"), key_of("b"), key_of("c")}
    assert events(toy) == Counter([*((Made, key_of(name)) for name in "abc"), (Failed, key_of("d"))])
    assert toy.bench.calls_of("note") == Counter(one=1, flaky=2, photo=1, poison=1)


@pytest.mark.thorough
def test_a_good_batch_costs_no_more_transactions_when_it_has_more_files(tmp_path: Path) -> None:
    committed = []
    for number in (4, 40):
        with ToyLibrary(tmp_path / str(number)) as toy:
            keys = toy.write(**{f"n{index:02}": "text" for index in range(number)})
            with commits() as seen:
                assert len(materialized(toy.run("note", keys=keys))) == number
            committed.append(len(seen))
    assert committed[1] <= committed[0] + 2, "an index and a log of the run more, should it take more than two seconds"


@pytest.mark.thorough
def test_what_a_killed_run_recorded_stays_and_the_next_run_records_the_rest(toy: ToyLibrary) -> None:
    toy.write(a="one", b="two\nnote: pause b")
    child = processes().Process(target=run_in_child, args=(toy.root, "note", ONE_BY_ONE), daemon=True)
    child.start()
    toy.bench.wait_for("b")
    wait_until(lambda: recorded(toy) == {key_of("a")}, 30)
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    child.join(timeout=30)
    close_abandoned_runs(toy.instance)
    toy.bench.let_go("b")
    result = toy.run("note")
    assert result.success
    assert recorded(toy) == {key_of("a"), key_of("b")}
    feed = EventFeed(toy.instance, settle_seconds=0).after(0, limit=1000, now=0.0)
    assert sorted(str(event.key) for event in feed.events if isinstance(event, Made) and event.is_work) == [
        key_of("a"),
        key_of("b"),
    ]
    assert toy.bench.calls_of("note") == Counter(one=1, two=2)
