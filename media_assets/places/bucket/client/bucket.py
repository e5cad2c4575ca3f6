"""One bucket and what can be done with its objects, in the project's terms: our errors, no client's types.

Paths are those below the bucket, without a slash at either end; a prefix is one of whole path segments.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from media_assets.base.errors import MediaAssetsError, Transient
from media_assets.base.interruption import ask
from media_assets.places.bucket.client.failures import ConditionFailed, ObjectGone, failure
from media_assets.places.bucket.client.objects import ObjectInfo, info_of, mode_of
from media_assets.places.bucket.client.parts import CONCURRENT_PARTS, part_bytes_for, parts

if TYPE_CHECKING:
    from obstore import Bytes
    from obstore.store import AzureStore, GCSStore, S3Store

Result = TypeVar("Result")

_LISTED_AT_ONCE = 1000
_PIECE_BYTES = 1 << 20
# What S3 copies in one request: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
_MAX_COPY_BYTES = 5 * 1024**3


class Bucket:
    """A bucket that is open. Shared by threads.

    Args:
        url: `<scheme>://<bucket>`.
        prefix: Where in the bucket its source or store begins; no method adds it to a path.
        connect: Builds the client, when it is first used.
        part_bytes: Size of one part of an upload or download.
    """

    def __init__(
        self, url: str, prefix: str, connect: Callable[[], S3Store | GCSStore | AzureStore], *, part_bytes: int
    ) -> None:
        self.url = url
        self.prefix = prefix
        self.part_bytes = part_bytes
        self.max_copy_bytes = _MAX_COPY_BYTES
        self._connect = connect
        self._connected: S3Store | GCSStore | AzureStore | None = None
        self._connecting = threading.Lock()

    def __repr__(self) -> str:
        return f"Bucket({self.address(self.prefix)!r})"

    def address(self, path: str) -> str:
        """The address of an object, for people and for tools: `s3://bucket/path`."""
        return f"{self.url}/{path}".rstrip("/")

    def below(self, *parts: str) -> str:
        """The path of parts below the prefix."""
        return "/".join(part for part in (self.prefix, *parts) if part)

    # ------------------------------------------------------------------------------------------------ reading

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """All objects below a prefix, at any depth, in no order. Objects whose names end in a slash show without it.

        Raises:
            UnreadableNames: a name among them is one the client cannot handle.
        """
        import obstore

        pages = self._do("be listed", lambda store: obstore.list(store, prefix or None, chunk_size=_LISTED_AT_ONCE))
        while (page := self._do("be listed", lambda _: next(pages, None))) is not None:
            yield from map(info_of, page)

    def list_starting(self, start: str) -> Iterator[ObjectInfo]:
        """The objects whose paths start with `start`, however their names go on. Raises as `list` does.

        Services list by the bytes of the paths and can begin anywhere, so that a full folder is not gone through. Azure
        cannot: there it is.
        """
        import obstore

        folder = start.rpartition("/")[0]
        # What sorts right before everything that starts so.
        before = f"{start[:-1]}{chr(ord(start[-1]) - 1)}\U0010ffff"
        pages = self._do(
            "be listed",
            lambda store: obstore.list(store, folder or None, offset=before, chunk_size=_LISTED_AT_ONCE),
        )
        while (page := self._do("be listed", lambda _: next(pages, None))) is not None:
            for info in map(info_of, page):
                if info.path > start and not info.path.startswith(start):
                    return
                if info.path.startswith(start):
                    yield info

    def list_folder(self, prefix: str) -> tuple[Sequence[str], Sequence[ObjectInfo]]:
        """The prefixes and the objects right below a prefix. Raises as `list` does."""
        import obstore

        found = self._do("be listed", lambda store: obstore.list_with_delimiter(store, prefix or None))
        return found["common_prefixes"], [info_of(meta) for meta in found["objects"]]

    def head(self, path: str) -> ObjectInfo | None:
        """What the service says of an object; None when there is none."""
        import obstore

        try:
            found = self._do("be read", lambda store: obstore.get(store, path, options={"head": True}))
        except ObjectGone:
            return None
        return info_of(found.meta, found.attributes)

    def read(self, path: str) -> tuple[bytes, ObjectInfo] | None:
        """A small object; None when there is none."""
        import obstore

        def get(store: Any) -> tuple[bytes, ObjectInfo]:
            found = obstore.get(store, path)
            return bytes(found.bytes()), info_of(found.meta, found.attributes)

        try:
            return self._do("be read", get)
        except ObjectGone:
            return None

    def read_range(self, path: str, start: int, end: int, *, e_tag: str | None = None) -> Bytes:
        """The bytes from `start` up to, not including, `end`.

        Raises:
            ObjectGone: there is no such object.
            ConditionFailed: it is no longer the one with that `e_tag`.
            Transient: the transfer broke.
        """
        import obstore

        def get(store: Any) -> Bytes:
            options: Any = {"range": (start, end)} | ({"if_match": e_tag} if e_tag else {})
            return obstore.get(store, path, options=options).bytes()

        piece = self._do("be read", get)
        if len(piece) != end - start:
            raise Transient(f"{self.url} cannot be read at the moment: a range came back shorter than asked for")
        return piece

    # ------------------------------------------------------------------------------------------------ writing

    def put(
        self,
        path: str,
        content: bytes,
        *,
        attributes: Mapping[str, str] | None = None,
        only_if: Literal["absent"] | ObjectInfo | None = None,
    ) -> None:
        """Write a small object in one request.

        Args:
            only_if: Write it only while there is none, or only while it is as described.

        Raises:
            ConditionFailed: `only_if` does not hold.
        """
        import obstore

        mode = mode_of(only_if)
        try:
            self._do(
                "be written",
                lambda store: obstore.put(
                    store, path, content, mode=mode, attributes=dict(attributes or {}), use_multipart=False
                ),
            )
        except (ConditionFailed, ObjectGone, Transient) as error:
            # It may have taken effect with its answer lost, and the client have repeated it.
            if only_if is not None and self._is_there(path, content):
                return
            if isinstance(error, ObjectGone):  # what was to be replaced
                raise ConditionFailed(f"{self.url}: an object vanished while it was replaced") from None
            raise

    def upload(
        self, file: Path, path: str, attributes: Mapping[str, str], check: Callable[[], None] = lambda: None
    ) -> None:
        """Write an object of any size in parts; it appears complete or not at all.

        Args:
            attributes: Those that tell this object from any other: by them it is recognised where its answer was lost.
            check: Called before each piece of what goes up in parts; what it raises ends the upload.

        Raises:
            Transient: the transfer broke.
        """
        import obstore

        size_bytes = file.stat().st_size
        part_bytes = part_bytes_for(size_bytes, self.part_bytes)
        try:
            self._do(
                "be written",
                lambda store: obstore.put(
                    store,
                    path,
                    _pieces(file, check) if size_bytes > part_bytes else file,
                    attributes=dict(attributes),
                    use_multipart=size_bytes > part_bytes,
                    chunk_size=part_bytes,
                    max_concurrency=CONCURRENT_PARTS,
                ),
            )
        except (ObjectGone, Transient):
            # A last request that took effect with its answer lost is answered "no such upload" when it is repeated.
            with suppress(MediaAssetsError):
                found = self.head(path)
                if found and found.size_bytes == size_bytes and attributes.items() <= found.attributes.items():
                    return
            raise Transient(f"{self.url} cannot be written at the moment: the transfer broke") from None

    def copy(self, origin: str, path: str, size_bytes: int) -> None:
        """Copy an object with its attributes; on the server's side, unless it is too large for that.

        Raises:
            ObjectGone: there is no such object.
        """
        import obstore

        if size_bytes <= self.max_copy_bytes or not self.url.startswith("s3:"):
            self._do("be written", lambda store: obstore.copy(store, origin, path))
            return
        found = self.head(origin)
        if found is None:
            raise ObjectGone("is no longer in the bucket")
        part_bytes = part_bytes_for(size_bytes, self.part_bytes)
        # Read in other threads: the client cannot read while it asks for what it is to write.
        content = parts(partial(self.read_range, origin, e_tag=found.e_tag), 0, found.size_bytes, part_bytes)
        self._do(
            "be written",
            lambda store: obstore.put(
                store,
                path,
                content,
                attributes=dict(found.attributes),
                chunk_size=part_bytes,
                max_concurrency=CONCURRENT_PARTS,
            ),
        )

    def delete(self, *paths: str) -> None:
        """Delete objects; those that are not there do not matter."""
        import obstore

        for path in paths:
            with suppress(ObjectGone):
                self._do("be written", partial(obstore.delete, paths=path))

    def signed_link(self, path: str, seconds: int, method: Literal["GET", "DELETE"] = "GET") -> str:
        """An address at which anybody can read the object for a while, or delete it. It is a secret."""
        import obstore

        return self._do(
            "be opened by a signed link", lambda store: obstore.sign(store, method, path, timedelta(seconds=seconds))
        )

    def _is_there(self, path: str, content: bytes) -> bool:
        with suppress(MediaAssetsError):
            found = self.read(path)
            return found is not None and found[0] == content
        return False

    def _do(self, doing: str, action: Callable[[Any], Result]) -> Result:
        from obstore.exceptions import BaseError

        store = self._store
        ask()
        try:
            return action(store)
        except (BaseError, FileNotFoundError, ValueError) as error:
            refusal = failure(error, self.url, doing)
        raise refusal  # outside, so that the client's error with all it holds is not its context

    @property
    def _store(self) -> S3Store | GCSStore | AzureStore:
        with self._connecting:
            if self._connected is None:
                self._connected = self._connect()
            return self._connected


def _pieces(file: Path, check: Callable[[], None]) -> Iterator[bytes]:
    """The content of a file, for as long as the work goes on: the client ends an upload with what this raises."""
    with file.open("rb") as content:
        while piece := content.read(_PIECE_BYTES):
            check()
            ask()
            yield piece
