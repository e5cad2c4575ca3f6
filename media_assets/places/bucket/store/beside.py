"""Artifacts beside their sources in a bucket: which objects among the user's own are ours.

    <index>/<hash of path>      whose object lies at that path, and the checksums of what was ever put there

A path is claimed before anything is written to it, by an object that only one writer can create. What lies there is
replaced or removed only while it bears the checksum of something we put there: an object that the user made or
replaced bears none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pydantic import ValidationError

from media_assets.base.errors import Fatal, Transient
from media_assets.base.model import Model
from media_assets.places.artifact_names import hash_of, mime_type, readable_name
from media_assets.places.bucket.client import Bucket, ConditionFailed, ObjectInfo
from media_assets.places.owners import PartOfArtifact, key_of
from media_assets.places.source import Beside
from media_assets.places.stems import Stems, without

# What we attach to every object with content: letters only, as Azure takes no others in names of attributes, and some
# proxies drop headers with others.
_SHA256 = "mediaassetssha256"
_EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()
_ATTEMPTS = 5


def attributes_of(name: str, sha256: str) -> dict[str, str]:
    """What is attached to an object of ours."""
    return {"Content-Type": mime_type(name), _SHA256: sha256}


def has_content(found: ObjectInfo | None, sha256: str, size_bytes: int) -> bool:
    """Whether an object is there, of ours and with that content."""
    return found is not None and found.size_bytes == size_bytes and found.attributes.get(_SHA256) == sha256


@dataclass(frozen=True)
class Content:
    """Bytes to be put beside a source."""

    sha256: str
    size_bytes: int
    file: Path | None = None
    """Where they are, when they are on this machine; None when they are in the bucket."""
    path: str = ""
    """The object they are in, when they are in the bucket."""


class _Claim(Model):
    owner: str
    path: str
    sizes: dict[str, int]
    """Size, in bytes, of everything that was ever put there, by its SHA-256."""


class BesideObjects:
    """The objects beside sources that belong to one store.

    Args:
        index: Where the claims are kept: a prefix of the bucket.
    """

    def __init__(self, bucket: Bucket, index: str) -> None:
        self._bucket = bucket
        self._index = index

    def test(self) -> Callable[[str], bool]:
        """Whether the object of an address is claimed, as of now."""
        known = frozenset(info.path.rpartition("/")[2] for info in self._bucket.list(self._index))
        root = f"{self._bucket.url}/"
        return lambda address: address.startswith(root) and hash_of(address.removeprefix(root)) in known

    def claims(self, address: str) -> bool:
        """Whether the object of one address is claimed."""
        root = f"{self._bucket.url}/"
        return address.startswith(root) and self._bucket.head(self._record(address.removeprefix(root))) is not None

    def stem(self, beside: Beside, key: str) -> tuple[str, list[str]]:
        """The stem of what is to lie beside a source, which is the file of that key, and what else bears it there; see
        `Stems`.

        Only objects whose names begin as the source's does are looked at, in upper and lower case as it is written.
        """
        name = readable_name(beside.name)
        stems = Stems(name, key)
        starts = {f"{PurePosixPath(name).stem}.", f"{stems.candidates[-1]}."}
        listed = [info for start in starts for info in self._bucket.list_starting(_in(beside, start))]
        paths = {info.path.rpartition("/")[2]: info.path for info in listed if info.path == _in(beside, _name(info))}
        near = without(name, filter(stems.concern, paths))
        own = [other for other in near if (claim := self._read(paths[other])[0]) and key_of(claim.owner) == key]
        others = [other for other in near if other not in own]
        return stems.best(others, own), others

    def paths(
        self, beside: Beside, part: PartOfArtifact, language: str = "", stem: str = "", others: Collection[str] = ()
    ) -> Iterator[str]:
        """Where a file may lie, best first.

        Args:
            language: That of its text.
            stem: The one it is to bear.
            others: What else bears it there.
        """
        stems = Stems(readable_name(beside.name), part.key)
        for candidate in stems.names(stem or stems.candidates[0], part.name, str(part), language, others):
            yield _in(beside, candidate)

    def put(
        self,
        beside: Beside,
        part: PartOfArtifact,
        stem: str,
        content: Content,
        *,
        language: str = "",
        others: Collection[str] = (),
    ) -> str:
        """Write a file beside its source; returns the path it got: free, or its owner's already.

        Args:
            stem: The one it is to bear.
            language: That of its text.
            others: What else bears the stem there.

        Raises:
            Fatal: all names are taken.
        """
        owner = str(part)
        for path in self.paths(beside, part, language, stem, others):
            found = self._bucket.head(path)
            if self._claim(path, found, owner, content):
                try:
                    self._write(path, found, part.name, content)
                except ConditionFailed:
                    self._bucket.delete(self._record(path))
                    continue
                return path
        raise Fatal(
            f"no free name for {part.name} beside {self._bucket.address(beside.folder)}/{beside.name}",
            next_step="Move the objects of that name away",
        )

    def remove(self, path: str, owner: str) -> None:
        """Delete what the owner put at a path, and give the path back; somebody else's stays as it is."""
        claim, _ = self._read(path)
        if claim and claim.owner == owner:
            if _is_ours(self._bucket.head(path), claim):
                self._bucket.delete(path)
            self._bucket.delete(self._record(path))

    def _claim(self, path: str, found: ObjectInfo | None, owner: str, content: Content) -> bool:
        """Note that `content` is about to lie at a path; False when it is somebody else's."""
        for _ in range(_ATTEMPTS):
            claim, info = self._read(path)
            if claim and claim.owner != owner:
                return False
            if found and not (claim and _is_ours(found, claim)):
                if info:
                    self._bucket.delete(info.path)
                return False
            sizes = {_EMPTY_SHA256: 0, **(claim.sizes if claim else {}), content.sha256: content.size_bytes}
            try:
                self._bucket.put(
                    self._record(path),
                    _Claim(owner=owner, path=path, sizes=sizes).model_dump_json().encode(),
                    only_if=info or "absent",
                )
            except ConditionFailed:
                continue  # another writer claims it too; perhaps it is one of the same artifact
            return True
        raise Transient(f"too many writers at once want {self._bucket.address(path)}")

    def _write(self, path: str, found: ObjectInfo | None, name: str, content: Content) -> None:
        """Put `content` at a path that still is as it was found.

        Raises:
            ConditionFailed: the path is no longer as it was found.
        """
        if content.file and content.size_bytes <= self._bucket.part_bytes:
            attributes = attributes_of(name, content.sha256)
            self._bucket.put(path, content.file.read_bytes(), attributes=attributes, only_if=found or "absent")
            return
        # Neither an upload in parts nor a copy can be made to depend on what is there, so the path is taken first.
        self._bucket.put(path, b"", attributes=attributes_of(name, _EMPTY_SHA256), only_if=found or "absent")
        self._bucket.copy(content.path, path, content.size_bytes)

    def _read(self, path: str) -> tuple[_Claim | None, ObjectInfo | None]:
        """The claim, and the object that holds it. One that cannot be read is nobody's: what lies there stays."""
        found = self._bucket.read(self._record(path))
        if found is None:
            return None, None
        try:
            return _Claim.model_validate_json(found[0]), found[1]
        except ValidationError:
            return None, found[1]

    def _record(self, path: str) -> str:
        return f"{self._index}/{hash_of(path)}"


def _is_ours(found: ObjectInfo | None, claim: _Claim) -> bool:
    sha256 = found.attributes.get(_SHA256) if found else None
    return found is not None and sha256 in claim.sizes and claim.sizes[sha256] == found.size_bytes


def _in(beside: Beside, name: str) -> str:
    return f"{beside.folder}/{name}".lstrip("/")


def _name(info: ObjectInfo) -> str:
    return info.path.rpartition("/")[2]
