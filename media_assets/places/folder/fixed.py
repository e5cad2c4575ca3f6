"""What keeps a file where it is although its permissions allow to move it: attributes of Linux, and sticky folders."""

from __future__ import annotations

import os
import re
import stat
import struct
import sys
from pathlib import Path

_GET_FLAGS = 0x80006601 | struct.calcsize("l") << 16
"""FS_IOC_GETFLAGS of linux/fs.h, `_IOR('f', 1, long)`."""
_IMMUTABLE, _APPEND_ONLY = 0x10, 0x20
"""FS_IMMUTABLE_FL and FS_APPEND_FL, which `chattr +i` and `chattr +a` set."""


def fixed_by(path: Path) -> str | None:
    """The attribute that forbids to rename a file, or to take entries out of a folder; None where there is none, where
    it cannot be read, and where the file system has no such attributes.
    """
    if sys.platform != "linux":
        return None
    import fcntl

    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        answer = fcntl.ioctl(descriptor, _GET_FLAGS, bytes(struct.calcsize("l")))
    except OSError:
        return None
    finally:
        os.close(descriptor)
    flags = int.from_bytes(answer[:4], sys.byteorder)
    return "immutable" if flags & _IMMUTABLE else "append-only" if flags & _APPEND_ONLY else None


def is_held_by_sticky_folder(path: Path) -> bool:
    """Whether only its owner, or that of its folder, may move a file (as in /tmp), and this process is neither."""
    folder = path.parent.stat()
    owners = (folder.st_uid, path.lstat().st_uid)
    return bool(folder.st_mode & stat.S_ISVTX) and os.geteuid() not in (0, *owners)


def mount_of(path: Path) -> str | None:
    """Where what a path lies on is mounted: a part of a disk that is mounted elsewhere too has the same device number.
    None where the system does not tell.

    Args:
        path: Without symbolic links.
    """
    try:
        lines = Path("/proc/self/mountinfo").read_bytes().splitlines()
    except OSError:
        return None
    mounted = {_unescaped(fields[4]) for line in lines if len(fields := line.split(b" ")) > 4}
    return next((str(folder) for folder in (path, *path.parents) if str(folder) in mounted), None)


def _unescaped(name: bytes) -> str:
    """Spaces and the like stand there as three octal digits."""
    return os.fsdecode(re.sub(rb"\\([0-7]{3})", lambda found: bytes([int(found[1], 8) & 255]), name))
