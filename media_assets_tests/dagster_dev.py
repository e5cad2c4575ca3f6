"""A real `dagster dev` for tests."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import psutil

from media_assets_tests.dagster_ui import DagsterUI
from media_assets_tests.waiting import wait_until

_START_SECONDS = 120


def heed_interrupts() -> None:
    """For a new process: what a shell runs in the background ignores interrupts, and so does all that it starts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class DagsterDev(DagsterUI):
    """`media-assets --config FILE dev`, from start to stop, as a context manager."""

    def __init__(self, config: Path, log: Path) -> None:
        self._config = config
        self._log = log
        super().__init__(free_port())

    def __enter__(self) -> Self:
        command = [
            sys.executable,
            "-m",
            "media_assets.cli",
            "--config",
            str(self._config),
            "dev",
            "--port",
            str(self._port),
        ]
        ours = ("DAGSTER", "MEDIA_ASSETS")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                command,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,
                preexec_fn=heed_interrupts,
                cwd=self._config.parent,
            )
        try:
            self.wait_for(self.is_loaded, seconds=_START_SECONDS, what="the code location")
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @staticmethod
    def command_lines() -> set[str]:
        """Of all processes of this machine that run now."""
        return {" ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])}

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(timeout=40)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def wait_for(self, condition: Callable[[], Any], *, seconds: float, what: str) -> Any:
        """The first true answer of `condition`; fails with the end of the log when there is none in time."""
        return wait_until(
            condition,
            seconds,
            goes_on=lambda: self.process.poll() is None,
            saying=lambda: f"{what}\n{self.log_tail()}",
            pause_seconds=3,  # to ask costs the web server time that the runs need
        )

    def wait_for_look(self, sensor: str) -> None:
        """Until a sensor has looked once more, from a beginning after now to its end."""
        now = time.time()
        self.wait_for(
            lambda: [tick for tick in self.ticks(sensor) if tick["timestamp"] > now and tick["endTimestamp"]],
            seconds=120,
            what=f"a look of {sensor}",
        )

    def log_tail(self) -> str:
        return "\n".join(self._log.read_text("utf-8", "replace").splitlines()[-60:])
