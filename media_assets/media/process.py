"""Running a command line tool on one file: under its time limit, cancellable, and never left behind.

What belongs here: starting, watching and killing a process, whatever it is. What its options and its messages mean is
the business of the engine that calls.
"""

from __future__ import annotations

import os
import pickle
import selectors
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from media_assets.base.errors import Transient
from media_assets.media.sandbox.helper_process import Forked, helper
from media_assets.media.sandbox.kernel_filter import Freedom
from media_assets.media.sandbox.server import NOT_STARTED, STATUS, TOOL
from media_assets.media.tool_start import NUMBER, ToolRequest
from media_assets.work.child_limits import clean_environment
from media_assets.work.work import Work

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


def run_process(arguments: Sequence[str], work: Work, ending: Ending, freedom: Freedom = "none") -> Iterator[bytes]:
    """Run a process and yield its standard output as it arrives, in pieces of no particular size.

    The process gets a session of its own, an environment without secrets, and from its first instruction on the limits
    of `work`. When the time limit passes, the run is cancelled, or the caller closes the generator, the whole session
    is killed, with everything the process started. Nothing outlives a normal end either, nor the end of this process.

    Args:
        arguments: The program and its arguments; no shell is involved. Surrogate escapes stand for bytes that are
            no UTF-8.
        work: Its limit and cancellation are looked at several times a second, also while the process is silent. Its
            directory is where the process works.
        ending: Receives the exit code and what was written to stderr.
        freedom: What the process may do besides reading and writing files, on Linux.

    Raises:
        TimeLimitExceeded, Cancelled: from `work.check()`, after the process is dead.
        OSError: the program could not be started.
        Transient: no process could be started, or what started it was killed.
    """
    work.check()
    program = shutil.which(arguments[0])
    if program is None:
        raise FileNotFoundError(f"there is no program {arguments[0]}")
    with ExitStack() as stack:
        with ExitStack() as theirs:
            output, output_end = _pipe(stack, theirs)
            errors, errors_end = _pipe(stack, theirs)
            request = _request(program, arguments, work, freedom)
            tool = helper("tools").fork(TOOL, request, stack, (output_end, errors_end))
        stack.callback(tool.kill)
        yield from _read(tool, output, errors, work, ending)


def _pipe(stack: ExitStack, theirs: ExitStack) -> tuple[int, int]:
    """The end to read from and the one to write to; each stack closes its own."""
    reader, writer = os.pipe()
    stack.callback(os.close, reader)
    theirs.callback(os.close, writer)
    return reader, writer


def _request(program: str, arguments: Sequence[str], work: Work, freedom: Freedom) -> bytes:
    return pickle.dumps(
        ToolRequest(
            program=os.fsencode(Path(program).absolute()),
            arguments=tuple(map(os.fsencode, arguments)),
            environment={os.fsencode(name): os.fsencode(value) for name, value in clean_environment().items()},
            directory=os.fsencode(work.directory.absolute()),
            freedom=freedom,
            limits=work.tool_limits,
            processor_seconds=work.processor_seconds,
            written_bytes=work.room_bytes,
        )
    )


def _read(tool: Forked, output: int, errors: int, work: Work, ending: Ending) -> Iterator[bytes]:
    """Yield stdout and keep stderr until both are closed and the process has ended, or it has left nothing to read.

    The second condition matters when others, which are in no session of ours, hold the pipes open.
    """
    status: int | None = None
    with selectors.DefaultSelector() as selector:
        for end in (tool.talk, tool.life, output, errors):
            selector.register(end, selectors.EVENT_READ)
        while selector.get_map():
            ready = selector.select(0 if status is not None else POLL_SECONDS)
            work.check()
            if status is not None and not ready:
                break
            for key, _ in ready:
                data = _received(key.fd)
                if key.fileobj is tool.talk and data:
                    number = NUMBER.unpack(data)[0]
                    raise OSError(number, os.strerror(number))
                if key.fileobj is tool.life:
                    status = _status(data)
                if not data or key.fileobj is tool.life:
                    selector.unregister(key.fileobj)
                elif key.fd == errors:
                    ending.keep(data)
                else:
                    yield data
    ending.exit_code = _status(b"") if status is None else status


def _received(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, _READ_BYTES)
    except ConnectionResetError:
        return b""


def _status(data: bytes) -> int:
    """
    Raises:
        Transient: nobody knows how it ended.
    """
    status = STATUS.unpack(data)[0] if data else NOT_STARTED
    if status == NOT_STARTED:
        raise Transient("no program could be started to process it", next_step="Close some programs, then run again")
    return int(status)
