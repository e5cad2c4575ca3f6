"""How much of a local file is really stored: a file can have any size at once, and hold nothing but holes.

File systems tell it in different ways, and some tell one of them wrongly: those that compress count fewer blocks than
a file has, shares often count none, and room that is set aside for later counts as blocks and as holes. So what any of
them calls stored is taken to be.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from media_assets.base.files import open_regular

_BLOCK_BYTES = 512
"""The unit of `st_blocks`, whatever the blocks of the file system are."""
_MOST_EXTENTS = 10_000
"""What is behind so many pieces counts as stored."""
_SF_DATALESS = 0x4000_0000
"""The mark, on macOS, of a file that lies in a cloud and is fetched as it is read."""


def stored_bytes(path: Path) -> int:
    """How many bytes of a file are no holes, as far as the file system can tell; else its size.

    Raises:
        OSError: it cannot be read, or is no file.
    """
    status = path.stat()
    size = status.st_size
    in_blocks = status.st_blocks * _BLOCK_BYTES
    if in_blocks >= size or getattr(status, "st_flags", 0) & _SF_DATALESS or not stat.S_ISREG(status.st_mode):
        return size
    return max(in_blocks, _data_bytes(path, size))


def _data_bytes(path: Path, size: int) -> int:
    """Bytes between the holes of a file; where a file system knows of no holes, all of them."""
    if not hasattr(os, "SEEK_DATA"):
        return size
    with open(path, "rb", buffering=0, opener=open_regular) as file:
        found = end = 0
        for _ in range(_MOST_EXTENTS):
            try:
                start = os.lseek(file.fileno(), end, os.SEEK_DATA)
            except OSError as error:
                if error.errno == errno.ENXIO:  # holes alone up to the end
                    return found
                if error.errno in (errno.EINVAL, errno.ENOTSUP, errno.ENOTTY):
                    return size
                raise
            end = os.lseek(file.fileno(), start, os.SEEK_HOLE)
            found += end - start
            if end >= size:
                return found
    return found + size - end
