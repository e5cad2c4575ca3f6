"""A function of ours, run on untrusted bytes in a process of its own.

A decoder that a hostile file makes hang, swell or crash takes only that process with it, and the file is red with that
reason. What a child may take is in `work.child_limits`, how it is made in `server`, what it may answer in `results`.
"""

from __future__ import annotations

import json
import pickle
import selectors
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError

from media_assets.base.errors import BadMedia, MediaAssetsError, TimeLimitExceeded, Transient
from media_assets.media.sandbox.helper_process import Forked, helper
from media_assets.media.sandbox.results import adapter
from media_assets.media.sandbox.server import (
    CALL,
    ERROR,
    JSON,
    LOOK_AT_IT,
    NOT_STARTED,
    OS_ERROR,
    OUT_OF_MEMORY,
    PLAIN,
    STATUS,
    UNFORESEEN,
)
from media_assets.work.child_limits import ChildLimits
from media_assets.work.work import Work

Result = TypeVar("Result")

POLL_SECONDS = 0.1
"""How long a silent child may keep us from looking at the clock and at cancellation."""
_READ_BYTES = 1 << 20


class ChildFailed(Exception):
    """The function raised what nobody foresaw. Its traceback is in the notes."""


def run_in_child(
    function: Callable[..., Result],
    *arguments: Any,
    work: Work,
    limits: ChildLimits | None = None,
    ahead: Sequence[str] = (),
) -> Result:
    """Call a function in a child process and return what it returns.

    Args:
        function: At the top level of a module. It says what it returns: bytes, or what pydantic writes as JSON and
            reads again (models, dataclasses, tuples, dictionaries). The result is checked against that.
        arguments: Anything that can be pickled.
        work: Its limit and cancellation are looked at several times a second; the child dies with them.
        limits: What the child may take; None for what `work` says.
        ahead: Modules that are loaded once for all such calls, and not by each child: those that take long.

    Raises:
        BadMedia: the child met one of its limits or crashed.
        TimeLimitExceeded, Cancelled: from `work`, after the child is dead.
        Transient: the child was killed from outside.
        ChildFailed: what nobody foresaw.
        Others: errors of this project and of the operating system come back as the function raised them.
    """
    work.check()
    limits = limits or work.child_limits
    request = pickle.dumps((function.__module__, function.__name__, arguments, limits, work.processor_seconds))
    with ExitStack() as stack:
        child = helper("readers").fork(CALL, request, stack, ahead=ahead)
        data = _Call(child).wait(work, limits)
    return _result(function, data)


@dataclass(frozen=True)
class _Call:
    """A child at work, as its parent sees it."""

    child: Forked

    def wait(self, work: Work, limits: ChildLimits) -> bytes:
        """What the child answered.

        Raises:
            As `run_in_child`, when the child did not end well.
        """
        data = bytearray()
        status: int | None = None
        with selectors.DefaultSelector() as selector:
            selector.register(self.child.talk, selectors.EVENT_READ)
            selector.register(self.child.life, selectors.EVENT_READ)
            while selector.get_map():
                ready = selector.select(POLL_SECONDS)
                if status is not None and not ready:
                    break  # something that the child has started holds its end open
                try:
                    work.check()
                except MediaAssetsError:
                    self.child.kill()
                    raise
                for key, _ in ready:
                    piece = self._read(key.fileobj)
                    if not piece:
                        selector.unregister(key.fileobj)
                    elif key.fileobj is self.child.life:
                        status = STATUS.unpack(piece)[0]
                        selector.unregister(self.child.life)
                    else:
                        data += piece
                        if len(data) > limits.result_bytes + 1:
                            self.child.kill()
                            raise BadMedia(
                                f"has more in it to tell of than {limits.result_bytes} bytes", next_step=LOOK_AT_IT
                            )
        if status != 0:
            raise _failure(status, limits)
        return bytes(data)

    def _read(self, end: Any) -> bytes:
        try:
            return bytes(end.recv(STATUS.size if end is self.child.life else _READ_BYTES))
        except ConnectionResetError:
            return b""


def _failure(status: int | None, limits: ChildLimits) -> MediaAssetsError:
    """The error for a child that ended badly.

    Args:
        status: Its exit code; negative the number of the signal that ended it; None when nobody knows.
    """
    if status == OUT_OF_MEMORY:
        gigabytes = limits.memory_bytes / 1e9
        return BadMedia(f"needs more than {gigabytes:.3g} GB of memory to be read", next_step=LOOK_AT_IT)
    if status == -signal.SIGXCPU:
        return TimeLimitExceeded("took more time of the processor than it may to be read", next_step=LOOK_AT_IT)
    if status == NOT_STARTED:
        return Transient("no process could be started to read it", next_step="Close some programs, then run again")
    if status is None or status == -signal.SIGKILL:
        return Transient(
            "the process that read it was stopped from outside",
            next_step="If memory ran out, lower `workers` of the asset",
        )
    if status < 0:
        return BadMedia(f"made the process that read it crash ({signal.Signals(-status).name})", next_step=LOOK_AT_IT)
    return BadMedia(f"made the process that read it end with code {status}", next_step=LOOK_AT_IT)


def _result(function: Callable[..., Result], data: bytes) -> Result:
    kind, content = data[:1], data[1:]
    if kind == PLAIN:
        return content  # type: ignore[return-value]
    try:
        if kind == JSON:
            return adapter(function).validate_json(content)  # type: ignore[no-any-return]
        told = json.loads(content)
        if kind == ERROR:
            name, reason, next_step = told
            raise _known_errors()[name](str(reason), next_step=str(next_step))
        if kind == OS_ERROR:
            number, text, filename = told
            number = None if number is None else int(number)
            raise OSError(number, str(text)) if filename is None else OSError(number, str(text), str(filename))
        if kind == UNFORESEEN:
            error = ChildFailed(str(told[0]))
            error.add_note(str(told[1]))
            raise error
    except (ValidationError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise BadMedia("made the process that read it answer nonsense", next_step=LOOK_AT_IT) from error
    raise BadMedia("made the process that read it answer nothing", next_step=LOOK_AT_IT)


def _known_errors() -> dict[str, type[MediaAssetsError]]:
    """The errors that are made of a reason and a next step, by their names."""

    def below(base: type[MediaAssetsError]) -> Iterator[type[MediaAssetsError]]:
        yield base
        for error in base.__subclasses__():
            if error.__init__ is MediaAssetsError.__init__:
                yield from below(error)

    return {error.__name__: error for error in below(MediaAssetsError)}
