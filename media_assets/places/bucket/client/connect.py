"""From a section of library.yaml and the environment to the client of a bucket."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from media_assets.base.secrets import Secrets
from media_assets.places.bucket.client.bucket import Bucket
from media_assets.places.bucket.client.failures import configuration_failure
from media_assets.places.bucket.settings import BucketAccess

if TYPE_CHECKING:
    from obstore.store import AzureStore, ClientConfig, GCSStore, RetryConfig, S3Store

# The client repeats a request as it was signed, and a signature is good for some minutes.
_RETRY_TIMEOUT = timedelta(minutes=4)
_FIRST_DELAY, _LONGEST_DELAY = timedelta(milliseconds=100), timedelta(seconds=15)
_CONNECT_SECONDS = 10.0


def open_bucket(access: BucketAccess, secrets: Secrets, *, anonymous: bool = False) -> Bucket:
    """The bucket of a section; nothing is asked of it before it is used.

    Keys that `secrets` has none of are looked for where the client looks: the rest of the environment, then the
    identity of the machine.

    Args:
        anonymous: Read it without a key.
    """
    parts = urlsplit(access.url)
    name, prefix = parts.netloc, parts.path.strip("/")

    def connect() -> S3Store | GCSStore | AzureStore:
        from obstore.exceptions import BaseError

        try:
            return _connect(parts.scheme, name, access, secrets, anonymous=anonymous)
        except (BaseError, ValueError, OSError) as error:
            refusal = configuration_failure(error, f"{parts.scheme}://{name}")
        raise refusal  # outside, so that the client's error with all it holds is not its context

    return Bucket(f"{parts.scheme}://{name}", prefix, connect, part_bytes=access.part_bytes)


def _connect(
    scheme: str, name: str, access: BucketAccess, secrets: Secrets, *, anonymous: bool
) -> S3Store | GCSStore | AzureStore:
    from obstore.store import AzureStore, GCSStore, S3Store

    client: ClientConfig = {
        "timeout": timedelta(seconds=access.timeout_seconds),
        "connect_timeout": timedelta(seconds=min(access.timeout_seconds, _CONNECT_SECONDS)),
        "allow_http": bool(access.endpoint and access.endpoint.startswith("http://")),
    }
    retries: RetryConfig = {
        "max_retries": access.max_retries,
        "retry_timeout": _RETRY_TIMEOUT,
        "backoff": {"init_backoff": _FIRST_DELAY, "max_backoff": _LONGEST_DELAY, "base": 2},
    }
    if scheme == "gs":
        google = _given(
            base_url=access.endpoint,
            application_credentials=_text(secrets.google_application_credentials) if not anonymous else None,
            skip_signature=anonymous or None,
        )
        return GCSStore(name, config=google, client_options=client, retry_config=retries)
    if scheme == "az":
        azure = _given(
            endpoint=access.endpoint,
            account_name=secrets.azure_storage_account_name,
            account_key=_secret(secrets.azure_storage_account_key) if not anonymous else None,
            skip_signature=anonymous or None,
        )
        return AzureStore(name, config=azure, client_options=client, retry_config=retries)
    amazon = _given(
        endpoint=access.endpoint,
        region=access.region,
        **({} if anonymous else _amazon_key(secrets)),
        skip_signature=anonymous or None,
        # Some compatible servers refuse these headers. Anywhere, a request is signed over the SHA-256 of what it
        # carries, so that damage on the way is noticed without them too.
        checksum_algorithm="sha256" if access.endpoint is None else None,
        # Not every compatible server has bulk deletion, and few objects are deleted at once.
        disable_bulk_delete=True,
    )
    return S3Store(name, config=amazon, client_options=client, retry_config=retries)


def _amazon_key(secrets: Secrets) -> dict[str, str | None]:
    return {
        "access_key_id": _secret(secrets.aws_access_key_id),
        "secret_access_key": _secret(secrets.aws_secret_access_key),
        "session_token": _secret(secrets.aws_session_token),
    }


def _given(**config: object) -> Any:
    """What is given, without what is absent, so that the client looks for that itself."""
    return {name: value for name, value in config.items() if value is not None}


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _secret(value: Any) -> str | None:
    return None if value is None else str(value.get_secret_value())
