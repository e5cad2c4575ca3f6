"""Running a command line tool on one file: under its time limit, cancellable, and never left behind.

What belongs here: starting, watching and killing a process, whatever it is. What its options and its messages mean is
the business of the engine that calls.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from media_assets.engines.child_limits import clean_environment, limit_tool
from media_assets.engines.work import Work

POLL_SECONDS = 0.2
"""How long a silent process may keep us from looking at the clock and at cancellation."""
_READ_BYTES = 65536
_ERROR_OUTPUT_BYTES = 16384
"""How much is kept of the beginning of stderr, and as much of its end."""


@dataclass
class Ending:
    """How a process ended; filled in while its output is read."""

    exit_code: int = 0
    """Negative: the number of the signal that ended it."""
    _first: bytearray = field(default_factory=bytearray, repr=False)
    _last: bytearray = field(default_factory=bytearray, repr=False)

    @property
    def error_output(self) -> bytes:
        """What the process wrote to stderr; of very much, the beginning and the end."""
        return bytes(self._first + self._last)

    def keep(self, data: bytes) -> None:
        """Add what came from stderr."""
        room = max(0, _ERROR_OUTPUT_BYTES - len(self._first))
        self._first += data[:room]
        self._last += data[room:]
        del self._last[:-_ERROR_OUTPUT_BYTES]


def run_process(arguments: Sequence[str], work: Work, ending: Ending) -> Iterator[bytes]:
    """Run a process and yield its standard output as it arrives, in pieces of no particular size.

    The process gets a session of its own, an environment without secrets, and the limits of `work`. When the time limit
    passes, the run is cancelled, or the caller closes the generator, the whole session is killed, with everything the
    process started. Nothing outlives a normal end either.

    Args:
        arguments: The program and its arguments; no shell is involved. Surrogate escapes stand for bytes that are
            no UTF-8.
        work: Its limit and cancellation are looked at several times a second, also while the process is silent.
        ending: Receives the exit code and what was written to stderr.

    Raises:
        TimeLimitExceeded, Cancelled: from `work.check()`, after the process is dead.
        OSError: the program could not be started.
    """
    work.check()
    process = subprocess.Popen(
        arguments,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        start_new_session=True,
        env=clean_environment(),
    )
    try:
        limit_tool(process.pid, work.tool_limits, work.processor_seconds, work.room_bytes)
        yield from _read(process, work, ending)
        ending.exit_code = _wait(process, work)
    finally:
        _kill(process)


def _read(process: subprocess.Popen[bytes], work: Work, ending: Ending) -> Iterator[bytes]:
    """Yield stdout and keep stderr until both are closed, or the process is gone and has left nothing to read.

    The second condition matters when the process has started others that outlive it and hold the pipes open.
    """
    assert process.stdout is not None and process.stderr is not None
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        selector.register(process.stderr, selectors.EVENT_READ)
        while selector.get_map():
            gone = process.poll() is not None
            ready = selector.select(0 if gone else POLL_SECONDS)
            work.check()
            if gone and not ready:
                return
            for key, _ in ready:
                data = os.read(key.fd, _READ_BYTES)
                if not data:
                    selector.unregister(key.fileobj)
                elif key.fileobj is process.stderr:
                    ending.keep(data)
                else:
                    yield data


def _wait(process: subprocess.Popen[bytes], work: Work) -> int:
    """Wait for a process that has closed its outputs but may still be busy."""
    while True:
        try:
            return process.wait(POLL_SECONDS)
        except subprocess.TimeoutExpired:
            work.check()


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill what still runs of the session, be it only what the process left behind, and give back the pipes."""
    # The process's id is also that of its group, and is not given to another as long as the group has members.
    # macOS refuses (EPERM) where Linux finds nothing: a group whose members have all ended.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for pipe in (process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()
