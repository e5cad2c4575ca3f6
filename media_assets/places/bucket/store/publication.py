"""One writer's attempt to publish an artifact in a bucket: what it writes before the manifest, and what it tidies up
after it has won or lost."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Self, TypeVar

from pydantic import ValidationError

from media_assets.base.errors import Transient
from media_assets.base.interruption import carried
from media_assets.base.model import Model
from media_assets.places.bucket.client import Bucket, ObjectGone
from media_assets.places.bucket.store.beside import BesideObjects, Content, attributes_of, has_content
from media_assets.places.bucket.store.layout import COMING, MANIFEST
from media_assets.places.manifest import Manifest, StoredFile
from media_assets.places.owners import PartOfArtifact
from media_assets.places.source import Beside
from media_assets.places.store import Target

Item = TypeVar("Item")
Result = TypeVar("Result")

_REQUESTS_AT_ONCE = 4


class _Coming(Model):
    """What is ours beside sources and may have to go: names that are about to be claimed, and those of the version that
    is about to be replaced."""

    claims: tuple[tuple[str, str], ...]
    """Path and owner."""

    @classmethod
    def read(cls, text: bytes) -> Self:
        """What a note says; nothing where it is none of ours."""
        try:
            return cls.model_validate_json(text)
        except ValidationError:
            return cls(claims=())


class BucketPublication:
    """The publication of one artifact in a bucket.

    Args:
        folder: Where all of the artifact lies.
        draft: Its manifest, without files.
        before: The manifest that is to be replaced.
    """

    def __init__(
        self,
        bucket: Bucket,
        beside: BesideObjects,
        folder: str,
        draft: Manifest,
        target: Target,
        before: Manifest | None,
    ) -> None:
        self._bucket = bucket
        self._beside = beside
        self._folder = folder
        self._draft = draft
        self._target = target
        self._before = before
        self._own = f"{folder}/{uuid.uuid4().hex[:12]}"
        self._written: list[str] = []
        self._leftovers: list[str] = []
        self.manifest = draft

    def write(self, contents: Mapping[str, Content], check: Callable[[], None]) -> None:
        """Write the files, under names that nobody else's attempt touches or that are claimed for it.

        Args:
            check: Called before each; what it raises ends it.

        Raises:
            Transient: the transfer broke.
            Fatal: it may not be written, or there is no free name beside the source.
        """
        beside = self._target.beside if self._target.placement == "beside_source" else None
        claims = [
            *self._claims_of_before(),
            *((path, str(self._part(name))) for name in contents for path in self._paths(beside, name)),
        ]
        if claims:
            self._put_own(COMING, _Coming(claims=tuple(claims)).model_dump_json().encode())
        if beside:
            # One after the other: two of them may want one name.
            bearing = self._beside.stem(beside, self._draft.key)
            stored = [self._write_beside(beside, bearing, name, content, check) for name, content in contents.items()]
        else:
            stored = together(lambda item: self._write_own(*item, check), contents.items())
        self.manifest = self._draft.model_copy(update={"files": tuple(stored), "placement": self._target.placement})
        self._look_around(stored)

    def win(self) -> None:
        """The manifest is there: remove what older versions and other writers left."""
        self._tidy([*self._leftovers, *self._written], self.manifest)

    def lose(self, winner: Manifest | None) -> None:
        """Another writer's manifest is there: remove what this one wrote."""
        self._tidy(self._written, winner)

    def _tidy(self, paths: Iterable[str], manifest: Manifest | None) -> None:
        kept = {stored.path for stored in manifest.files} if manifest else set()
        passing = [path for path in paths if path not in kept]
        notes = [path for path in passing if path.endswith(f"/{COMING}")]
        for note in notes:
            self._withdraw(note, kept)
        # The notes go last: until then they say what is to be removed.
        together(self._bucket.delete, [path for path in passing if path not in notes])
        together(self._bucket.delete, notes)

    def _write_own(self, name: str, content: Content, check: Callable[[], None]) -> StoredFile:
        check()
        path = f"{self._own}/{name}"
        self._written.append(path)
        if content.file:
            self._bucket.upload(content.file, path, attributes_of(name, content.sha256), check)
        else:
            self._bucket.copy(content.path, path, content.size_bytes)
            if not has_content(self._bucket.head(path), content.sha256, content.size_bytes):
                raise ObjectGone("was replaced")  # beside a source every version bears the same name
        return StoredFile(name=name, path=path, size_bytes=content.size_bytes, sha256=content.sha256)

    def _write_beside(
        self,
        beside: Beside,
        bearing: tuple[str, Collection[str]],
        name: str,
        content: Content,
        check: Callable[[], None],
    ) -> StoredFile:
        check()
        stem, others = bearing
        language = self._target.languages.get(name, "")
        if not content.file or content.size_bytes > self._bucket.part_bytes:
            # What goes up in parts cannot be made to spare what is there; a copy takes its place in one moment. And
            # what is copied may change until it is known to be the right one.
            staged = self._write_own(name, content, check)
            content = Content(content.sha256, content.size_bytes, path=staged.path)
        path = self._beside.put(beside, self._part(name), stem, content, language=language, others=others)
        return StoredFile(name=name, path=path, size_bytes=content.size_bytes, sha256=content.sha256)

    def _put_own(self, name: str, text: bytes) -> None:
        self._written.append(f"{self._own}/{name}")
        self._bucket.put(f"{self._own}/{name}", text)

    def _look_around(self, stored: Iterable[StoredFile]) -> None:
        """Compare what lies there with what was sent, and note what else does.

        What is there before this writer's manifest is, and belongs to another one, belongs to one that cannot win any
        more once it is: so it may be removed then, whether that writer crashed or is still at work.
        """
        found = {info.path: info.size_bytes for info in self._bucket.list(self._folder)}
        for file in stored:
            if file.path.startswith(f"{self._own}/") and found.get(file.path) != file.size_bytes:
                raise Transient(
                    f"{file.name} arrived in {self._bucket.url} with {found.get(file.path)} bytes instead of "
                    f"{file.size_bytes}"
                )
        self._leftovers = [
            path for path in found if path != f"{self._folder}/{MANIFEST}" and not path.startswith(f"{self._own}/")
        ]

    def _withdraw(self, note: str, kept: set[str]) -> None:
        found = self._bucket.read(note)
        for path, owner in _Coming.read(found[0]).claims if found else ():
            if path not in kept:
                self._beside.remove(path, owner)

    def _claims_of_before(self) -> list[tuple[str, str]]:
        if self._before is None or self._before.placement == "folder":
            return []
        return [(stored.path, str(self._part(stored.name))) for stored in self._before.files]

    def _paths(self, beside: Beside | None, name: str) -> Iterable[str]:
        language = self._target.languages.get(name, "")
        return self._beside.paths(beside, self._part(name), language) if beside else ()

    def _part(self, name: str) -> PartOfArtifact:
        return PartOfArtifact(name, self._draft.asset, self._draft.key)


def together(function: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """What `function` returns for each item, a few at once: each is a request."""
    todo = list(items)
    if len(todo) < 2:
        return [function(item) for item in todo]
    with ThreadPoolExecutor(min(_REQUESTS_AT_ONCE, len(todo))) as pool:
        return list(pool.map(carried(function), todo))
