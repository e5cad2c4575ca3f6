"""All artifacts of one asset in a bucket, as one listing showed them."""

from __future__ import annotations

from collections.abc import Mapping

from media_assets.places.bucket.store.layout import BucketLayout
from media_assets.places.manifest import Manifest
from media_assets.places.store import ManifestReader


class BucketSnapshot:
    """See `places.store.ManifestReader`.

    Args:
        store: Asked for what no listing shows.
        sizes: In bytes, of every object by its path.
        manifests: By the folder they lie in.
    """

    def __init__(
        self,
        store: ManifestReader,
        layout: BucketLayout,
        asset: str,
        sizes: Mapping[str, int],
        manifests: Mapping[str, Manifest | None],
    ) -> None:
        self._store = store
        self._layout = layout
        self._asset = asset
        self._sizes = sizes
        self._manifests = manifests

    def manifest(self, asset: str, key: str) -> Manifest | None:
        if asset != self._asset:
            return self._store.manifest(asset, key)
        return self._manifests.get(self._layout.artifact(asset, key))

    def intact(self, manifest: Manifest) -> bool:
        if manifest.asset != self._asset or manifest.placement == "beside_source":
            return self._store.intact(manifest)
        return all(self._sizes.get(stored.path) == stored.size_bytes for stored in manifest.files)
