"""Where the objects of a store lie in its bucket."""

from __future__ import annotations

import re

from media_assets.places.artifact_names import folder_name
from media_assets.places.bucket.client import Bucket

MANIFEST = "manifest.json"
COMING = "coming.json"
ORIGIN = re.compile(r"\w+ of [^\0-\x1f]+")
"""How the index names an artifact. Anything else was not written by us."""


class BucketLayout:
    """Paths of the objects of a store, see `store`."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def stage(self, asset: str) -> str:
        """Below it lie the artifacts of one asset."""
        return self._bucket.below(asset)

    def artifact(self, asset: str, key: str) -> str:
        """Below it lies all of one artifact."""
        return self._bucket.below(asset, folder_name(key))

    def is_artifact(self, asset: str, path: str) -> bool:
        """Whether a path is one that `artifact` makes."""
        return re.fullmatch(r"[A-Za-z0-9-]+", path.removeprefix(f"{self.stage(asset)}/")) is not None

    def is_manifest(self, asset: str, path: str) -> bool:
        """Whether the object below `stage(asset)` is an artifact's manifest, and no file that is called so."""
        return path.endswith(f"/{MANIFEST}") and path.removeprefix(f"{self.stage(asset)}/").count("/") == 1

    def index(self, *parts: str) -> str:
        """What is found by something else than asset and key."""
        return self._bucket.below(".index", *parts)
