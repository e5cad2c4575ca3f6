"""In which order `media-assets process` takes files and stages: results soon, few runs, and each artifact once."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from media_assets.artifacts.all import PIPELINE as REAL_STAGES
from media_assets.base.errors import DayIsSpent
from media_assets.operation.chunks import Chunks, in_turn
from media_assets.pipeline.marks import FILES_TAG
from media_assets.pipeline.records import EventFeed, Made
from media_assets.pipeline.settings import RetrySettings
from media_assets.pipeline.status import State
from media_assets.work.settings import BudgetSettings
from media_assets_tests.sql import statements
from media_assets_tests.toy_library import EVERYTHING, ToyLibrary, key_of
from media_assets_tests.toy_stages import PIPELINE, ToySettings

ONE_WORKER = {name: tuning.model_copy(update={"workers": 1}) for name, tuning in ToySettings.usual_tuning().items()}


@pytest.fixture
def toy(tmp_path: Path) -> Iterator[ToyLibrary]:
    with ToyLibrary(tmp_path) as library:
        yield library


def texts(number: int, orders: str = "") -> dict[str, str]:
    return {f"f{index:02}": f"t{index:02}{orders}" for index in range(number)}


def process(toy: ToyLibrary, clock: Callable[[], float]) -> Chunks:
    processor = toy.processor()
    chunks = Chunks(processor, processor.select(EVERYTHING), EVERYTHING, clock)
    for _ in chunks.process():
        pass
    return chunks


def slow_clock() -> Callable[[], float]:
    """Each look at it is ten minutes later."""
    return map(float, range(0, 1_000_000, 600)).__next__


def run_sizes(toy: ToyLibrary) -> dict[str, list[int]]:
    """How many files the runs of each stage had, in their order."""
    sizes = defaultdict(list)
    for run in reversed(toy.instance.get_runs()):
        assert run.asset_selection
        (asset,) = run.asset_selection
        sizes[asset.path[-1]].append(int(run.tags[FILES_TAG]))
    return sizes


def made(toy: ToyLibrary) -> Counter[tuple[str, str | None]]:
    """How often each artifact was recorded."""
    feed = EventFeed(toy.instance, settle_seconds=0)
    page = feed.after(0, limit=1000, now=0.0)
    return Counter((event.asset, event.key) for event in page.events if isinstance(event, Made))


@pytest.mark.thorough
def test_the_first_results_are_there_before_other_files_are_begun_and_then_batches_are_full(toy: ToyLibrary) -> None:
    keys = toy.write(**texts(12))
    process(toy, lambda: 0.0)
    calls = toy.bench.calls
    assert calls.index("echo t00") < calls.index("note t04")
    assert run_sizes(toy) == {"note": [4, 8], "shout": [2, 2, 8], "echo": [1, 1, 2, 8]}
    assert made(toy) == Counter((stage.name, key) for stage in PIPELINE for key in keys)


@pytest.mark.thorough
def test_files_that_take_long_come_out_one_by_one(tmp_path: Path) -> None:
    with ToyLibrary(tmp_path, assets=ONE_WORKER) as toy:
        toy.write(**texts(3))
        process(toy, slow_clock())
        assert toy.bench.calls == [f"{stage.name} t{number:02}" for number in range(3) for stage in PIPELINE]


@pytest.mark.thorough
def test_files_that_fail_or_are_there_already_hold_up_no_others(toy: ToyLibrary) -> None:
    toy.write(**texts(2), bad="bad\nnote: poison", half="half\nshout: poison")
    toy.process()
    toy.bench.forget()
    toy.write(**dict(list(texts(5).items())[2:]))
    chunks = process(toy, slow_clock())
    assert {name: (len(plan.todo), len(plan.current)) for name, plan in chunks.plans.items()} == {
        "note": (3, 3),
        "shout": (3, 2),
        "echo": (3, 2),
    }
    assert toy.bench.calls_of("echo") == Counter(t02=1, t03=1, t04=1)
    counts = toy.status().counts()
    assert [counts[stage.name]["done"] for stage in PIPELINE] == [6, 5, 5]


@pytest.mark.thorough
def test_files_of_equal_content_are_worked_on_once_in_whichever_chunks_they_are(tmp_path: Path) -> None:
    with ToyLibrary(tmp_path, assets=ONE_WORKER) as toy:
        toy.write(a="same", b="other", c="same", d="same")
        process(toy, slow_clock())
        assert toy.bench.calls_of("shout") == Counter(same=1, other=1)
        assert toy.status().counts()["echo"]["done"] == 4


@pytest.mark.thorough
def test_the_database_is_asked_once_for_each_stage_and_not_for_each_chunk(toy: ToyLibrary) -> None:
    keys = toy.write(**texts(8))
    toy.process()
    asked = []
    for chunk in (8, 1):
        planner, found = toy.processor().planner(keys, EVERYTHING), 0
        with statements() as seen:
            for stage in PIPELINE:
                for first in range(0, len(keys), chunk):
                    found += len(planner.plan(stage, keys[first : first + chunk]).current)
        assert found == len(keys) * len(PIPELINE)
        asked.append(len(seen))
    assert asked[0] == asked[1]


@pytest.mark.thorough
def test_what_was_just_made_needs_no_look_at_the_store(toy: ToyLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = toy.write(**texts(2))
    planner = toy.processor().planner(keys, EVERYTHING)
    planner.note("note", keys, {keys[0]})
    looked = list[str]()
    store = toy.library.store("note")
    look = store.manifest
    monkeypatch.setattr(store, "manifest", lambda asset, key: looked.append(key) or look(asset, key))  # type: ignore[func-returns-value]
    plan = planner.plan(PIPELINE[1], keys)
    assert (plan.todo, plan.blocked) == ([keys[0]], [keys[1]])
    assert looked == [keys[1]]


@pytest.mark.thorough
def test_what_the_budget_of_the_day_stops_is_left_and_the_other_stages_go_on(tmp_path: Path) -> None:
    budgets = BudgetSettings(per_day_usd=1.5)
    with ToyLibrary(tmp_path, assets=ONE_WORKER, budgets=budgets) as toy:
        toy.write(**texts(4, "\nshout: pay 1"))
        chunks = process(toy, slow_clock())
        assert list(chunks.spent) == ["shout"]
        with pytest.raises(DayIsSpent, match=r"the budget of \$1.50 a day"):
            raise chunks.spent["shout"]
        assert toy.bench.calls_of("shout") == Counter(t00=1, t01=1)
        assert toy.bench.calls_of("echo") == Counter(t00=1)
        assert toy.status().counts()["note"]["done"] == 4


@pytest.mark.thorough
def test_the_first_few_files_tell_nothing_of_all_where_more_follow(tmp_path: Path) -> None:
    with ToyLibrary(tmp_path, retries=RetrySettings(max_retries=0)) as toy:
        toy.write(a="a\nnote: photo", b="b\nnote: odd", c="c\nnote: photo", d="d\nnote: odd", e="e", f="f")
        toy.process()
        cells = {key: cells["note"] for key, cells in toy.status().grid.items()}
    assert cells == {
        **{key_of(name): State.NOT_APPLICABLE for name in "ac"},
        **{key_of(name): State.FAILED for name in "bd"},
        **{key_of(name): State.DONE for name in "ef"},
    }


def test_cheap_stages_come_first_and_what_takes_longest_when_all_else_is_through() -> None:
    together, last = in_turn(REAL_STAGES)
    assert [stage.name for stage in last] == ["compressed_video"]
    assert {stage.name for stage in together} | {"compressed_video"} == {stage.name for stage in REAL_STAGES}
    names = [stage.name for stage in together]
    for stage in together:
        assert set(names[: names.index(stage.name)]) >= {*stage.upstreams, *stage.consulted}
    assert names.index("thumbnail") < names.index("m4a_audio") < names.index("transcript") < names.index("summary")


def test_what_takes_longest_is_not_put_off_where_nothing_else_is_wanted() -> None:
    stages = [stage for stage in REAL_STAGES if stage.name in ("drive_file", "compressed_video")]
    assert [[stage.name for stage in part] for part in in_turn(stages)] == [["drive_file", "compressed_video"]]
