"""A file of which only some stretches are read, as if they were one file.

What belongs here: how that is said to ffmpeg, by a list of stretches (its protocols `concatf` and `subfile`) within the
name of its input, and to PyAV, which reads through us. Nothing is copied, whatever the size.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from media_assets.base.errors import BadMedia

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

PROTOCOLS = "concatf,data,file,subfile"
_LIST = "concatf:data:text/plain;base64,"
_STRETCH = "subfile,,start,{},end,{},,:file:"
_LONGEST_NAME_BYTES = 100_000
"""Linux takes arguments of 128 KiB (MAX_ARG_STRLEN)."""


@dataclass(frozen=True)
class ByteRanges:
    """What is read of a file."""

    ranges: tuple[tuple[int, int], ...]
    """(start, end) of each stretch, in bytes, in the order in which they are read."""
    head: bytes | None = None
    """What a reader through us sees in place of the first stretch: a header that states how much there is."""
    options: Mapping[str, int] = field(default_factory=dict)
    """Options of ffmpeg's input, for the stretches as they are."""


def ranges_url(path: Path, ranges: ByteRanges) -> str:
    """The name by which ffmpeg reads them.

    Raises:
        BadMedia: they are too many.
    """
    quoted = str(path.absolute()).replace("'", "'\\''")
    lines = "\n".join(f"'{_STRETCH.format(start, end)}{quoted}'" for start, end in ranges.ranges)
    url = _LIST + base64.b64encode(lines.encode(errors="surrogateescape")).decode()
    if len(url) > _LONGEST_NAME_BYTES:
        raise BadMedia(
            f"holds {len(ranges.ranges)} recordings behind each other, more than are read at once",
            next_step="Join them with ffmpeg's concat demuxer, and upload that",
        )
    return url


def file_of_ranges(url: str) -> Path | None:
    """The file that such a name is about; None for any other name."""
    if not url.startswith(_LIST):
        return None
    lines = base64.b64decode(url.removeprefix(_LIST)).decode(errors="surrogateescape")
    first = lines.split("'\n'subfile,", 1)[0].removeprefix("'").removesuffix("'")
    return Path(first.split(",,:file:", 1)[1].replace("'\\''", "'"))


class RangesFile(io.RawIOBase):
    """The stretches as one file to read."""

    def __init__(self, file: BinaryIO, ranges: ByteRanges) -> None:
        self._file, self._at = file, 0
        self._parts: list[tuple[int, int, bytes | None]] = []
        """Start within the file, length, and what is read instead, of each part."""
        for number, (start, end) in enumerate(ranges.ranges):
            head = ranges.head if number == 0 else None
            self._parts.append((start, end - start if head is None else len(head), head))
        self._size = sum(length for _, length, _ in self._parts)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = max(0, offset + {0: 0, 1: self._at, 2: self._size}[whence])
        return self._at

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Reads to the end of one part at most; less than asked for does not mean the end."""
        wanted, before = memoryview(buffer).cast("B"), 0
        for start, length, instead in self._parts:
            skipped = self._at - before
            if skipped < length:
                count = min(len(wanted), length - skipped)
                if instead is None:
                    self._file.seek(start + skipped)
                    data = self._file.read(count)
                else:
                    data = instead[skipped : skipped + count]
                wanted[: len(data)] = data
                self._at += len(data)
                return len(data)
            before += length
        return 0
