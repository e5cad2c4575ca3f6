"""A store on the stand-in Drive, with files made from texts, and what a person sees of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from media_assets.base.checksums import sha256_of
from media_assets.places.cache.cache import FetchCache
from media_assets.places.cache.settings import CacheSettings
from media_assets.places.drive.api.api import DriveApi
from media_assets.places.drive.settings import DriveStore
from media_assets.places.drive.store.store import DriveArtifacts
from media_assets.places.manifest import Manifest
from media_assets.places.source import Beside
from media_assets.places.store import Target
from media_assets_tests.drive_server import DriveServer, Item
from media_assets_tests.manifests import ASSET, KEY

IN_FOLDER = Target("folder")


class Account:
    """What another process needs to reach the server: can be pickled."""

    def __init__(self, drive: DriveServer, root: Path, *, service: bool = False) -> None:
        self.url = drive.url
        self.ca_file = drive.ca_file
        self.credentials = root / "credentials.json"
        info = drive.service_account_info() if service else drive.authorized_user_info()
        self.credentials.write_text(json.dumps(info))


class Store(DriveArtifacts):
    """A store as one machine sees it: `root` is the machine's own."""

    api_class: type[DriveApi] = DriveApi

    def __init__(
        self,
        account: Account,
        root: Path,
        folder: str = "My Drive/Artifacts",
        identity: Callable[[str], str] = lambda key: key,
        *,
        wait_multiplier: float = 0.0,
        **access: Any,
    ) -> None:
        settings = DriveStore(
            type="drive",
            folder=folder,
            credentials=account.credentials,
            api_endpoint=account.url,
            ca_file=account.ca_file,
            **{"chunk_bytes": 262_144, "timeout_seconds": 5, "max_retries": 12} | access,
        )
        token = root / "google/token.json"
        self.api = self.api_class(settings, account.credentials, token, wait_multiplier=wait_multiplier)
        self.state = root / "state"
        cache = FetchCache(root / "cache", CacheSettings(), 0)
        super().__init__("artifacts", settings, self.api, cache, self.state, identity=identity)
        self._work = root / "work"
        self._work.mkdir(parents=True, exist_ok=True)

    def put(self, manifest: Manifest, texts: Mapping[str, str | bytes], target: Target = IN_FOLDER) -> Manifest:
        files = {name: self._work / name for name in texts}
        for name, text in texts.items():
            files[name].write_bytes(text.encode() if isinstance(text, str) else text)
        digests = {name: sha256_of(path) for name, path in files.items()}
        published = self.publish(manifest, files, digests, target)
        assert not any(path.exists() for path in files.values()), "files are taken, not copied"
        return published

    def texts(self, manifest: Manifest) -> dict[str, str]:
        found = {}
        for stored in manifest.files:
            with self.lease(stored) as path:
                found[stored.name] = path.read_text()
        return found

    def get(self, key: str = KEY, asset: str = ASSET) -> Manifest:
        manifest = self.manifest(asset, key)
        assert manifest is not None
        return manifest


def beside(drive: DriveServer, folder: str, name: str = "talk.mp4") -> Target:
    """Beside a recording, which is made if it is not there."""
    if not drive.files(parent=folder, name=name):
        drive.add_file(name, f"recording {name}".encode(), parent=folder)
    return Target("beside_source", Beside("box", folder, name))


def artifact_files(drive: DriveServer, *, manifests: bool = False) -> list[Item]:
    """All files with our marks on them, not in the trash."""
    marked = [item for item in drive.files() if "media_assets_artifact" in item.app_properties]
    return [item for item in marked if ("media_assets_asset" in item.app_properties) == manifests]


def everything(drive: DriveServer, folder: str | None = None) -> dict[str, bytes]:
    """All files below a folder by path, manifests left out."""
    found: dict[str, bytes] = {}
    for item in drive.files(parent=folder or drive.root_id):
        if item.is_folder:
            found |= everything(drive, item.id)
        elif "media_assets_asset" not in item.app_properties:
            path = drive.path(item.id)
            found[f"{path} (another)" if path in found else path] = drive.content(item.id)
    return found
