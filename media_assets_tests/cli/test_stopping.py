"""Bad endings of the command line: outputs nobody reads, closed terminals, servers in the background."""

from __future__ import annotations

import json
import logging
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from media_assets.cli import app as cli
from media_assets.cli.stopping import heeded_signals
from media_assets.pipeline.deaths import AtWork, this_boot
from media_assets_tests.broken_library import tone
from media_assets_tests.command_line import environment, prepare_state, typed
from media_assets_tests.dagster_dev import free_port, heed_interrupts
from media_assets_tests.waiting import wait_until

CLI = [sys.executable, "-m", "media_assets.cli"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "media").mkdir()
    tone(tmp_path / "media" / "a.ogg", 440, 1)
    (tmp_path / "library.yaml").write_text("sources: {media: {path: media}}\n")
    prepare_state(tmp_path)
    return tmp_path


def shell(root: Path, line: str) -> subprocess.CompletedProcess[str]:
    """Run by bash, with the command line as $M."""
    return subprocess.run(
        ["bash", "-c", f"set -o pipefail; {line}"],
        env={**environment(), "M": " ".join(CLI)},
        cwd=root,
        text=True,
        capture_output=True,
        timeout=120,
    )


@pytest.mark.thorough
@pytest.mark.parametrize("line", ["$M process --stage drive_file >&-", "$M process --stage drive_file | head -1"])
def test_work_goes_on_when_nobody_reads_what_is_said(root: Path, line: str) -> None:
    done = shell(root, line)
    assert (done.returncode, "Traceback" in done.stderr, done.stderr) == (0, False, "")
    cells = json.loads(typed("status", "--json", cwd=root).stdout)["assets"]["drive_file"]
    assert cells["done"] == 1


@pytest.mark.thorough
@pytest.mark.parametrize("line", ["$M status --json | true", "$M status 2>&- >&-", "$M doctor --help | true"])
def test_what_nobody_reads_is_no_trouble(root: Path, line: str) -> None:
    assert shell(root, line).stderr == ""


@pytest.mark.thorough
def test_who_starts_again_is_told_at_which_files_a_process_died(root: Path) -> None:
    file = AtWork(asset="drive_file", key="media:a.ogg", fingerprint="f", engine="", run_id="dead", boot=this_boot())
    folder = root / ".media_assets" / "work" / "dead"
    folder.mkdir(parents=True)
    (folder / "1.at_work").write_text(file.model_dump_json(), "utf-8")
    done = typed("process", "--stage", "drive_file", cwd=root)
    assert done.returncode == 0, done.stderr
    assert "a process died while a.ogg (drive_file) was at work: when it is tried again, then last" in done.stdout
    assert "died" not in typed("process", "--stage", "drive_file", cwd=root).stdout


STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.mark.parametrize(("arguments", "code"), [(["--version"], 0), (["status", "--sauce", "x"], 2), (["status"], 2)])
def test_who_calls_a_command_from_python_has_their_own_handlers_back(
    arguments: list[str], code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MEDIA_ASSETS_CONFIG", str(tmp_path / "none.yaml"))
    monkeypatch.setattr(sys, "argv", ["media-assets", *arguments])
    reading, writing = socket.socketpair()
    with reading, writing:
        writing.setblocking(False)
        handlers = {number: signal.signal(number, lambda *_: None) for number in STOPS}
        waker = signal.set_wakeup_fd(writing.fileno())
        own = [signal.getsignal(number) for number in STOPS]
        opened = psutil.Process().num_fds()
        try:
            for _ in range(2):
                with pytest.raises(SystemExit) as ended:
                    cli.main()
                assert ended.value.code == code, capsys.readouterr()
                assert [signal.getsignal(number) for number in STOPS] == own
                assert signal.set_wakeup_fd(writing.fileno()) == writing.fileno()
            assert psutil.Process().num_fds() == opened
        finally:
            signal.set_wakeup_fd(waker)
            for number, handler in handlers.items():
                signal.signal(number, handler)


def test_quiet_is_for_one_command_alone(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MEDIA_ASSETS_CONFIG", str(root / "library.yaml"))
    for arguments, said in ((["retry", "-q"], False), (["retry"], True)):
        monkeypatch.setattr(sys, "argv", ["media-assets", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert ended.value.code == 0
        assert bool(capsys.readouterr().out) is said


def children_of(process: subprocess.Popen[Any]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_server_in_the_background_hears_signals_and_leaves_nothing_behind(root: Path, number: signal.Signals) -> None:
    for name in ("gql", "json", "dagster", "secrets"):
        (root / f"{name}.py").write_text("raise SystemExit('a file of the library was imported')")
    port = free_port()
    log = (root / "log").open("wb")
    process = subprocess.Popen(
        [str(Path(sys.executable).with_name("media-assets")), "dev", "--port", str(port)],
        cwd=root,
        env=environment(),
        stdout=log,
        stderr=log,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),  # as shells start what is in the background
    )
    started: list[psutil.Process] = []
    try:
        # When sensors look, every daemon has begun.
        wait_until(
            lambda: all(
                word in (root / "log").read_text("utf-8", "replace") for word in ("Serving", "Checking for new")
            ),
            90,
            goes_on=lambda: process.poll() is None,
            saying=(root / "log").read_text,
            pause_seconds=0.5,
        )
        said = (root / "log").read_text()
        assert not any(word in said for word in ("WARNING", "Warning", "ERROR", "Traceback")), said
        started = children_of(process)
        process.send_signal(number)
        assert process.wait(timeout=60) == 128 + number, (root / "log").read_text()
        _, alive = psutil.wait_procs(started, timeout=5)
        assert alive == []
        assert "was imported" not in (root / "log").read_text()
    finally:
        for left in started:
            with suppress(psutil.NoSuchProcess):
                left.kill()
        process.kill()
        log.close()


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [0, 1, 3, 5, 8, 12])
def test_a_server_that_is_stopped_while_it_starts_says_no_more_than_that(root: Path, seconds: int) -> None:
    command = [str(Path(sys.executable).with_name("media-assets")), "dev", "--port", str(free_port())]
    process = subprocess.Popen(
        command,
        cwd=root,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=heed_interrupts,
    )
    wait_until(lambda: children_of(process), goes_on=lambda: process.poll() is None)
    time.sleep(seconds)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "Traceback" not in said, said


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_work_that_is_stopped_leaves_no_tool_running_and_nothing_half_made(root: Path, number: signal.Signals) -> None:
    tone(root / "media" / "long.flac", 440, 3600)
    (root / "media" / "a.ogg").unlink()
    log = (root / "log").open("wb")
    process = subprocess.Popen(
        [*CLI, "process", "--stage", "m4a_audio"], cwd=root, env=environment(), stdout=log, stderr=log
    )
    try:
        tools = wait_until(
            lambda: [child for child in children_of(process) if "ffmpeg" in child.name()],
            90,
            goes_on=lambda: process.poll() is None,
            saying=(root / "log").read_text,
            pause_seconds=0.1,
        )
        process.send_signal(number)
        assert process.wait(timeout=30) == 128 + number
    finally:
        process.kill()
        log.close()
    assert psutil.wait_procs(tools, timeout=5)[1] == []
    assert [path for path in (root / ".media_assets" / "work").rglob("*") if path.suffix in (".m4a", ".flac")] == []
    said = (root / "log").read_text()
    assert "Traceback" not in said and "what was finished is kept" in said


class Interrupted:
    """An object at whose end a stop arrives."""

    def __del__(self) -> None:
        raise KeyboardInterrupt


def test_a_stop_that_comes_where_nothing_can_be_raised_is_not_lost(capfd: pytest.CaptureFixture[str]) -> None:
    hook = sys.unraisablehook
    with heeded_signals(), pytest.raises(KeyboardInterrupt):
        found = Interrupted()
        del found
        time.sleep(10)
    assert sys.unraisablehook is hook
    assert "Exception ignored" not in capfd.readouterr().err


def test_libraries_say_nothing_of_a_stop_and_go_on_to_tell_of_errors(capsys: pytest.CaptureFixture[str]) -> None:
    assert logging.lastResort is not None
    filters = list(logging.lastResort.filters)
    with heeded_signals():
        for error in (KeyboardInterrupt(), ValueError("of its own")):
            record = logging.LogRecord("a.pool", logging.ERROR, "", 0, "closing", (), (type(error), error, None))
            logging.lastResort.handle(record)
    said = capsys.readouterr().err
    assert "of its own" in said and "KeyboardInterrupt" not in said
    assert logging.lastResort.filters == filters
