"""Functions in a child process: what comes back, and what becomes of a child that breaks its limits."""

from __future__ import annotations

import os
import platform
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest

from media_assets.base.errors import BadMedia, Cancelled, NotApplicable, TimeLimitExceeded, Transient, classify
from media_assets.media.info import Chapter
from media_assets.media.sandbox.child import ChildFailed, run_in_child
from media_assets.work.child_limits import ChildLimits
from media_assets.work.work import Work
from media_assets_tests.media import child_functions as child
from media_assets_tests.waiting import wait_until
from media_assets_tests.watching import unreached

LINUX_HERE = sys.platform == "linux"
FILTERED = pytest.mark.skipif(
    not (LINUX_HERE and platform.machine() in ("x86_64", "aarch64")), reason="the kernel has no such filter"
)
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="macOS does not enforce it")


@pytest.fixture
def work(tmp_path: Path) -> Work:
    return Work(tmp_path, time_limit_seconds=60)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_for_end(pid: int) -> None:
    """Until a process is no more."""
    wait_until(lambda: not alive(pid), 10)


def test_results_come_back_as_what_they_are(work: Work):
    assert run_in_child(child.echo, "naïve \x00", work=work) == "naïve \x00"
    assert run_in_child(child.plain, 3_000_000, work=work) == b"x" * 3_000_000
    chapters = run_in_child(child.chapters, 2, work=work)
    assert chapters[1] == Chapter(start_seconds=1, end_seconds=2, title="ä")


def test_large_arguments_reach_the_child(work: Work):
    text = "x" * 3_000_000
    assert run_in_child(child.echo, text, work=work) == text


def test_what_a_call_has_loaded_ahead_is_there_for_all_that_follow_and_was_for_none_before(work: Work):
    assert run_in_child(child.is_loaded, "colorsys", work=work, ahead=("no_such_module",)) is False
    assert run_in_child(child.is_loaded, "colorsys", work=work, ahead=("fractions", "colorsys")) is True
    assert run_in_child(child.is_loaded, "colorsys", work=work) is True


def test_each_call_has_a_child_of_its_own_and_none_stays(work: Work):
    first, second = (run_in_child(child.who, work=work) for _ in range(2))
    assert first["pid"] != second["pid"]
    assert first["parent"] == second["parent"] != os.getpid()
    assert not alive(first["pid"])


def test_threads_may_call_at_once(work: Work):
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda n: run_in_child(child.echo, str(n), work=work), range(40)))
    assert results == [str(n) for n in range(40)]


@pytest.mark.parametrize(
    ("function", "arguments", "error", "reason"),
    [
        (child.bad, (), BadMedia, "is odd. Look at it"),
        (child.not_applicable, (), NotApplicable, "has no sound"),
        (child.missing, (Path("/nowhere/x"),), FileNotFoundError, "/nowhere/x"),
        (child.unforeseen, (), ChildFailed, "ZeroDivisionError: by nothing"),
        (child.crash, (), BadMedia, "made the process that read it crash (SIGSEGV)"),
        (child.leave, (), BadMedia, "end with code 3"),
        (child.die, (), Transient, "stopped from outside"),
        (child.abort, (), BadMedia, "made the process that read it crash (SIGABRT)"),
        (child.wrong_type, (), BadMedia, "answer nonsense"),
        (child.imposter, (), BadMedia, "answer nonsense"),
    ],
)
def test_errors_come_back_as_themselves(
    function: Callable[..., object], arguments: tuple[Any, ...], error: type[Exception], reason: str, work: Work
):
    with pytest.raises(error) as caught:
        run_in_child(function, *arguments, work=work)
    assert type(caught.value) is error
    assert reason in str(caught.value)
    assert run_in_child(child.echo, "the next", work=work) == "the next"


def test_an_unforeseen_error_tells_where_it_was(work: Work):
    with pytest.raises(ChildFailed) as caught:
        run_in_child(child.unforeseen, work=work)
    assert "child_functions.py" in caught.value.__notes__[0]


@LINUX
def test_a_child_gets_no_more_memory_than_it_may(work: Work):
    limits = ChildLimits(memory_bytes=300_000_000)
    assert run_in_child(child.swell, 200_000_000, work=work, limits=limits) == 200_000_000
    with pytest.raises(BadMedia, match=r"needs more than 0\.3 GB of memory to be read"):
        run_in_child(child.swell, 400_000_000, work=work, limits=limits)


@pytest.mark.parametrize(
    ("function", "reason"),
    [(child.write, "has more written to a file than may be"), (child.open_many, "has more files opened than may be")],
)
def test_a_child_writes_nothing_and_opens_few_files(
    function: Callable[[Path], object], reason: str, tmp_path: Path, work: Work
):
    path = tmp_path / "file"
    path.touch()
    with pytest.raises(BadMedia, match=reason):
        run_in_child(function, path, work=work)
    assert path.stat().st_size == 0


