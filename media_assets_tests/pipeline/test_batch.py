"""A batch of files: what happens to one of them happens to no other, and what was done is not done again."""

from __future__ import annotations

import logging
import os
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from filelock import FileLock

from media_assets.pipeline.partitions import register
from media_assets.pipeline.recipe import Recipe
from media_assets.pipeline.settings import LimitSettings, Output
from media_assets.pipeline.status import State
from media_assets.places.folder.settings import FolderSource, FolderStore
from media_assets_tests.child_processes import processes
from media_assets_tests.folders import path_of
from media_assets_tests.toy_library import (
    ToyLibrary,
    failed_files,
    failure_of,
    key_of,
    materialized,
    observed,
    retries,
    run_in_child,
)
from media_assets_tests.toy_stages import ShoutSettings, shout, tuned


@pytest.fixture
def toy(tmp_path: Path) -> Iterator[ToyLibrary]:
    with ToyLibrary(tmp_path) as library:
        yield library


# ----------------------------------------------------------------------------------------------- apart from each other


@pytest.mark.thorough
def test_files_that_fail_in_all_ways_spoil_no_other(toy: ToyLibrary, caplog: pytest.LogCaptureFixture) -> None:
    toy.write(
        a_good="first",
        b_poison="poison\nshout: poison",
        c_odd="odd\nshout: odd",
        d_photo="photo\nshout: photo",
        e_flaky="flaky\nshout: transient 1",
        f_early="early\nnote: poison",
        g_odd_value="undescribed\nshout: value",
        z_good="last",
    )
    toy.run("note")
    with caplog.at_level(logging.ERROR, "media_assets"):
        result = toy.run("shout")
    assert failed_files(result) == {
        key_of("b_poison"): "is poison",
        key_of("c_odd"): "ZeroDivisionError: nobody thought of this",
        key_of("g_odd_value"): "ZeroDivisionError: cannot be described",
    }
    assert set(materialized(result)) == {key_of(name) for name in ("a_good", "d_photo", "e_flaky", "z_good")}
    assert toy.text_of("shout", key_of("z_good"), "shout.m4a") == "96 decibels of last"
    assert toy.made("shout", key_of("d_photo")).not_applicable == "is a photo"
    # The repetition that the flaky one needed was its own affair.
    assert toy.bench.calls_of("shout") == Counter(first=1, poison=1, odd=1, photo=1, flaky=2, undescribed=1, last=1)
    assert "ZeroDivisionError: nobody thought of this" in caplog.text
    assert caplog.text.count("Traceback") == 2
    assert toy.scratch() == []


@pytest.mark.thorough
def test_what_does_not_apply_is_passed_on_without_a_call(toy: ToyLibrary) -> None:
    toy.write(photo="photo\nshout: photo", talk="talk")
    results = toy.run_all()
    assert all(result.success for result in results)
    assert toy.made("echo", key_of("photo")).not_applicable == "is a photo"
    assert toy.bench.calls_of("echo") == Counter(talk=1)
    assert materialized(results[2])[key_of("photo")].metadata["not_applicable"].value == "is a photo"
    again = toy.run("echo")
    assert again.success
    assert toy.bench.calls_of("echo") == Counter(talk=1)


def test_keys_that_belong_to_no_file_spoil_no_other(toy: ToyLibrary) -> None:
    (toy.root / "secret").write_text("secret", "utf-8")
    alien = ["by hand", "other:talk.txt", "box:../secret", f"box:{toy.root}/secret", "box:gone.txt"]
    register(toy.instance, ["box:a.txt", *alien, "box:z.txt"])
    keys = toy.write(a="first", z="last")
    result = toy.run("note", keys=keys)
    assert set(materialized(result)) == {"box:a.txt", "box:z.txt"}
    assert set(failed_files(result)) == set(alien)
    assert failed_files(result)["by hand"] == "is no key of media_files; keys read <source>:<path>"
    assert "not in library.yaml" in failed_files(result)["other:talk.txt"]
    assert toy.bench.calls_of("note") == Counter(first=1, last=1)


