"""A store in a folder, with files made from texts, and the folder of a user beside it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from media_assets.base.checksums import sha256_of
from media_assets.places.folder.store import FolderArtifacts
from media_assets.places.manifest import Manifest
from media_assets.places.source import Beside
from media_assets.places.store import Target
from media_assets_tests.manifests import ASSET

IN_FOLDER = Target("folder")


class Store(FolderArtifacts):
    """With files made from texts."""

    def __init__(self, root: Path, sources: Mapping[str, Path] | None = None, *, min_free_bytes: int = 0) -> None:
        super().__init__("artifacts", root / "out", sources, min_free_bytes=min_free_bytes)
        self._work = root / "work"
        self._work.mkdir(exist_ok=True)

    def put(self, manifest: Manifest, texts: Mapping[str, str], target: Target = IN_FOLDER) -> Manifest:
        files = {name: self._work / name for name in texts}
        for name, text in texts.items():
            files[name].write_text(text)
        digests = {name: sha256_of(path) for name, path in files.items()}
        published = self.publish(manifest, files, digests, target)
        assert not any(path.exists() for path in files.values()), "files are taken, not copied"
        return published

    def texts(self, manifest: Manifest) -> dict[str, str]:
        return {stored.name: self.local_path(stored).read_text() for stored in manifest.files}

    def get(self, key: str = "box:talk.mp4", asset: str = ASSET) -> Manifest:
        manifest = self.manifest(asset, key)
        assert manifest is not None
        return manifest


def beside(source: Path) -> Target:
    if not source.exists():
        source.write_text(f"recording {source.name!r}")
    return Target("beside_source", Beside("box", str(source.parent), source.name))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())
