"""Exact duplicates among files of this machine, read as little as possible.

Only files that share their size are opened, only those that share their beginning too are read whole, and what was read
once is remembered by path, size, modification time and inode. Which files there are is told by whoever asks.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from io import FileIO
from operator import itemgetter
from pathlib import Path
from typing import Any

from media_assets.base.files import PRIVATE_MODE, open_regular, read_if_file, write_whole

_SMALL_BYTES = 256 * 1024
"""What is read at once: small files whole, of others the beginning."""
_PIECE_BYTES = 1 << 20
_SETTLED_SECONDS = 2.0
"""A file changed more recently may change again within the same tick of the file system's clock (FAT's is 2 s)."""
_FORMAT = 1

LocalFile = tuple[str, int, int, int, int]
"""Path, size, modification time in ns, inode, device: a plain tuple, because there are many."""

Group = tuple[int, list[str]]
"""The size of each file in bytes, and their paths."""


@dataclass
class Memory:
    """What is known of files from earlier searches: of each file in one JSON file, and beside it what the last search
    found, which is all that is read while nothing has changed.

    Args:
        path: The file; what cannot be read from it is computed again.
    """

    path: Path | None = None
    unread: dict[str, str] = field(default_factory=dict)
    """Why files could not be read, by path."""
    _changed: bool = False
    _buffer: memoryview = field(default_factory=lambda: memoryview(bytearray(_PIECE_BYTES)))

    @cached_property
    def _known(self) -> dict[str, list[Any]]:
        """What is known by path: size, mtime, inode, device, digest of the beginning, digest of the whole or None."""
        stored = _stored(self.path)
        known: dict[str, list[Any]] = stored["files"] if stored else {}
        return known

    @property
    def _last(self) -> Path | None:
        return self.path.with_name(f"{self.path.name}.last") if self.path else None

    def found_before(self, listing: str | None) -> list[Group] | None:
        """What the last search found, if all files are as they were then.

        Args:
            listing: Digest of the listing of now.
        """
        stored = _stored(self._last) if listing else None
        if stored is None or stored["listing"] != listing:
            return None
        return [(size, paths) for size, paths in stored["found"]]

    def remember(self, listing: str | None, found: list[Group]) -> None:
        """Keep what was found for as long as the listing stays the same.

        Args:
            listing: None when the files may change without it.
        """
        if self._last is not None:
            _store(self._last, {"listing": listing, "found": found if listing else []})

    def digests(
        self, file: LocalFile, check: Callable[[], None], *, whole: bool = False
    ) -> tuple[str | None, str | None]:
        """The digests of the beginning and of the whole, read when they are not known; see `_digests`."""
        known = self._known.get(file[0])
        if known is not None and tuple(known[:4]) == file[1:] and (known[5] is not None or not whole):
            return known[4], known[5]
        check()
        try:
            found = _digests(file, whole, self._buffer, check)
        except OSError as error:
            self.unread[file[0]] = f"cannot be read: {error.strerror or error}"
            return None, None
        if found[0] is None:
            self.unread[file[0]] = "changed while it was read"
        if found[0] is not None:
            self._known[file[0]] = [*file[1:], *found]
            self._changed = True
        return found

    def save(self, seen: Iterable[LocalFile], started: float) -> None:
        """Write what is known of the files that were seen, whole or not at all."""
        if self.path is None:
            return
        settled = (started - _SETTLED_SECONDS) * 1e9
        kept = {one[0]: self._known[one[0]] for one in seen if one[0] in self._known and one[2] < settled}
        if not self._changed and len(kept) == len(self._known):
            return
        _store(self.path, {"files": kept})


def _stored(path: Path | None) -> dict[str, Any] | None:
    """What was stored there; None when there is nothing that can be read."""
    try:
        stored = json.loads(read_if_file(path) or b"") if path else None
    except (FileNotFoundError, ValueError):
        return None
    return stored if isinstance(stored, dict) and stored.get("format") == _FORMAT else None


def _store(path: Path, content: dict[str, Any]) -> None:
    text = json.dumps({"format": _FORMAT, **content}, separators=(",", ":"))
    write_whole(path, text.encode("ascii"), mode=PRIVATE_MODE, sync=False)


@dataclass(frozen=True)
class EqualFiles:
    """What a search found."""

    groups: list[Group]
    unread: dict[str, str]
    """Why files could not be compared, by path."""
    is_settled: bool
    """Whether no file was changed within the last tick of the file system's clock."""


