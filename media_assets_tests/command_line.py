"""`media-assets` as a person types it: in a process of its own, with its own output, exit code and signals.

To start Python and to import Dagster takes three seconds of a processor, so the process is forked off a server that has
imported everything once. Tests of the start itself, and of what the interpreter does before, run the real command.
"""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from media_assets_tests.child_processes import processes
from media_assets_tests.dagster_homes import copy_of_empty_home
from media_assets_tests.waiting import wait_until

_OURS = ("DAGSTER", "MEDIA_A", "GOOGLE_")


def environment() -> dict[str, str]:
    """Of this process, without what would reach into the libraries of tests."""
    return {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}


def typed(
    *arguments: str | Path,
    cwd: Path,
    variables: Mapping[str, str] | None = None,
    timeout: float = 120,
) -> subprocess.CompletedProcess[str]:
    """The command line from start to end, in a folder.

    Args:
        variables: Of the environment, in addition.
        timeout: In seconds.
    """
    command = Command(*arguments, cwd=cwd, variables=variables)
    code = command.wait(timeout)
    return subprocess.CompletedProcess(["media-assets", *map(str, arguments)], code, command.stdout, command.stderr)


class Command:
    """The command line at work; what there is of it is as in `subprocess.Popen`."""

    def __init__(self, *arguments: str | Path, cwd: Path, variables: Mapping[str, str] | None = None) -> None:
        self._said = tempfile.TemporaryDirectory()
        everything = {**environment(), **(variables or {})}
        self._process = processes().Process(
            target=_be_the_command_line, args=([*map(str, arguments)], cwd, everything, Path(self._said.name))
        )
        self._process.start()
        assert self._process.pid is not None
        self.pid: int = self._process.pid

    @property
    def stdout(self) -> str:
        """What it has said so far."""
        return self._read("stdout")

    @property
    def stderr(self) -> str:
        return self._read("stderr")

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code; a command that is not done in time is killed, and the test fails with what it said."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            self._process.kill()
            self._process.join()
            raise AssertionError(f"not done within {timeout} s:\n{self.stdout}\n{self.stderr}")
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        self._process.kill()

    def line_with(self, wanted: str, timeout: float = 60) -> str:
        """The first line of its standard output with a text in it, as soon as it is there."""

        def whole_line() -> str | None:
            lines = self.stdout.splitlines(keepends=True)
            return next((line for line in lines if wanted in line and line.endswith("\n")), None)

        found = wait_until(
            whole_line,
            timeout,
            goes_on=lambda: self.poll() is None,
            saying=lambda: f"{self.stdout}\n{self.stderr}",
        )
        return str(found)

    def _read(self, name: str) -> str:
        path = Path(self._said.name, name)
        return path.read_text("utf-8", "replace") if path.exists() else ""


def prepare_state(folder: Path) -> None:
    """Dagster's databases, empty, where a library has them by default. To make them takes a second."""
    home = folder / ".media_assets" / "dagster"
    if not home.exists():
        copy_of_empty_home(home)


def _be_the_command_line(arguments: list[str], cwd: Path, variables: Mapping[str, str], said: Path) -> None:
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(variables)
    for descriptor, path in enumerate((Path(os.devnull), said / "stdout", said / "stderr")):
        opened = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(opened, descriptor)
        os.close(opened)
    for descriptor, name in enumerate(("stdin", "stdout", "stderr")):
        file = open(descriptor, "w" if descriptor else "r", buffering=1, encoding="utf-8", closefd=False)  # noqa: SIM115
        vars(sys).update({name: file, f"__{name}__": file})
    sys.argv = ["media-assets", *arguments]
    try:
        from media_assets.cli.app import main

        main()
    finally:
        atexit._run_exitfuncs()  # a forked process would leave them out
