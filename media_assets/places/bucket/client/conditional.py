"""Deleting an object only while it is the one that was looked at: the client cannot say so, its signed links can."""

from __future__ import annotations

from http.client import HTTPException

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from media_assets.base.errors import Fatal, Transient
from media_assets.base.interruption import pause
from media_assets.places.bucket.client.bucket import Bucket
from media_assets.places.bucket.client.failures import ConditionFailed
from media_assets.places.bucket.client.objects import ObjectInfo

_ATTEMPTS = 5
_FIRST_WAIT_SECONDS = 0.1
_LONGEST_WAIT_SECONDS = 15.0
_TIMEOUT_SECONDS = 60.0
_LINK_SECONDS = 300
_CANNOT = {400, 405, 501}
"""What servers answer that do not know conditions on deletion."""


def delete_unchanged(bucket: Bucket, found: ObjectInfo) -> None:
    """Delete an object; one that is gone is no error.

    S3 and Azure compare its tag in one step with the deletion. Where that is impossible (Google Cloud Storage, servers
    that refuse the condition) it is looked at right before.

    Args:
        found: As it was when it was looked at.

    Raises:
        ConditionFailed: it is another one now.
        Transient: the server cannot be reached.
        Fatal: it may not be deleted.
    """
    retrying = Retrying(
        stop=stop_after_attempt(_ATTEMPTS),
        wait=wait_exponential(_FIRST_WAIT_SECONDS, max=_LONGEST_WAIT_SECONDS),
        retry=retry_if_exception_type(Transient),
        sleep=pause,
        reraise=True,
    )
    is_unchanged = retrying(_is_deleted_or_unchanged, bucket, found)
    if not is_unchanged:
        raise ConditionFailed(f"{bucket.url}: another writer changed the same object at the same time")


def _is_deleted_or_unchanged(bucket: Bucket, found: ObjectInfo) -> bool:
    """False when it is another one now, and stays."""
    status = _asked(bucket, found) if found.e_tag and not bucket.url.startswith("gs:") else None
    if status in (200, 202, 204):
        return True
    if status in (401, 403):
        raise Fatal(
            f"{bucket.url} cannot be written: access is denied ({status})",
            next_step="Grant these credentials the right to delete objects",
        )
    now = bucket.head(found.path)
    if now is None:
        return True
    if (now.e_tag, now.size_bytes, now.version) != (found.e_tag, found.size_bytes, found.version):
        return False
    if status is None or status in _CANNOT:
        bucket.delete(found.path)
        return True
    raise Transient(f"{bucket.url} cannot be written at the moment: the server answers {status}")


def _asked(bucket: Bucket, found: ObjectInfo) -> int:
    """The status of the answer to a conditional deletion."""
    import httplib2

    link = bucket.signed_link(found.path, _LINK_SECONDS, method="DELETE")
    try:
        answer, _ = httplib2.Http(timeout=_TIMEOUT_SECONDS).request(link, "DELETE", headers={"If-Match": found.e_tag})
    except (httplib2.HttpLib2Error, HTTPException, OSError):
        answer = None
    if answer is None:  # raised here: the other error knows the link, which is a secret
        raise Transient(f"{bucket.url} cannot be written at the moment: the connection broke")
    return int(answer.status)
