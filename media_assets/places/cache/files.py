"""What lies in the folder of the cache, and a ledger of it, so that not every look has to count it all.

    <folder>/ledger.json            what the last count found, kept up to date since
    <folder>/files/<name>           a complete file; its time of access is its last use
    <folder>/seals/<name>           what is known of it, see `seals`
    <folder>/files/<name>.partial   what came of it so far
    <folder>/fetching/<name>.bytes  the room reserved for it meanwhile

Nothing here locks: `room` does.
"""

from __future__ import annotations

import heapq
import os
import stat
import time
from collections.abc import Container, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ValidationError

from media_assets.base.files import read_if_file
from media_assets.base.paths import plain_name
from media_assets.places.cache.seals import seal_of

_PARTIAL = ".partial"
# How many candidates for eviction one count remembers, and how long its sum is trusted.
_CANDIDATES = 500
_COUNT_AGAIN_SECONDS = 3600


class SizeLedger(BaseModel):
    """What the cache holds, counted now and then and kept up to date in between."""

    counted_at: float = 0.0
    held_bytes: int = 0
    """Size of all files and partial files, except those that are being fetched."""
    oldest: list[tuple[int, Annotated[str, AfterValidator(plain_name)]]] = []
    """Last use in nanoseconds and name of those used longest ago when they were counted. Who was used since is in
    there with a time that is no longer true."""


class CacheFiles:
    """The complete files of the cache, and their sizes."""

    def __init__(self, folder: Path) -> None:
        self._ledger = folder / "ledger.json"
        self.files = folder / "files"
        self.fetching = folder / "fetching"

    def path(self, name: str) -> Path:
        return self.files / name

    def size(self, name: str) -> int:
        """Bytes of the file and of what came of it so far."""
        return sum(status.st_size for status in self._statuses(name))

    def used_at(self, name: str) -> int:
        """The last use, in nanoseconds."""
        return max((status.st_atime_ns for status in self._statuses(name)), default=0)

    def touch(self, name: str) -> None:
        """Note a use, in the time of access alone: the file may be a hard link of its maker's, the other time his."""
        for path in self._pieces(name):
            with suppress(FileNotFoundError):
                os.utime(path, ns=(time.time_ns(), path.stat().st_mtime_ns))

    def remove(self, name: str) -> None:
        for path in (*self._pieces(name), seal_of(self.path(name))):
            path.unlink(missing_ok=True)

    def reservations(self) -> dict[str, int]:
        """The files being fetched, and the bytes each will have."""
        return {path.stem: int(read_if_file(path) or 0) for path in self.fetching.glob("*.bytes")}

    def reserve(self, ledger: SizeLedger, name: str, size_bytes: int) -> None:
        ledger.held_bytes -= self.size(name)
        _write(self.fetching / f"{name}.bytes", str(size_bytes))

    def settle(self, ledger: SizeLedger, name: str) -> None:
        """End a reservation, if there is one."""
        with suppress(FileNotFoundError):
            (self.fetching / f"{name}.bytes").unlink()
            ledger.held_bytes += self.size(name)

    def ledger(self) -> SizeLedger:
        try:
            ledger = SizeLedger.model_validate_json(read_if_file(self._ledger) or b"")
        except (FileNotFoundError, ValidationError):  # the first, or one half written
            ledger = SizeLedger()
        if not 0 <= time.time() - ledger.counted_at < _COUNT_AGAIN_SECONDS:
            self.count(ledger)
        return ledger

    def save(self, ledger: SizeLedger) -> None:
        _write(self._ledger, ledger.model_dump_json())

    def count(self, ledger: SizeLedger, in_use: Container[str] = ()) -> None:
        """Bring a ledger up to date.

        Args:
            in_use: Names that are no candidates for eviction.
        """
        sizes: dict[str, int] = {}
        last_uses: dict[str, int] = {}
        with os.scandir(self.files) as listing:
            for item in listing:
                name = item.name.removesuffix(_PARTIAL)
                with suppress(FileNotFoundError):  # a fetch that ends renames it
                    status = item.stat()
                    sizes[name] = sizes.get(name, 0) + status.st_size
                    last_uses[name] = max(last_uses.get(name, 0), status.st_atime_ns)
        fetching = self.reservations()
        ledger.counted_at = time.time()
        ledger.held_bytes = sum(size for name, size in sizes.items() if name not in fetching)
        ledger.oldest = heapq.nsmallest(
            _CANDIDATES,
            ((used_at, name) for name, used_at in last_uses.items() if name not in in_use and name not in fetching),
        )

    def _pieces(self, name: str) -> tuple[Path, Path]:
        return self.files / name, self.files / f"{name}{_PARTIAL}"

    def _statuses(self, name: str) -> Iterator[os.stat_result]:
        for path in self._pieces(name):
            with suppress(FileNotFoundError):
                yield path.stat()


def _write(path: Path, text: str) -> None:
    """Write in place, for it is written often; what is half written counts as absent. What is no file makes way."""
    with suppress(FileNotFoundError):
        mode = path.lstat().st_mode
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
            path.unlink()
    path.write_text(text)