def test_a_name_that_is_no_utf8_reaches_no_event(toy: ToyLibrary) -> None:
    name = os.fsdecode(b"b\xe4r.txt")
    (toy.inbox / name).write_text("bear\nnote: vanish", "utf-8")
    keys = toy.register()
    result = toy.run("note", keys=keys)
    (reason,) = failed_files(result).values()
    assert "is no longer in" in reason
    (toy.inbox / name).write_text("bear\nnote: broken_path", "utf-8")
    result = toy.run("note", keys=keys)
    (reason,) = failed_files(result).values()
    reason.encode("utf-8")
    assert "r.txt" in reason
    assert toy.status().grid[keys[0]]["note"] is State.FAILED


@pytest.mark.thorough
def test_a_file_over_its_time_limit_is_stopped_and_the_others_go_on(tmp_path: Path) -> None:
    assets = tuned("shout", time_limit_seconds=0.2, time_limit_per_media_second=0.1, workers=1)
    with ToyLibrary(tmp_path, assets=assets) as toy:
        toy.write(a="hang\nshout: hang")
        toy.run("note")
        result = toy.run("shout")
        assert "took longer than its limit" in failed_files(result)[key_of("a")]
        assert observed(result)[key_of("a")]["error"] == "TimeLimitExceeded"
        assert toy.scratch() == []


# ----------------------------------------------------------------------------------------------- what may pass


@pytest.mark.thorough
def test_what_a_repetition_does_not_cure_fails_in_the_end_and_is_tried_anew_by_the_next_run(toy: ToyLibrary) -> None:
    toy.write(a="good", b="flaky\nshout: transient 4")
    toy.run("note")
    result = toy.run("shout")
    assert retries(result) == toy.settings.retries.max_retries
    assert failed_files(result) == {key_of("b"): "the network broke"}
    assert set(materialized(result)) == {key_of("a")}
    assert observed(result)[key_of("b")]["error"] == "Transient"
    assert toy.bench.calls_of("shout") == Counter(good=1, flaky=3)
    again = toy.run("shout")
    assert again.success
    assert toy.bench.calls_of("shout") == Counter(good=1, flaky=5)


@pytest.mark.thorough
def test_something_fatal_stops_the_batch_at_once_and_blames_no_file(tmp_path: Path) -> None:
    with ToyLibrary(tmp_path, assets=tuned("shout", workers=1)) as toy:
        toy.write(a="good", b="flaky\nshout: transient 9", c="bad\nshout: fatal", d="never", e="begun")
        toy.run("note")
        result = toy.run("shout")
        assert not result.success
        assert retries(result) == 0
        assert set(materialized(result)) == {key_of("a")}
        assert observed(result) == {}
        assert toy.bench.calls_of("shout") == Counter(good=1, flaky=1, bad=1)
        failure = failure_of(result)
        assert failure.description is not None
        assert "no file is to blame: the key is wrong. Set another" in failure.description
        assert failure.metadata["next_step"].value == "Set another"
        states = {key: cells["shout"] for key, cells in toy.status().grid.items()}
        assert states == {key_of("a"): State.DONE} | {key_of(name): State.MISSING for name in "bcde"}


@pytest.mark.thorough
def test_something_fatal_stops_the_files_in_work_too(tmp_path: Path) -> None:
    with ToyLibrary(tmp_path, assets=tuned("shout", workers=3, time_limit_seconds=300)) as toy:
        keys = toy.write(a="hang\nshout: hang", b="bad\nshout: fatal", c="waits for its lock")
        toy.run("note")
        fingerprint = Recipe(shout, keys[2], toy.library).fingerprint
        with FileLock(toy.root / f"state/locks/shout-{fingerprint[:3]}.lock"):
            result = toy.run("shout", keys=keys)
        assert "the key is wrong" in str(failure_of(result).description)
        assert observed(result) == {}
        assert toy.scratch() == []


@pytest.mark.thorough
@pytest.mark.parametrize("order", ["full", "fatal"])
def test_a_full_disk_blames_no_file(toy: ToyLibrary, order: str) -> None:
    toy.write(a=f"text\nshout: {order}")
    toy.run("note")
    result = toy.run("shout")
    assert observed(result) == {}
    expected = "No space left on device (/disk)" if order == "full" else "the key is wrong"
    assert failure_of(result).metadata["reason"].value == expected


