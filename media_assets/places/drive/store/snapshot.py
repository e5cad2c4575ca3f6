"""All artifacts of one asset in Google Drive, as one look shows them: a few lists instead of two requests for each."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

from media_assets.places.drive.store.index import DriveIndex, Found
from media_assets.places.drive.store.marks import ARTIFACT, DriveFile
from media_assets.places.manifest import Manifest

# How many manifests are fetched when one is missing on this machine: in a while all are asked for.
_READ_AHEAD = 100


class DriveSnapshot:
    """See `places.store.ManifestReader`. For one thread.

    Args:
        artifact_of: The `artifact_id` of an asset and key.
    """

    def __init__(self, index: DriveIndex, asset: str, artifact_of: Callable[[str, str], str]) -> None:
        self._index = index
        self._asset = asset
        self._artifact_of = artifact_of
        self._found: dict[str, Found] = {}
        self._drives: set[str] = set()
        self._add(None)
        self._index.add_published(self._index.all_published(asset), lambda key: self._shown(key.rpartition("/")[2]))
        manifests = (found.manifest for found in self._found.values())
        self._unread = {file.id: file for file in manifests if file}

    def manifest(self, asset: str, key: str) -> Manifest | None:
        file = self._of(asset, key).manifest
        if file is None:
            return None
        if file.id in self._unread:
            ahead = [file, *islice(self._unread.values(), _READ_AHEAD)]
            self._index.read_ahead(ahead)
            for read in ahead:
                self._unread.pop(read.id, None)
        return self._index.read(file)

    def intact(self, manifest: Manifest) -> bool:
        """Whether it is whole, and alone: two machines that publish at once leave two, and a run puts one away."""
        found = self._of(manifest.asset, manifest.key)
        if len(found.manifests) > 1:
            return False
        for stored in manifest.files:
            if stored.path not in found.files:
                self._look_for(stored.path, found)
        return self._index.intact(manifest, found)

    def _of(self, asset: str, key: str) -> Found:
        if asset != self._asset:
            raise ValueError(f"this shows {self._asset}, not {asset}")
        return self._found.get(self._artifact_of(asset, key)) or Found(artifact=self._artifact_of(asset, key))

    def _look_for(self, file_id: str, found: Found) -> None:
        """A file that lies in a drive nobody looked at yet has many others of the asset beside it."""
        file = self._index.complete(found, [file_id]).files.get(file_id)
        if file and file.drive not in self._drives:
            self._add(file.drive)

    def _add(self, drive: str | None) -> None:
        self._drives.add(self._index.drive if drive is None else drive)
        for file in self._index.of_asset(self._asset, drive):
            self._remember(file)

    def _remember(self, file: DriveFile) -> None:
        self._drives.add(file.drive)
        self._shown(file.properties[ARTIFACT]).files[file.id] = file

    def _shown(self, artifact: str) -> Found:
        return self._found.setdefault(artifact, Found(artifact=artifact))
