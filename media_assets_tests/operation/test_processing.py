"""Processing a library from one process: what is planned, which runs that becomes, and how it ends."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_assets.base.errors import Cancelled, Fatal
from media_assets.operation.chunks import Chunks
from media_assets.operation.one_run import OneRun, ranges
from media_assets.operation.planning import StagePlan
from media_assets.operation.selection import Selection, is_forced, selected_registered
from media_assets.pipeline.abandoned_runs import close_abandoned_runs, owner_tags
from media_assets.pipeline.deaths import AtWork, Death, this_boot
from media_assets.pipeline.marks import FILES_TAG
from media_assets.pipeline.partitions import register, registered
from media_assets.pipeline.settings import RetrySettings
from media_assets.pipeline.workers import Patience
from media_assets.places.folder.settings import FolderSource
from media_assets_tests.child_processes import processes
from media_assets_tests.folders import path_of
from media_assets_tests.toy_library import ToyLibrary, key_of
from media_assets_tests.toy_stages import PIPELINE, ShoutSettings, tuned

ALL = Selection()
ONE_BY_ONE = {"assets": tuned("shout", workers=1)}


@pytest.fixture
def toy(tmp_path: Path) -> Iterator[ToyLibrary]:
    with ToyLibrary(tmp_path) as library:
        yield library


def process(toy: ToyLibrary, selection: Selection = ALL) -> dict[str, StagePlan]:
    """What the command line does."""
    return toy.process(selection)


def names(keys: list[str]) -> str:
    return " ".join(key.removeprefix("box:").removesuffix(".txt") for key in keys)


# ----------------------------------------------------------------------------------------------- ranges

keys_in_order = st.lists(st.integers(0, 999).map(str), unique=True, max_size=40)


@pytest.mark.thorough
@given(keys_in_order, st.data(), st.integers(1, 12))
def test_ranges_cover_what_is_wanted_and_nothing_else(order: list[str], data: st.DataObject, batch: int) -> None:
    wanted = frozenset(data.draw(st.sets(st.sampled_from(order)) if order else st.just(set())))
    covered: list[str] = []
    for members in ranges(order, wanted, lambda: batch):
        assert members == order[order.index(members[0]) : order.index(members[-1]) + 1]
        assert 1 <= len(members) <= batch
        covered += members
    assert covered == [key for key in order if key in wanted]


@given(keys_in_order, st.integers(1, 12))
def test_ranges_of_neighbours_are_as_few_as_possible(order: list[str], batch: int) -> None:
    assert len(list(ranges(order, frozenset(order), lambda: batch))) == -(-len(order) // batch)


def test_keys_that_are_not_registered_are_left_out() -> None:
    assert list(ranges(["a", "b"], frozenset({"b", "x"}), lambda: 10)) == [["b"]]


def test_ranges_become_larger_while_they_are_made() -> None:
    sizes = iter([1, 3, 100])
    assert [len(keys) for keys in ranges("abcdefg", frozenset("abcdefg"), lambda: next(sizes))] == [1, 3, 3]


# ----------------------------------------------------------------------------------------------- what is selected


@pytest.mark.parametrize(
    ("path", "asked", "is_selected"),
    [
        ("talks/a[1].mp4", "a[1].mp4", True),
        ("talks/a[1].mp4", "talks/a[1].mp4", True),
        ("talks/a[1].mp4", "a[2].mp4", False),
        ("talks/why?.mp4", "why?.mp4", True),
        ("talks/Mu\u0308ll.mp4", "M\u00fcll.mp4", True),
        ("talks/M\u00fcll.mp4", "Mu\u0308ll.mp4", True),
    ],
)
def test_a_file_is_selected_by_its_own_name_however_odd(path: str, asked: str, is_selected: bool) -> None:
    assert Selection(files=asked).accepts(path) is is_selected


@pytest.mark.parametrize("selection", [Selection(folder="su"), Selection(files="nomatch*")])
def test_a_selection_that_matches_nothing_is_refused(toy: ToyLibrary, selection: Selection) -> None:
    toy.write(a="one")
    with pytest.raises(Fatal, match="no file of the library matches"):
        toy.processor().select(selection)


@pytest.mark.parametrize(
    ("selection", "selected"),
    [
        (Selection(), "a.txt sub/b.txt sub/deep/c.md"),
        (Selection(source="box"), "a.txt sub/b.txt sub/deep/c.md"),
        (Selection(folder="sub"), "sub/b.txt sub/deep/c.md"),
        (Selection(folder="/sub/deep/"), "sub/deep/c.md"),
        (Selection(folder="."), "a.txt sub/b.txt sub/deep/c.md"),
        (Selection(files="*.txt"), "a.txt sub/b.txt"),
        (Selection(files="sub/*.txt"), "sub/b.txt"),
        (Selection(files="**/*.md"), "sub/deep/c.md"),
        (Selection(folder="sub", files="*.txt"), "sub/b.txt"),
    ],
)
def test_a_selection_selects(toy: ToyLibrary, selection: Selection, selected: str) -> None:
    for path in ("a.txt", "sub/b.txt", "sub/deep/c.md"):
        (toy.inbox / path).parent.mkdir(parents=True, exist_ok=True)
        (toy.inbox / path).write_text("text")
    keys = [f"box:{path}" for path in selected.split()]
    assert toy.processor().select(selection) == keys
    assert registered(toy.instance) == keys
    toy.register()
    assert selected_registered(toy.instance, toy.library, selection) == [
        key for key in registered(toy.instance) if key in keys
    ]


def test_partitions_that_were_added_by_hand_are_not_selected(toy: ToyLibrary) -> None:
    register(toy.instance, ["by hand", "box:a.txt"])
    assert selected_registered(toy.instance, toy.library, ALL) == ["box:a.txt"]
    (toy.root / "in/b.txt").write_text("text")
    assert toy.processor().select(ALL) == ["box:b.txt"]


@pytest.mark.thorough
def test_a_limit_goes_to_the_next_files_each_time(toy: ToyLibrary) -> None:
    toy.write(a="one", b="photo\nshout: photo", c="three", d="four")
    planned = [names(process(toy, Selection(limit=2))["echo"].todo) for _ in range(3)]
    assert planned == ["a b", "c d", ""]
    assert names(process(toy, Selection(limit=1, force=True))["note"].todo) == "a"


def test_a_source_that_cannot_be_listed_is_named_and_the_others_are_processed(tmp_path: Path) -> None:
    sources = {"box": FolderSource(path=tmp_path / "in"), "usb": FolderSource(path=tmp_path / "not mounted")}
    with ToyLibrary(tmp_path, sources=sources) as toy:
        (toy.inbox / "a.txt").write_text("text")
        processor = toy.processor()
        assert processor.select(ALL) == ["box:a.txt"]
        (problem,) = processor.problems
        assert "of source 'usb' is not there" in problem.reason
        with pytest.raises(Fatal, match="of source 'usb' is not there"):
            processor.select(Selection(source="usb"))


def test_a_source_that_shows_none_of_its_known_files_is_a_problem(toy: ToyLibrary) -> None:
    register(toy.instance, ["by hand", "box:a.txt", "box:b.txt"])
    with pytest.raises(Fatal, match="is empty, and 2 of its files are known"):
        toy.processor().select(ALL)


def test_an_unknown_source_or_stage_is_named_with_those_there_are(toy: ToyLibrary) -> None:
    with pytest.raises(Fatal, match=r"no source is called 'bx'\. There are: box"):
        toy.processor().select(Selection(source="bx"))
    with pytest.raises(Fatal, match=r"no stage is called 'x'\. There are: note, shout, echo"):
        toy.processor().stages(Selection(stage="x"))


@pytest.mark.parametrize(("stage", "number"), [(None, 3), ("note", 1), ("shout", 2), ("echo", 3)])
def test_the_stages_go_up_to_the_selected_one(toy: ToyLibrary, stage: str | None, number: int) -> None:
    assert toy.processor().stages(Selection(stage=stage)) == list(PIPELINE[:number])


@pytest.mark.parametrize(
    ("selection", "forced"),
    [
        (Selection(), []),
        (Selection(force=True), ["note", "shout", "echo"]),
        (Selection(force=True, stage="shout"), ["shout"]),
    ],
)
def test_force_means_the_selected_stage_or_all(selection: Selection, forced: list[str]) -> None:
    assert [stage.name for stage in PIPELINE if is_forced(stage.name, selection)] == forced


# ----------------------------------------------------------------------------------------------- what is planned


@pytest.mark.thorough
def test_a_library_is_processed_and_the_second_time_nothing_is_to_do(toy: ToyLibrary) -> None:
    toy.write(a="one", b="two", c="photo\nshout: photo")
    assert [names(plan.todo) for plan in process(toy).values()] == ["a b c"] * 3
    toy.bench.forget()
    runs = toy.instance.get_runs_count()
    again = process(toy)
    assert [(names(plan.todo), names(plan.current)) for plan in again.values()] == [("", "a b c")] * 3
    assert toy.bench.calls == []
    assert toy.instance.get_runs_count() == runs


@pytest.mark.thorough
def test_what_failed_is_left_alone_until_it_changes_or_a_person_asks(toy: ToyLibrary) -> None:
    toy.write(a="one", b="poison\nshout: poison", c="early\nnote: poison")
    first = process(toy)
    assert names(first["shout"].blocked) == "c"
    assert names(first["echo"].blocked) == "b c"
    again = process(toy)
    assert names(again["note"].failed_before) == "c"
    assert names(again["shout"].failed_before) == "b"
    assert names(again["shout"].blocked) == "c"
    assert Counter(toy.bench.calls)["shout poison"] == 1
    asked = process(toy, Selection(retry=True))
    assert names(asked["note"].todo) == "c"
    assert names(asked["shout"].todo) == "b"
    assert Counter(toy.bench.calls)["shout poison"] == 2
    forced = process(toy, Selection(force=True, stage="shout"))
    assert names(forced["note"].failed_before) == "c"
    assert names(forced["shout"].todo) == "a b"
    toy.write(b="cured", c="cured too")
    cured = process(toy)
    assert names(cured["note"].todo) == "b c"
    assert names(cured["shout"].todo) == "b c"
    assert toy.status().failures == {}


@pytest.mark.thorough
def test_what_failed_is_tried_again_with_other_settings(tmp_path: Path) -> None:
    with ToyLibrary(tmp_path) as toy:
        toy.write(a="poison\nshout: poison")
        process(toy)
        assert names(process(toy)["shout"].failed_before) == "a"
    with ToyLibrary(tmp_path, shout=ShoutSettings(decibels=128)) as toy:
        assert names(process(toy)["shout"].todo) == "a"


@pytest.mark.thorough
def test_what_failed_for_a_passing_reason_is_tried_again_unasked(tmp_path: Path) -> None:
    with ToyLibrary(tmp_path, retries=RetrySettings(max_retries=0, delay_seconds=0.01)) as toy:
        toy.write(a="flaky\nnote: transient 1", b="moving\nnote: change to this")
        assert len(toy.status().failures) == 0
        process(toy)
        assert {failure.kind for failure in toy.status().failures.values()} == {"Transient", "SourceChanged"}
        assert names(process(toy)["note"].todo) == "a b"
        assert toy.status().failures == {}


@pytest.mark.thorough
def test_a_recorded_artifact_that_is_damaged_or_out_of_date_is_to_do(tmp_path: Path) -> None:
    with ToyLibrary(tmp_path) as toy:
        toy.write(a="one", b="two", c="three")
        process(toy)
        store = toy.library.store("shout")
        path_of(store, toy.made("shout", key_of("a")).files[0]).unlink()
        next((tmp_path / "out/shout").glob("b-txt-*/manifest.json")).unlink()
        assert names(process(toy)["shout"].todo) == "a b"
    with ToyLibrary(tmp_path, shout=ShoutSettings(decibels=32)) as toy:
        plans = process(toy)
        assert [names(plan.todo) for plan in plans.values()] == ["", "a b c", "a b c"]


@pytest.mark.thorough
def test_what_is_stored_but_not_recorded_is_recorded_without_being_made(toy: ToyLibrary) -> None:
    toy.write(a="one")
    process(toy)
    toy.bench.forget()
    toy.instance.wipe_assets([dg.AssetKey("shout")])
    assert names(process(toy)["shout"].todo) == "a"
    assert toy.bench.calls == []
    assert toy.instance.get_materialized_partitions(dg.AssetKey("shout")) == {key_of("a")}


def test_partitions_of_a_source_that_is_no_longer_configured_are_blocked(toy: ToyLibrary) -> None:
    processor = toy.processor()
    register(toy.instance, ["old:a.txt"])
    for stage in PIPELINE:
        assert processor.planner(["old:a.txt"], ALL).plan(stage, ["old:a.txt"]).blocked == ["old:a.txt"]


@pytest.mark.thorough
def test_a_manifest_of_another_version_is_no_reason_to_plan_around_it(toy: ToyLibrary) -> None:
    toy.write(a="one")
    process(toy)
    manifest = next((toy.root / "out/note").rglob("manifest.json"))
    manifest.write_text(manifest.read_text().replace('"format": 1', '"format": 2'))
    with pytest.raises(Fatal, match="is not a manifest of this version"):
        toy.processor().planner(toy.register(), ALL).plan(PIPELINE[1], toy.register())


# ----------------------------------------------------------------------------------------------- how it is run


@pytest.mark.thorough
def test_a_plan_becomes_runs_of_at_most_a_batch_each(tmp_path: Path) -> None:
    with ToyLibrary(tmp_path, assets=tuned("note", batch=3)) as toy:
        keys = toy.write(**{f"f{number}": f"text {number}" for number in range(8)})
        wanted = [key for key in keys if key != key_of("f5")]
        plans = [plan.todo for plan in Chunks(toy.processor(), wanted, Selection(stage="note")).process()]
        assert plans == [wanted], "planned once"
        made = toy.instance.get_materialized_partitions(dg.AssetKey("note"))
        assert made == set(wanted)
        runs = toy.instance.get_runs()
        assert sorted(int(run.tags[FILES_TAG]) for run in runs) == [2, 2, 3]
        for run in runs:
            assert owner_tags().items() <= run.tags.items()


@pytest.mark.thorough
def test_bad_files_do_not_stop_the_next_run_and_something_fatal_does(tmp_path: Path) -> None:
    with ToyLibrary(tmp_path, assets=tuned("note", batch=1)) as toy:
        toy.write(a="bad\nnote: poison", b="good", c="bad\nnote: fatal", d="never")
        with pytest.raises(Fatal, match="note stopped after 0 of 1 file, no file is to blame: the key is wrong"):
            process(toy)
        assert toy.bench.calls == ["note bad", "note good", "shout good", "echo good", "note bad"]
        assert toy.instance.get_materialized_partitions(dg.AssetKey("note")) == {key_of("b")}


class WithoutBench(ToyLibrary):
    """Its engine cannot be made."""

    def _definitions(self) -> dg.Definitions:
        def fail(_: object) -> None:
            raise Fatal("the tool is not installed", next_step="Install it")

        definitions = super()._definitions()
        resources = {**(definitions.resources or {}), "bench": dg.ResourceDefinition(resource_fn=fail)}
        return dg.Definitions(assets=definitions.assets, resources=resources, executor=definitions.executor)


@pytest.mark.thorough
def test_an_engine_that_cannot_be_made_is_fatal_and_says_why(tmp_path: Path) -> None:
    with WithoutBench(tmp_path) as toy:
        toy.write(a="one")
        with pytest.raises(Fatal, match=r"the tool is not installed\. Install it"):
            process(toy)


def test_a_stage_that_fails_as_a_whole_is_fatal_and_says_why(tmp_path: Path) -> None:
    with ToyLibrary(tmp_path, retries=RetrySettings(max_retries=0)) as toy:
        toy.write(a="one")
        (tmp_path / "state").mkdir(exist_ok=True)
        (tmp_path / "state/work").write_text("a file where a folder should be")
        with pytest.raises(Fatal, match=r"FileExistsError: .*state/work"):
            process(toy)


# ----------------------------------------------------------------------------------------------- how it ends early


def process_in_child(root: Path) -> None:
    """The target of a child process. Ends with 7 when it was stopped in good order."""
    with ToyLibrary(root, **ONE_BY_ONE) as toy:
        try:
            process(toy)
        except Cancelled:
            os._exit(7)


SLOWLY = pytest.mark.slow


@pytest.mark.thorough
@pytest.mark.parametrize(
    "stop", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=SLOWLY), pytest.param(signal.SIGKILL, marks=SLOWLY)]
)
def test_a_process_that_is_stopped_can_be_started_again(tmp_path: Path, stop: signal.Signals) -> None:
    with ToyLibrary(tmp_path, **ONE_BY_ONE) as toy:
        toy.write(a="one", b="two\nshout: pause b")
        child = processes().Process(target=process_in_child, args=(tmp_path,), daemon=True)
        child.start()
        toy.bench.wait_for("b")
        assert close_abandoned_runs(toy.instance) == 0
        assert child.pid is not None
        os.kill(child.pid, stop)
        child.join(timeout=30)
        assert child.exitcode == (-signal.SIGKILL if stop is signal.SIGKILL else 7)
        deaths = toy.library.workspaces.take_up_deaths()
        assert [death.file.key for death in deaths] == ([key_of("b")] if stop is signal.SIGKILL else [])
        assert close_abandoned_runs(toy.instance, deaths) == (1 if stop is signal.SIGKILL else 0)
        assert close_abandoned_runs(toy.instance) == 0
        unfinished = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING])
        assert toy.instance.get_runs(unfinished) == []
        toy.bench.let_go("b")
        process(toy)
        assert toy.status().counts()["echo"]["done"] == 2
        assert toy.bench.calls_of("shout") == Counter(one=1, two=2)
        assert toy.scratch() == []


def process_impatiently(root: Path) -> None:
    """The target of a child process. Ends with 7 when it was stopped in good order."""
    with ToyLibrary(root, **ONE_BY_ONE) as toy:
        toy.library.patience = Patience(grace_seconds=0.2)
        try:
            process(toy)
        except Cancelled:
            os._exit(7)


@pytest.mark.thorough
def test_a_process_whose_engine_does_not_answer_ends_when_it_is_stopped_and_blames_no_file(tmp_path: Path) -> None:
    with ToyLibrary(tmp_path, **ONE_BY_ONE) as toy:
        toy.write(a="deaf\nshout: deaf a")
        child = processes().Process(target=process_impatiently, args=(tmp_path,), daemon=True)
        child.start()
        toy.bench.wait_for("a")
        child.terminate()
        child.join(timeout=30)
        assert child.exitcode == 7
        assert toy.library.workspaces.take_up_deaths() == ()
        assert close_abandoned_runs(toy.instance) == 0
        toy.bench.let_go("a")
        process(toy)
        assert toy.status().counts()["echo"]["done"] == 1
        assert toy.scratch() == []


def test_an_abandoned_run_says_at_which_files_it_was_when_its_process_died(toy: ToyLibrary) -> None:
    job = toy.definitions.resolve_implicit_global_asset_job_def()
    tags = {**owner_tags(), next(name for name in owner_tags() if name.endswith("process")): "1@1.00"}
    run = toy.instance.create_run_for_job(job, tags=tags, status=dg.DagsterRunStatus.STARTED)
    file = AtWork(asset="shout", key=key_of("a"), fingerprint="f", engine="odd", run_id=run.run_id, boot=this_boot())
    other = file.model_copy(update={"run_id": "another", "key": key_of("b")})
    assert close_abandoned_runs(toy.instance, [Death(file=each, times=1) for each in (file, other)]) == 1
    told = [record.message for record in toy.instance.all_logs(run.run_id)]
    assert (
        "The process of this run died while it worked on a.txt (shout, engine odd); what it finished is kept." in told
    )


@pytest.mark.parametrize(
    "status",
    [
        dg.DagsterRunStatus.NOT_STARTED,
        dg.DagsterRunStatus.STARTING,
        dg.DagsterRunStatus.CANCELING,
    ],
)
def test_a_run_that_was_killed_before_it_began_is_closed_too(toy: ToyLibrary, status: dg.DagsterRunStatus) -> None:
    job = toy.definitions.resolve_implicit_global_asset_job_def()
    tags = {**owner_tags(), next(name for name in owner_tags() if name.endswith("process")): "1@1.00"}
    run = toy.instance.create_run_for_job(job, tags=tags, status=status)
    assert close_abandoned_runs(toy.instance) == 1
    assert toy.instance.get_run_by_id(run.run_id).status is dg.DagsterRunStatus.FAILURE  # type: ignore[union-attr]


def begin_run_and_die(root: Path) -> None:
    """The target of a child process, which calls itself what another one is called."""
    with ToyLibrary(root) as toy:
        toy.instance.create_run_for_job(
            toy.definitions.resolve_implicit_global_asset_job_def(), tags=owner_tags(toy.instance)
        )
        toy.bench.wait_for("other")


@pytest.mark.thorough
def test_a_process_is_known_by_its_lock_wherever_it_runs(toy: ToyLibrary) -> None:
    child = processes().Process(target=begin_run_and_die, args=(toy.root,), daemon=True)
    child.start()
    while not (runs := toy.instance.get_runs()):
        assert child.is_alive()
    # As another container sees it: neither its name nor its process id say anything here.
    elsewhere = {name: "x@1.00" if name.endswith("process") else "x" for name in owner_tags()}
    toy.instance.add_run_tags(runs[0].run_id, elsewhere)
    assert close_abandoned_runs(toy.instance) == 0
    (toy.root / "bench/other.begun").touch()
    child.join(timeout=60)
    assert close_abandoned_runs(toy.instance) == 1
    assert close_abandoned_runs(toy.instance) == 0
    assert list((Path(toy.instance.root_directory) / "owners").iterdir()) == []


def test_the_runs_of_other_machines_and_of_dagster_itself_are_not_closed(toy: ToyLibrary) -> None:
    tags = owner_tags()
    host = next(name for name in tags if name.endswith("host"))
    process_tag = next(name for name in tags if name.endswith("process"))
    job = toy.definitions.resolve_implicit_global_asset_job_def()

    def run_with(run_tags: dict[str, str]) -> str:
        run = toy.instance.create_run_for_job(job, tags=run_tags, status=dg.DagsterRunStatus.STARTED)
        return run.run_id

    dead = tags[process_tag].replace("@", "1@")
    alive = run_with(tags)
    elsewhere = run_with({host: "another-machine", process_tag: dead})
    of_dagster = run_with({})
    abandoned = run_with({host: tags[host], process_tag: dead})
    assert close_abandoned_runs(toy.instance) == 1
    statuses = {run.run_id: run.status for run in toy.instance.get_runs()}
    assert statuses == {
        alive: dg.DagsterRunStatus.STARTED,
        elsewhere: dg.DagsterRunStatus.STARTED,
        of_dagster: dg.DagsterRunStatus.STARTED,
        abandoned: dg.DagsterRunStatus.FAILURE,
    }


def test_a_stop_while_an_engine_is_made_is_a_stop_and_no_failure() -> None:
    @dg.resource
    def engine(_: dg.InitResourceContext) -> None:
        raise dg.DagsterExecutionInterruptedError

    @dg.asset(required_resource_keys={"engine"})
    def made() -> None: ...

    result = dg.materialize([made], resources={"engine": engine}, raise_on_error=False)
    with pytest.raises(Cancelled, match="stopped; what was finished is kept"):
        OneRun(result).raise_if_fatal()
