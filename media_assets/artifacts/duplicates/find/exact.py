"""Files with equal bytes, by the checksums that are known of them; and names that are only names of one stored file."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from media_assets.artifacts.duplicates.values import DedupRow


class FileOnDisk(NamedTuple):
    """A file as it lies on the disk, whatever number of names it has."""

    row: DedupRow
    names: int


class EqualBytes(NamedTuple):
    """The stored files with equal bytes, the one to keep first."""

    files: tuple[FileOnDisk, ...]

    @property
    def row(self) -> DedupRow:
        """The row of the file that stands for all."""
        return self.files[0].row


def contents(rows: Iterable[DedupRow]) -> list[EqualBytes]:
    """Group rows by what is in the files; the order of the rows decides which stands first.

    Hard links, and one key given twice, are one stored file: they are no duplicates of each other. Empty files are
    never counted as equal: that they hold nothing is all that they share.
    """
    stored = _stored_files(rows)
    sha256_of = {(one.row.md5, one.row.size_bytes): one.row.sha256 for one in stored if one.row.md5 and one.row.sha256}
    by_content: dict[str, list[FileOnDisk]] = {}
    for one in stored:
        # Some places know the MD5 alone; a file elsewhere with both tells which SHA-256 that is.
        sha256 = one.row.sha256 or sha256_of.get((one.row.md5 or "", one.row.size_bytes))
        by_content.setdefault(_content_name(one.row, sha256), []).append(one)
    return [EqualBytes(tuple(files)) for files in by_content.values()]


def _stored_files(rows: Iterable[DedupRow]) -> list[FileOnDisk]:
    found: dict[str, dict[str, DedupRow]] = {}
    for row in rows:
        found.setdefault(f"id:{row.file_id}" if row.file_id else f"key:{row.key}", {})[row.key] = row
    return [FileOnDisk(next(iter(names.values())), len(names)) for names in found.values()]


def _content_name(row: DedupRow, sha256: str | None) -> str:
    """A name that files of equal content share. The size is part of it: a checksum of another size is another's."""
    digest = sha256 or row.md5
    return f"{digest}:{row.size_bytes}" if digest and row.size_bytes else f"key:{row.key}"
