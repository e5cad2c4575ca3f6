"""What a process that reads untrusted bytes may take, and how it is put under that.

What belongs here: limits of the operating system, for our own children and for tools. The limit of time is that of the
file's `Work`, and whoever started the process watches it.
"""

from __future__ import annotations

import os
import resource
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ChildLimits:
    """Limits of a child of `media.sandbox.child.run_in_child`."""

    memory_bytes: int = 2_000_000_000
    """Address space on top of what the child begins with; not enforced on macOS."""
    open_files: int = 32
    written_bytes: int = 0
    """How large a file it may write. With 0 it can write none."""
    result_bytes: int = 64_000_000
    """How much it may hand back."""


@dataclass(frozen=True)
class ToolLimits:
    """Limits of a tool such as ffmpeg."""

    memory_bytes: int | None = None
    """What it may allocate; None for three quarters of what there is, and 4 GB at least. Not enforced on macOS.

    Not its address space: drivers of graphics cards reserve hundreds of gigabytes of that and use none.
    """
    open_files: int = 256

    @property
    def memory(self) -> int:
        """Bytes that it may allocate."""
        return self.memory_bytes or max(_LEAST_MEMORY, round(_memory_of_all() * _SHARE_OF_MEMORY))


def _memory_of_all() -> int:
    """Bytes of memory of this machine, or of the container, if it has less."""
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    try:
        return min(machine, int(_OF_THE_CONTAINER.read_text("ascii")))
    except (OSError, ValueError):  # there is no such limit
        return machine


_LEAST_MEMORY = 4_000_000_000
"""What 4K takes to be encoded."""
_SHARE_OF_MEMORY = 0.75
_OF_THE_CONTAINER = Path("/sys/fs/cgroup/memory.max")
_PASSED_ON = (
    *("PATH", "HOME", "LANG", "LC_", "TZ", "TMPDIR", "LD_", "DYLD_", "PYTHON", "VIRTUAL_ENV", "FAKETIME"),
    *("FONTCONFIG", "XDG_", "CUDA", "NVIDIA", "LIBVA", "VDPAU", "MESA", "DRI_", "ROC", "HIP", "ONEVPL", "MFX", "OMP_"),
)
"""Beginnings of the names of environment variables that who reads untrusted bytes gets: where its programs, libraries
and devices are. Keys and passwords are not for it."""


def clean_environment() -> dict[str, str]:
    """The environment without secrets, and without what makes a tool write or read elsewhere (`FFREPORT`)."""
    return {name: value for name, value in os.environ.items() if name.startswith(_PASSED_ON)}


def limit_this_tool(limits: ToolLimits, cpu_seconds: int | None, written_bytes: int) -> None:
    """Put the process that calls, and the program it is about to become, under limits for good.

    Args:
        cpu_seconds: Of all its threads together.
        written_bytes: How large a file it may write.
    """
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, written_bytes)
    _limit(resource.RLIMIT_NOFILE, limits.open_files)
    if cpu_seconds is not None:
        _limit(resource.RLIMIT_CPU, cpu_seconds)
    if sys.platform == "linux":
        _limit(resource.RLIMIT_DATA, limits.memory)
        _go_first()


def limit_this_process(limits: ChildLimits, cpu_seconds: int | None) -> None:
    """Put the process that calls under limits for good.

    Args:
        cpu_seconds: Of all its threads together; the end of a child whose parent cannot stop it any more.
    """
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, limits.written_bytes)
    _limit(resource.RLIMIT_NOFILE, limits.open_files)
    if cpu_seconds is not None:
        _limit(resource.RLIMIT_CPU, cpu_seconds)
    if sys.platform == "linux":
        _limit(resource.RLIMIT_AS, _address_space() + limits.memory_bytes)
        _go_first()


def _go_first() -> None:
    """Should the machine run out of memory, this process is to go, not the run."""
    with suppress(OSError):
        descriptor = os.open("/proc/self/oom_score_adj", os.O_WRONLY)
        os.write(descriptor, b"1000")
        os.close(descriptor)


def _limit(kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (value, value))


def _address_space() -> int:
    """Bytes of address space that this process has now."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * os.sysconf("SC_PAGE_SIZE")
