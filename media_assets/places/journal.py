"""What was done to the library, line by line, each on the disk before the act it tells of."""

from __future__ import annotations

import json
import os
from functools import partial
from pathlib import Path
from typing import Any

from media_assets.base.errors import Fatal
from media_assets.base.files import PRIVATE_MODE, read_file


class NotOfThisPlace(Fatal):
    """What was planned, or a line of a journal, names what does not lie in the place that files are moved in."""


class MoveJournal:
    """A file of JSON lines. It is created by the first line and never shortened.

    Args:
        path: One journal per application; it must be kept for as long as that may be undone.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, event: str, **facts: Any) -> None:
        """Append a line. When this returns, the line survives a loss of power."""
        line = (json.dumps({"event": event, **facts}) + "\n").encode("ascii")
        new = not self.path.exists()
        with open(self.path, "ab+", opener=partial(os.open, mode=PRIVATE_MODE)) as file:
            if self._ends_torn(file):
                line = b"\n" + line
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        if new:
            sync_folder(self.path.parent)

    def read(self) -> list[tuple[int, Any]]:
        """All lines, each with its number. One that a crash tore off is left out: the act it would have told of was not
        begun.

        Raises:
            Fatal: there is no journal.
        """
        try:
            lines = read_file(self.path).splitlines()
        except FileNotFoundError:
            raise Fatal(
                f"there is no journal at {self.path}", next_step="Name the journal that `duplicates --apply` wrote"
            ) from None
        entries = []
        for number, line in enumerate(lines, 1):
            try:
                entries.append((number, json.loads(line)))
            except (ValueError, RecursionError):
                continue
        return entries

    @staticmethod
    def _ends_torn(file: Any) -> bool:
        if file.seek(0, os.SEEK_END) == 0:
            return False
        file.seek(-1, os.SEEK_END)
        return bool(file.read(1) != b"\n")


def sync_folder(folder: Path) -> None:
    """Have the disk know the names in a folder. Windows has no such call and does so by itself."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
