"""What there is in Drive: files by the marks on them, artifacts by what they were made from, contents of manifests.

A search may miss what was made moments ago. So what ought to be there and is not found is asked for by its id.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from media_assets.base.errors import SourceChanged, Transient
from media_assets.base.interruption import carried
from media_assets.places.drive.api.api import DriveApi
from media_assets.places.drive.api.errors import NotFound
from media_assets.places.drive.api.folders import pages_of, quoted
from media_assets.places.drive.store.folders import DriveFolder, StoreFolders
from media_assets.places.drive.store.marks import (
    ARTIFACT,
    FIELDS,
    FINGERPRINT,
    PLACE,
    SHA256,
    DriveFile,
    has,
    place,
    twin_mark,
)
from media_assets.places.drive.store.memory import DriveMemory, Published
from media_assets.places.manifest import Manifest
from media_assets.places.manifest_formats import FORMATS, ManifestFormats

ARTIFACTS_PER_SEARCH = 30
"""How many one search asks for. It makes a query of 3,000 characters; people report 50 terms to work."""

# Small downloads take the time of a round trip each.
_READERS = 8


@dataclass
class Found:
    """The files of one artifact, those in the trash left out."""

    files: dict[str, DriveFile] = field(default_factory=dict)
    """The files by their ids, copies that people made among them."""
    artifact: str = ""
    """Its `artifact_id`. A file without that mark is none of its files, whatever a manifest says; empty: of any."""

    @property
    def manifests(self) -> list[DriveFile]:
        """The oldest first: it is the one that counts. Two machines may make one each at the same time."""
        found = (file for file in self.files.values() if file.is_manifest)
        return sorted(found, key=lambda file: (file.created, file.id))

    @property
    def manifest(self) -> DriveFile | None:
        return next(iter(self.manifests), None)


class DriveIndex:
    """Finds artifacts in Drive, and reads their manifests."""

    def __init__(
        self, api: DriveApi, folders: StoreFolders, memory: DriveMemory, formats: ManifestFormats = FORMATS
    ) -> None:
        self._api = api
        self._folders = folders
        self._memory = memory
        self._formats = formats

    # ------------------------------------------------------------------------------------------------ files

    def artifact(self, asset: str, artifact: str, drives: Collection[str] = ()) -> Found:
        """The files of an artifact.

        Args:
            drives: Where to look besides the drive of the store.
        """
        root = self._folders.root()
        if root is None:
            return Found(artifact=artifact)
        mark = place(root.id, asset)
        files = {
            file.id: file
            for drive in {root.drive, *drives}
            for file in self._search(drive, has(ARTIFACT, artifact), has(PLACE, mark), "trashed = false")
        }
        found = Found(files, artifact)
        known = self._memory.published(f"{mark}/{artifact}")
        if known:
            self.add_published({f"{mark}/{artifact}": known}, lambda _: found)
        return found

    def artifacts(self, asset: str, artifacts: Sequence[str]) -> dict[str, Found]:
        """The files of several artifacts, as far as they are in the drive of the store; see `artifact`."""
        root = self._folders.root()
        looked = self.searched(asset, artifacts)
        if root:
            keys = {f"{place(root.id, asset)}/{artifact}": artifact for artifact in artifacts}
            self.add_published(self._memory.published_of(list(keys)), lambda key: looked[keys[key]])
        return looked

    def searched(self, asset: str, artifacts: Sequence[str]) -> dict[str, Found]:
        """What `artifacts` returns, without what a search does not show."""
        looked = {artifact: Found() for artifact in artifacts}
        root = self._folders.root()
        if root:
            either = " or ".join(has(ARTIFACT, artifact) for artifact in artifacts)
            for file in self._search(root.drive, f"({either})", has(PLACE, place(root.id, asset)), "trashed = false"):
                looked[file.properties[ARTIFACT]].files[file.id] = file
        return looked

    def published(self, manifest: Manifest, artifact: str, file: Published) -> None:
        """Remember which file is the manifest of an artifact."""
        key = f"{place(self._folders.made_root().id, manifest.asset)}/{artifact}"
        twins = twin_mark(manifest.asset, manifest.fingerprint)
        self._memory.publish(key, file, twins)

    def all_published(self, asset: str) -> dict[str, Published]:
        """The manifests that this machine published last, by what the memory calls the artifact: `<…>/<artifact>`."""
        root = self._folders.root()
        return self._memory.published_below(f"{place(root.id, asset)}/") if root else {}

    def add_published(self, known: Mapping[str, Published], found_of: Callable[[str], Found]) -> None:
        """Ask by their ids for the manifests that a search ought to have shown, and did not as they were published.

        Args:
            known: What this machine remembers, by artifact.
            found_of: What the search showed, by artifact; is filled in.
        """
        missed = {}
        for key, manifest in known.items():
            shown = found_of(key).files.get(manifest.file_id)
            if shown is None or shown.content_md5 != manifest.md5:
                missed[key] = manifest
        for key, file in zip(missed, self._files([manifest.file_id for manifest in missed.values()]), strict=True):
            if file and file.is_manifest and not file.trashed:
                found_of(key).files[file.id] = file
                if file.content_md5 != missed[key].md5:  # another machine published since
                    self._memory.publish(
                        key, Published(file.id, file.content_md5), file.properties.get(FINGERPRINT, "")
                    )
            else:
                found_of(key).files.pop(missed[key].file_id, None)
                self._memory.forget(key)

    def _files(self, ids: Collection[str]) -> list[DriveFile | None]:
        if len(ids) < 2:
            return [self.file(file_id) for file_id in ids]
        with ThreadPoolExecutor(_READERS) as pool:
            return list(pool.map(carried(self.file), ids))

    def of_asset(self, asset: str, drive: str | None = None) -> Iterator[DriveFile]:
        """The files of all artifacts of an asset, those in the trash left out.

        Args:
            drive: Where to look; None: in the drive of the store.
        """
        root = self._folders.root()
        if root:
            where = root.drive if drive is None else drive
            yield from self._search(where, has(PLACE, place(root.id, asset)), "trashed = false")

    @property
    def drive(self) -> str:
        """The one the store is in; see `DriveFolder.drive`."""
        root = self._folders.root()
        return root.drive if root else ""

    def twins(self, asset: str, fingerprint: str) -> Iterator[DriveFile]:
        """Manifests of artifacts that were made from the same; those this machine knows of first."""
        root = self._folders.root()
        if root:
            for known in self._memory.twins(twin_mark(asset, fingerprint)):
                file = self.file(known.file_id)
                if file and file.is_manifest and not file.trashed and file.properties[PLACE] == place(root.id, asset):
                    yield file
            terms = (
                has(FINGERPRINT, twin_mark(asset, fingerprint)),
                has(PLACE, place(root.id, asset)),
                "trashed = false",
            )
            yield from (file for file in self._search(root.drive, *terms) if file.is_manifest)

    def with_content(self, sha256: str) -> Iterator[DriveFile]:
        """Files of the store with this content, also those in the trash."""
        root = self._folders.root()
        if root:
            for file in self._search(root.drive, has(SHA256, sha256)):
                if file.properties.get(PLACE, "").startswith(f"{root.id}/"):
                    yield file

    def lying_in(self, folder: DriveFolder) -> Iterator[DriveFile]:
        """All that lies in a folder, whoever put it there; the trash left out."""
        yield from self._search(folder.drive, f"{quoted(folder.id)} in parents", "trashed = false")

    def file(self, file_id: str) -> DriveFile | None:
        """The file with an id; None when it is gone for good.

        Raises:
            StoreGone: so is the store.
        """
        try:
            with self._folders.of_the_store("what was stored"):
                return DriveFile.of(self._api.get(file_id, fields=FIELDS))
        except NotFound:
            self._folders.require_root()
            return None

    def complete(self, found: Found, ids: Iterable[str]) -> Found:
        """Add the files with these ids that the search did not find: those of another drive, or very new ones."""
        for file_id in set(ids) - set(found.files):
            file = self.file(file_id)
            if file and file.trashed:
                self._folders.require_root()  # with it goes all that is in it
            elif file and found.artifact in ("", file.properties.get(ARTIFACT)):
                found.files[file.id] = file
        return found

    def intact(self, manifest: Manifest, found: Found) -> bool:
        """Whether every file of an artifact is there as it was published."""
        for stored in manifest.files:
            shown = found.files.get(stored.path)
            if shown and not shown.holds(stored):
                del found.files[stored.path]  # searches show for a while what was there before
                if not self.complete(found, [stored.path]).files.get(stored.path, shown).holds(stored):
                    return False
        self.complete(found, (stored.path for stored in manifest.files))
        return all(stored.path in found.files and found.files[stored.path].holds(stored) for stored in manifest.files)

    def _search(self, drive: str, *terms: str) -> Iterator[DriveFile]:
        pages = pages_of(self._api, " and ".join(terms), drive, fields=FIELDS)
        is_empty = True
        while page := self._next(pages):
            if page.get("incompleteSearch"):
                raise Transient("Google Drive searched only a part of its files")
            is_empty = is_empty and not page["files"]
            yield from map(DriveFile.of, page["files"])
        if is_empty:
            self._folders.require_root()

    def _next(self, pages: Iterator[dict[str, Any]]) -> dict[str, Any] | None:
        """The next page; a refusal concerns the store, not whatever file the search is for."""
        try:
            with self._folders.of_the_store("a search for artifacts"):
                return next(pages, None)
        except NotFound:  # the shared drive
            self._folders.require_root()
            raise

    # ------------------------------------------------------------------------------------------------ manifests

    def read(self, file: DriveFile) -> Manifest | None:
        """The content of a manifest; None when it is damaged.

        Raises:
            Fatal: it was written by another version.
        """
        content = self._memory.content(file.content_md5)
        if content is None:
            content = self._download(file)
        return self._formats.read(content, f"{file.name} in Google Drive")

    def keep(self, md5: str, content: str) -> None:
        """Have the content of a manifest at hand that is about to be written."""
        self._memory.keep(md5, content)

    def read_ahead(self, files: Collection[DriveFile]) -> None:
        """Have the contents of many manifests at hand."""
        unknown = self._memory.unknown({file.content_md5 for file in files})
        wanted = {file.content_md5: file for file in files if file.content_md5 in unknown}
        with ThreadPoolExecutor(_READERS) as pool:
            list(pool.map(carried(self._download), wanted.values()))

    def _download(self, file: DriveFile) -> str:
        with tempfile.TemporaryDirectory(prefix="media_assets-manifest-") as directory:
            path = Path(directory) / "manifest.json"
            try:
                with self._folders.of_the_store(f"the manifest {file.name}"):
                    self._api.download(file.id, path, size_bytes=file.size_bytes, md5=file.content_md5)
            except SourceChanged as error:
                raise Transient(f"the manifest {file.name} was replaced in Google Drive while it was read") from error
            content = path.read_text("utf-8", errors="replace")
        self._memory.keep(file.content_md5, content)
        return content
