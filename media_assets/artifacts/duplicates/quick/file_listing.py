"""Whether anything changed below some folders since an earlier look, told at the speed of the file system.

GNU find asks for the state of each file about three times as fast as Python does, and in several processes at once.
What it prints is not read, only compared with what it printed before. Where there is no such find nothing is known.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

_FORMAT = r"%D %i %s %T@ %p\0"
_MOST_PROCESSES = 4
_MOST_ARGUMENTS = 500


class FileListing:
    """Device, inode, size, time and path of every file, as they are when this is made.

    Args:
        roots: Folders. Links are not followed.
        chosen_by: What else decides which of the files are looked at, in words that differ when it does.
    """

    def __init__(self, roots: Iterable[Path], chosen_by: str = "") -> None:
        self._parts = [chosen_by]
        self._processes: list[subprocess.Popen[bytes]] = []
        self._has_find = os.name != "nt"  # there is another program of that name
        for root in roots:
            self._look(os.fspath(root.absolute()))

    def digest(self) -> str | None:
        """The same as long as nothing changes; None when that cannot be told. To be asked for once."""
        import xxhash

        digest = xxhash.xxh3_128("\0".join(self._parts).encode("utf-8", "surrogateescape"))
        is_told = self._has_find
        for process, output in zip(self._processes, self._outputs(), strict=True):
            # 1 stands for a folder that may not be read as well as for a find that does not know the format.
            is_told = is_told and (process.returncode == 0 or bool(output))
            digest.update(output)
        return digest.hexdigest() if is_told else None

    def _outputs(self) -> list[bytes]:
        """All at once: a process whose output nobody reads soon waits with its pipe full."""
        if not self._processes:
            return []
        with ThreadPoolExecutor(len(self._processes)) as readers:
            return list(readers.map(lambda process: process.communicate()[0], self._processes))

    def _look(self, root: str) -> None:
        folders: list[str] = []
        self._parts.append(root)
        try:
            with os.scandir(root) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                    elif entry.is_file(follow_symlinks=False):
                        state = entry.stat(follow_symlinks=False)
                        known = (entry.path, state.st_size, state.st_mtime_ns, state.st_ino, state.st_dev)
                        self._parts.extend(map(str, known))
        except (FileNotFoundError, PermissionError):
            return
        if not self._has_find or not folders:
            return
        if len(folders) > _MOST_ARGUMENTS:
            self._start("-H", root, "-mindepth", "2")
            return
        number = min(_MOST_PROCESSES, os.cpu_count() or 1, len(folders))
        for first in range(number):
            self._start("-P", *folders[first::number])

    def _start(self, *where: str) -> None:
        command = ["find", *where, "-type", "f", "-printf", _FORMAT]
        try:
            self._processes.append(
                subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            )
        except FileNotFoundError:
            self._has_find = False
