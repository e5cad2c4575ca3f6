"""The sections of library.yaml for buckets."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, PositiveFloat

from media_assets.base.section import Section
from media_assets.base.validators import BucketAddress, WebAddress
from media_assets.places.filters import _Filtered


class BucketAccess(Section):
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
    """Of one request that met a busy server or a broken connection."""

    @property
    def neighbourhood(self) -> str:
        """See `_OnThisMachine.neighbourhood`."""
        bucket = "/".join(self.url.split("/")[:3])
        return f"{bucket} at {self.endpoint}" if self.endpoint else bucket


class BucketSource(_Filtered, BucketAccess):
    """Objects of a bucket."""

    usual_interval_seconds = 120

    type: Literal["bucket"]
    anonymous: bool = False
    """Whether the bucket is read without a key."""


class BucketStore(BucketAccess):
    """Artifacts in a bucket."""

    type: Literal["bucket"]
    link_seconds: Annotated[int, Field(ge=0)] = 0
    """Let the links in the metadata open without login for so long; 0: links to the object, which ask for one."""