def test_a_disk_that_is_nearly_full_is_noticed_before_anything_is_begun(tmp_path: Path) -> None:
    with ToyLibrary(tmp_path, limits=LimitSettings(min_free_bytes=10**18)) as toy:
        toy.write(a="text")
        result = toy.run("note")
        assert "bytes free" in str(failure_of(result).description)
        assert toy.bench.calls == []
        assert observed(result) == {}


# ----------------------------------------------------------------------------------------------- done once


@pytest.mark.thorough
def test_equal_content_is_made_once_however_many_work_on_it(tmp_path: Path) -> None:
    with ToyLibrary(tmp_path, assets=tuned("shout", workers=6)) as toy:
        toy.write(**{f"copy{number}": "same" for number in range(6)}, other="other")
        _, second, _ = toy.run_all()
        assert toy.bench.calls_of("note") == Counter(same=6, other=1)
        assert toy.bench.calls_of("shout") == Counter(same=1, other=1)
        assert toy.bench.calls_of("echo") == Counter(same=1, other=1)
        events = materialized(second)
        made = [key for key, event in events.items() if not event.metadata["reused"].value]
        assert len(made) == 2
        (origin,) = set(made) - {key_of("other")}
        copies = [event for key, event in events.items() if key not in made]
        assert {event.metadata["same_content_as"].value for event in copies} == {origin}
        for number in range(6):
            assert toy.text_of("echo", key_of(f"copy{number}"), "echo.srt").startswith("1: ")
        assert len({toy.made("shout", key_of(f"copy{number}")).version for number in range(6)}) == 1


@pytest.mark.thorough
def test_two_processes_that_do_the_same_do_it_once(toy: ToyLibrary) -> None:
    toy.write(**{f"f{number}": f"text {number}\nshout: slow" for number in range(8)})
    toy.run("note")
    children = [processes().Process(target=run_in_child, args=(toy.root, "shout", {})) for _ in range(2)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    assert [child.exitcode for child in children] == [0, 0]
    assert toy.bench.calls_of("shout") == Counter({f"text {number}": 1 for number in range(8)})
    assert set(toy.instance.get_materialized_partitions(dg.AssetKey("shout"))) == set(toy.register())


def test_a_second_run_makes_nothing(toy: ToyLibrary) -> None:
    toy.write(a="one", b="two")
    toy.run_all()
    toy.bench.forget()
    results = toy.run_all()
    assert all(result.success for result in results)
    assert toy.bench.calls == []
    assert all(event.metadata["reused"].value for result in results for event in materialized(result).values())


@pytest.mark.thorough
def test_force_makes_everything_again_but_equal_content_once(toy: ToyLibrary) -> None:
    toy.write(a="same", b="same", c="other")
    toy.run_all()
    toy.bench.forget()
    result = toy.run("shout", force=True)
    assert Counter(toy.bench.calls) == Counter(["shout other", "shout same"])
    assert {event.metadata["reused"].value for event in materialized(result).values()} == {True, False}


@pytest.mark.thorough
def test_a_forced_run_that_has_to_repeat_one_file_does_not_repeat_the_others(toy: ToyLibrary) -> None:
    toy.write(a="good", b="flaky\nshout: transient 2")
    toy.run("note")
    assert toy.run("shout", force=True).success
    assert toy.bench.calls_of("shout") == Counter(good=1, flaky=3)


@pytest.mark.thorough
def test_new_settings_make_again_what_depends_on_them_and_nothing_else(tmp_path: Path) -> None:
    with ToyLibrary(tmp_path) as toy:
        toy.write(a="one", b="two")
        toy.run_all()
        toy.bench.forget()
    with ToyLibrary(tmp_path, shout=ShoutSettings(decibels=128), assets=tuned("shout", workers=1)) as toy:
        toy.run_all()
        assert toy.bench.calls_of("note") == Counter()
        assert toy.bench.calls_of("shout") == Counter(one=1, two=1)
        assert toy.bench.calls_of("echo") == Counter(one=1, two=1)
        assert toy.text_of("echo", key_of("a"), "echo.json") == '{"text":"128 decibels of one"}'


@pytest.mark.thorough
def test_the_same_result_made_anew_moves_nothing_behind_it(toy: ToyLibrary) -> None:
    (key,) = toy.write(a="one")
    toy.run_all()
    toy.bench.forget()
    os.utime(toy.inbox / "a.txt", (1, 1))
    toy.run_all()
    assert toy.bench.calls == ["note one"]
    assert toy.made("shout", key).inputs == {"note": toy.made("note", key).version}


@pytest.mark.thorough
def test_a_moved_file_is_a_new_file_of_known_content(toy: ToyLibrary) -> None:
    toy.write(a="one")
    toy.run_all()
    toy.bench.forget()
    (toy.inbox / "a.txt").rename(toy.inbox / "b.txt")
    toy.run_all()
    assert toy.bench.calls == ["note one"]
    assert toy.made("shout", key_of("b")).reused_from == key_of("a")


def test_a_changed_file_is_made_again_from_end_to_end(toy: ToyLibrary) -> None:
    toy.write(a="one", b="two")
    toy.run_all()
    toy.bench.forget()
    toy.write(a="new")
    toy.run_all()
    assert toy.bench.calls == ["note new", "shout new", "echo new"]
    assert toy.text_of("shout", key_of("a"), "shout.m4a") == "96 decibels of new"


@pytest.mark.thorough
@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_text("cut off")])
def test_a_damaged_artifact_is_made_again(toy: ToyLibrary, damage: object) -> None:
    (key,) = toy.write(a="one")
    toy.run_all()
    toy.bench.forget()
    stored = toy.made("shout", key).file("shout.m4a")
    damage(path_of(toy.library.store("shout"), stored))  # type: ignore[operator]
    toy.run("shout")
    assert toy.bench.calls == ["shout one"]
    assert toy.text_of("shout", key, "shout.m4a") == "96 decibels of one"


