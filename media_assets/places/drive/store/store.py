"""Google Drive as a store.

    <folder>/<asset>/<name>~<hash>.m4a …                    files of artifacts, unless they lie beside their sources
    <folder>/.manifests/<asset>/<slug>-<hash>.json          what the artifacts are, one file for each

An artifact is there when its manifest is and its files are as that says. Everything is found by the marks on it (see
`marks`), never by its name or place, so people may rename and move what they like. `publication` sees to it that there
is exactly one. What this machine keeps (`journal`, `memory`) nobody needs in order to read.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path

from filelock import FileLock

from media_assets.base.checksums import digests_of, sha256_of
from media_assets.base.errors import MediaAssetsError, SourceChanged, Transient
from media_assets.base.files import PRIVATE_MODE, private_folder
from media_assets.base.interruption import held_if_free, holding
from media_assets.places.cache.cache import FetchCache
from media_assets.places.drive.api.api import DriveApi
from media_assets.places.drive.api.folders import file_link, folder_link
from media_assets.places.drive.settings import DriveStore
from media_assets.places.drive.store.ahead import Ahead
from media_assets.places.drive.store.check import check_store
from media_assets.places.drive.store.doubles import Doubles, JustPublished
from media_assets.places.drive.store.folders import StoreFolders
from media_assets.places.drive.store.index import DriveIndex, Found
from media_assets.places.drive.store.journal import Journal
from media_assets.places.drive.store.marks import ARTIFACT, DriveFile, artifact_id, asset_of, place
from media_assets.places.drive.store.memory import DriveMemory
from media_assets.places.drive.store.plan import Part
from media_assets.places.drive.store.publication import DrivePublication, OriginReplaced, finish
from media_assets.places.drive.store.snapshot import DriveSnapshot
from media_assets.places.manifest import Manifest, StoredFile
from media_assets.places.manifest_formats import FORMATS, ManifestFormats
from media_assets.places.source import no_check
from media_assets.places.store import MOST_EDITED_BYTES, EditedFile, ManifestReader, Target

# A look at an artifact also answers whether it is intact, if that is asked at once.
_LOOK_LASTS_SECONDS = 2.0
_FOLDERS_REMEMBERED = 10_000


class DriveArtifacts:
    """See `places.store.ArtifactStore`. Shared by threads; touches nothing until it is used.

    Args:
        identity: What stays the same in all keys a file may have had, see `Source.identity`.
    """

    def __init__(
        self,
        name: str,
        settings: DriveStore,
        api: DriveApi,
        cache: FetchCache,
        state_dir: Path,
        *,
        identity: Callable[[str], str] = lambda key: key,
        formats: ManifestFormats = FORMATS,
    ) -> None:
        self.name = name
        self._place = settings.folder
        self._api = api
        self._cache = cache
        self._state = state_dir / "google"
        self._identity = identity
        memory = DriveMemory(self._state / "store.sqlite")
        self._folders = StoreFolders(api, settings.folder, self._state / "locks", memory)
        self._index = DriveIndex(api, self._folders, memory, formats)
        self._ahead = Ahead(self._index)
        self._doubles = Doubles(api, self._index, self._lock)
        self._unsettled: dict[str, list[JustPublished]] = {}
        self._unsettled_lock = threading.Lock()
        self._last_look = threading.local()
        self._parents: dict[str, str] = {}
        self._parents_lock = threading.Lock()

    # ------------------------------------------------------------------------------------------------ reading

    def manifest(self, asset: str, key: str) -> Manifest | None:
        artifact = self._artifact(asset, key)
        self._finish_what_crashed(asset, artifact)
        found = self._ahead.look(asset, artifact)
        manifest = self._index.read(found.manifest) if found.manifest else None
        if manifest and len(found.manifests) > 1:
            self._tidy(asset, artifact, found, manifest)
        if manifest:
            self._remember_folder(manifest, found)
            self._last_look.of = (manifest, found, time.monotonic())
        return manifest

    def intact(self, manifest: Manifest) -> bool:
        return self._index.intact(manifest, self._look(manifest))

    def as_of_now(self, asset: str) -> ManifestReader:
        return DriveSnapshot(self._index, asset, self._artifact)

    def find(self, asset: str, fingerprint: str) -> Manifest | None:
        return next((manifest for manifest, is_intact in self._twins(asset, fingerprint) if is_intact), None)

    def find_edited(self, asset: str, fingerprint: str) -> Manifest | None:
        """See `ShowsEdits`."""
        return next((manifest for manifest, is_intact in self._twins(asset, fingerprint) if not is_intact), None)

    def _twins(self, asset: str, fingerprint: str) -> Iterator[tuple[Manifest, bool]]:
        """The artifacts with this fingerprint, and whether each is intact."""
        for file in self._index.twins(asset, fingerprint):
            manifest = self._index.read(file)
            if manifest and (manifest.asset, manifest.fingerprint) == (asset, fingerprint):
                found = self._index.artifact(asset, file.properties[ARTIFACT])
                if found.manifest and found.manifest.id == file.id:
                    yield manifest, self._index.intact(manifest, found)

    def edited(self, manifest: Manifest, directory: Path) -> Mapping[str, EditedFile]:
        """See `ShowsEdits`."""
        found = {}
        for stored in manifest.files:
            file = self._index.file(stored.path)
            if file is None or file.trashed or file.has_content_of(stored):
                continue
            if not 0 < file.size_bytes <= MOST_EDITED_BYTES:
                continue
            copy = directory / stored.name
            try:
                self._api.download(file.id, copy, size_bytes=file.size_bytes, md5=file.content_md5)
            except SourceChanged as error:
                raise Transient(f"{stored.name} was changed in Google Drive while it was fetched") from error
            sha256 = sha256_of(copy)
            if sha256 != stored.sha256:
                found[stored.name] = EditedFile(copy, sha256, datetime.fromisoformat(file.modified))
        return found

    def lease(self, stored: StoredFile) -> AbstractContextManager[Path]:
        name, fetch = self._in_cache(stored.sha256), partial(self._fetch, stored)
        return self._cache.lease(name, stored.size_bytes, fetch, sha256=stored.sha256)

    def link(self, manifest: Manifest) -> str:
        """The file; of several the folder they lie in, as far as this process has seen it, else the first of them."""
        ids = [stored.path for stored in manifest.files]
        with self._parents_lock:
            folder = self._parents.get(ids[0]) if len(ids) > 1 else None
        if folder:
            return folder_link(folder)
        return file_link(ids[0]) if ids else "https://drive.google.com/"

    def origin_of(self, sha256: str) -> str | None:
        for file in self._index.with_content(sha256):
            found = self._index.artifact(asset_of(file), file.properties[ARTIFACT])
            manifest = self._index.read(found.manifest) if found.manifest else None
            # What was handed on bit for bit is its source, and not an artifact; so are all empty files.
            if manifest and file.size_bytes and sha256 not in manifest.inputs.values():
                return f"{manifest.asset} of {manifest.key}"
        return None

    def check(self) -> str:
        return check_store(self._api, self._folders, self._place)

    # ------------------------------------------------------------------------------------------------ in batches

    def looking_ahead(self, asset: str, keys: Sequence[str]) -> AbstractContextManager[None]:
        return self._ahead.expecting(asset, [self._artifact(asset, key) for key in keys])

    @contextmanager
    def settling_together(self, asset: str) -> Iterator[Callable[[], Mapping[str, Manifest | MediaAssetsError]]]:
        with self._unsettled_lock:
            self._unsettled.setdefault(asset, [])
        try:
            yield partial(self._settle, asset)
        finally:
            with self._unsettled_lock:
                self._unsettled.pop(asset, None)  # what is left is in the journals

    def _settle(self, asset: str) -> Mapping[str, Manifest | MediaAssetsError]:
        with self._unsettled_lock:
            stored, self._unsettled[asset] = self._unsettled.get(asset, []), []
        return self._doubles.settle(asset, stored)

    def _tidy(self, asset: str, artifact: str, found: Found, manifest: Manifest) -> None:
        """Leave the oldest of several artifacts of one kind and file, unless it is being published right now."""
        root = self._folders.made_root()
        with held_if_free(self._lock(self._journal(root.id, asset, artifact))) as is_free:
            if is_free:
                self._doubles.tidy(found, manifest)

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
        parts = [
            Part(name, path.stat().st_size, digests_of(path, "md5", check=check)["md5"], digests[name], path)
            for name, path in files.items()
        ]
        manifest = self._publish(draft, parts, target, check)
        for name, path in files.items():
            self._cache.add(self._in_cache(digests[name]), path)
            path.unlink(missing_ok=True)
        return manifest

    def copy(
        self, origin: Manifest, draft: Manifest, target: Target, *, check: Callable[[], None] = no_check
    ) -> Manifest:
        replaced = Transient(f"the {origin.asset} of {origin.key} was replaced while it was copied")
        found = self._look(origin)
        if not self._index.intact(origin, found):
            raise replaced
        parts = [
            Part(
                stored.name, stored.size_bytes, found.files[stored.path].content_md5, stored.sha256, origin=stored.path
            )
            for stored in origin.files
        ]
        try:
            return self._publish(draft, parts, target, check)
        except OriginReplaced:
            raise replaced from None

    def _publish(self, draft: Manifest, parts: Sequence[Part], target: Target, check: Callable[[], None]) -> Manifest:
        artifact = self._artifact(draft.asset, draft.key)
        journal = self._journal(self._folders.made_root().id, draft.asset, artifact)
        with holding(self._lock(journal)):
            publication = DrivePublication(
                self._api,
                self._folders,
                self._index,
                journal,
                store=self.name,
                artifact=artifact,
                draft=draft,
                parts=parts,
                target=target,
                check=check,
                is_own=partial(self._is_of, draft.key),
                is_new=self._ahead.was_absent(draft.asset, artifact),
            )
            if draft.asset in self._unsettled:
                manifest, found = self._published_unsettled(publication)
            else:
                manifest, found = publication.run()
        self._remember_folder(manifest, found)
        return manifest

    def _published_unsettled(self, publication: DrivePublication) -> tuple[Manifest, Found]:
        stored, found = publication.run_unsettled()
        with self._unsettled_lock:
            self._unsettled.setdefault(stored.manifest.asset, []).append(stored)
        return stored.manifest, found

    def _finish_what_crashed(self, asset: str, artifact: str) -> None:
        """Tidy up after a publication that was killed when its manifest was there: no other one would come to do it.

        Also when somebody else published since. Only where nobody did, what it left is taken up by the next one.
        """
        root = self._folders.root()
        journal = self._journal(root.id, asset, artifact) if root else None
        if journal is None or not journal.exists:
            return
        with held_if_free(self._lock(journal)) as is_free:
            if not is_free:
                return  # it is being published
            left = journal.read()
            if not left.ids:
                journal.remove()
                return
            found = self._index.artifact(asset, artifact)
            there = found.manifest
            manifest = (
                self._index.read(there)
                if there and (there.content_md5 == left.md5 or there.content_md5 != left.before)
                else None
            )
            if manifest and self._index.intact(manifest, found):
                finish(self._api, self._index, journal, found, manifest)

    def _artifact(self, asset: str, key: str) -> str:
        return artifact_id(asset, self._identity(key))

    def _is_of(self, key: str, file: DriveFile) -> bool:
        """Whether a file belongs to any artifact of the file with this key."""
        return file.made_by_us and file.properties.get(ARTIFACT) == self._artifact(asset_of(file), key)

    def _look(self, manifest: Manifest) -> Found:
        """What there is of an artifact; from the look that found the manifest, if that was just now."""
        seen, found, at = getattr(self._last_look, "of", (None, Found(), 0.0))
        self._last_look.of = (None, Found(), 0.0)
        if seen is manifest and time.monotonic() - at < _LOOK_LASTS_SECONDS:
            return found
        return self._index.artifact(manifest.asset, self._artifact(manifest.asset, manifest.key))

    def _fetch(self, stored: StoredFile, destination: Path) -> None:
        file = self._index.file(stored.path)
        if file is None:
            raise SourceChanged(
                f"lost its {stored.name}: that is no longer in Google Drive", next_step="Materialize the artifact again"
            )
        if not file.has_content_of(stored):
            raise Transient(f"{stored.name} was replaced in Google Drive")
        try:
            with self._folders.of_the_store(stored.name):
                self._api.download(file.id, destination, size_bytes=file.size_bytes, md5=file.content_md5)
        except SourceChanged as error:
            raise Transient(f"{stored.name} was replaced in Google Drive while it was fetched") from error

    def _in_cache(self, sha256: str) -> str:
        return f"{self.name}:{sha256}"

    def _journal(self, folder_id: str, asset: str, artifact: str) -> Journal:
        what = hashlib.sha256(f"{place(folder_id, asset)}/{artifact}".encode()).hexdigest()
        return Journal(self._state / "uploads" / what[:40])

    def _lock(self, journal: Journal) -> FileLock:
        """The lock of whoever publishes an artifact. One for every 4096th, as lock files cannot be removed safely."""
        path = self._state / "locks" / f"{journal.folder.name[:3]}.lock"
        private_folder(path.parent)
        return FileLock(path, mode=PRIVATE_MODE)

    def _remember_folder(self, manifest: Manifest, found: Found) -> None:
        first = found.files.get(manifest.files[0].path) if manifest.files else None
        if first:
            with self._parents_lock:
                self._parents.pop(first.id, None)
                self._parents[first.id] = first.parent
                if len(self._parents) > _FOLDERS_REMEMBERED:
                    del self._parents[next(iter(self._parents))]
