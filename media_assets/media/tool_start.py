"""From a fork to a program: a tool such as ffmpeg begins under its limits, and is under none of its parent's doings.

What belongs here: what happens in the forked process until the program has taken its place. It is done in a small
process of one thread (`sandbox.helper_process`), because what happens between fork and exec in a process with threads
may hang.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import pickle
import signal
import struct
import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import NoReturn

from media_assets.media.sandbox.kernel_filter import LIBRARY, Freedom, refuse_what_no_tool_needs
from media_assets.work.child_limits import ToolLimits, limit_this_tool

NUMBER = struct.Struct("=i")
"""What is said of a program that could not be started: the number of the error."""
_NOT_STARTED = 127
_IGNORED_BY_PYTHON = (signal.SIGPIPE, signal.SIGXFSZ)
_SCRIPT = b"#!"


@dataclass(frozen=True)
class ToolRequest:
    """What is to be started, and how."""

    program: bytes
    """The whole path of the program."""
    arguments: tuple[bytes, ...]
    """The arguments, with the name of the program in front."""
    environment: dict[bytes, bytes]
    directory: bytes
    """The folder it is to work in."""
    freedom: Freedom
    """What the kernel leaves it, on Linux. A script, which wraps the program, may start programs at least."""
    limits: ToolLimits
    processor_seconds: int | None
    written_bytes: int


def become_tool(talk: int, output: int, errors: int) -> NoReturn:
    """Read the request and become the program.

    Args:
        talk: The descriptor that the request comes from. It is closed by the program's start; before that the number of
            the error is written to it if there is no start.
        output: What the program has as standard output.
        errors: What it has as standard error.
    """
    try:
        for number in _IGNORED_BY_PYTHON:
            signal.signal(number, signal.SIG_DFL)
        _arrange(talk, output, errors)
        with os.fdopen(3, "rb", closefd=False) as file:
            request: ToolRequest = pickle.load(file)  # noqa: S301  the parent's
        os.chdir(request.directory)
        limit_this_tool(request.limits, request.processor_seconds, request.written_bytes)
        _execute(request)
    except OSError as error:
        with suppress(OSError):
            os.write(3, NUMBER.pack(error.errno or 0))
    finally:
        os._exit(_NOT_STARTED)


def _arrange(talk: int, output: int, errors: int) -> None:
    """Standard streams at 0 to 2, `talk` at 3 and closed with the start, nothing else."""
    null = os.open(os.devnull, os.O_RDONLY)
    high = [os.dup(descriptor) for descriptor in (null, output, errors, talk)]
    while min(high) <= 3:  # what is in the way of its own place
        high = [os.dup(descriptor) for descriptor in high]
    for place, descriptor in enumerate(high):
        os.dup2(descriptor, place, inheritable=place < 3)
    os.closerange(4, 65536)


def _is_script(program: bytes) -> bool:
    descriptor = os.open(program, os.O_RDONLY)
    try:
        return os.read(descriptor, len(_SCRIPT)) == _SCRIPT
    finally:
        os.close(descriptor)


def _execute(request: ToolRequest) -> None:
    """Returns only when it could not be started.

    Raises:
        OSError: why.
    """
    if sys.platform != "linux":
        os.execve(request.program, request.arguments, request.environment)  # noqa: S606  the caller's
    page = mmap.mmap(-1, len(request.program) + 1)
    page[:] = request.program + b"\0"
    address = ctypes.addressof(ctypes.c_char.from_buffer(page))
    environment = [name + b"=" + value for name, value in request.environment.items()]
    arguments = (ctypes.c_char_p * (len(request.arguments) + 1))(*request.arguments, None)
    variables = (ctypes.c_char_p * (len(environment) + 1))(*environment, None)
    freedom = "programs" if request.freedom == "none" and _is_script(request.program) else request.freedom
    refuse_what_no_tool_needs(freedom, address)
    LIBRARY.execve(ctypes.c_void_p(address), arguments, variables)
    number = ctypes.get_errno()
    raise OSError(number, os.strerror(number))
