"""A file at whose work processes die is told, and does not hold up the others."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from media_assets.base.errors import BadMedia
from media_assets.pipeline.deaths import AtWork, Death, this_boot
from media_assets.pipeline.workspaces import Workspaces
from media_assets_tests.child_processes import processes
from media_assets_tests.toy_library import ToyLibrary, failed_files, key_of, materialized, observed, run_in_child
from media_assets_tests.toy_stages import tuned

BAD = AtWork(asset="shout", key="box:bad.txt", fingerprint="f", engine="odd", run_id="1", boot=this_boot())


def die(state_dir: Path, *files: AtWork, run: str = "dead") -> tuple[Death, ...]:
    """What a run leaves whose process dies at these files, and what the next one makes of it."""
    folder = state_dir / "work" / run
    folder.mkdir(parents=True)
    for number, file in enumerate(files):
        (folder / f"{number}.at_work").write_text(file.model_dump_json(), "utf-8")
    return Workspaces(state_dir).take_up_deaths()


def work_on(state_dir: Path, file: AtWork, *, is_stopped: bool = False) -> None:
    workspaces = Workspaces(state_dir)
    with workspaces.run() as folder, workspaces.deaths.noted(folder, file):
        if is_stopped:
            workspaces.deaths.spare(folder)


def test_what_was_at_work_is_told_and_nothing_is_left_of_it_once_it_is_done(tmp_path: Path) -> None:
    assert Workspaces(tmp_path).take_up_deaths() == ()
    (death,) = die(tmp_path, BAD)
    assert str(death) == (
        "a process died while bad.txt (shout, engine odd) was at work: when it is tried again, then last and alone"
    )
    assert Workspaces(tmp_path).take_up_deaths() == (death,)
    work_on(tmp_path, BAD)
    assert Workspaces(tmp_path).take_up_deaths() == ()
    assert list((tmp_path / "work").iterdir()) == list((tmp_path / "died").iterdir()) == []


def test_twice_in_a_row_is_enough_and_once_that_is_said_it_may_be_tried_again(tmp_path: Path) -> None:
    die(tmp_path, BAD)
    (death,) = die(tmp_path, BAD)
    assert death.is_enough
    with pytest.raises(BadMedia, match="was at work with the engine odd when the process died, 2 times in a row"):
        work_on(tmp_path, BAD)
    work_on(tmp_path, BAD)
    (death,) = die(tmp_path, BAD)
    assert not death.is_enough


def test_only_what_was_at_work_both_times_is_to_blame(tmp_path: Path) -> None:
    good, late = (BAD.model_copy(update={"key": f"box:{name}.txt"}) for name in ("good", "late"))
    die(tmp_path, BAD, good)
    work_on(tmp_path, good)
    deaths = die(tmp_path, BAD, late)
    assert {death.file.key: death.times for death in deaths} == {BAD.key: 2, late.key: 1}


def test_a_death_is_told_once(tmp_path: Path) -> None:
    (death,) = die(tmp_path, BAD)
    deaths = Workspaces(tmp_path).deaths
    assert [deaths.untold(), deaths.untold()] == [(death,), ()]
    (again,) = die(tmp_path, BAD)
    assert (again.times, deaths.untold()) == (2, (again,))


@pytest.mark.parametrize("changes", [{"fingerprint": "another"}, {"asset": "echo"}])
def test_other_work_on_the_same_file_is_counted_apart(tmp_path: Path, changes: dict[str, str]) -> None:
    die(tmp_path, BAD)
    assert all(not death.is_enough for death in die(tmp_path, BAD.model_copy(update=changes)))


def test_a_stop_and_a_start_of_the_machine_count_for_nothing(tmp_path: Path) -> None:
    assert die(tmp_path, BAD.model_copy(update={"boot": "before"})) == ()
    die(tmp_path, BAD)
    work_on(tmp_path, BAD, is_stopped=True)
    (death,) = Workspaces(tmp_path).take_up_deaths()
    assert death.times == 1


@pytest.mark.parametrize("text", ["", '{"asset": "sh', "[]"])
def test_half_a_note_is_none(tmp_path: Path, text: str) -> None:
    folder = tmp_path / "work" / "dead"
    folder.mkdir(parents=True)
    (folder / "1.at_work").write_text(text, "utf-8")
    assert Workspaces(tmp_path).take_up_deaths() == ()
    assert not folder.exists()


@pytest.mark.thorough
def test_a_file_that_kills_its_process_turns_red_and_the_others_are_made(tmp_path: Path) -> None:
    changes = {"assets": tuned("shout", workers=2)}
    with ToyLibrary(tmp_path, **changes) as toy:
        toy.write(a="deadly\nshout: die", b="one", c="two", d="three")
        toy.run("note")
        for _ in range(2):
            child = processes().Process(target=run_in_child, args=(tmp_path, "shout", changes))
            child.start()
            child.join()
            assert child.exitcode == -signal.SIGKILL
        # The second time those went first that were not at work beside it.
        assert {toy.bench.calls_of("shout")[name] for name in ("two", "three")} == {1}
        result = toy.run("shout")
        assert failed_files(result) == {key_of("a"): "was at work when the process died, 2 times in a row"}
        assert "`media-assets retry` tries it again" in str(observed(result)[key_of("a")]["next_step"])
        assert set(materialized(result)) == {key_of(name) for name in "bcd"}
        assert toy.bench.calls_of("shout")["deadly"] == 2
        # As whoever retries it finds it.
        toy.write(a="deadly no more")
        toy.run("note")
        assert toy.run("shout").success
        assert toy.scratch() == []
