"""What a source of files promises, whatever lies behind it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class SourceEntry:
    """One file as a listing shows it; nothing of it has been read yet."""

    key: str
    path: str
    """Relative to the source, `/`-separated; stray bytes as surrogates."""
    size_bytes: int
    modified_at: datetime
    revision: str
    """Differs whenever the content may differ."""


@dataclass(frozen=True)
class Changes:
    """What a source found since a cursor."""

    changed: tuple[SourceEntry, ...] = ()
    """New files and files whose revision is new, ready to be read."""
    removed: tuple[str, ...] = ()
    """Keys of files that are gone."""
    waiting: dict[str, str] = field(default_factory=dict)
    """Keys of files that are not ready yet, and why; a later look reports them."""
    cursor: str = ""
    """Where the next look starts. To be stored only after all of the above was acted upon."""


class State(Protocol):
    """A durable place for what is too large for a sensor's cursor, which Dagster copies into every tick."""

    def read(self, name: str) -> str | None: ...

    def write(self, name: str, text: str) -> None: ...


class Source(Protocol):
    """A place files come from."""

    name: str

    def scan(self) -> Iterator[SourceEntry]:
        """Every file, without waiting for those still being written.

        Raises:
            Fatal: the source cannot be listed.
        """
        ...

    def changes(self, cursor: str | None, state: State) -> Changes:
        """What is new since `cursor`; everything, for None. Asked again with the same cursor, it misses nothing.

        Raises:
            Fatal: the source cannot be listed, or shows nothing where there were many files.
        """
        ...

    def entry(self, key: str) -> SourceEntry:
        """The file of a key as it is now.

        Raises:
            SourceChanged: it is gone.
        """
        ...

    def direct_path(self, entry: SourceEntry) -> Path | None:
        """Where the file can be read without fetching it; None when it has to be fetched."""
        ...

    def fetch(self, entry: SourceEntry, destination: Path) -> None:
        """Copy the file to `destination`, which appears complete or not at all; a broken copy is resumed.

        Raises:
            SourceChanged: the file is no longer that of `entry`.
            Transient: the transfer broke; asking again goes on where it stopped.
        """
        ...

    def link(self, entry: SourceEntry) -> str:
        """An address that opens the file."""
        ...