def equal_files(files: Iterable[LocalFile], memory: Memory, check: Callable[[], None]) -> EqualFiles:
    """Groups of files with equal bytes. Empty files and second names of one file do not count.

    It keeps half a kilobyte to one for each file in memory, and no content but a piece of the one that is read.

    Args:
        files: Each is taken once, and none is opened before the last was taken.
        memory: Makes a second search read only what is new.
        check: Called now and then; what it raises ends the work.
    """
    started = time.time()
    newest = 0
    first: dict[int, LocalFile | None] = {}
    """The file that is alone with a size, by that; None where there are several, which are in `shared`."""
    shared: list[LocalFile] = []
    for file in files:
        newest = max(newest, file[2])
        if (other := first.setdefault(file[1], file)) is not file:
            shared.append(file)
            if other is not None:
                shared.append(other)
                first[file[1]] = None
        check()
    one_size = _alike(_once(file for file in shared if file[1]), lambda _: "")
    # In the order of inodes, which on most file systems is about that on the disk.
    shared = sorted((file for files in one_size for file in files), key=itemgetter(4, 3))
    groups = _alike(shared, lambda file: memory.digests(file, check)[0])
    equal = [
        same for group in groups for same in _alike(group, lambda file: memory.digests(file, check, whole=True)[1])
    ]
    memory.save(shared, started)
    found = [(files[0][1], sorted(file[0] for file in files)) for files in equal]
    return EqualFiles(found, memory.unread, newest < (started - _SETTLED_SECONDS) * 1e9)


def _once(files: Iterable[LocalFile]) -> Iterable[LocalFile]:
    """One name of each stored file, the first in order."""
    stored: dict[tuple[int, int], LocalFile] = {}
    for file in files:
        known = stored.setdefault(file[3:], file)
        if file < known:
            stored[file[3:]] = file
    return stored.values()


def _alike(files: Iterable[LocalFile], digest: Callable[[LocalFile], str | None]) -> list[list[LocalFile]]:
    """Files with one size and digest, where there are several."""
    found: dict[tuple[int, str], list[LocalFile]] = {}
    for file in files:
        if (name := digest(file)) is not None:
            found.setdefault((file[1], name), []).append(file)
    return [group for group in found.values() if len(group) > 1]


def _digests(
    file: LocalFile, whole: bool, buffer: memoryview, check: Callable[[], None]
) -> tuple[str | None, str | None]:
    """Digests of the beginning and of the whole; None for what was not read, or when the file is not what it was.

    XXH3 with 128 bits: no chance equality among any number of files, at the speed of memory. It is no cryptographic
    hash; before anything is moved, `moves` compares SHA-256.

    Raises:
        OSError: it cannot be read.
    """
    import xxhash

    path, size, mtime_ns, _, _ = file
    beginning = xxhash.xxh3_128()
    with FileIO(path, opener=open_regular) as opened:
        read = opened.readinto(buffer[:_SMALL_BYTES])
        beginning.update(buffer[:read])
        everything = beginning if read == size else None
        if whole and everything is None:
            everything = beginning.copy()
            while count := opened.readinto(buffer):
                everything.update(buffer[:count])
                read += count
                check()
        state = os.fstat(opened.fileno())
    if (state.st_size, state.st_mtime_ns) != (size, mtime_ns) or (everything is not None and read != size):
        return None, None
    return beginning.hexdigest(), everything.hexdigest() if everything is not None else None
