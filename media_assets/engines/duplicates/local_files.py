"""Exact duplicates among the files of a folder of this machine, read as little as possible.

Only files that share their size are opened, only those that share their beginning too are read whole, and what was read
once is remembered by path, size, modification time and inode. While nothing changes at all, what was found stands.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from io import FileIO
from operator import itemgetter
from pathlib import Path
from typing import Any

from media_assets.engines.duplicates.file_listing import FileListing
from media_assets.files import read_if_file

_SMALL_BYTES = 256 * 1024
"""What is read at once: small files whole, of others the beginning."""
_PIECE_BYTES = 1 << 20
_SETTLED_SECONDS = 2.0
"""A file changed more recently may change again within the same tick of the file system's clock (FAT's is 2 s)."""
_FORMAT = 1

_File = tuple[str, int, int, int, int]
"""Path, size, modification time in ns, inode, device: a plain tuple, because there are many."""


@dataclass
class Memory:
    """What is known of files from earlier searches: of each file in one JSON file, and beside it what the last search
    found, which is all that is read while nothing has changed.

    Args:
        path: The file; what cannot be read from it is computed again.
    """

    path: Path | None = None
    _changed: bool = False
    _buffer: memoryview = field(default_factory=lambda: memoryview(bytearray(_PIECE_BYTES)))

    @cached_property
    def _known(self) -> dict[str, list[Any]]:
        """By path: size, mtime, inode, device, digest of the beginning, digest of the whole or None."""
        stored = _stored(self.path)
        known: dict[str, list[Any]] = stored["files"] if stored else {}
        return known

    @property
    def _last(self) -> Path | None:
        return self.path.with_name(f"{self.path.name}.last") if self.path else None

    def found_before(self, listing: str | None) -> list[list[str]] | None:
        """What the last search found, if all files are as they were then.

        Args:
            listing: Digest of the listing of now.
        """
        stored = _stored(self._last) if listing else None
        if stored is None or stored["listing"] != listing:
            return None
        found: list[list[str]] = stored["found"]
        return found

    def remember(self, listing: str | None, found: list[list[str]]) -> None:
        """Keep what was found for as long as the listing stays the same.

        Args:
            listing: None when the files may change without it.
        """
        if self._last is not None:
            _store(self._last, {"listing": listing, "found": found if listing else []})

    def digests(self, file: _File, check: Callable[[], None], *, whole: bool = False) -> tuple[str | None, str | None]:
        """The digests of the beginning and of the whole, read when they are not known; see `_digests`."""
        known = self._known.get(file[0])
        if known is not None and tuple(known[:4]) == file[1:] and (known[5] is not None or not whole):
            return known[4], known[5]
        check()
        found = _digests(file, whole, self._buffer, check)
        if found[0] is not None:
            self._known[file[0]] = [*file[1:], *found]
            self._changed = True
        return found

    def save(self, seen: Iterable[_File], started: float) -> None:
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
    """Whole or not at all."""
    written = path.with_name(f"{path.name}.{os.getpid()}.part")
    written.write_text(json.dumps({"format": _FORMAT, **content}, separators=(",", ":")), "ascii")
    written.replace(path)


def equal_files(
    roots: Iterable[Path], memory: Memory | None = None, *, check: Callable[[], None] = lambda: None
) -> list[list[str]]:
    """Groups of paths of files with equal bytes. Links, empty files and second names of one file do not count.

    A file that vanishes or changes while it is read is left out.

    Args:
        roots: Folders.
        memory: Makes a second search read only what is new.
        check: Called now and then; what it raises ends the work.
    """
    memory, roots = memory or Memory(), list(roots)
    started = time.time()
    listing = FileListing(roots).digest() if memory.path else None
    if (before := memory.found_before(listing)) is not None:
        return before
    by_size: dict[int, list[_File]] = {}
    for root in roots:
        for file in _walk(os.fspath(root.absolute())):
            by_size.setdefault(file[1], []).append(file)
    shared = [file for size, files in by_size.items() if size and len(files) > 1 for file in _once(files)]
    # In the order of inodes, which on most file systems is about that on the disk.
    shared.sort(key=itemgetter(4, 3))
    groups = _alike(shared, lambda file: memory.digests(file, check)[0])
    equal = [
        same for group in groups for same in _alike(group, lambda file: memory.digests(file, check, whole=True)[1])
    ]
    memory.save(shared, started)
    found = [sorted(file[0] for file in files) for files in equal]
    # What changed after the listing changes the next one, but for what changed within the same tick of the clock.
    newest = max((file[2] for files in by_size.values() for file in files), default=0)
    memory.remember(listing if newest < (started - _SETTLED_SECONDS) * 1e9 else None, found)
    return found


def _walk(folder: str) -> Iterator[_File]:
    waiting = [folder]
    while waiting:
        try:
            entries = os.scandir(waiting.pop())
        except (FileNotFoundError, PermissionError):
            continue
        with entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                elif entry.is_file(follow_symlinks=False):
                    state = entry.stat(follow_symlinks=False)
                    yield entry.path, state.st_size, state.st_mtime_ns, state.st_ino, state.st_dev


def _once(files: list[_File]) -> list[_File]:
    """One name of each stored file, the first in order; none when only one file is there."""
    stored: dict[tuple[int, int], _File] = {}
    for file in files:
        known = stored.setdefault(file[3:], file)
        if file < known:
            stored[file[3:]] = file
    return list(stored.values()) if len(stored) > 1 else []


def _alike(files: Iterable[_File], digest: Callable[[_File], str | None]) -> list[list[_File]]:
    """Files with one size and digest, where there are several."""
    found: dict[tuple[int, str], list[_File]] = {}
    for file in files:
        if (name := digest(file)) is not None:
            found.setdefault((file[1], name), []).append(file)
    return [group for group in found.values() if len(group) > 1]


def _digests(file: _File, whole: bool, buffer: memoryview, check: Callable[[], None]) -> tuple[str | None, str | None]:
    """Digests of the beginning and of the whole; None for what was not read, or when the file is not what it was.

    XXH3 with 128 bits: no chance equality among any number of files, at the speed of memory. It is no cryptographic
    hash; before anything is moved, `moves` compares SHA-256.
    """
    import xxhash

    path, size, mtime_ns, _, _ = file
    beginning = xxhash.xxh3_128()
    try:
        with FileIO(path) as opened:
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
    except (FileNotFoundError, PermissionError):
        return None, None
    if (state.st_size, state.st_mtime_ns) != (size, mtime_ns) or (everything is not None and read != size):
        return None, None
    return beginning.hexdigest(), everything.hexdigest() if everything is not None else None