@pytest.mark.thorough
def test_another_placement_moves_artifacts_without_making_them_again(tmp_path: Path) -> None:
    with ToyLibrary(tmp_path) as toy:
        toy.write(a="one", b="one")
        toy.run_all()
        toy.bench.forget()
    outputs = {"shout": Output(placement="beside_source")}
    with ToyLibrary(tmp_path, outputs=outputs) as toy:
        toy.run("shout")
        assert toy.bench.calls == []
        assert sorted(path.name for path in toy.inbox.iterdir()) == ["a.m4a", "a.txt", "b.m4a", "b.txt"]
        assert len(list((toy.root / "out/shout").rglob("*.m4a"))) == 0
    with ToyLibrary(tmp_path) as toy:
        toy.run("shout")
        assert toy.bench.calls == []
        assert sorted(path.name for path in toy.inbox.iterdir()) == ["a.txt", "b.txt"]


@pytest.mark.thorough
def test_another_store_gets_artifacts_of_its_own(tmp_path: Path) -> None:
    stores = {"artifacts": FolderStore(path=tmp_path / "out"), "audio": FolderStore(path=tmp_path / "audio")}
    outputs = {"default": Output(store="artifacts"), "shout": Output(store="audio")}
    with ToyLibrary(tmp_path, stores=stores, outputs=outputs) as toy:
        toy.write(a="one")
        assert all(result.success for result in toy.run_all())
        assert len(list((tmp_path / "audio/shout").rglob("shout.m4a"))) == 1
        assert len(list((tmp_path / "out/echo").rglob("echo.srt"))) == 1


# ----------------------------------------------------------------------------------------------- a source that moves on


@pytest.mark.thorough
@pytest.mark.parametrize("stage", ["note", "shout"])
@pytest.mark.parametrize(
    ("order", "reason"), [("change now", "changed while it was processed"), ("vanish", "is no longer in")]
)
def test_a_source_that_changes_in_mid_work_yields_no_artifact(
    toy: ToyLibrary, stage: str, order: str, reason: str
) -> None:
    keys = toy.write(a=f"one\n{stage}: {order}")
    if stage == "shout":
        assert toy.run("note").success
    result = toy.run(stage, keys=keys)
    assert reason in failed_files(result)[keys[0]]
    assert observed(result)[keys[0]]["error"] == "SourceChanged"
    assert toy.manifest(stage, keys[0]) is None
    assert toy.scratch() == []


