"""What does not answer is waited for, for a while, told, and left."""

from __future__ import annotations

import logging
import os
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest

from media_assets.cli import stopping
from media_assets.pipeline import workers as threads
from media_assets.pipeline.workers import Patience, Vigil, Workers, left_behind
from media_assets_tests.toy_library import ToyLibrary, failure_of
from media_assets_tests.toy_stages import tuned
from media_assets_tests.waiting import wait_until


@dataclass(frozen=True)
class Job:
    """Work that began at 0 by the clock."""

    limit_seconds: float

    def overdue_seconds(self, now: float) -> float:
        return max(0.0, now - self.limit_seconds)


def test_what_is_long_past_its_limit_is_told_once() -> None:
    times = iter((0.0, 8.0, 37.9, 38.1, 60.0, 1031.0))
    vigil = Vigil(Patience(30.0, clock=lambda: next(times)))
    jobs = [Job(8.0), Job(1000.0)]
    told = [[job.limit_seconds for job in vigil.late(jobs)] for _ in range(6)]
    assert told == [[], [], [], [8.0], [], [1000.0]]


def test_the_grace_begins_with_the_first_question() -> None:
    times = iter((100.0, 120.0, 131.0))
    vigil = Vigil(Patience(30.0, clock=lambda: next(times)))
    assert [vigil.grace_left() for _ in range(3)] == [30.0, 10.0, 0.0]


def test_threads_end_once_what_was_submitted_is_done_and_raise_what_it_raised() -> None:
    workers = Workers(2)
    made = [workers.submit(divmod, number, 2) for number in range(5)]
    odd = workers.submit(divmod, 1, 0)
    assert workers.end(60.0)
    assert [future.result() for future in made] == [divmod(number, 2) for number in range(5)]
    with pytest.raises(ZeroDivisionError):
        odd.result()
    assert Workers(3).end(0.0)
    assert not left_behind()


def test_a_process_is_ended_at_once_where_a_thread_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    codes: list[int] = []
    monkeypatch.setattr(os, "_exit", codes.append)
    monkeypatch.setattr(logging, "shutdown", lambda: None)
    stopping.leave_what_does_not_answer(1)
    assert codes == []
    answer = threading.Event()
    workers = Workers(1)
    workers.submit(answer.wait)
    assert not workers.end(0.0)
    stopping.leave_what_does_not_answer(143)
    assert codes == [143]
    answer.set()
    assert workers.end(60.0)
    assert not threads.left_behind()


def test_a_run_that_stops_leaves_a_file_that_does_not_answer_and_names_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assets = tuned("shout", time_limit_seconds=0.01, time_limit_per_media_second=0)
    with ToyLibrary(tmp_path, assets=assets) as toy:
        toy.library.patience = Patience(grace_seconds=0.3)
        toy.write(a="deaf\nshout: deaf a", b="fatal\nshout: deaf b\nshout: fatal")
        toy.run("note")

        def go_on() -> None:
            wait_until(lambda: "a.txt (shout) does not answer" in caplog.text)
            toy.bench.let_go("b")

        threading.Thread(target=go_on).start()
        with caplog.at_level(logging.WARNING, "media_assets"):
            result = toy.run("shout")
        assert failure_of(result).metadata["reason"].value == "the key is wrong"
        lines = [record.getMessage() for record in caplog.records if "does not answer" in record.getMessage()]
        assert any(line.startswith("a.txt (shout) does not answer: it may take 0 s, and takes ") for line in lines)
        assert any(line.startswith("a.txt (shout) does not answer, and is left. Its code has to ask") for line in lines)
        assert left_behind()
        (folder,) = (tmp_path / "state" / "work").iterdir()
        assert list(folder.glob("*.at_work")) == []
        toy.bench.let_go("a")
        with toy.library.workspaces.run():
            assert folder.exists()  # something may still work in there
