"""What this machine remembers of a store in Drive: a table in one file, because there are as many rows as artifacts.

    manifests    the content of manifests by its MD5: each is downloaded at most once
    published    which file is the manifest of an artifact: Drive may find a file by its properties a while after it
                 was made only, by its id at once

Nothing is lost with it but time: the truth is in Drive. Safe with several processes and threads.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path

from media_assets.errors import Transient

_VARIABLES = 500
_WAIT_SECONDS = 60.0

_SCHEMA = """
CREATE TABLE IF NOT EXISTS manifests (number INTEGER PRIMARY KEY AUTOINCREMENT, md5 TEXT UNIQUE, content TEXT);
CREATE TABLE IF NOT EXISTS published (artifact TEXT PRIMARY KEY, file_id TEXT) WITHOUT ROWID;
"""


class DriveMemory:
    """See the module.

    Args:
        manifests_kept: How many; the bound of the file's size.
    """

    def __init__(self, path: Path, manifests_kept: int = 250_000) -> None:
        self._path = path
        self._manifests_kept = manifests_kept

    def content(self, md5: str) -> str | None:
        """The manifest with this checksum."""
        with self._open() as table:
            row = table.execute("SELECT content FROM manifests WHERE md5 = ?", (md5,)).fetchone()
        return row[0] if row else None

    def unknown(self, checksums: Collection[str]) -> set[str]:
        """Those of the checksums whose manifest is not here."""
        known: set[str] = set()
        rest = iter(checksums)
        with self._open() as table:
            while some := list(islice(rest, _VARIABLES)):
                marks = ",".join("?" * len(some))
                question = f"SELECT md5 FROM manifests WHERE md5 IN ({marks})"  # noqa: S608 - question marks only
                known.update(row[0] for row in table.execute(question, some))
        return set(checksums) - known

    def keep(self, md5: str, content: str) -> None:
        """Remember a manifest; the oldest are forgotten."""
        with self._open() as table:
            table.execute("INSERT OR REPLACE INTO manifests (md5, content) VALUES (?, ?)", (md5, content))
            table.execute(
                "DELETE FROM manifests WHERE number <= (SELECT max(number) FROM manifests) - ?", (self._manifests_kept,)
            )

    def published(self, artifact: str) -> str | None:
        """The id of the manifest that this machine published last."""
        with self._open() as table:
            row = table.execute("SELECT file_id FROM published WHERE artifact = ?", (artifact,)).fetchone()
        return row[0] if row else None

    def publish(self, artifact: str, file_id: str) -> None:
        """Remember which file is the manifest of an artifact."""
        with self._open() as table:
            table.execute("INSERT OR REPLACE INTO published VALUES (?, ?)", (artifact, file_id))

    def forget(self, artifact: str) -> None:
        """The artifact is gone."""
        with self._open() as table:
            table.execute("DELETE FROM published WHERE artifact = ?", (artifact,))

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """A connection for one step, so that none crosses threads or a fork.

        Raises:
            Transient: the file was damaged, and is gone; the next step begins another.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with closing(sqlite3.connect(self._path, timeout=_WAIT_SECONDS)) as table:
                table.executescript(_SCHEMA)
                with table:
                    yield table
        except sqlite3.OperationalError:
            raise  # it is locked, or the disk is full; that says nothing of what is in it
        except sqlite3.DatabaseError as error:
            for left in (self._path, *self._path.parent.glob(f"{self._path.name}-*")):
                left.unlink(missing_ok=True)
            raise Transient(f"{self._path} was damaged ({error}); it is begun anew") from error