@pytest.mark.thorough
def test_a_source_that_changed_since_the_stage_before_is_not_read(toy: ToyLibrary) -> None:
    (key,) = toy.write(a="one")
    toy.run("note")
    toy.write(a="two")
    result = toy.run("shout")
    assert failed_files(result)[key] == "changed since note looked at it"
    toy.run("note")
    assert toy.run("shout").success
    assert toy.text_of("shout", key, "shout.m4a") == "96 decibels of two"


@pytest.mark.thorough
def test_a_source_on_a_slow_share_is_read_through_the_cache(tmp_path: Path) -> None:
    sources = {"box": FolderSource(path=tmp_path / "in", cache=True)}
    with ToyLibrary(tmp_path, sources=sources) as toy:
        toy.write(a="one", b="two")
        assert all(result.success for result in toy.run_all())
        assert (toy.library.cache.counts.misses, toy.library.cache.counts.hits) == (2, 2)
        toy.write(a="new")
        assert all(result.success for result in toy.run_all())
        assert toy.text_of("shout", key_of("a"), "shout.m4a") == "96 decibels of new"
        assert toy.library.cache.counts.misses == 3


# ----------------------------------------------------------------------------------------------- what is left behind


@pytest.mark.thorough
def test_the_journal_outlives_failures_and_goes_with_success(toy: ToyLibrary) -> None:
    toy.write(
        a="fails\nshout: journal\nshout: poison",
        b="succeeds\nshout: journal",
        c="does not apply\nshout: journal\nshout: photo",
    )
    toy.run("note")
    toy.run("shout")
    (piece,) = (path for path in toy.journals() if path.is_file())
    assert piece.read_text("utf-8") == "half of it"
    assert piece.parent.name == Recipe(shout, key_of("a"), toy.library).fingerprint


@pytest.mark.thorough
def test_after_a_killed_process_the_next_run_goes_on_where_it_was(tmp_path: Path) -> None:
    changes = {"assets": tuned("shout", workers=1)}
    with ToyLibrary(tmp_path, **changes) as toy:
        keys = toy.write(a="one", b="two\nshout: die", c="three")
        toy.run("note")
        child = processes().Process(target=run_in_child, args=(tmp_path, "shout", changes))
        child.start()
        child.join()
        assert child.exitcode == -signal.SIGKILL
        assert toy.scratch() != []
        assert materialized_keys(toy, "shout") == set()
        toy.write(b="no longer deadly")
        toy.run("note")
        assert toy.run("shout").success
        assert toy.bench.calls_of("shout") == {"one": 1, "two": 1, "no longer deadly": 1, "three": 1}
        assert materialized_keys(toy, "shout") == set(keys)
        assert toy.scratch() == []


@pytest.mark.thorough
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_told_to_stop_ends_its_threads_and_records_no_failure(
    tmp_path: Path, stop: signal.Signals
) -> None:
    with ToyLibrary(tmp_path) as toy:
        toy.write(a="one\nshout: pause a", b="two\nshout: hang", c="three")
        toy.run("note")
        child = processes().Process(target=run_in_child, args=(tmp_path, "shout", {}), daemon=True)
        child.start()
        toy.bench.wait_for("a")
        assert child.pid is not None
        os.kill(child.pid, stop)
        child.join(timeout=30)
        assert not child.is_alive()
        assert toy.scratch() == []
        assert toy.status().failures == {}
        (run,) = toy.instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE]))
        happened = [entry.dagster_event_type for entry in toy.instance.all_logs(run.run_id)]
        assert dg.DagsterEventType.STEP_UP_FOR_RETRY not in happened


def materialized_keys(toy: ToyLibrary, asset: str) -> set[str]:
    return set(toy.instance.get_materialized_partitions(dg.AssetKey(asset)))


@pytest.mark.parametrize(
    ("workers", "advice"), [(1, "It works on one file at a time already"), (2, "Lower assets.shout.workers in library")]
)
def test_where_memory_is_used_up_the_file_is_named_and_the_advice_fits(
    tmp_path: Path, workers: int, advice: str
) -> None:
    with ToyLibrary(tmp_path, assets=tuned("shout", workers=workers)) as toy:
        toy.write(a="large\nshout: memory")
        toy.run("note")
        told = failure_of(toy.run("shout")).metadata
        assert told["reason"].value == "memory is used up; at work was shout of a.txt"
        assert str(told["next_step"].value).startswith(advice)
