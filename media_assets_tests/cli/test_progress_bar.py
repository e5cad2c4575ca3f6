"""What a person sees while a library is processed, and the lines on its stages at the end."""

from __future__ import annotations

import io
from collections import Counter

import pytest
from rich.console import Console

from media_assets.base.errors import Transient, Waiting
from media_assets.cli.progress_bar import BarProgress
from media_assets.cli.terminal import print_stage
from media_assets.operation.planning import StagePlan
from media_assets.pipeline.outcome import Outcome
from media_assets_tests.manifests import draft


@pytest.fixture
def progress() -> BarProgress:
    return BarProgress(Console(file=io.StringIO(), force_terminal=True))


def made(key: str) -> Outcome:
    return Outcome(key, draft(key))


def bars(progress: BarProgress) -> dict[str, str]:
    return {bar.fields["stage"]: f"{bar.completed:.0f}/{bar.total:.0f}" for bar in progress._bars.tasks}


def test_the_bars_count_files_of_the_whole_library_from_chunk_to_chunk(progress: BarProgress) -> None:
    progress.expect(["note", "echo"], ["a", "b", "c"])
    assert bars(progress) == {"files": "0/3", "note": "0/3", "echo": "0/3"}
    progress.planned(StagePlan("note", todo=["a"], current=["b"]))
    assert bars(progress) == {"files": "0/3", "note": "1/3", "echo": "0/3"}
    progress.done("note", "a", made("a"))
    progress.planned(StagePlan("echo", todo=["b"], blocked=["a"]))
    progress.done("echo", "b", made("b"))
    assert bars(progress) == {"files": "2/3", "note": "2/3", "echo": "2/3"}
    progress.planned(StagePlan("note", failed_before=["c"]))
    progress.planned(StagePlan("echo", blocked=["c"]))
    assert bars(progress) == {"files": "3/3", "note": "3/3", "echo": "3/3"}


def test_a_batch_that_is_tried_again_counts_its_files_once(progress: BarProgress) -> None:
    progress.expect(["note"], ["a", "b"])
    progress.done("note", "a", Outcome("a", error=Transient("the network broke")))
    progress.done("note", "b", made("b"))
    progress.done("note", "b", made("b"))
    progress.done("note", "a", made("a"))
    assert bars(progress) == {"files": "2/2", "note": "2/2"}
    assert progress.outcomes["note"] == Counter(made=2)


def line(plan: StagePlan, outcomes: Counter[str], *, is_through: bool = True) -> str:
    console = Console(file=io.StringIO(), width=200)
    print_stage(console, plan, outcomes, is_through=is_through)
    said = console.file
    assert isinstance(said, io.StringIO)
    return said.getvalue().strip()


def test_the_line_on_a_stage_tells_what_became_of_all_its_files(progress: BarProgress) -> None:
    progress.done("echo", "a", Outcome("a", error=Waiting("waits for its shout", next_step="")))
    plan = StagePlan("echo", todo=["a", "b", "c"], current=["d"], failed_before=["e"], blocked=["f"])
    said = line(plan, Counter({"made": 1, **progress.outcomes["echo"]}), is_through=False)
    assert said == (
        "echo: 1 made, 2 waiting for an earlier stage, 1 left undone, 1 reused, 1 failed before, not tried again"
    )


def test_a_stage_that_no_file_came_to_before_all_was_stopped_has_no_line() -> None:
    assert line(StagePlan("echo"), Counter()) == "echo: nothing to do"
    assert line(StagePlan("echo"), Counter(), is_through=False) == ""
