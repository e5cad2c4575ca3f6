"""Scratch directories: each of its own, and gone when their work is, be it by a crash."""

from __future__ import annotations

from pathlib import Path

import pytest

from media_assets.pipeline.workspaces import Workspaces
from media_assets_tests.child_processes import processes
from media_assets_tests.waiting import wait_to_be_killed, wait_until


def test_the_directory_of_a_run_is_gone_after_it(tmp_path: Path) -> None:
    workspaces = Workspaces(tmp_path)
    with workspaces.run() as run:
        with workspaces.file(run) as one, workspaces.file(run) as other:
            assert one != other
            assert list(one.iterdir()) == []
            (one / "sub").mkdir()
            (one / "sub/file").write_text("text")
        assert not one.exists()
        assert run.exists()
    assert not run.exists()


def test_it_is_gone_after_a_failure_too(tmp_path: Path) -> None:
    workspaces = Workspaces(tmp_path)
    with pytest.raises(ZeroDivisionError), workspaces.run() as run, workspaces.file(run) as folder:
        (folder / "file").write_text("text")
        raise ZeroDivisionError
    assert list((tmp_path / "work").iterdir()) == []


def test_runs_leave_each_other_alone(tmp_path: Path) -> None:
    with Workspaces(tmp_path).run() as one, Workspaces(tmp_path).run() as other:
        assert one != other
        assert one.exists()


def hold(state_dir: Path) -> None:
    """The target of a child process: works until it is killed."""
    workspaces = Workspaces(state_dir)
    with workspaces.run() as run, workspaces.file(run) as folder:
        (folder / "large").write_text("x" * 1000)
        (state_dir / "begun").touch()
        wait_to_be_killed()


@pytest.mark.thorough
def test_what_a_killed_process_left_is_removed_by_the_next_run_and_not_before(tmp_path: Path) -> None:
    child = processes().Process(target=hold, args=(tmp_path,))
    child.start()
    wait_until((tmp_path / "begun").exists, goes_on=child.is_alive)
    (held,) = (tmp_path / "work").iterdir()
    with Workspaces(tmp_path).run():
        assert list(held.rglob("large"))
    child.kill()
    child.join()
    assert list(held.rglob("large"))
    with Workspaces(tmp_path).run():
        assert not held.exists()


def begin_and_end(state_dir: Path) -> None:
    """The target of a child process: runs that begin while others clean up."""
    for _ in range(40):
        with Workspaces(state_dir).run() as run, Workspaces.file(run) as folder:
            (folder / "file").write_text("text")
            (run / "still mine").write_text("text")


@pytest.mark.thorough
def test_runs_that_begin_at_the_same_time_do_not_remove_each_other(tmp_path: Path) -> None:
    children = [processes().Process(target=begin_and_end, args=(tmp_path,)) for _ in range(4)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    assert [child.exitcode for child in children] == [0] * 4
    assert list((tmp_path / "work").iterdir()) == []


def test_a_stray_file_among_the_work_directories_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work/.DS_Store").write_text("")
    with Workspaces(tmp_path).run() as run:
        assert run.is_dir()


def test_a_journal_is_the_same_for_the_same_work_and_not_made_yet(tmp_path: Path) -> None:
    one, other = Workspaces(tmp_path), Workspaces(tmp_path)
    journal = one.journal("transcript", "f1")
    assert journal == other.journal("transcript", "f1")
    assert len({journal, one.journal("transcript", "f2"), one.journal("summary", "f1")}) == 3
    assert not journal.exists()
