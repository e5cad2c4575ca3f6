"""What a process that reads untrusted bytes may ask the kernel for, on Linux: seccomp in a few lines.

Refused is what no reading of a file needs and a decoder that was taken over would: to start processes or programs, to
reach for the network, to look into other processes or to signal them. Threads of its own are allowed. A tool is not
refused to become what it is, and may be given more (`Freedom`). Structures and
numbers as in Linux's `linux/seccomp.h`, `linux/bpf_common.h` and its tables of system calls.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys
from collections.abc import Callable, Iterable
from typing import Literal

_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _MODE_FILTER = 38, 22, 2
_LOAD, _IF_EQUAL, _IF_AT_LEAST, _IF_ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERROR, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16
"""Offsets in `struct seccomp_data`; of an argument the lower half on machines that begin with it."""
_CLONE_THREAD = 0x00010000
_X32 = 0x40000000
"""Calls of another table of x86-64, with the same effects."""

Freedom = Literal["none", "programs", "all"]
"""What a tool may do besides reading and writing files: nothing; start programs, but reach no network; anything."""

_MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_CLONE = {"x86_64": 56, "aarch64": 220}
_CLONE3 = 435
_SOCKET = {"x86_64": 41, "aarch64": 198}
_EXECVE = {"x86_64": 59, "aarch64": 221}
_SIGNALS = {"x86_64": (62, 234), "aarch64": (129, 131)}
"""kill and tgkill: to itself alone, which is how `abort` works."""
_LOOK_INTO_OTHERS = {
    "x86_64": (101, 200, 310, 311, 424, 425, 434, 438),
    "aarch64": (117, 130, 270, 271, 424, 425, 434, 438),
}
"""ptrace, tkill, process_vm_readv and _writev, pidfd_send_signal, io_uring_setup, pidfd_open, pidfd_getfd."""
_REACH = {"x86_64": (41, 42, 49, 53), "aarch64": (198, 199, 200, 203)}
"""socket, connect, bind, socketpair."""
_START = {"x86_64": (57, 58, 322), "aarch64": (281,)}
"""fork, vfork, execveat."""
_AF_UNIX = 1
_INSTRUCTION = struct.Struct("=HBBI")
"""`struct sock_filter`; `struct sock_fprog` is their number and where they are."""
_PROGRAM = struct.Struct("@HP")
_MACHINE = platform.machine() if sys.platform == "linux" else ""
LIBRARY = ctypes.CDLL(None, use_errno=True)
"""The C library. Like all here it is made ready before a process forks: what a child makes anew costs it most."""


def refuse_what_no_reader_needs() -> bool:
    """Put the process that calls under the filter, for good.

    Returns:
        Whether it is; not so where the kernel or the machine has none.
    """
    return _apply(lambda machine: [*_alone(machine), *_no_program(machine)])


def refuse_what_no_tool_needs(freedom: Freedom, program: int) -> bool:
    """Put the process that calls, which is about to become a program, under the filter, for good.

    Args:
        freedom: What the program may do.
        program: Where in memory the path of the program stands. With no freedom, this is the only one that can be
            started, from this very address: what it holds cannot be looked at by a filter, and where it is, the program
            does not learn.

    Returns:
        Whether it is; not so where it may do anything, or the kernel or the machine has no filter.
    """
    match freedom:
        case "none":
            return _apply(lambda machine: [*_alone(machine), *_one_program(machine, program)])
        case "programs":
            return _apply(_no_network)
        case "all":
            return False


def _apply(rules: Callable[[str], list[_Rule]]) -> bool:
    if _MACHINE not in _MACHINES:
        return False
    packed = _IN_FRONT + b"".join(_INSTRUCTION.pack(*rule) for rule in (*rules(_MACHINE), _ALLOWED))
    place = ctypes.create_string_buffer(packed, len(packed))
    program = _PROGRAM.pack(len(packed) // _INSTRUCTION.size, ctypes.addressof(place))
    if LIBRARY.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    return bool(LIBRARY.prctl(_PR_SET_SECCOMP, _MODE_FILTER, program, 0, 0) == 0)


_Rule = tuple[int, int, int, int]
"""An instruction: code, how many instructions to pass over if so and if not so, and the value."""
_ALLOWED: _Rule = (_RETURN, 0, 0, _ALLOW)
_REFUSED: _Rule = (_RETURN, 0, 0, _ERROR | errno.EPERM)


def _in_front(machine: str) -> list[_Rule]:
    """What stands in front of all rules; the number of the call is loaded then."""
    other_table = [(_IF_AT_LEAST, 0, 1, _X32), _REFUSED] if machine == "x86_64" else []
    return [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_IF_EQUAL, 1, 0, _MACHINES[machine]),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
        *other_table,
        *_refuse(_LOOK_INTO_OTHERS[machine]),
    ]


def _refuse(numbers: Iterable[int]) -> list[_Rule]:
    return [rule for number in numbers for rule in ((_IF_EQUAL, 0, 1, number), _REFUSED)]


def _alone(machine: str) -> list[_Rule]:
    """No network, no processes, no signals to others; threads. The number of the call stays loaded."""
    kill, kill_thread = _SIGNALS[machine]
    return [
        *_refuse((*_REACH[machine], *_START[machine])),
        # The C library takes `clone` where there is no `clone3`, whose flags a filter cannot see.
        (_IF_EQUAL, 0, 1, _CLONE3),
        (_RETURN, 0, 0, _ERROR | errno.ENOSYS),
        (_IF_EQUAL, 1, 0, kill),
        (_IF_EQUAL, 0, 4, kill_thread),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_IF_EQUAL, 0, 1, os.getpid()),
        _ALLOWED,
        _REFUSED,
        (_IF_EQUAL, 0, 4, _CLONE[machine]),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_IF_ANY_BIT, 1, 0, _CLONE_THREAD),
        _REFUSED,
        _ALLOWED,
    ]


def _no_program(machine: str) -> list[_Rule]:
    return _refuse([_EXECVE[machine]])


def _one_program(machine: str, address: int) -> list[_Rule]:
    return [
        (_IF_EQUAL, 0, 6, _EXECVE[machine]),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_IF_EQUAL, 0, 3, address & 0xFFFFFFFF),
        (_LOAD, 0, 0, _FIRST_ARGUMENT + 4),
        (_IF_EQUAL, 0, 1, address >> 32),
        _ALLOWED,
        _REFUSED,
    ]


def _no_network(machine: str) -> list[_Rule]:
    """Rules that allow sockets of this machine alone, which drivers talk over."""
    return [
        (_IF_EQUAL, 0, 4, _SOCKET[machine]),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_IF_EQUAL, 0, 1, _AF_UNIX),
        _ALLOWED,
        _REFUSED,
    ]


_IN_FRONT = b"".join(_INSTRUCTION.pack(*rule) for rule in _in_front(_MACHINE)) if _MACHINE in _MACHINES else b""
