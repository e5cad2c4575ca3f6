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

from media_assets.artifacts.m4a_audio.settings import AudioSettings
from media_assets.pipeline.partitions import register
from media_assets.pipeline.recipe import Recipe
from media_assets.pipeline.settings import LimitSettings, Output
from media_assets.pipeline.status import State
from media_assets.places.folder.settings import FolderSource, FolderStore
from media_assets_tests.folders import path_of
from media_assets_tests.toy_library import (
    ToyLibrary,
    failed_files,
    failure_of,
    key_of,
    m4a_audio,
    materialized,
    observed,
    processes,
    retries,
    run_in_child,
    tuned,
)


@pytest.fixture
def toy(tmp_path: Path) -> Iterator[ToyLibrary]:
    with ToyLibrary(tmp_path) as library:
        yield library


# ----------------------------------------------------------------------------------------------- apart from each other


@pytest.mark.thorough
def test_files_that_fail_in_all_ways_spoil_no_other(toy: ToyLibrary, caplog: pytest.LogCaptureFixture) -> None:
    toy.write(
        a_good="first",
        b_poison="poison\nm4a_audio: poison",
        c_odd="odd\nm4a_audio: odd",
        d_photo="photo\nm4a_audio: photo",
        e_flaky="flaky\nm4a_audio: transient 1",
        f_early="early\ndrive_file: poison",
        g_odd_value="undescribed\nm4a_audio: value",
        z_good="last",
    )
    toy.run("drive_file")
    with caplog.at_level(logging.ERROR, "media_assets"):
        result = toy.run("m4a_audio")
    assert failed_files(result) == {
        key_of("b_poison"): "is poison",
        key_of("c_odd"): "ZeroDivisionError: nobody thought of this",
        key_of("g_odd_value"): "ZeroDivisionError: cannot be described",
    }
    assert set(materialized(result)) == {key_of(name) for name in ("a_good", "d_photo", "e_flaky", "z_good")}
    assert toy.text_of("m4a_audio", key_of("z_good"), "audio.m4a") == "96 kbit/s of last"
    assert toy.made("m4a_audio", key_of("d_photo")).not_applicable == "is a photo"
    # The repetition that the flaky one needed was its own affair.
    assert toy.bench.calls_of("m4a_audio") == Counter(first=1, poison=1, odd=1, photo=1, flaky=2, undescribed=1, last=1)
    assert "ZeroDivisionError: nobody thought of this" in caplog.text
    assert caplog.text.count("Traceback") == 2
    assert toy.scratch() == []


@pytest.mark.thorough
def test_what_does_not_apply_is_passed_on_without_a_call(toy: ToyLibrary) -> None:
    toy.write(photo="photo\nm4a_audio: photo", talk="talk")
    results = toy.run_all()
    assert all(result.success for result in results)
    assert toy.made("transcript", key_of("photo")).not_applicable == "is a photo"
    assert toy.bench.calls_of("transcript") == Counter(talk=1)
    assert materialized(results[2])[key_of("photo")].metadata["not_applicable"].value == "is a photo"
    again = toy.run("transcript")
    assert again.success
    assert toy.bench.calls_of("transcript") == Counter(talk=1)


def test_keys_that_belong_to_no_file_spoil_no_other(toy: ToyLibrary) -> None:
    (toy.root / "secret").write_text("secret", "utf-8")
    alien = ["by hand", "other:talk.txt", "box:../secret", f"box:{toy.root}/secret", "box:gone.txt"]
    register(toy.instance, ["box:a.txt", *alien, "box:z.txt"])
    keys = toy.write(a="first", z="last")
    result = toy.run("drive_file", keys=keys)
    assert set(materialized(result)) == {"box:a.txt", "box:z.txt"}
    assert set(failed_files(result)) == set(alien)
    assert failed_files(result)["by hand"] == "is no key of media_files; keys read <source>:<path>"
    assert "not in library.yaml" in failed_files(result)["other:talk.txt"]
    assert toy.bench.calls_of("drive_file") == Counter(first=1, last=1)


