"""What this machine remembers of a store in Drive: a table in one file, because there are as many rows as artifacts.

    manifests    the content of manifests by its MD5: each is downloaded at most once
    ours         which file is the manifest of an artifact, and its MD5: Drive may find a file by its properties a while
                 after it was made only, by its id at once
    folders      the ids of folders, written down before the folders are made

Nothing is lost with it but time: the truth is in Drive. Safe with several processes and threads.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from media_assets.base.batches import batched
from media_assets.base.errors import Transient
from media_assets.base.files import private_folder

_VARIABLES = 500
_WAIT_SECONDS = 60.0

_SCHEMA = """
CREATE TABLE IF NOT EXISTS manifests (number INTEGER PRIMARY KEY AUTOINCREMENT, md5 TEXT UNIQUE, content TEXT);
CREATE TABLE IF NOT EXISTS ours (artifact TEXT PRIMARY KEY, file_id TEXT, md5 TEXT, twins TEXT) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS ours_by_twins ON ours (twins);
CREATE TABLE IF NOT EXISTS folders (place TEXT PRIMARY KEY, file_id TEXT, settled INTEGER) WITHOUT ROWID;
"""


class Published(NamedTuple):
    """A manifest as this machine saw or wrote it last."""

    file_id: str
    md5: str


class KnownFolder(NamedTuple):
    """A folder that this machine made, is about to make, or uses."""

    file_id: str
    is_settled: bool
    """Whether it is the one that all machines use: of several that are made at the same time the oldest."""


class DriveMemory:
    """What one machine remembers of one store in Drive.

    Args:
        manifests_kept: How many; the bound of the file's size.
    """

    def __init__(self, path: Path, manifests_kept: int = 250_000) -> None:
        self._path = path
        self._manifests_kept = manifests_kept

    def content(self, md5: str) -> str | None:
        """The manifest with this checksum."""
        rows = self._rows("SELECT content FROM manifests WHERE md5 = ?", md5)
        return rows[0][0] if rows else None

    def unknown(self, checksums: Collection[str]) -> set[str]:
        """The checksums whose manifest is not here."""
        known: set[str] = set()
        with self._open() as table:
            for some in batched(checksums, _VARIABLES):
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

    def published(self, artifact: str) -> Published | None:
        """The manifest that this machine published last."""
        return self.published_of([artifact]).get(artifact)

    def published_of(self, artifacts: Sequence[str]) -> dict[str, Published]:
        """The manifests of several artifacts, a few hundred at most, by artifact."""
        marks = ",".join("?" * len(artifacts))
        question = f"SELECT artifact, file_id, md5 FROM ours WHERE artifact IN ({marks})"  # noqa: S608 - question marks only
        return {artifact: Published(*rest) for artifact, *rest in self._rows(question, *artifacts)}

    def published_below(self, prefix: str) -> dict[str, Published]:
        """The manifests of all artifacts whose names begin so, by artifact."""
        rows = self._rows(
            "SELECT artifact, file_id, md5 FROM ours WHERE substr(artifact, 1, ?) = ?", len(prefix), prefix
        )
        return {artifact: Published(file_id, md5) for artifact, file_id, md5 in rows}

    def twins(self, mark: str) -> list[Published]:
        """The manifests of artifacts that were made from the same, as a mark says."""
        return [Published(*row) for row in self._rows("SELECT file_id, md5 FROM ours WHERE twins = ?", mark)]

    def publish(self, artifact: str, manifest: Published, twins: str) -> None:
        """Remember which file is the manifest of an artifact.

        Args:
            twins: What artifacts that were made from the same have in common.
        """
        with self._open() as table:
            table.execute("INSERT OR REPLACE INTO ours VALUES (?, ?, ?, ?)", (artifact, *manifest, twins))

    def forget(self, artifact: str) -> None:
        """The artifact is gone."""
        with self._open() as table:
            table.execute("DELETE FROM ours WHERE artifact = ?", (artifact,))

    def folder(self, place: str) -> KnownFolder | None:
        """What is known of the folder at a place."""
        rows = self._rows("SELECT file_id, settled FROM folders WHERE place = ?", place)
        return KnownFolder(rows[0][0], bool(rows[0][1])) if rows else None

    def note_folder(self, place: str, folder: KnownFolder) -> None:
        """Durable when it returns."""
        with self._open() as table:
            table.execute("INSERT OR REPLACE INTO folders VALUES (?, ?, ?)", (place, *folder))

    def _rows(self, question: str, *arguments: Any) -> list[tuple[Any, ...]]:
        """The rows that are there. A look does not make the file."""
        if not self._path.exists():
            return []
        with self._open() as table:
            return table.execute(question, arguments).fetchall()

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """A connection for one step, so that none crosses threads or a fork.

        Raises:
            Transient: the file was damaged, and is gone; the next step begins another.
        """
        private_folder(self._path.parent)
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
