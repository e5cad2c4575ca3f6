"""The sections of library.yaml for buckets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, PositiveFloat

from media_assets.base.validators import BucketAddress, WebAddress
from media_assets.places.listed import snapshot
from media_assets.places.section import PlaceSection, SourceSection, StoreSection, Surroundings, Territory

if TYPE_CHECKING:
    from media_assets.places.bucket.mover import BucketMover
    from media_assets.places.bucket.source import BucketObjects
    from media_assets.places.bucket.store.store import BucketArtifacts


class BucketAccess(PlaceSection):
    """How a bucket is reached. Keys and secrets come from the environment."""

    url: BucketAddress
    """`s3://bucket/prefix`, `gs://bucket/prefix` or `az://container/prefix`."""
    endpoint: WebAddress | None = None
    """Another server that speaks the protocol; absent: the cloud's own."""
    region: str | None = None
    """Region of an S3 bucket."""
    part_bytes: Annotated[int, Field(ge=5 * 1024 * 1024)] = 8 * 1024 * 1024
    """Size of one part of an upload or download."""
    timeout_seconds: PositiveFloat = 60.0
    """How long one request may take."""
    max_retries: Annotated[int, Field(ge=0)] = 8
    """How often one request is repeated that met a busy server or a broken connection."""

    @property
    def neighbourhood(self) -> str:
        bucket = "/".join(self.url.split("/")[:3])
        return f"{bucket} at {self.endpoint}" if self.endpoint else bucket

    def territories(self) -> Iterator[Territory]:
        address, *prefix = self.url.split("://", 1)[1].split("/")
        yield Territory("url", self.url, f"bucket {self.endpoint} {address}", tuple(prefix))


class BucketSource(BucketAccess, SourceSection):
    """Objects of a bucket."""

    usual_interval_seconds = 120

    type: Literal["bucket"]
    anonymous: bool = False
    """Whether the bucket is read without a key."""

    def open_source(self, name: str, library: Surroundings) -> BucketObjects:
        from media_assets.places.bucket.client import open_bucket
        from media_assets.places.bucket.source import BucketObjects

        stores = tuple(
            store.url
            for store in library.store_sections.values()
            if isinstance(store, BucketStore) and store.neighbourhood == self.neighbourhood
        )
        return BucketObjects(
            name,
            self,
            library.automation,
            open_bucket(self, library.secrets, anonymous=self.anonymous),
            is_artifact=lambda: _artifact_objects(library),
            is_one_artifact=lambda address: any(store.has_beside(address) for store in _stores_in_buckets(library)),
            left_out=(f"{self.url}/{library.review_folder}", *stores),
            large=stores,
        )

    def open_mover(self, library: Surroundings) -> BucketMover:
        from media_assets.base.interruption import ask
        from media_assets.places.bucket.client import open_bucket
        from media_assets.places.bucket.mover import BucketMover

        bucket = open_bucket(self, library.secrets, anonymous=self.anonymous)
        return BucketMover(bucket, library.review_folder, ask)

    @classmethod
    def state_names(cls, source: str) -> tuple[str, ...]:
        return snapshot.slots(source)


class BucketStore(BucketAccess, StoreSection):
    """Artifacts in a bucket."""

    type: Literal["bucket"]
    link_seconds: Annotated[int, Field(ge=0)] = 0
    """Let the links in the metadata open without login for so long; 0: links to the object, which ask for one."""

    def open_store(self, name: str, library: Surroundings) -> BucketArtifacts:
        from media_assets.places.bucket.client import open_bucket
        from media_assets.places.bucket.store.store import BucketArtifacts

        return BucketArtifacts(name, self, open_bucket(self, library.secrets), library.cache)


def _artifact_objects(library: Surroundings) -> Callable[[str], bool]:
    """Tells which objects are artifacts of the library."""
    tests = [store.artifact_objects() for store in _stores_in_buckets(library)]
    return lambda name: any(test(name) for test in tests)


def _stores_in_buckets(library: Surroundings) -> list[BucketArtifacts]:
    from media_assets.places.bucket.store.store import BucketArtifacts

    return [store for store in library.stores.values() if isinstance(store, BucketArtifacts)]