def test_a_name_that_is_no_utf8_reaches_no_event(toy: ToyLibrary) -> None:
    name = os.fsdecode(b"b\xe4r.txt")
    (toy.inbox / name).write_text("bear\ndrive_file: vanish", "utf-8")
    keys = toy.register()
    result = toy.run("drive_file", keys=keys)
    (reason,) = failed_files(result).values()
    assert "is no longer in" in reason
    (toy.inbox / name).write_text("bear\ndrive_file: broken_path", "utf-8")
    result = toy.run("drive_file", keys=keys)
    (reason,) = failed_files(result).values()
    reason.encode("utf-8")
    assert "r.txt" in reason
    assert toy.status().grid[keys[0]]["drive_file"] is State.FAILED


@pytest.mark.thorough
def test_a_file_over_its_time_limit_is_stopped_and_the_others_go_on(tmp_path: Path) -> None:
    assets = tuned("m4a_audio", time_limit_seconds=0.2, time_limit_per_media_second=0.1, workers=1)
    with ToyLibrary(tmp_path, assets=assets) as toy:
        toy.write(a="hang\nm4a_audio: hang")
        toy.run("drive_file")
        result = toy.run("m4a_audio")
        assert "took longer than its limit" in failed_files(result)[key_of("a")]
        assert observed(result)[key_of("a")]["error"] == "TimeLimitExceeded"
        assert toy.scratch() == []


# ----------------------------------------------------------------------------------------------- what may pass


@pytest.mark.thorough
def test_what_a_repetition_does_not_cure_fails_in_the_end_and_is_tried_anew_by_the_next_run(toy: ToyLibrary) -> None:
    toy.write(a="good", b="flaky\nm4a_audio: transient 4")
    toy.run("drive_file")
    result = toy.run("m4a_audio")
    assert retries(result) == toy.settings.retries.max_retries
    assert failed_files(result) == {key_of("b"): "the network broke"}
    assert set(materialized(result)) == {key_of("a")}
    assert observed(result)[key_of("b")]["error"] == "Transient"
    assert toy.bench.calls_of("m4a_audio") == Counter(good=1, flaky=3)
    again = toy.run("m4a_audio")
    assert again.success
    assert toy.bench.calls_of("m4a_audio") == Counter(good=1, flaky=5)


@pytest.mark.thorough
def test_something_fatal_stops_the_batch_at_once_and_blames_no_file(tmp_path: Path) -> None:
    with ToyLibrary(tmp_path, assets=tuned("m4a_audio", workers=1)) as toy:
        toy.write(a="good", b="flaky\nm4a_audio: transient 9", c="bad\nm4a_audio: fatal", d="never", e="begun")
        toy.run("drive_file")
        result = toy.run("m4a_audio")
        assert not result.success
        assert retries(result) == 0
        assert set(materialized(result)) == {key_of("a")}
        assert observed(result) == {}
        assert toy.bench.calls_of("m4a_audio") == Counter(good=1, flaky=1, bad=1)
        failure = failure_of(result)
        assert failure.description is not None
        assert "no file is to blame: the key is wrong. Set another" in failure.description
        assert failure.metadata["next_step"].value == "Set another"
        states = {key: cells["m4a_audio"] for key, cells in toy.status().grid.items()}
        assert states == {key_of("a"): State.DONE} | {key_of(name): State.MISSING for name in "bcde"}


@pytest.mark.thorough
def test_something_fatal_stops_the_files_in_work_too(tmp_path: Path) -> None:
    with ToyLibrary(tmp_path, assets=tuned("m4a_audio", workers=3, time_limit_seconds=300)) as toy:
        keys = toy.write(a="hang\nm4a_audio: hang", b="bad\nm4a_audio: fatal", c="waits for its lock")
        toy.run("drive_file")
        fingerprint = Recipe(m4a_audio, keys[2], toy.library).fingerprint
        with FileLock(toy.root / f"state/locks/m4a_audio-{fingerprint[:3]}.lock"):
            result = toy.run("m4a_audio", keys=keys)
        assert "the key is wrong" in str(failure_of(result).description)
        assert observed(result) == {}
        assert toy.scratch() == []


