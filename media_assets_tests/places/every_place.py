"""Folder, Drive and bucket behind one face, for tests of what is promised of all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from media_assets.places.bucket.client import open_bucket
from media_assets.places.bucket.source import BucketObjects
from media_assets.places.bucket.store.store import BucketArtifacts
from media_assets.places.cache.cache import FetchCache
from media_assets.places.cache.settings import CacheSettings
from media_assets.places.drive.api.api import DriveApi
from media_assets.places.drive.api.private_files import write_private
from media_assets.places.drive.settings import DriveAccess, DriveSource, DriveStore
from media_assets.places.drive.source.source import DriveFolders
from media_assets.places.drive.store.store import DriveArtifacts
from media_assets.places.folder.settings import FolderSource
from media_assets.places.folder.source import Folder
from media_assets.places.folder.store import FolderArtifacts
from media_assets.places.manifest_formats import FORMATS, ManifestFormats
from media_assets.places.source import Beside, Source, SourceEntry
from media_assets.places.store import ArtifactStore
from media_assets.places.watching import AutomationSettings
from media_assets_tests.drive_server import DriveServer, drive_server
from media_assets_tests.places.dict_state import DictState
from media_assets_tests.s3_server import SECRETS, Place, S3Server, s3_server

AT_ONCE = AutomationSettings(settle_seconds=0, incomplete_seconds=0)


class PlaceOfFiles(Protocol):
    """Where people put files, and what watches it."""

    source: Source

    def again(self) -> Source:
        """The source as another process opens it."""
        ...

    def put(self, path: str, content: bytes) -> None:
        """A new file, or another content for the one that is there."""
        ...

    def remove(self, path: str) -> None: ...


@dataclass
class PlaceOfArtifacts:
    """A store, and how a person sees and changes what lies in it."""

    store: ArtifactStore
    again: Callable[[], ArtifactStore]
    """The store as another process opens it, on the same machine."""
    contents: Callable[[], list[bytes]]
    """Of every file that a user can see, artifacts and his own alike, but no manifests; sorted."""
    overwrite: Callable[[bytes, bytes], None]
    """Give the one file with this content another one, as a person does."""
    delete: Callable[[bytes], None]
    """Take away the one file with this content."""
    beside: Callable[[str, bytes], Beside]
    """Make a source file, and tell its place."""
    names_beside: Callable[[], list[str]]
    """What a person sees in the folder of the sources, sorted."""
    edit_manifests: Callable[[Callable[[bytes], bytes]], None]
    """Write every manifest anew, as another version of media-assets would have written it."""
    delete_manifests: Callable[[], None]
    """Take away every manifest and leave the files."""
    damage_index: Callable[[bytes], None] = lambda _: None
    """Put this into every entry of the index, where the store keeps one in files."""


def look(source: Source, cursor: str | None, memory: DictState) -> tuple[dict[str, SourceEntry], list[str], str]:
    """(changed by path, removed keys, next cursor)."""
    changes = source.changes(cursor, memory)
    return {entry.path: entry for entry in changes.changed}, list(changes.removed), changes.cursor


# ------------------------------------------------------------------------------------------- sources


class FilesInFolder:
    def __init__(self, root: Path) -> None:
        self._root = root / "in"
        self._root.mkdir()
        self.source: Source = self.again()

    def again(self) -> Source:
        return Folder("box", FolderSource(path=self._root), AT_ONCE)

    def put(self, path: str, content: bytes) -> None:
        (self._root / path).parent.mkdir(parents=True, exist_ok=True)
        (self._root / path).write_bytes(content)

    def remove(self, path: str) -> None:
        (self._root / path).unlink()


class FilesOnDrive:
    def __init__(self, drive: DriveServer, root: Path) -> None:
        self._drive = drive
        self._root = root
        self._folder = drive.add_path("Library")
        self.source: Source = self.again()
        self._ids: dict[str, str] = {}

    def again(self) -> Source:
        settings = DriveSource(type="drive", folders=("My Drive/Library",), chunk_bytes=262144, timeout_seconds=10)
        return DriveFolders("box", settings, AT_ONCE, drive_api(self._drive, self._root))

    def put(self, path: str, content: bytes) -> None:
        if path in self._ids:
            self._drive.replace_content(self._ids[path], content)
            return
        parents, _, name = path.rpartition("/")
        parent = self._drive.add_path(f"Library/{parents}") if parents else self._folder
        self._ids[path] = self._drive.add_file(name, content, parent=parent)

    def remove(self, path: str) -> None:
        self._drive.delete(self._ids.pop(path))


class FilesInBucket:
    def __init__(self, server: S3Server) -> None:
        self._place = Place(server)
        self.source: Source = self.again()

    def again(self) -> Source:
        settings = self._place.source_settings("library")
        return BucketObjects("box", settings, AT_ONCE, open_bucket(settings, SECRETS))

    def put(self, path: str, content: bytes) -> None:
        self._place.put_object(f"library/{path}", content)

    def remove(self, path: str) -> None:
        self._place.delete(f"library/{path}")


def drive_api(drive: DriveServer, root: Path) -> DriveApi:
    access = DriveAccess(api_endpoint=drive.url, ca_file=drive.ca_file, chunk_bytes=262144, timeout_seconds=10)
    grant = root / "grant.json"
    write_private(grant, drive.authorized_user_info())  # whole at any moment: others may be reading it
    return DriveApi(access, grant, root / "google/token.json")


@contextmanager
def files_in_folder(root: Path) -> Iterator[PlaceOfFiles]:
    yield FilesInFolder(root)


@contextmanager
def files_on_drive(root: Path) -> Iterator[PlaceOfFiles]:
    with drive_server(seed=1) as drive:
        yield FilesOnDrive(drive, root)


@contextmanager
def files_in_bucket(root: Path) -> Iterator[PlaceOfFiles]:
    with s3_server() as server:
        yield FilesInBucket(server)


EVERY_SOURCE: Mapping[str, Callable[[Path], AbstractContextManager[PlaceOfFiles]]] = {
    "folder": files_in_folder,
    "drive": files_on_drive,
    "bucket": files_in_bucket,
}
"""Of each kind of source: given an empty folder for what it needs on this machine, a place without files."""


# ------------------------------------------------------------------------------------------- stores


def in_folder(root: Path, formats: ManifestFormats) -> PlaceOfArtifacts:
    out, users = root / "out", root / "in"
    users.mkdir()

    def again() -> ArtifactStore:
        return FolderArtifacts("artifacts", out, {"box": users}, formats=formats)

    def paths() -> list[Path]:
        return [
            path
            for top in (out, users)
            for path in top.rglob("*")
            if path.is_file() and path.name != "manifest.json" and ".index" not in path.parts
        ]

    def the_one(content: bytes) -> Path:
        (path,) = (path for path in paths() if path.read_bytes() == content)
        return path

    def beside(name: str, content: bytes) -> Beside:
        (users / name).write_bytes(content)
        return Beside("box", str(users), name)

    def edit_manifests(edit: Callable[[bytes], bytes]) -> None:
        for path in out.rglob("manifest.json"):
            path.write_bytes(edit(path.read_bytes()))

    def delete_manifests() -> None:
        for path in out.rglob("manifest.json"):
            path.unlink()

    def damage_index(content: bytes) -> None:
        for path in (out / ".index").rglob("*"):
            if path.is_file() and path.suffix != ".lock":
                path.write_bytes(content)

    return PlaceOfArtifacts(
        again(),
        again,
        lambda: sorted(path.read_bytes() for path in paths()),
        lambda old, new: (the_one(old).write_bytes(new), None)[1],
        lambda content: the_one(content).unlink(),
        beside,
        lambda: sorted(path.name for path in users.iterdir()),
        edit_manifests,
        delete_manifests,
        damage_index,
    )


def on_drive(drive: DriveServer, root: Path, formats: ManifestFormats) -> PlaceOfArtifacts:
    users = drive.add_path("Library")
    settings = DriveStore(
        type="drive", folder="My Drive/Artifacts", api_endpoint=drive.url, chunk_bytes=262144, timeout_seconds=10
    )

    def again() -> ArtifactStore:
        cache = FetchCache(root / "state/cache", CacheSettings(), 0)
        return DriveArtifacts("artifacts", settings, drive_api(drive, root), cache, root / "state", formats=formats)

    def contents() -> dict[str, bytes]:
        return {
            item.id: drive.content(item.id)
            for item in drive.files()
            if not item.mime_type.startswith("application/vnd.google-apps")
            and item.app_properties.get("media_assets_part") != "manifest"
        }

    def the_one(content: bytes) -> str:
        (item_id,) = (item_id for item_id, found in contents().items() if found == content)
        return item_id

    def beside(name: str, content: bytes) -> Beside:
        drive.add_file(name, content, parent=users)
        return Beside("box", users, name)

    def manifests() -> list[str]:
        return [item.id for item in drive.files() if item.app_properties.get("media_assets_part") == "manifest"]

    def edit_manifests(edit: Callable[[bytes], bytes]) -> None:
        for item_id in manifests():
            drive.replace_content(item_id, edit(drive.content(item_id)))

    def delete_manifests() -> None:
        for item_id in manifests():
            drive.delete(item_id)

    return PlaceOfArtifacts(
        again(),
        again,
        lambda: sorted(contents().values()),
        lambda old, new: drive.replace_content(the_one(old), new),
        lambda content: drive.delete(the_one(content)),
        beside,
        lambda: sorted(item.name for item in drive.files() if item.parent == users),
        edit_manifests,
        delete_manifests,
    )


def in_bucket(server: S3Server, root: Path, formats: ManifestFormats) -> PlaceOfArtifacts:
    place = Place(server)
    settings = place.store_settings("artifacts")

    def again() -> ArtifactStore:
        cache = FetchCache(root / "state/cache", CacheSettings(), 0)
        return BucketArtifacts("artifacts", settings, open_bucket(settings, SECRETS), cache, formats=formats)

    def contents() -> Mapping[str, bytes]:
        return {
            path: content
            for path, content in place.objects().items()
            if not path.endswith("manifest.json") and "/.index/" not in path
        }

    def the_one(content: bytes) -> str:
        (path,) = (path for path, found in contents().items() if found == content)
        return path

    def beside(name: str, content: bytes) -> Beside:
        place.put_object(f"library/{name}", content)
        return Beside("box", "library", name)

    def manifests() -> dict[str, bytes]:
        return {path: content for path, content in place.objects().items() if path.endswith("manifest.json")}

    def edit_manifests(edit: Callable[[bytes], bytes]) -> None:
        for path, content in manifests().items():
            place.put_object(path, edit(content))

    def delete_manifests() -> None:
        for path in manifests():
            place.delete(path)

    def damage_index(content: bytes) -> None:
        for path in place.objects():
            if "/.index/" in path:
                place.put_object(path, content)

    return PlaceOfArtifacts(
        again(),
        again,
        lambda: sorted(contents().values()),
        lambda old, new: place.put_object(the_one(old), new),
        lambda content: place.delete(the_one(content)),
        beside,
        lambda: sorted(path.removeprefix("library/") for path in place.objects() if path.startswith("library/")),
        edit_manifests,
        delete_manifests,
        damage_index,
    )


@contextmanager
def artifacts_in_folder(root: Path, formats: ManifestFormats = FORMATS) -> Iterator[PlaceOfArtifacts]:
    yield in_folder(root, formats)


@contextmanager
def artifacts_on_drive(root: Path, formats: ManifestFormats = FORMATS) -> Iterator[PlaceOfArtifacts]:
    with drive_server(seed=1) as drive:
        yield on_drive(drive, root, formats)


@contextmanager
def artifacts_in_bucket(root: Path, formats: ManifestFormats = FORMATS) -> Iterator[PlaceOfArtifacts]:
    with s3_server() as server:
        yield in_bucket(server, root, formats)


class OpensPlace(Protocol):
    def __call__(self, root: Path, formats: ManifestFormats = FORMATS) -> AbstractContextManager[PlaceOfArtifacts]: ...


EVERY_STORE: Mapping[str, OpensPlace] = {
    "folder": artifacts_in_folder,
    "drive": artifacts_on_drive,
    "bucket": artifacts_in_bucket,
}
"""Of each kind of store: given an empty folder for what it needs on this machine, a place without artifacts."""
