"""Buckets: Amazon S3 and what speaks its protocol, Google Cloud Storage, Azure Blob Storage, all through `obstore`.

`bucket` is what sources and stores use, `connect` builds the client from library.yaml and the environment, `failures`
turns the client's errors into ours, `transfer` moves whole files, `conditional` deletes only what was looked at.
What does not belong here: anything that knows of artifacts.
"""

from media_assets.places.bucket.client.bucket import Bucket
from media_assets.places.bucket.client.connect import open_bucket
from media_assets.places.bucket.client.failures import ConditionFailed, ObjectGone, UnreadableNames
from media_assets.places.bucket.client.objects import ObjectInfo

__all__ = ["Bucket", "ConditionFailed", "ObjectGone", "ObjectInfo", "UnreadableNames", "open_bucket"]
