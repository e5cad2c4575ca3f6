"""Moving copies within a bucket: to names below a prefix for review, and back.

Buckets cannot rename. The object is copied on the server's side, the copy is compared with what the index knows, and
then the object is deleted on the condition that it is still the one that was compared. A crash leaves both or one of
them, each complete; what it left is told apart by checksum.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial

from media_assets.base.errors import SourceChanged
from media_assets.base.keys import decode_path
from media_assets.base.paths import LeadsOut, plain
from media_assets.places.bucket.client import Bucket, ConditionFailed, ObjectGone, ObjectInfo
from media_assets.places.bucket.client.conditional import delete_unchanged
from media_assets.places.bucket.client.parts import parts
from media_assets.places.journal import NotOfThisPlace
from media_assets.places.moving import CheckedFile, Move


class BucketMover:
    """Moves copies within one bucket.

    Args:
        bucket: That of the source; its prefix is where the source begins.
        review_folder: Name of the prefix, below that of the source, that copies go to; the scan must leave it out.
        check: Called while contents are read.
    """

    def __init__(self, bucket: Bucket, review_folder: str, check: Callable[[], None] = lambda: None) -> None:
        self._bucket = bucket
        self._review = review_folder
        self._check = check

    def verify(self, file: CheckedFile) -> None:
        self._verified(file)

    def check(self, move: Move) -> None:
        self.verify(move.keep)
        self.prepare(move, lambda _: None)  # which changes nothing in a bucket

    def prepare(self, move: Move, note: Callable[[str], None]) -> Move:  # noqa: ARG002 - a bucket has no folders
        if move.file.address == move.keep.address:
            raise SourceChanged("it and the file to keep are one object")
        destination = self._destination(move)
        if self._bucket.head(destination) is not None:
            raise SourceChanged(f"{self._bucket.address(destination)} exists already")
        return move.model_copy(update={"origin": self._verified(move.file).e_tag or ""})

    def move(self, move: Move) -> None:
        found = self._required(self._source(move.file))
        if (found.e_tag or "") != move.origin:
            raise SourceChanged(f"{self._bucket.address(found.path)} was written again")
        self._transfer(found, self._destination(move), move.file)

    def restore(self, move: Move) -> bool:
        source, destination = self._source(move.file), self._destination(move)
        before, aside = self._bucket.head(source), self._bucket.head(destination)
        if aside is None:
            if before is None:
                raise SourceChanged(f"{self._bucket.address(destination)} is gone")
            return False
        if not self._holds(aside, move.file):
            raise SourceChanged(f"{self._bucket.address(destination)} has other content now")
        if before is None:
            self._transfer(aside, source, move.file)
            return True
        if not self._holds(before, move.file):
            raise SourceChanged(f"{self._bucket.address(source)} exists already, with other content")
        delete_unchanged(self._bucket, aside)  # a crash came between the copy and the deletion
        return False

    def remove_folder(self, name: str) -> bool:  # noqa: ARG002
        """Buckets have none."""
        return True

    def _transfer(self, found: ObjectInfo, destination: str, file: CheckedFile) -> None:
        """Copy, compare, delete. When this raises SourceChanged, there is no copy."""
        try:
            self._bucket.copy(found.path, destination, found.size_bytes)
        except (ObjectGone, ConditionFailed):
            raise SourceChanged(f"{self._bucket.address(found.path)} is gone, or was written again") from None
        copy = self._required(destination)
        try:
            if not self._holds(copy, file):
                raise SourceChanged(f"{self._bucket.address(found.path)} changed while it was copied")
            delete_unchanged(self._bucket, found)
        except (ConditionFailed, SourceChanged) as error:
            delete_unchanged(self._bucket, copy)
            if isinstance(error, SourceChanged):
                raise
            raise SourceChanged(f"{self._bucket.address(found.path)} was written again") from None

    def _verified(self, file: CheckedFile) -> ObjectInfo:
        found = self._required(self._source(file))
        if found.size_bytes != file.size_bytes:
            address = self._bucket.address(found.path)
            raise SourceChanged(f"{address} has {found.size_bytes} bytes now, and had {file.size_bytes}")
        if not self._holds(found, file):
            raise SourceChanged(f"{self._bucket.address(found.path)} has other content now")
        return found

    def _required(self, path: str) -> ObjectInfo:
        found = self._bucket.head(path)
        if found is None:
            raise SourceChanged(f"{self._bucket.address(path)} is gone")
        return found

    def _holds(self, found: ObjectInfo, file: CheckedFile) -> bool:
        """Whether an object has the content of a file: by its tag where that tells, else by reading it."""
        if found.size_bytes != file.size_bytes:
            return False
        tag = (found.e_tag or "").strip('"')
        # A tag is the MD5 of what was uploaded in one piece; of the rest it is a name of that one version.
        if tag and (tag == file.md5 or (file.revision == f"{found.size_bytes}-{tag}" and (file.sha256 or file.md5))):
            return True
        name, digest = ("sha256", file.sha256) if file.sha256 else ("md5", file.md5)
        if not digest:
            raise SourceChanged(f"{self._bucket.address(found.path)} has no known checksum to compare it with")
        return self._digest(found, name) == digest

    def _digest(self, found: ObjectInfo, algorithm: str) -> str:
        digest = hashlib.new(algorithm, usedforsecurity=False)
        read = partial(self._bucket.read_range, found.path, e_tag=found.e_tag)
        try:
            for part in parts(read, 0, found.size_bytes, self._bucket.part_bytes):
                digest.update(memoryview(part))
                self._check()
        except (ConditionFailed, ObjectGone):
            raise SourceChanged(f"{self._bucket.address(found.path)} changed while it was compared") from None
        return digest.hexdigest()

    def _source(self, file: CheckedFile) -> str:
        return self._below("", file.address)

    def _destination(self, move: Move) -> str:
        return self._below(self._review, move.destination)

    def _below(self, prefix: str, address: str) -> str:
        try:
            return self._bucket.below(prefix, plain(decode_path(address)))
        except LeadsOut:
            raise NotOfThisPlace(
                f"{address} leads out of {self._bucket.address(self._bucket.prefix)}",
                next_step="Run the index of duplicates again",
            ) from None