@pytest.mark.thorough
@pytest.mark.parametrize("order", ["full", "fatal"])
def test_a_full_disk_blames_no_file(toy: ToyLibrary, order: str) -> None:
    toy.write(a=f"text\nm4a_audio: {order}")
    toy.run("drive_file")
    result = toy.run("m4a_audio")
    assert observed(result) == {}
    expected = "No space left on device (/disk)" if order == "full" else "the key is wrong"
    assert failure_of(result).metadata["reason"].value == expected


def test_a_disk_that_is_nearly_full_is_noticed_before_anything_is_begun(tmp_path: Path) -> None:
    with ToyLibrary(tmp_path, limits=LimitSettings(min_free_bytes=10**18)) as toy:
        toy.write(a="text")
        result = toy.run("drive_file")
        assert "bytes free" in str(failure_of(result).description)
        assert toy.bench.calls == []
        assert observed(result) == {}


# ----------------------------------------------------------------------------------------------- done once


@pytest.mark.thorough
def test_equal_content_is_made_once_however_many_work_on_it(tmp_path: Path) -> None:
    with ToyLibrary(tmp_path, assets=tuned("m4a_audio", workers=6)) as toy:
        toy.write(**{f"copy{number}": "same" for number in range(6)}, other="other")
        _, second, _ = toy.run_all()
        assert toy.bench.calls_of("drive_file") == Counter(same=6, other=1)
        assert toy.bench.calls_of("m4a_audio") == Counter(same=1, other=1)
        assert toy.bench.calls_of("transcript") == Counter(same=1, other=1)
        events = materialized(second)
        made = [key for key, event in events.items() if not event.metadata["reused"].value]
        assert len(made) == 2
        (origin,) = set(made) - {key_of("other")}
        copies = [event for key, event in events.items() if key not in made]
        assert {event.metadata["same_content_as"].value for event in copies} == {origin}
        for number in range(6):
            assert toy.text_of("transcript", key_of(f"copy{number}"), "transcript.srt").startswith("1: ")
        assert len({toy.made("m4a_audio", key_of(f"copy{number}")).version for number in range(6)}) == 1


