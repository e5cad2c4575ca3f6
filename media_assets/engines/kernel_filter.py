"""What a child that reads untrusted bytes may ask the kernel for, on Linux: seccomp in a few lines.

Refused is what no reading of a file needs and a decoder that was taken over would: to start processes or programs, to
reach for the network, to look into other processes or to signal them. Threads of its own are allowed. Structures and
numbers as in Linux's `linux/seccomp.h`, `linux/bpf_common.h` and its tables of system calls.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import sys

_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _MODE_FILTER = 38, 22, 2
_LOAD, _IF_EQUAL, _IF_AT_LEAST, _IF_ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERROR, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16
"""Offsets in `struct seccomp_data`; of an argument the lower half on machines that begin with it."""
_CLONE_THREAD = 0x00010000
_X32 = 0x40000000
"""Calls of another table of x86-64, with the same effects."""

_MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_CLONE = {"x86_64": 56, "aarch64": 220}
_CLONE3 = 435
_SIGNALS = {"x86_64": (62, 234), "aarch64": (129, 131)}
"""kill and tgkill: to itself alone, which is how `abort` works."""
_REFUSED = {
    "x86_64": (41, 42, 49, 53, 57, 58, 59, 101, 200, 310, 311, 322, 424, 425, 434, 438),
    "aarch64": (117, 130, 198, 199, 200, 203, 221, 270, 271, 281, 424, 425, 434, 438),
}
"""socket, connect, bind, socketpair, fork, vfork, execve, ptrace, tkill, process_vm_readv and _writev, execveat,
pidfd_send_signal, io_uring_setup, pidfd_open, pidfd_getfd."""


class _Instruction(ctypes.Structure):
    _fields_ = (("code", ctypes.c_uint16), ("yes", ctypes.c_uint8), ("no", ctypes.c_uint8), ("k", ctypes.c_uint32))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint16), ("instructions", ctypes.POINTER(_Instruction)))


def refuse_what_no_reader_needs() -> bool:
    """Put the process that calls under the filter, for good.

    Returns:
        Whether it is; not so where the kernel or the machine has none.
    """
    machine = platform.machine()
    if sys.platform != "linux" or machine not in _MACHINES:
        return False
    instructions = _instructions(machine, os.getpid())
    array = (_Instruction * len(instructions))(*(_Instruction(*given) for given in instructions))
    program = _Program(len(instructions), array)
    prctl = ctypes.CDLL(None).prctl
    if prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    return bool(prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(program), 0, 0) == 0)


def _instructions(machine: str, pid: int) -> list[tuple[int, int, int, int]]:
    """Code, how many instructions to pass over if so and if not so, and the value."""
    allow, refuse = (_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _ERROR | errno.EPERM)
    program = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_IF_EQUAL, 1, 0, _MACHINES[machine]),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
    ]
    if machine == "x86_64":
        program += [(_IF_AT_LEAST, 0, 1, _X32), refuse]
    for number in _REFUSED[machine]:
        program += [(_IF_EQUAL, 0, 1, number), refuse]
    # The C library takes `clone` where there is no `clone3`, whose flags a filter cannot see.
    program += [(_IF_EQUAL, 0, 1, _CLONE3), (_RETURN, 0, 0, _ERROR | errno.ENOSYS)]
    kill, kill_thread = _SIGNALS[machine]
    return [
        *program,
        (_IF_EQUAL, 1, 0, kill),
        (_IF_EQUAL, 0, 4, kill_thread),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_IF_EQUAL, 0, 1, pid),
        allow,
        refuse,
        (_IF_EQUAL, 0, 3, _CLONE[machine]),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_IF_ANY_BIT, 1, 0, _CLONE_THREAD),
        refuse,
        allow,
    ]