def test_a_result_may_not_fill_the_memory_of_its_parent(work: Work):
    with pytest.raises(BadMedia, match="more in it to tell of than 1000 bytes"):
        run_in_child(child.plain, 1_000_000, work=work, limits=ChildLimits(result_bytes=1000))


@pytest.mark.parametrize("function", [child.spin, child.deaf])
def test_a_child_that_hangs_is_killed_at_its_limit(function: Callable[[Path], None], tmp_path: Path):
    run_in_child(child.echo, "warm", work=Work(tmp_path))
    note = tmp_path / "pid"
    work = Work(tmp_path, time_limit_seconds=0.5)
    with pytest.raises(TimeLimitExceeded):
        run_in_child(function, note, work=work)
    assert time.monotonic() - work.started < 0.5 + 2
    wait_for_end(int(str(note.readlink())))


def test_a_child_is_killed_when_the_run_is_stopped(tmp_path: Path):
    work = Work(tmp_path)
    note = tmp_path / "pid"

    def stop() -> None:
        wait_until(note.is_symlink)
        work.cancelled.set()

    stopper = threading.Thread(target=stop)
    stopper.start()
    with pytest.raises(Cancelled):
        run_in_child(child.deaf, note, work=work)
    stopper.join()
    wait_for_end(int(str(note.readlink())))


@pytest.mark.thorough
@LINUX
def test_the_processor_time_of_a_child_is_bounded_without_its_parent(tmp_path: Path):
    """The parent looks at its own clock, so the test lets the child alone with its limit."""
    code = (
        "import os; from media_assets.work.child_limits import ChildLimits, limit_this_process\n"
        "limit_this_process(ChildLimits(), 1)\n"
        "while True: pass"
    )
    ended = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], timeout=60, check=False)
    assert ended.returncode < 0


@pytest.mark.thorough
def test_nothing_is_left_when_the_parent_is_killed(tmp_path: Path):
    note = tmp_path / "pid"
    code = (
        "from pathlib import Path; from media_assets.media.sandbox.child import run_in_child\n"
        "from media_assets.work.work import Work; from media_assets_tests.media import child_functions as child\n"
        f"run_in_child(child.deaf, Path({str(note)!r}), work=Work(Path({str(tmp_path)!r})))"
    )
    with subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).parents[2]) as parent:
        wait_until(note.is_symlink, goes_on=lambda: parent.poll() is None)
        parent.kill()
    wait_for_end(int(str(note.readlink())))


@pytest.mark.usefixtures("fresh_server")
def test_a_child_sees_no_secrets_and_no_open_files_of_others(monkeypatch: pytest.MonkeyPatch, work: Work):
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    with Path(__file__).open("rb"):
        assert run_in_child(child.descriptors, work=work) == [0, 1, 2, 3]
    seen = run_in_child(child.environment, work=work)
    assert "OPENAI_API_KEY" not in seen
    assert seen["PATH"] == os.environ["PATH"]


@pytest.fixture
def fresh_server(work: Work) -> None:
    """Has the next call start its server anew, with the environment of then."""
    server = run_in_child(child.who, work=work)["parent"]
    os.kill(server, signal.SIGKILL)
    # It has ended when nobody but us is left to ask for its exit code.
    wait_until(lambda: psutil.Process(server).status() == psutil.STATUS_ZOMBIE, 10)


@pytest.mark.usefixtures("fresh_server")
def test_a_server_that_was_killed_is_started_anew(work: Work):
    assert run_in_child(child.echo, "hello", work=work) == "hello"


@pytest.mark.thorough
def test_a_call_whose_server_is_killed_may_be_repeated(tmp_path: Path):
    note = tmp_path / "pid"
    server = run_in_child(child.who, work=Work(tmp_path))["parent"]

    def kill() -> None:
        wait_until(note.is_symlink)
        os.kill(server, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(Transient, match="stopped from outside"):
        run_in_child(child.deaf, note, work=Work(tmp_path, time_limit_seconds=60))
    killer.join()
    if LINUX_HERE:
        wait_for_end(int(str(note.readlink())))


@FILTERED
@pytest.mark.parametrize("function", [child.start_a_process, child.start_a_program, child.kill_its_parent])
def test_a_child_starts_nothing_and_stops_nobody(function: Callable[[], None], work: Work):
    with pytest.raises(PermissionError):
        run_in_child(function, work=work)


@FILTERED
def test_a_child_does_not_reach_the_network(work: Work):
    with unreached() as port, pytest.raises(PermissionError):
        run_in_child(child.reach, port, work=work)


def test_a_child_may_have_threads(work: Work):
    assert run_in_child(child.threads, work=work) == 6


def test_what_a_child_could_not_do_for_want_of_itself_is_the_files_fault(work: Work):
    with pytest.raises(ChildFailed) as caught:
        run_in_child(child.unforeseen, work=work)
    assert isinstance(classify(caught.value), BadMedia)
