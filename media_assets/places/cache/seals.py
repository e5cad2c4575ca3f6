"""What the cache knows of a complete file, so that it need not be read again to see that it is what was fetched.

    <folder>/seals/<name>      its size, time and inode when it was complete, and its SHA-256 once somebody knew it

Whoever writes another content into a file changes its time, whoever puts another in its place its inode. What lies
there without a seal, or is not as its seal says, is read; where nobody can say what it should be, it is fetched again.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ValidationError

from media_assets.base.checksums import digests_of
from media_assets.base.files import read_if_file, write_whole


class Seal(BaseModel):
    """What is known of one complete file of the cache."""

    size_bytes: int
    modified_ns: int
    inode: int
    sha256: str | None = None
    """None until the content was read by somebody."""

    @classmethod
    def of(cls, path: Path, sha256: str | None = None) -> Self:
        status = path.stat()
        return cls(size_bytes=status.st_size, modified_ns=status.st_mtime_ns, inode=status.st_ino, sha256=sha256)


def seal(path: Path, sha256: str | None = None) -> None:
    """Note that a file of the cache is complete, and its checksum if that is known."""
    write_whole(seal_of(path), Seal.of(path, sha256).model_dump_json().encode(), sync=False)


def is_sound(path: Path, sha256: str | None, check: Callable[[], None], *, read: bool = False) -> bool:
    """Whether a file of the cache holds what was fetched.

    Args:
        sha256: What it has to be; None where nobody knows.
        check: Called while it is read; what it raises ends that.
        read: Whether it is read even though it is as its seal says.
    """
    try:
        return _is_sound(path, sha256, check, read=read)
    except FileNotFoundError:  # it was not there, or somebody who saw that it is none took it away meanwhile
        return False


def _is_sound(path: Path, sha256: str | None, check: Callable[[], None], *, read: bool) -> bool:
    if path.exists() and not path.is_file():
        return False
    now = Seal.of(path)
    known = _read(path)
    if known and known.model_copy(update={"sha256": None}) != now:
        known = None
    if sha256 is None:
        return known is not None
    if known and known.sha256 == sha256 and not read:
        return True
    if digests_of(path, "sha256", check=check)["sha256"] != sha256:
        return False
    seal(path, sha256)
    return True


def _read(path: Path) -> Seal | None:
    try:
        return Seal.model_validate_json(read_if_file(seal_of(path)) or b"")
    except ValidationError:
        return None


def seal_of(path: Path) -> Path:
    """Where the seal of a file of the cache lies."""
    return path.parent.parent / "seals" / path.name
