"""What a source of files promises, whatever lies behind it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Protocol, runtime_checkable

from media_assets.base.telling import printable


def no_check() -> None:
    """The check of copies that nothing is to stop."""


@dataclass(frozen=True)
class SourceEntry:
    """One file as a listing shows it; nothing of it has been read yet."""

    key: str
    path: str
    """Relative to the source, `/`-separated; stray bytes as surrogates. For people and for filters: where files have
    ids, two may have the same."""
    size_bytes: int
    modified_at: datetime
    revision: str
    """Differs whenever the content may differ."""
    checksums: Mapping[str, str] = field(default_factory=dict)
    """Hexadecimal digests that the source itself knows, by algorithm (`md5`, `sha256`). Equal ones stand for equal
    contents; that a bucket's is really one of the content shows only when that is read."""
    parent: str = ""
    """Where its neighbours lie, as the source names places: a folder's id. Empty where `path` says it."""


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


@dataclass(frozen=True)
class Beside:
    """The place of a source file, for artifacts that are to lie next to it."""

    source: str
    """Name of the source."""
    folder: str
    """The folder as the source's kind names it: an absolute path, the id of a Drive folder, the prefix of a bucket's
    objects without a slash at its end."""
    name: str
    """Name of the source file, in that folder."""


MOST_SIDECAR_BYTES = 16 << 20
"""What is larger is no text."""


@dataclass(frozen=True)
class Sidecar:
    """A file that belongs to a source file by its name."""

    name: str
    marks: str
    """What its name says beyond that of the source file, without the ending: `en.sdh` of `talk.en.sdh.srt`."""
    revision: str
    """Tells one version of it from the next."""
    size_bytes: int
    fetch: Callable[[Path, Callable[[], None]], None]
    """Copies it to a path, as `Source.fetch` does, and raises what that raises."""

    @property
    def too_large(self) -> bool:
        """Whether it is no text for its size alone, and is not to be fetched."""
        return self.size_bytes > MOST_SIDECAR_BYTES

    @property
    def shown_name(self) -> str:
        """Its name on one line, fit to be shown and stored."""
        return printable(self.name).replace("\n", "\\n")


@dataclass(frozen=True)
class Sidecars:
    """The files that belong to a source file by their names. They are looked for when they are first asked for."""

    find: Callable[[], Sequence[Sidecar]] = tuple

    @cached_property
    def files(self) -> Sequence[Sidecar]:
        """Those there are, in the order of their names.

        Raises:
            Transient, Fatal: their source cannot tell, see `HasSidecars`.
        """
        return self.find()


@runtime_checkable
class HasSidecars(Protocol):
    """A source that can tell what lies beside a file, and asks nobody for that where it was just listed."""

    def sidecars(self, entry: SourceEntry, endings: Collection[str]) -> Sequence[Sidecar]:
        """The files beside one whose names begin as its own does, but for artifacts of ours.

        Args:
            endings: How their names may end, in small letters, with the dot.

        Raises:
            Transient: the source does not answer, which does not mean that there are none.
            Fatal: it cannot be listed.
        """
        ...


class DurableState(Protocol):
    """A durable place for what is too large for a sensor's cursor, which Dagster copies into every tick."""

    def read(self, name: str) -> str | None: ...

    def write(self, name: str, text: str) -> None: ...


class Source(Protocol):
    """A place files come from."""

    name: str

    has_ids: bool
    """Whether a file is known by an id, so that its key says nothing of where it lies."""

    def identity(self, key: str) -> str:
        """What stays the same in all keys a file may have had: the key itself, unless files have ids."""
        ...

    def scan(self) -> Iterator[SourceEntry]:
        """Every file, without waiting for those still being written.

        Raises:
            Fatal: the source cannot be listed.
        """
        ...

    def changes(self, cursor: str | None, state: DurableState) -> Changes:
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

    def lies_at(self, entry: SourceEntry) -> Path | None:
        """Where the file lies on this machine, be it read there or copied first; None when it lies elsewhere."""
        ...

    def fetch(self, entry: SourceEntry, destination: Path, check: Callable[[], None] = no_check) -> None:
        """Copy the file to `destination`, which appears complete or not at all; a broken copy is resumed.

        Args:
            check: Called between pieces; what it raises ends the copy, which can be taken up later.

        Raises:
            SourceChanged: the file is no longer that of `entry`.
            Transient: the transfer broke; asking again goes on where it stopped.
        """
        ...

    def beside(self, entry: SourceEntry) -> Beside:
        """The place of a file."""
        ...

    def link(self, entry: SourceEntry) -> str:
        """An address that opens the file."""
        ...

    def link_of(self, key: str) -> str:
        """The same by its key alone, without a look at the source.

        Raises:
            BadMedia: it is no key of this source.
        """
        ...

    def check(self) -> str:
        """A line on what was found there, for `doctor`; looks at it once.

        Raises:
            Fatal: it cannot be read, with what to do about it.
        """
        ...
