"""A failure is blamed on what failed: what every file would fail of marks none of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from media_assets.base.errors import Fatal
from media_assets.base.logs import LogStyle
from media_assets.operation.planning import StagePlan
from media_assets.operation.selection import Selection
from media_assets.pipeline.partitions import registered
from media_assets.pipeline.settings import Output, RetrySettings
from media_assets.pipeline.status import State
from media_assets.places.folder.settings import FolderSource
from media_assets_tests.awkward_errors import AWKWARD
from media_assets_tests.toy_library import ToyLibrary, failed_files, failure_of, key_of, materialized, observed
from media_assets_tests.toy_stages import PIPELINE, tuned

pytestmark = pytest.mark.thorough

ONE_WORKER = {"assets": tuned("shout", workers=1)}
SINGLY = {"assets": tuned("shout", workers=1, batch=1)}


@pytest.fixture
def toy(tmp_path: Path) -> Iterator[ToyLibrary]:
    with ToyLibrary(tmp_path) as library:
        yield library


def process(toy: ToyLibrary) -> dict[str, StagePlan]:
    """What `media-assets process` does; the plans by stage."""
    return toy.process()


def states(toy: ToyLibrary, asset: str) -> Counter[State]:
    return Counter(cells[asset] for cells in toy.status().grid.values())


# ----------------------------------------------------------------------------------------------- alike


@pytest.mark.thorough
@pytest.mark.parametrize("number", [2, 3, 5])
def test_what_nobody_foresaw_and_hits_all_files_alike_stops_the_batch_and_marks_none(
    tmp_path: Path, number: int
) -> None:
    with ToyLibrary(tmp_path, **ONE_WORKER) as toy:
        toy.write(**{f"f{each}": f"text {each}\nshout: odd" for each in range(number)})
        toy.run("note")
        result = toy.run("shout")
        assert observed(result) == {}
        said = failure_of(result).metadata
        assert re.match(r"It was raised as ZeroDivisionError at .*\.py:\d+; run", str(said["next_step"].value))
        assert said["reason"].value == (
            f"the first {min(number, 3)} files failed all in the same way, which nobody foresaw: "
            "ZeroDivisionError: nobody thought of this"
        )
        assert states(toy, "shout") == {State.MISSING: number}
        assert len(toy.bench.calls_of("shout")) == min(number, 3)


@pytest.mark.parametrize(
    "texts",
    [
        {"a": "odd\nshout: odd"},
        {"a": "odd\nshout: odd", "b": "good", "c": "odd too\nshout: odd", "d": "and this\nshout: odd"},
        {"a": "odd\nshout: odd", "b": "poison\nshout: poison"},
        # Copies of one file are one file.
        dict.fromkeys("abcd", "odd\nshout: odd"),
    ],
    ids=["one", "some", "another", "copies"],
)
def test_single_odd_files_are_at_fault_themselves(tmp_path: Path, texts: dict[str, str]) -> None:
    with ToyLibrary(tmp_path, **ONE_WORKER) as toy:
        toy.write(**texts)
        toy.run("note")
        bad = {key_of(name) for name, text in texts.items() if ": " in text}
        assert set(failed_files(toy.run("shout"))) == bad
        assert states(toy, "shout")[State.FAILED] == len(bad)


@pytest.mark.thorough
def test_two_odd_files_are_at_fault_where_the_stage_has_worked_before(tmp_path: Path) -> None:
    with ToyLibrary(tmp_path) as toy:
        toy.write(a="good")
        toy.run_all()
    with ToyLibrary(tmp_path) as toy:
        toy.write(b="odd\nshout: odd", c="odd too\nshout: odd")
        toy.run("note")
        assert set(failed_files(toy.run("shout"))) == {key_of("b"), key_of("c")}


@pytest.mark.thorough
def test_batches_of_one_file_stop_too_and_what_they_marked_is_taken_back(tmp_path: Path) -> None:
    with ToyLibrary(tmp_path, **SINGLY) as toy:
        toy.write(**{f"f{each}": f"text {each}\nshout: odd" for each in range(5)})
        with pytest.raises(Fatal, match="the first 3 files failed all in the same way"):
            process(toy)
        assert states(toy, "shout") == {State.MISSING: 5}
        assert toy.status().failures == {}
        # Cured, they are done without being asked for.
        for each in range(5):
            toy.write(**{f"f{each}": f"cured {each}"})
        process(toy)
        assert states(toy, "shout") == {State.DONE: 5}


@pytest.mark.thorough
def test_a_copy_of_what_was_taken_back_is_taken_back_too(tmp_path: Path) -> None:
    """Also in another range than the others."""
    with ToyLibrary(tmp_path, **SINGLY) as toy:
        texts = {name: f"text {name[0]}\nshout: odd" for name in ("a", "a_copy", "b", "c")}
        toy.write(**texts)
        with pytest.raises(Fatal, match="the first 4 files failed all in the same way"):
            process(toy)
        assert states(toy, "shout") == {State.MISSING: 4}
        assert toy.status().failures == {}


@pytest.mark.parametrize("stage", ["note", pytest.param("shout", marks=pytest.mark.thorough)])
def test_whatever_is_raised_marks_its_own_file_and_no_other(
    tmp_path: Path, stage: str, caplog: pytest.LogCaptureFixture
) -> None:
    """All of them in one run, whose traceback in the log is bounded too."""
    style = LogStyle()
    caplog.handler.setFormatter(style.formatter("%(message)s"))
    with ToyLibrary(tmp_path) as toy:
        toy.write(good="good", **{name: f"{name}\n{stage}: awkward {name}" for name in AWKWARD})
        if stage == "shout":
            toy.run("note")
        result = toy.run(stage)
        assert set(materialized(result)) == {key_of("good")}
        told = {key_of(name): reason for name, (_, reason) in AWKWARD.items()}
        assert failed_files(result) == told
        assert {key: data["failed"] for key, data in observed(result).items()} == told
        assert states(toy, stage) == {State.FAILED: len(AWKWARD), State.DONE: 1}
    assert len(caplog.text) < 2_000_000
    assert not set(caplog.text) & set("\x00\x1b\x9b\u202e")


# ----------------------------------------------------------------------------------------------- the machinery


@pytest.mark.thorough
def test_an_error_of_the_database_marks_no_file_for_good(tmp_path: Path) -> None:
    with ToyLibrary(tmp_path, retries=RetrySettings(max_retries=0)) as toy:
        toy.write(a="a\nshout: locked", b="b")
        process(toy)
        (failure,) = toy.status().failures.values()
        assert failure.kind == "Transient"
        assert failure.reason == "Dagster's database did not answer, or is in use by others (OperationalError)"
        assert process(toy)["shout"].todo == [key_of("a")]


@pytest.mark.parametrize("then", ["", "\nshout: misread"])
def test_a_source_whose_folder_vanishes_stops_the_run_and_blames_no_file(tmp_path: Path, then: str) -> None:
    with ToyLibrary(tmp_path, **ONE_WORKER) as toy:
        keys = toy.write(a="good", b=f"gone\nshout: move_away in{then}", c="never")
        toy.run("note")
        result = toy.run("shout", keys=keys)
        assert failure_of(result).metadata["reason"].value == f"the folder {toy.inbox} of source 'box' is gone"
        assert observed(result) == {}
        assert set(materialized(result)) == {key_of("a")}
        (tmp_path / "in-away").rename(toy.inbox)
        toy.write(b="cured")
        assert all(plan.failed_before == [] for plan in process(toy).values())
        assert states(toy, "shout") == {State.DONE: 3}


@pytest.mark.thorough
def test_a_file_that_is_deleted_while_it_is_in_work_is_no_failure_and_is_told_by_name(tmp_path: Path) -> None:
    with ToyLibrary(tmp_path) as toy:
        keys = toy.write(a="good", b="gone\nshout: vanish", c="poison\nshout: poison")
        toy.run("note")
        toy.run("shout", keys=keys)
        status = toy.processor().status(keys)
        assert set(status.gone) == {(key_of("b"), "shout")}
        assert set(status.failures) == {(key_of("c"), "shout")}
        assert status.grid[key_of("b")]["shout"] is State.MISSING
        toy.write(b="back again")
        assert toy.processor().status(keys).gone == {}


@pytest.mark.thorough
def test_a_source_in_whose_place_another_folder_is_mounted_blames_no_file(tmp_path: Path) -> None:
    with ToyLibrary(tmp_path, **ONE_WORKER) as toy:
        keys = toy.write(a="good", b="good too")
        toy.inbox.rename(tmp_path / "away")
        toy.inbox.mkdir()
        result = toy.run("note", keys=keys)
        assert "is another one than it was a moment ago" in str(failure_of(result).metadata["reason"].value)
        assert observed(result) == {}
    with ToyLibrary(tmp_path, **ONE_WORKER) as toy:
        result = toy.run("note", keys=keys)
        assert "'box' is empty" in str(failure_of(result).metadata["reason"].value)


@pytest.mark.thorough
@pytest.mark.parametrize("stage", ["shout", "echo"])
def test_a_store_that_is_deleted_stops_the_run_and_blames_no_file(tmp_path: Path, stage: str) -> None:
    with ToyLibrary(tmp_path, assets=tuned(stage, workers=1), retries=RetrySettings(max_retries=0)) as toy:
        toy.write(a="good", b=f"gone\n{stage}: move_away out", c="never")
        toy.run("note")
        toy.run("shout") if stage == "echo" else None
        result = toy.run(stage)
        assert failure_of(result).metadata["reason"].value == f"the folder {tmp_path}/out of store 'artifacts' is gone"
        assert observed(result) == {}
        assert toy.bench.calls_of(stage)["never"] == 0


@pytest.mark.thorough
def test_an_artifact_that_goes_away_while_it_is_read_is_not_the_files_fault(tmp_path: Path) -> None:
    with ToyLibrary(tmp_path, retries=RetrySettings(max_retries=0)) as toy:
        (key,) = toy.write(a="a\necho: move_away out/shout\necho: misread")
        toy.run("note")
        toy.run("shout")
        result = toy.run("echo")
        assert failed_files(result) == {key: "its shout went away while it was read"}
        assert observed(result)[key]["error"] == "Transient"


def test_a_working_folder_that_may_not_be_used_blames_no_file(tmp_path: Path) -> None:
    with ToyLibrary(tmp_path) as toy:
        toy.write(a="a\nnote: broken_state")
        result = toy.run("note")
        assert failure_of(result).metadata["reason"].value == "permission is denied (/state/work)"


@pytest.mark.thorough
def test_a_working_folder_whose_disk_goes_away_stops_the_run_and_blames_no_file(tmp_path: Path) -> None:
    with ToyLibrary(tmp_path, **ONE_WORKER, retries=RetrySettings(max_retries=0)) as toy:
        toy.write(a="good", b="gone\nshout: move_away state/work", c="never")
        toy.run("note")
        result = toy.run("shout")
        assert failure_of(result).metadata["reason"].value == f"the working folder {tmp_path}/state/work is gone"
        assert observed(result) == {}
        assert toy.bench.calls_of("shout")["never"] == 0
        toy.write(b="cured")
        process(toy)
        assert states(toy, "shout") == {State.DONE: 3}


# ----------------------------------------------------------------------------------------------- waiting


@pytest.mark.thorough
def test_a_file_whose_earlier_stage_is_not_made_waits_and_the_run_succeeds(toy: ToyLibrary) -> None:
    toy.write(a="good", b="early\nnote: poison", c="good too")
    toy.run("note")
    result = toy.run("shout")
    assert result.success
    assert set(materialized(result)) == {key_of("a"), key_of("c")}
    assert observed(result) == {}
    assert toy.status().grid[key_of("b")]["shout"] is State.MISSING
    assert (key_of("b"), "shout") not in toy.status().failures
    # What Dagster records of them is what it would have recorded itself.
    without = toy.run("shout", keys=[key_of("a")])
    assert set(materialized(without)[key_of("a")].tags or {}) == set(materialized(result)[key_of("a")].tags or {})


@pytest.mark.thorough
def test_a_run_of_which_all_files_wait_succeeds_and_records_nothing(toy: ToyLibrary) -> None:
    toy.write(a="one", b="two")
    result = toy.run("echo")
    assert result.success
    assert materialized(result) == {}
    assert toy.instance.get_materialized_partitions(dg.AssetKey("echo")) == set()
    assert toy.instance.get_latest_materialization_event(dg.AssetKey("echo")) is None
    assert states(toy, "echo") == {State.MISSING: 2}
    toy.run_all()
    assert states(toy, "echo") == {State.DONE: 2}


@pytest.mark.thorough
def test_a_run_with_failures_fails_for_those_alone(toy: ToyLibrary) -> None:
    toy.write(a="good", b="early\nnote: poison", c="poison\nshout: poison")
    toy.run("note")
    result = toy.run("shout")
    assert failed_files(result) == {key_of("c"): "is poison"}
    assert failure_of(result).metadata["failed"].value == 1
    assert "1 of 3 files failed, 1 wait for an earlier stage, 1 done" in str(failure_of(result).description)
    assert set(observed(result)) == {key_of("c")}
    assert set(materialized(result)) == {key_of("a")}


# ----------------------------------------------------------------------------------------------- a source renamed


@pytest.mark.thorough
def test_artifacts_beside_a_source_that_has_another_name_now_are_made_anew(tmp_path: Path) -> None:
    outputs = {"shout": Output(placement="beside_source")}
    with ToyLibrary(tmp_path, outputs=outputs) as toy:
        toy.write(a="one", b="two")
        process(toy)
        assert states(toy, "shout") == {State.DONE: 2}
    other = {"sources": {"talks": FolderSource(path=tmp_path / "in")}, "outputs": outputs}
    with ToyLibrary(tmp_path, **other) as toy:
        manifest = toy.made("shout", key_of("a"))
        store = toy.library.store("shout")
        assert not store.intact(manifest)
        assert store.link(manifest).startswith("file://")
        assert store.find("shout", manifest.fingerprint) is None
        process(toy)
        assert set(toy.instance.get_materialized_partitions(dg.AssetKey("shout"))) >= {"talks:a.txt", "talks:b.txt"}
        assert toy.processor().status([*registered(toy.instance)]).failures == {}
        # The old names are still in the grid, and nothing that is asked of them breaks.
        for stage in PIPELINE:
            toy.processor().planner([key_of("a")], Selection()).plan(stage, [key_of("a")])
        toy.run("shout", keys=[key_of("a"), "talks:b.txt"])
    with ToyLibrary(tmp_path, outputs=outputs) as toy:
        process(toy)
        grid = toy.status().grid
        assert {grid[key_of(name)]["echo"] for name in "ab"} == {State.DONE}