def test_two_processes_that_do_the_same_do_it_once(toy: ToyLibrary) -> None:
    toy.write(**{f"f{number}": f"text {number}\nm4a_audio: slow" for number in range(8)})
    toy.run("drive_file")
    children = [processes().Process(target=run_in_child, args=(toy.root, "m4a_audio", {})) for _ in range(2)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    assert [child.exitcode for child in children] == [0, 0]
    assert toy.bench.calls_of("m4a_audio") == Counter({f"text {number}": 1 for number in range(8)})
    assert set(toy.instance.get_materialized_partitions(dg.AssetKey("m4a_audio"))) == set(toy.register())


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
    result = toy.run("m4a_audio", force=True)
    assert Counter(toy.bench.calls) == Counter(["m4a_audio other", "m4a_audio same"])
    assert {event.metadata["reused"].value for event in materialized(result).values()} == {True, False}


@pytest.mark.thorough
def test_a_forced_run_that_has_to_repeat_one_file_does_not_repeat_the_others(toy: ToyLibrary) -> None:
    toy.write(a="good", b="flaky\nm4a_audio: transient 2")
    toy.run("drive_file")
    assert toy.run("m4a_audio", force=True).success
    assert toy.bench.calls_of("m4a_audio") == Counter(good=1, flaky=3)


@pytest.mark.thorough
def test_new_settings_make_again_what_depends_on_them_and_nothing_else(tmp_path: Path) -> None:
    with ToyLibrary(tmp_path) as toy:
        toy.write(a="one", b="two")
        toy.run_all()
        toy.bench.forget()
    with ToyLibrary(tmp_path, audio=AudioSettings(bit_rate_kbps=128), assets=tuned("m4a_audio", workers=1)) as toy:
        toy.run_all()
        assert toy.bench.calls_of("drive_file") == Counter()
        assert toy.bench.calls_of("m4a_audio") == Counter(one=1, two=1)
        assert toy.bench.calls_of("transcript") == Counter(one=1, two=1)
        assert toy.text_of("transcript", key_of("a"), "transcript.json") == '{"text":"128 kbit/s of one"}'


@pytest.mark.thorough
def test_the_same_result_made_anew_moves_nothing_behind_it(toy: ToyLibrary) -> None:
    (key,) = toy.write(a="one")
    toy.run_all()
    toy.bench.forget()
    os.utime(toy.inbox / "a.txt", (1, 1))
    toy.run_all()
    assert toy.bench.calls == ["drive_file one"]
    assert toy.made("m4a_audio", key).inputs == {"drive_file": toy.made("drive_file", key).version}


@pytest.mark.thorough
def test_a_moved_file_is_a_new_file_of_known_content(toy: ToyLibrary) -> None:
    toy.write(a="one")
    toy.run_all()
    toy.bench.forget()
    (toy.inbox / "a.txt").rename(toy.inbox / "b.txt")
    toy.run_all()
    assert toy.bench.calls == ["drive_file one"]
    assert toy.made("m4a_audio", key_of("b")).reused_from == key_of("a")


def test_a_changed_file_is_made_again_from_end_to_end(toy: ToyLibrary) -> None:
    toy.write(a="one", b="two")
    toy.run_all()
    toy.bench.forget()
    toy.write(a="new")
    toy.run_all()
    assert toy.bench.calls == ["drive_file new", "m4a_audio new", "transcript new"]
    assert toy.text_of("m4a_audio", key_of("a"), "audio.m4a") == "96 kbit/s of new"


@pytest.mark.thorough
@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_text("cut off")])
def test_a_damaged_artifact_is_made_again(toy: ToyLibrary, damage: object) -> None:
    (key,) = toy.write(a="one")
    toy.run_all()
    toy.bench.forget()
    stored = toy.made("m4a_audio", key).file("audio.m4a")
    damage(path_of(toy.library.store("m4a_audio"), stored))  # type: ignore[operator]
    toy.run("m4a_audio")
    assert toy.bench.calls == ["m4a_audio one"]
    assert toy.text_of("m4a_audio", key, "audio.m4a") == "96 kbit/s of one"


@pytest.mark.thorough
def test_another_placement_moves_artifacts_without_making_them_again(tmp_path: Path) -> None:
    with ToyLibrary(tmp_path) as toy:
        toy.write(a="one", b="one")
        toy.run_all()
        toy.bench.forget()
    outputs = {"m4a_audio": Output(placement="beside_source")}
    with ToyLibrary(tmp_path, outputs=outputs) as toy:
        toy.run("m4a_audio")
        assert toy.bench.calls == []
        assert sorted(path.name for path in toy.inbox.iterdir()) == ["a.m4a", "a.txt", "b.m4a", "b.txt"]
        assert len(list((toy.root / "out/m4a_audio").rglob("*.m4a"))) == 0
    with ToyLibrary(tmp_path) as toy:
        toy.run("m4a_audio")
        assert toy.bench.calls == []
        assert sorted(path.name for path in toy.inbox.iterdir()) == ["a.txt", "b.txt"]


@pytest.mark.thorough
def test_another_store_gets_artifacts_of_its_own(tmp_path: Path) -> None:
    stores = {"artifacts": FolderStore(path=tmp_path / "out"), "audio": FolderStore(path=tmp_path / "audio")}
    outputs = {"default": Output(store="artifacts"), "m4a_audio": Output(store="audio")}
    with ToyLibrary(tmp_path, stores=stores, outputs=outputs) as toy:
        toy.write(a="one")
        assert all(result.success for result in toy.run_all())
        assert len(list((tmp_path / "audio/m4a_audio").rglob("audio.m4a"))) == 1
        assert len(list((tmp_path / "out/transcript").rglob("transcript.srt"))) == 1


# ----------------------------------------------------------------------------------------------- a source that moves on


