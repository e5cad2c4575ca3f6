"""What there is in Drive: files by the marks on them, artifacts by what they were made from, contents of manifests.

A search may miss what was made moments ago. So what ought to be there and is not found is asked for by its id.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from media_assets.errors import SourceChanged, Transient
from media_assets.google_drive.api import DriveApi
from media_assets.google_drive.errors import NotFound
from media_assets.io_managers.drive_folders import DriveFolder, DriveFolders, search_in
from media_assets.io_managers.drive_marks import (
    ARTIFACT,
    FIELDS,
    FINGERPRINT,
    PLACE,
    SHA256,
    DriveFile,
    has,
    place,
    quoted,
    twin_mark,
)
from media_assets.io_managers.drive_memory import DriveMemory
from media_assets.io_managers.manifest import Manifest
from media_assets.io_managers.manifest_formats import FORMATS, ManifestFormats

# Small downloads take the time of a round trip each.
_READERS = 8


@dataclass
class Found:
    """The files of one artifact, those in the trash left out."""

    files: dict[str, DriveFile] = field(default_factory=dict)
    """By id; also copies that people made."""

    @property
    def manifests(self) -> list[DriveFile]:
        """The oldest first: it is the one that counts. Two machines may make one each at the same time."""
        found = (file for file in self.files.values() if file.is_manifest)
        return sorted(found, key=lambda file: (file.created, file.id))

    @property
    def manifest(self) -> DriveFile | None:
        return next(iter(self.manifests), None)


class DriveIndex:
    """See the module."""

    def __init__(
        self, api: DriveApi, folders: DriveFolders, memory: DriveMemory, formats: ManifestFormats = FORMATS
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
            return Found()
        mark = place(root.id, asset)
        files = {
            file.id: file
            for drive in {root.drive, *drives}
            for file in self._search(drive, has(ARTIFACT, artifact), has(PLACE, mark), "trashed = false")
        }
        found = Found(files)
        if found.manifest is None:
            self._add_published(found, f"{mark}/{artifact}")
        return found

    def published(self, asset: str, artifact: str, file_id: str | None) -> None:
        """Remember which file is the manifest of an artifact; None: it has none."""
        root = self._folders.made_root()
        key = f"{place(root.id, asset)}/{artifact}"
        if file_id:
            self._memory.publish(key, file_id)
        else:
            self._memory.forget(key)

    def _add_published(self, found: Found, key: str) -> None:
        """The manifest this machine published last, if it is there and the search did not find it."""
        file_id = self._memory.published(key)
        if file_id:
            file = self.file(file_id)
            if file and not file.trashed:
                found.files[file.id] = file
            else:
                self._memory.forget(key)

    def of_asset(self, asset: str, drive: str | None = None) -> Iterator[DriveFile]:
        """The files of all artifacts of an asset, those in the trash left out.

        Args:
            drive: Where to look; None: in the drive of the store.
        """
        root = self._folders.root()
        if root:
            where = root.drive if drive is None else drive
            yield from self._search(where, has(PLACE, place(root.id, asset)), "trashed = false")

    def twins(self, asset: str, fingerprint: str) -> Iterator[DriveFile]:
        """Manifests of artifacts that were made from the same."""
        root = self._folders.root()
        if root:
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

    def taken(self, folder: DriveFolder, names: Collection[str]) -> set[str]:
        """Which of these names are in use in a folder, with upper and lower case taken as one."""
        either = " or ".join(f"name = {quoted(name)}" for name in sorted(names))
        terms = f"{quoted(folder.id)} in parents", f"({either})", "trashed = false"
        return {file.name.casefold() for file in self._search(folder.drive, *terms)}

    def file(self, file_id: str) -> DriveFile | None:
        """The file with an id; None when it is gone for good."""
        try:
            return DriveFile.of(self._api.get(file_id, fields=FIELDS))
        except NotFound:
            return None

    def complete(self, found: Found, ids: Iterable[str]) -> Found:
        """Add the files with these ids that the search did not find: those of another drive, or very new ones."""
        for file_id in set(ids) - set(found.files):
            file = self.file(file_id)
            if file and not file.trashed:
                found.files[file.id] = file
        return found

    def intact(self, manifest: Manifest, found: Found) -> bool:
        """Whether every file of an artifact is there as it was published."""
        if any(stored.path in found.files and not found.files[stored.path].holds(stored) for stored in manifest.files):
            return False
        self.complete(found, (stored.path for stored in manifest.files))
        return all(stored.path in found.files and found.files[stored.path].holds(stored) for stored in manifest.files)

    def _search(self, drive: str, *terms: str) -> Iterator[DriveFile]:
        for page in self._api.pages(
            lambda service, token: service.files().list(
                q=" and ".join(terms),
                fields=f"nextPageToken,incompleteSearch,files({FIELDS})",
                pageToken=token,
                **search_in(drive),
            )
        ):
            if page.get("incompleteSearch"):
                raise Transient("Google Drive searched only a part of its files")
            yield from map(DriveFile.of, page.get("files", ()))

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
            list(pool.map(self._download, wanted.values()))

    def _download(self, file: DriveFile) -> str:
        with tempfile.TemporaryDirectory(prefix="media_assets-manifest-") as directory:
            path = Path(directory) / "manifest.json"
            try:
                self._api.download(file.id, path, size_bytes=file.size_bytes, md5=file.content_md5)
            except SourceChanged as error:
                raise Transient(f"the manifest {file.name} was replaced in Google Drive while it was read") from error
            content = path.read_text("utf-8", errors="replace")
        self._memory.keep(file.content_md5, content)
        return content
