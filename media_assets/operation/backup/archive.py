"""An archive: a ZIP file whose index knows the checksum of every member. No Dagster, and no idea of what is in it.

It is written under a temporary name, read again as a whole, and only then given its own name. Nothing in here holds
more than one line of it in memory.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
import uuid
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

from pydantic import JsonValue, ValidationError

from media_assets.base.errors import Fatal
from media_assets.base.model import Model

FORMAT = 1
_INDEX = "index.json"
_PIECE_BYTES = 1 << 20
_LEVEL = 6
# What a small file can be made to unfold to is a thousand times its size; rows of text come to a tenth of that.
_MOST_UNFOLDED = 100
_ALWAYS_ALLOWED_BYTES = 100_000_000
_LONGEST_LINE_BYTES = 64_000_000
# What the standard library says of a ZIP file in which some byte is another one.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    KeyError,
    OSError,
    RuntimeError,
    TypeError,
    ValidationError,
    ValueError,
)


class Member(Model):
    """A file in the archive."""

    size_bytes: int
    sha256: str


class Index(Model):
    """What an archive says of itself."""

    format: int = FORMAT
    id: str
    """Another one for each archive."""
    created_at: datetime
    written_by: str
    """The version of media-assets."""
    about: dict[str, JsonValue]
    """What is in it and where it came from, for people."""
    members: dict[str, Member]


class ArchiveWriter:
    """Takes the members of a new archive, one after the other. See `new_archive`."""

    def __init__(self, file: zipfile.ZipFile) -> None:
        self._file = file
        self.members: dict[str, Member] = {}
        self.about: dict[str, JsonValue] = {}

    @contextmanager
    def member(self, name: str) -> Iterator[Callable[[bytes], None]]:
        """A function that appends to a new member, for as long as the context lasts."""
        digest, size = hashlib.sha256(), 0

        def write(piece: bytes) -> None:
            nonlocal size
            target.write(piece)
            digest.update(piece)
            size += len(piece)

        with self._file.open(name, "w", force_zip64=True) as target:
            yield write
        self.members[name] = Member(size_bytes=size, sha256=digest.hexdigest())

    @contextmanager
    def lines(self, name: str) -> Iterator[Callable[[object], None]]:
        """A function that appends a line of JSON to a new member."""
        with self.member(name) as write:
            yield lambda content: write(json.dumps(content, separators=(",", ":")).encode("ascii") + b"\n")


@contextmanager
def new_archive(path: Path) -> Iterator[ArchiveWriter]:
    """Write an archive. It appears complete and read again, or not at all.

    Raises:
        Fatal: there is something at `path` already.
    """
    if path.exists():
        raise Fatal(f"{path} is there already", next_step="Choose another name, or move that file away")
    # Not a new name each time: what a crash left is overwritten the next time.
    partial = path.with_name(f".{path.name}.partial")
    try:
        # What is in it is nobody else's business.
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as target:
                writer = ArchiveWriter(target)
                yield writer
                index = Index(
                    id=uuid.uuid4().hex,
                    created_at=datetime.now(UTC),
                    written_by=version("media-assets"),
                    about=writer.about,
                    members=writer.members,
                )
                target.writestr(_INDEX, index.model_dump_json(indent=1))
            file.flush()
            os.fsync(file.fileno())
        with open_archive(partial) as archive:
            archive.verify()
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


class Archive:
    """An archive that is there. See `open_archive`."""

    def __init__(self, path: Path, file: zipfile.ZipFile, index: Index) -> None:
        self._path = path
        self._file = file
        self.index = index

    def verify(self) -> None:
        """Read all of it.

        Raises:
            Fatal: a member is missing or is not what was written.
        """
        for name, member in self.index.members.items():
            digest, size = hashlib.sha256(), 0
            with _reading(self._path), self._file.open(name) as content:
                while piece := content.read(_PIECE_BYTES):
                    digest.update(piece)
                    size += len(piece)
            if (size, digest.hexdigest()) != (member.size_bytes, member.sha256):
                raise _damaged(self._path, f"{name} is not what was written")

    def read(self, name: str) -> bytes:
        """All of a small member."""
        with _reading(self._path):
            return self._file.read(name)

    def lines(self, name: str) -> Iterator[Any]:
        """The lines of a member, parsed; none when there is no such member."""
        if name in self.index.members:
            with _reading(self._path), self._file.open(name) as content:
                while line := content.readline(_LONGEST_LINE_BYTES):
                    yield json.loads(line)

    def below(self, folder: str) -> Mapping[str, str]:
        """The members in a folder: by their names in it, without their suffixes, their whole names."""
        names = [name for name in self.index.members if name.startswith(f"{folder}/")]
        return {name.removeprefix(f"{folder}/").rpartition(".")[0]: name for name in names}


@contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """Read an archive; its index alone is looked at, see `Archive.verify`.

    Raises:
        Fatal: there is none, it is damaged, or of a format that this version does not know.
    """
    try:
        file: IO[bytes] = path.open("rb")
    except OSError as error:
        raise Fatal(f"{path} cannot be read: {error.strerror}", next_step="Name a file that `export` wrote") from error
    with file:
        with _reading(path):
            opened = zipfile.ZipFile(file)
            _require_bounds(path, opened)
            text = opened.read(_INDEX)
        with opened:
            yield Archive(path, opened, _index(path, text))


def _require_bounds(path: Path, opened: zipfile.ZipFile) -> None:
    """Nothing is read beyond the size that a ZIP file says of a member."""
    size_bytes, unfolded_bytes = path.stat().st_size, sum(member.file_size for member in opened.infolist())
    if unfolded_bytes > _ALWAYS_ALLOWED_BYTES + _MOST_UNFOLDED * size_bytes:
        raise _damaged(path, f"{size_bytes} bytes that unfold to {unfolded_bytes}")


def _index(path: Path, text: bytes) -> Index:
    with _reading(path):
        number = json.loads(text)["format"]
        if isinstance(number, int) and number > FORMAT:
            raise Fatal(
                f"{path} is an archive of format {number}, which a newer version of media-assets wrote; "
                f"this one knows formats up to {FORMAT}",
                next_step="Upgrade media-assets here first",
            )
        return Index.model_validate_json(text)


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except _DAMAGE as error:
        raise _damaged(path, f"{type(error).__name__}: {error}") from error


def _damaged(path: Path, what: str) -> Fatal:
    return Fatal(
        f"{path} is damaged, or no archive of media-assets ({what})",
        next_step="Nothing was changed; take another copy of it",
    )