@pytest.mark.thorough
@pytest.mark.parametrize("stage", ["drive_file", "m4a_audio"])
@pytest.mark.parametrize(
    ("order", "reason"), [("change now", "changed while it was processed"), ("vanish", "is no longer in")]
)
def test_a_source_that_changes_in_mid_work_yields_no_artifact(
    toy: ToyLibrary, stage: str, order: str, reason: str
) -> None:
    keys = toy.write(a=f"one\n{stage}: {order}")
    if stage == "m4a_audio":
        assert toy.run("drive_file").success
    result = toy.run(stage, keys=keys)
    assert reason in failed_files(result)[keys[0]]
    assert observed(result)[keys[0]]["error"] == "SourceChanged"
    assert toy.manifest(stage, keys[0]) is None
    assert toy.scratch() == []


@pytest.mark.thorough
def test_a_source_that_changed_since_the_stage_before_is_not_read(toy: ToyLibrary) -> None:
    (key,) = toy.write(a="one")
    toy.run("drive_file")
    toy.write(a="two")
    result = toy.run("m4a_audio")
    assert failed_files(result)[key] == "changed since drive_file looked at it"
    toy.run("drive_file")
    assert toy.run("m4a_audio").success
    assert toy.text_of("m4a_audio", key, "audio.m4a") == "96 kbit/s of two"


@pytest.mark.thorough
def test_a_source_on_a_slow_share_is_read_through_the_cache(tmp_path: Path) -> None:
    sources = {"box": FolderSource(path=tmp_path / "in", cache=True)}
    with ToyLibrary(tmp_path, sources=sources) as toy:
        toy.write(a="one", b="two")
        assert all(result.success for result in toy.run_all())
        assert (toy.library.cache.counts.misses, toy.library.cache.counts.hits) == (2, 2)
        toy.write(a="new")
        assert all(result.success for result in toy.run_all())
        assert toy.text_of("m4a_audio", key_of("a"), "audio.m4a") == "96 kbit/s of new"
        assert toy.library.cache.counts.misses == 3


# ----------------------------------------------------------------------------------------------- what is left behind


@pytest.mark.thorough
def test_the_journal_outlives_failures_and_goes_with_success(toy: ToyLibrary) -> None:
    toy.write(
        a="fails\nm4a_audio: journal\nm4a_audio: poison",
        b="succeeds\nm4a_audio: journal",
        c="does not apply\nm4a_audio: journal\nm4a_audio: photo",
    )
    toy.run("drive_file")
    toy.run("m4a_audio")
    (piece,) = (path for path in toy.journals() if path.is_file())
    assert piece.read_text("utf-8") == "half of it"
    assert piece.parent.name == Recipe(m4a_audio, key_of("a"), toy.library).fingerprint


@pytest.mark.thorough
def test_after_a_killed_process_the_next_run_goes_on_where_it_was(tmp_path: Path) -> None:
    changes = {"assets": tuned("m4a_audio", workers=1)}
    with ToyLibrary(tmp_path, **changes) as toy:
        keys = toy.write(a="one", b="two\nm4a_audio: die", c="three")
        toy.run("drive_file")
        child = processes().Process(target=run_in_child, args=(tmp_path, "m4a_audio", changes))
        child.start()
        child.join()
        assert child.exitcode == -signal.SIGKILL
        assert toy.scratch() != []
        assert materialized_keys(toy, "m4a_audio") == set()
        toy.write(b="no longer deadly")
        toy.run("drive_file")
        assert toy.run("m4a_audio").success
        assert toy.bench.calls_of("m4a_audio") == {"one": 1, "two": 1, "no longer deadly": 1, "three": 1}
        assert materialized_keys(toy, "m4a_audio") == set(keys)
        assert toy.scratch() == []


@pytest.mark.thorough
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_told_to_stop_ends_its_threads_and_records_no_failure(
    tmp_path: Path, stop: signal.Signals
) -> None:
    with ToyLibrary(tmp_path) as toy:
        toy.write(a="one\nm4a_audio: pause a", b="two\nm4a_audio: hang", c="three")
        toy.run("drive_file")
        child = processes().Process(target=run_in_child, args=(tmp_path, "m4a_audio", {}), daemon=True)
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
