"""A bucket as a store.

    <prefix>/<asset>/<slug>-<id>/manifest.json            the artifact
    <prefix>/<asset>/<slug>-<id>/<writer>/<name>          its files; every publication is a <writer> of its own
    <prefix>/<asset>/<slug>-<id>/<writer>/coming.json     what is about to be written or to go beside its source
    <prefix>/.index/fingerprint/<asset>/<fingerprint>     → the folder of an artifact with this fingerprint
    <prefix>/.index/beside/…                              which objects among the sources are ours, see `beside`
    <prefix>/.index/content/<sha256>                      → whose artifact a file of this content is

Objects cannot be renamed, and nobody can lock a bucket. So files go under names that no other writer has, and the
manifest comes last, on condition that it still is the one that was there at the beginning: of two writers one wins, and
the other removes what it wrote. What else the winner saw below the artifact's folder is of older versions, of writers
that crashed, and of writers that have lost by its winning: it removes that. So what a crash leaves is found by the next
publication. Parts of an upload that a crash broke off cannot be listed: let the bucket's lifecycle remove those.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from media_assets.base.errors import Fatal, Transient
from media_assets.places.bucket.client import Bucket, ConditionFailed, ObjectGone, ObjectInfo
from media_assets.places.bucket.client.transfer import download
from media_assets.places.bucket.settings import BucketStore
from media_assets.places.bucket.store.beside import BesideObjects, Content, has_content
from media_assets.places.bucket.store.layout import MANIFEST, ORIGIN, BucketLayout
from media_assets.places.bucket.store.publication import BucketPublication, together
from media_assets.places.bucket.store.snapshot import BucketSnapshot
from media_assets.places.cache.cache import FetchCache
from media_assets.places.manifest import Manifest, StoredFile, why_of_another
from media_assets.places.manifest_formats import FORMATS, ManifestFormats
from media_assets.places.source import no_check
from media_assets.places.store import MOST_EDITED_BYTES, EditedFile, ManifestReader, Target


class BucketArtifacts:
    """See `places.store.ArtifactStore`.

    Args:
        cache: Where files are kept that are read, and those that were published a moment ago.
    """

    def __init__(
        self,
        name: str,
        settings: BucketStore,
        bucket: Bucket,
        cache: FetchCache,
        *,
        formats: ManifestFormats = FORMATS,
    ) -> None:
        self.name = name
        self._settings = settings
        self._bucket = bucket
        self._cache = cache
        self._formats = formats
        self._layout = BucketLayout(bucket)
        self._beside = BesideObjects(bucket, self._layout.index("beside"))
        self._known: dict[str, tuple[str, Manifest]] = {}
        """Manifests by path, with the tag of the object they were read from."""

    # ------------------------------------------------------------------------------------------------ reading

    def manifest(self, asset: str, key: str) -> Manifest | None:
        return self._read(self._layout.artifact(asset, key))[0]

    def intact(self, manifest: Manifest) -> bool:
        stage = f"{self._layout.stage(manifest.asset)}/"
        if manifest.placement == "folder" and not all(stored.path.startswith(stage) for stored in manifest.files):
            return False  # it came from an archive, and is of another store
        return all(together(lambda stored: self._is_there(stored, manifest), manifest.files))

    def as_of_now(self, asset: str) -> ManifestReader:
        sizes: dict[str, int] = {}
        manifests: list[ObjectInfo] = []
        for info in self._bucket.list(self._layout.stage(asset)):
            sizes[info.path] = info.size_bytes
            if self._layout.is_manifest(asset, info.path):
                manifests.append(info)
        return BucketSnapshot(self, self._layout, asset, sizes, dict(together(self._read_again, manifests)))

    def find(self, asset: str, fingerprint: str) -> Manifest | None:
        found = self._indexed(asset, fingerprint)
        return found if found and self.intact(found) else None

    def find_edited(self, asset: str, fingerprint: str) -> Manifest | None:
        """See `ShowsEdits`."""
        found = self._indexed(asset, fingerprint)
        return found if found and not self.intact(found) else None

    def _indexed(self, asset: str, fingerprint: str) -> Manifest | None:
        folder = self._entry("fingerprint", asset, fingerprint)
        manifest = self._read(folder)[0] if folder and self._layout.is_artifact(asset, folder) else None
        return manifest if manifest and manifest.fingerprint == fingerprint else None

    def edited(self, manifest: Manifest, directory: Path) -> Mapping[str, EditedFile]:
        """See `ShowsEdits`. What has the size and the age of what was published is not read."""
        published = self._bucket.head(f"{self._layout.artifact(manifest.asset, manifest.key)}/{MANIFEST}")
        found = {}
        for stored in manifest.files:
            info = self._bucket.head(stored.path)
            if info is None or not 0 < info.size_bytes <= MOST_EDITED_BYTES:
                continue
            is_older = published is not None and info.modified_at <= published.modified_at
            if is_older and info.size_bytes == stored.size_bytes:
                continue
            copy = directory / stored.name
            size, tag = info.size_bytes, info.e_tag
            try:
                sha256 = download(self._bucket, stored.path, copy, size_bytes=size, e_tag=tag, algorithm="sha256")
            except (ObjectGone, ConditionFailed):
                raise Transient(f"{stored.name} was changed while it was read") from None
            if sha256 != stored.sha256:
                found[stored.name] = EditedFile(copy, sha256, info.modified_at)
        return found

    @contextmanager
    def lease(self, stored: StoredFile) -> Iterator[Path]:
        name, fetch = self._identity(stored), partial(self._fetch, stored)
        with self._cache.lease(name, stored.size_bytes, fetch, sha256=stored.sha256) as path:
            yield path

    def link(self, manifest: Manifest) -> str:
        if len(manifest.files) != 1:
            return self._bucket.address(self._layout.artifact(manifest.asset, manifest.key))
        path = manifest.files[0].path
        if self._settings.link_seconds:
            return self._bucket.signed_link(path, self._settings.link_seconds)
        return self._bucket.address(path)

    def signed_link(self, stored: StoredFile, seconds: int) -> str:
        """See `SignsLinks`."""
        return self._bucket.signed_link(stored.path, seconds)

    def artifact_objects(self) -> Callable[[str], bool]:
        """A test for objects that this store wrote beside their sources, by their addresses (`s3://bucket/path`), as
        of now."""
        return self._beside.test()

    def has_beside(self, address: str) -> bool:
        """Whether this store wrote the object of that address beside its source: asks for that alone."""
        return self._beside.claims(address)

    def origin_of(self, sha256: str) -> str | None:
        origin = self._entry("content", sha256)
        return origin if ORIGIN.fullmatch(origin) else None

    def check(self) -> str:
        path = self._layout.index(f"check-{uuid.uuid4().hex}")
        try:
            self._bucket.put(path, b"first", only_if="absent")
            self._bucket.put(path, b"second", only_if="absent")
        except ConditionFailed:
            return f"{self._settings.url} can be written"
        finally:
            self._bucket.delete(path)
        raise Fatal(
            f"the server of {self._settings.url} overwrites objects that it was told not to (If-None-Match)",
            next_step="Use a server that knows conditional writes: without them two writers spoil each other's work",
        )

    # ------------------------------------------------------------------------------------------------ writing

    def publish(
        self,
        draft: Manifest,
        files: Mapping[str, Path],
        digests: Mapping[str, str],
        target: Target,
        *,
        check: Callable[[], None] = no_check,
    ) -> Manifest:
        contents = {name: Content(digests[name], path.stat().st_size, file=path) for name, path in files.items()}
        manifest = self._publish(draft, contents, target, check)
        for stored in manifest.files:
            if digests.get(stored.name) == stored.sha256:
                self._cache.add(self._identity(stored), files[stored.name])  # the next stage is about to read it
        for path in files.values():
            path.unlink()
        return manifest

    def copy(
        self, origin: Manifest, draft: Manifest, target: Target, *, check: Callable[[], None] = no_check
    ) -> Manifest:
        contents = {stored.name: Content(stored.sha256, stored.size_bytes, path=stored.path) for stored in origin.files}
        try:
            return self._publish(draft, contents, target, check)
        except ObjectGone:
            raise Transient(f"the {origin.asset} of {origin.key} was replaced while it was copied") from None

    def _publish(
        self, draft: Manifest, contents: Mapping[str, Content], target: Target, check: Callable[[], None]
    ) -> Manifest:
        folder = self._layout.artifact(draft.asset, draft.key)
        before, found = self._read(folder)
        attempt = BucketPublication(self._bucket, self._beside, folder, draft, target, before)
        try:
            attempt.write(contents, check)
            check()
            self._register(attempt.manifest, folder)
            self._put_manifest(folder, attempt.manifest, found)
        except Transient:
            winner, now = self._read(folder)
            if winner != attempt.manifest:  # else only the answer was lost
                if now == found:
                    raise  # no other writer; the next publication tidies up
                attempt.lose(winner)
                if winner and winner.fingerprint == draft.fingerprint and self.intact(winner):
                    return winner
                raise
        attempt.win()
        if target.placement == "beside_source" and not self.intact(attempt.manifest):
            raise Transient(f"another run wrote the {draft.asset} of the same file at the same time")
        return attempt.manifest

    def _put_manifest(self, folder: str, manifest: Manifest, before: ObjectInfo | None) -> None:
        self._bucket.put(
            f"{folder}/{MANIFEST}",
            manifest.model_dump_json(indent=1).encode(),
            attributes={"Content-Type": "application/json"},
            only_if=before or "absent",
        )

    def _register(self, manifest: Manifest, folder: str) -> None:
        texts = {self._layout.index("fingerprint", manifest.asset, manifest.fingerprint): folder}
        for stored in manifest.files:
            if stored.size_bytes and stored.sha256 not in manifest.inputs.values():
                texts[self._layout.index("content", stored.sha256)] = f"{manifest.asset} of {manifest.key}"
        together(lambda item: self._bucket.put(item[0], item[1].encode()), texts.items())

    def _read(self, folder: str) -> tuple[Manifest | None, ObjectInfo | None]:
        """The manifest in a folder, and the object that holds it."""
        found = self._bucket.read(f"{folder}/{MANIFEST}")
        if found is None:
            return None, None
        text, info = found
        manifest = self._formats.read(text, self._bucket.address(info.path))
        asset = folder.rpartition("/")[0].removeprefix(self._layout.stage("")).strip("/")
        if manifest and (reason := why_of_another(manifest, asset, folder)):
            self._formats.refuse(self._bucket.address(info.path), reason)
            return None, info
        return manifest, info

    def _entry(self, *parts: str) -> str:
        """What an entry of the index says; empty when there is none."""
        found = self._bucket.read(self._layout.index(*parts))
        return found[0].decode("utf-8", "replace") if found else ""

    def _read_again(self, listed: ObjectInfo) -> tuple[str, Manifest | None]:
        """A listed manifest, by its path; it is asked for only when it is another one than the last time."""
        folder = listed.path.rpartition("/")[0]
        tag, manifest = self._known.get(listed.path, ("", None))
        if manifest is None or tag != listed.e_tag:
            manifest, found = self._read(folder)
            if manifest and found and found.e_tag:
                self._known[listed.path] = found.e_tag, manifest
        return folder, manifest

    def _is_there(self, stored: StoredFile, manifest: Manifest) -> bool:
        found = self._bucket.head(stored.path)
        if manifest.placement == "beside_source":
            return has_content(found, stored.sha256, stored.size_bytes)
        return found is not None and found.size_bytes == stored.size_bytes

    def _fetch(self, stored: StoredFile, destination: Path) -> None:
        partial = destination.with_name(destination.name + ".partial")
        try:
            digest = download(self._bucket, stored.path, partial, size_bytes=stored.size_bytes, algorithm="sha256")
        except ObjectGone:
            raise Transient(f"{stored.name} was replaced or removed while it was read") from None
        if digest != stored.sha256:
            partial.unlink()
            raise Transient(f"{stored.name} is not what was published: it was replaced, or came damaged")
        partial.replace(destination)

    def _identity(self, stored: StoredFile) -> str:
        return f"{self.name}:{stored.sha256}"
