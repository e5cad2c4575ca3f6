"""Small files of our own: written whole or not at all, and read as absent where they hold nothing that was written."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from uuid import uuid4

PRIVATE_MODE = 0o600
"""Mode of files that only their owner can read."""
STAGING_PREFIX = ".media_assets-"
"""Begins the names of files that are being written: no source takes them for files of a library."""

_PIECE_BYTES = 1 << 20

# What is there but no file that this process can read. A passing fault of the disk or of a share is none of these.
_NO_FILE = {errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EACCES, errno.EPERM, errno.ELOOP, errno.ENAMETOOLONG}
_NO_FILE |= {errno.ENXIO}  # what `open_regular` says of pipes, sockets and devices
# What systems say of a socket, and of a device that is not there.
_NEVER_OF_A_FILE = {errno.ENXIO, errno.ENODEV, errno.EOPNOTSUPP}


def write_whole(path: Path, content: bytes, *, mode: int = 0o666, sync: bool = True) -> None:
    """Write a file so that, whenever the machine stops, it holds the old content or the new one.

    It is on the disk before it gets its name: a rename may survive a loss of power that the content does not. A folder
    in its place makes way.

    Args:
        mode: The permissions, less those that the process gives to no new file (umask).
        sync: Whether to wait for the disk. Not for what may be lost with the power, and is seen to be damaged then.

    Raises:
        OSError: it cannot be written; what was there is as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    staged = path.with_name(f"{STAGING_PREFIX}{uuid4().hex}.part")
    try:
        with open(staged, "xb", opener=partial(os.open, mode=mode)) as file:
            file.write(content)
            file.flush()
            if sync:
                os.fsync(file.fileno())
        make_way(path)
        staged.replace(path)
    except BaseException:
        staged.unlink(missing_ok=True)
        raise


def private_folder(folder: Path) -> Path:
    """Make a folder that only its owner can look into; one of ours that is there already is closed to others."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    close_to_others(folder)
    return folder


def close_to_others(path: Path) -> None:
    """Take a file or folder of ours from all others; not what is another user's, and not what a link leads to.

    On a disk that knows no permissions it stays as it is.

    Raises:
        FileNotFoundError: it is not there.
    """
    state = path.lstat()
    mode = stat.S_IMODE(state.st_mode)
    if state.st_uid == os.getuid() and not stat.S_ISLNK(state.st_mode) and mode & 0o077:
        with suppress(OSError):
            path.chmod(mode & ~0o077)


def open_regular(path: str | Path, flags: int = os.O_RDONLY) -> int:
    """An opener for `open`: a descriptor of a file that never waits for what is at the other end of a pipe.

    Raises:
        OSError: it cannot be opened, or is a pipe, a socket or a device, which may hold back or give without end.
    """
    no_file = OSError(errno.ENXIO, "it is a pipe, a socket or a device, not a file", str(path))
    try:
        descriptor = os.open(path, flags | os.O_NONBLOCK)
    except OSError as error:
        if error.errno in _NEVER_OF_A_FILE:
            raise no_file from error
        raise
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode):  # of a folder, `open` says so itself
        return descriptor
    os.close(descriptor)
    raise no_file


def read_file(path: Path) -> bytes:
    """What a file holds.

    Raises:
        OSError: it cannot be read, or is no file; see `open_regular`.
    """
    with open(path, "rb", opener=open_regular) as file:
        return file.read()


def read_if_file(path: Path) -> bytes | None:
    """What a file holds; None where none can be read: nothing, a folder, a pipe, a socket or a device.

    Raises:
        OSError: the disk or the share fails, which says nothing of the file.
    """
    try:
        return read_file(path)
    except OSError as error:
        if error.errno in _NO_FILE:
            return None
        raise
    except ValueError:  # a path with a NUL
        return None


def make_way(path: Path) -> None:
    """Remove a folder that lies where a file of ours belongs."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)


def folder_identity(folder: Path) -> tuple[int, int]:
    """Another one when something else is mounted there, or was put in its place."""
    found = folder.stat()
    return found.st_dev, found.st_ino


def copy_file(origin: Path, destination: Path, check: Callable[[], None], start: int = 0) -> None:
    """Copy a file's content, and have it on the disk.

    Args:
        check: Called between pieces; what it raises ends the copy half-way.
        start: How many bytes the destination has already.
    """
    with origin.open("rb") as source, destination.open("ab" if start else "wb") as target:
        source.seek(start)
        while piece := source.read(_PIECE_BYTES):
            target.write(piece)
            check()
        target.flush()
        os.fsync(target.fileno())
