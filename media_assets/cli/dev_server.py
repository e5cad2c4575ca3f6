"""Dagster's development server as a child, started apart from what lies in the working folder, and
ended within a bound with all that it started.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil

from media_assets.base.errors import Fatal
from media_assets.config.settings import Settings

GRACE_SECONDS = 20.0
"""How long webserver, daemon, code servers and runs may take to end before they are killed."""
_ORDERLY_SECONDS = 8.0
"""How long of that the server has to end them by itself; runs in work are interrupted after it."""


def require_free(host: str, port: int) -> None:
    """Check that an address can be listened on; Dagster says so with a traceback, late.

    Raises:
        Fatal: it cannot.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise Fatal(
            f"{host}, port {port}, cannot be listened on: {reason}", next_step="Choose others with --host and --port"
        ) from None


def serve(settings: Settings, home: Path, host: str, port: int) -> int:
    """Run until the server ends or this process is interrupted; returns the exit code of the server.

    Raises:
        KeyboardInterrupt: this process was told to stop; everything has ended.
    """
    command = [sys.executable, "-m", "media_assets.dagster_seams.dev_command", "dev", "-m", "media_assets.definitions"]
    command += ["-h", host, "-p", str(port)]
    # Dagster puts this folder in front of all libraries; the working folder may hold a gql.py or a json.py.
    command += ["--working-directory", str(home), "--log-level", settings.logging.level]
    if settings.logging.format == "json":
        command += ["--log-format", "json"]
    environment = {
        **os.environ,
        "DAGSTER_HOME": str(home),
        "MEDIA_ASSETS_CONFIG": str(settings.config_path),
        "PYTHONSAFEPATH": "1",
    }
    # A group of its own: an interrupt from the terminal comes to this process alone, which passes it on once.
    child = subprocess.Popen(command, env=environment, process_group=0)
    try:
        return child.wait()
    finally:
        _end(child)


def _end(child: subprocess.Popen[bytes]) -> None:
    """Interrupt the server, which ends its services in order; then what it has left, as a terminal would. Kill what is
    there still after a while, or at once when this process is interrupted again."""
    try:
        everything = [psutil.Process(child.pid), *psutil.Process(child.pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        everything = []
    try:
        child.send_signal(signal.SIGINT)  # to all at once it would be a traceback of each that is still starting
        _, alive = psutil.wait_procs(everything, timeout=_ORDERLY_SECONDS)
        if alive:
            _signal_group(child, signal.SIGINT)
            _, alive = psutil.wait_procs(alive, timeout=GRACE_SECONDS - _ORDERLY_SECONDS)
    except KeyboardInterrupt:
        alive = everything
    for process in alive:
        with suppress(psutil.NoSuchProcess):
            for below in (*process.children(recursive=True), process):
                with suppress(psutil.NoSuchProcess):
                    below.kill()
    _signal_group(child, signal.SIGKILL)
    child.wait()


def _signal_group(child: subprocess.Popen[bytes], number: int) -> None:
    # macOS refuses (EPERM) where Linux finds nothing: a group whose members have all ended.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, number)
