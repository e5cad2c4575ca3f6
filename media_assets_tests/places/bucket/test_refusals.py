"""What a bucket refuses, the ways to one, and no secret in any message."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from pydantic import SecretStr

from media_assets.base.errors import BadMedia, Fatal, MediaAssetsError, Transient
from media_assets.base.secrets import Secrets
from media_assets.places.bucket.client import Bucket, open_bucket
from media_assets.places.bucket.settings import BucketAccess
from media_assets_tests.s3_server import PLANTED, SECRETS, Place, S3Server, anything

# ----------------------------------------------------------------------------------------------- refusals


def everything_done_with(bucket: Bucket, file: Path) -> list[Callable[[], object]]:
    return [
        lambda: list(bucket.list("a")),
        lambda: bucket.list_folder("a"),
        lambda: bucket.head("a"),
        lambda: bucket.read("a"),
        lambda: bucket.read_range("a", 0, 2),
        lambda: bucket.put("a", b""),
        lambda: bucket.put("a", b"", only_if="absent"),
        lambda: bucket.upload(file, "a", {}),
        lambda: bucket.copy("a", "b", 1),
        lambda: bucket.delete("a"),
    ]


@pytest.mark.parametrize(
    ("answer", "kind", "reason"),
    [
        ((403, "AccessDenied"), Fatal, r"access is denied \(403.*Grant these credentials the right"),
        ((403, "InvalidAccessKeyId"), Fatal, r"(credentials are refused|access is denied)"),
        ((403, "SignatureDoesNotMatch"), Fatal, r"(credentials are refused|access is denied)"),
        ((400, "ExpiredToken"), Fatal, r"(credentials are refused \(400 ExpiredToken\)|refuses it \(400\))"),
        ((401, "NoAuthenticationInformation"), Fatal, r"credentials are refused \(401"),
        ((403, "RequestTimeTooSkewed"), Fatal, r"(clock of this machine is wrong|access is denied)"),
        ((301, "PermanentRedirect"), Fatal, r"another region.*Set `region`"),
        ((507, "XMinioStorageFull"), Fatal, r"is full"),
        ((501, "NotImplemented"), Fatal, r"the server cannot do that"),
        ((503, "SlowDown"), Transient, r"at the moment"),
        ((500, "InternalError"), Transient, r"at the moment"),
        ((429, "TooManyRequests"), Transient, r"at the moment"),
    ],
)
def test_a_refusal_says_whether_to_repeat_and_what_to_do_and_holds_no_secret(
    server: S3Server, place: Place, tmp_path: Path, answer: tuple[int, str], kind: type[MediaAssetsError], reason: str
) -> None:
    place.put_object("a", "ab")
    file = tmp_path / "file"
    file.write_bytes(b"x")
    bucket = place.bucket(max_retries=0)
    server.fault(answer, anything, 999)
    for action in everything_done_with(bucket, file):
        with pytest.raises(kind, match=reason) as caught:
            action()
        require_no_secret(caught.value)


def require_no_secret(error: BaseException) -> None:
    texts = [*traceback.format_exception(error), repr(error)]
    known: BaseException | None = error
    while known:
        texts += [str(known), repr(known), repr(vars(known))]
        known = known.__cause__ or known.__context__
    for text in texts:
        assert not any(planted in text for planted in PLANTED)
        assert "http://" not in text
        assert "<Error>" not in text


def test_what_a_bucket_shows_of_itself_holds_no_secret(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    bucket = place.bucket("some/prefix")
    bucket.put("a", b"text")
    link = bucket.signed_link("a", 60)
    assert requests.get(link, timeout=10).content == b"text"
    with contextlib.suppress(MediaAssetsError):
        bucket.read_range("b", 0, 1)
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith(("botocore", "urllib3"))]
    assert repr(bucket) == f"Bucket('s3://{place.name}/some/prefix')"
    for text in (repr(bucket), str(bucket), *ours):
        assert not any(planted in text for planted in PLANTED)
    assert not {name: value for name, value in os.environ.items() if value in PLANTED}


def test_an_archived_object_is_its_own_fault(server: S3Server, bucket: Bucket) -> None:
    server.fault((403, "InvalidObjectState"), anything)
    with pytest.raises(BadMedia, match="is archived and cannot be read"):
        bucket.read("a")


def test_a_bucket_that_is_not_there_is_fatal(place: Place) -> None:
    gone = open_bucket(BucketAccess(**place.settings(url="s3://no-such-bucket-here")), SECRETS)
    for action in (lambda: list(gone.list("")), lambda: gone.read("a"), lambda: gone.put("a", b"")):
        with pytest.raises(
            Fatal, match=r"there is no bucket s3://no-such-bucket-here.*correct its url in library.yaml"
        ):
            action()


def test_a_server_that_cannot_be_reached_is_transient(place: Place) -> None:
    bucket = open_bucket(BucketAccess(**place.settings(endpoint="http://127.0.0.1:9", max_retries=0)), SECRETS)
    with pytest.raises(Transient, match="the server cannot be reached") as caught:
        bucket.head("a")
    require_no_secret(caught.value)


def test_a_server_that_does_not_answer_is_transient(server: S3Server, place: Place) -> None:
    released = threading.Event()
    server.fault(lambda: (released.wait(20), None)[1], anything)
    bucket = place.bucket(timeout_seconds=0.2, max_retries=0)
    try:
        with pytest.raises(Transient, match="no answer in time"):
            bucket.head("a")
    finally:
        released.set()


# ----------------------------------------------------------------------------------------------- ways to a bucket

NO_KEYS = Secrets(_env_file=None)


@pytest.fixture
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith(("AWS_", "GOOGLE_", "AZURE_")):
            monkeypatch.delenv(name)


def client_of(bucket: Bucket) -> Any:
    return bucket._store


def test_amazon_gets_its_keys_and_checksums_and_no_plain_http(bare_environment: None) -> None:
    client = client_of(open_bucket(BucketAccess(url="s3://films/a/b", region="eu-west-1", part_bytes=6 << 20), SECRETS))
    assert type(client).__name__ == "S3Store"
    assert client.config["bucket"] == "films"
    assert client.config["region"] == "eu-west-1"
    assert client.config["checksum_algorithm"].lower() == "sha256"
    assert {client.config[name] for name in ("access_key_id", "secret_access_key", "session_token")} == set(PLANTED[:3])
    assert client.client_options["allow_http"] == "false"


def test_a_prefix_is_part_of_paths_and_not_of_the_client(bare_environment: None) -> None:
    bucket = open_bucket(BucketAccess(url="s3://films/a/b"), SECRETS)
    assert (bucket.url, bucket.prefix) == ("s3://films", "a/b")
    assert bucket.below("c", "d") == "a/b/c/d"
    assert bucket.address("a/b") == "s3://films/a/b"
    assert client_of(bucket).prefix is None


@pytest.mark.parametrize(("endpoint", "allowed"), [("http://127.0.0.1:9", True), ("https://127.0.0.1:9", False)])
def test_plain_http_is_spoken_only_where_an_endpoint_says_so(
    bare_environment: None, endpoint: str, allowed: bool
) -> None:
    client = client_of(open_bucket(BucketAccess(url="s3://films", endpoint=endpoint), SECRETS))
    assert client.client_options["allow_http"] == str(allowed).lower()
    assert "checksum_algorithm" not in client.config


@pytest.mark.parametrize("url", ["s3://films", "gs://films", "az://films"])
def test_without_a_key_nothing_is_signed(bare_environment: None, url: str) -> None:
    secrets = SECRETS.model_copy(update={"azure_storage_account_name": "account"})
    client = client_of(open_bucket(BucketAccess(url=url), secrets, anonymous=True))
    assert client.config["skip_signature"] == "true"
    assert not any(planted in str(client.config) for planted in PLANTED)


def test_google_gets_its_credentials_file(bare_environment: None, tmp_path: Path) -> None:
    grant = {"type": "authorized_user", "client_id": "id", "client_secret": PLANTED[1], "refresh_token": PLANTED[2]}
    (tmp_path / "grant.json").write_text(json.dumps(grant))
    secrets = Secrets(_env_file=None, google_application_credentials=tmp_path / "grant.json")
    bucket = open_bucket(BucketAccess(url="gs://films/a", endpoint="http://127.0.0.1:9", max_retries=0), secrets)
    client = client_of(bucket)
    assert type(client).__name__ == "GCSStore"
    assert client.config["bucket"] == "films"
    assert client.config["base_url"] == "http://127.0.0.1:9"
    assert client.config["application_credentials"] == str(tmp_path / "grant.json")
    assert bucket.address("a/b") == "gs://films/a/b"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "the file with Google's credentials cannot be read. Correct GOOGLE_APPLICATION_CREDENTIALS"),
        ('{"private_key": "planted-secret-access-key', "the file with Google's credentials is damaged"),
        (
            '{"type": "service_account", "private_key": "planted-secret-access-key", "client_email": "a@b", '
            '"private_key_id": "1"}',
            "the file with Google's credentials holds no private key",
        ),
    ],
)
def test_a_credentials_file_of_google_that_cannot_be_used_is_fatal(
    bare_environment: None, tmp_path: Path, content: str | None, reason: str
) -> None:
    file = tmp_path / "key.json"
    if content:
        file.write_text(content)
    secrets = Secrets(_env_file=None, google_application_credentials=file)
    with pytest.raises(Fatal, match=f"gs://films cannot be opened: {reason}") as caught:
        open_bucket(BucketAccess(url="gs://films"), secrets).head("a")
    require_no_secret(caught.value)


def test_azure_gets_its_account_and_key(bare_environment: None) -> None:
    secrets = Secrets(
        _env_file=None, azure_storage_account_name="account", azure_storage_account_key=SecretStr("cGxhbnRlZA==")
    )
    bucket = open_bucket(BucketAccess(url="az://films/a"), secrets)
    client = client_of(bucket)
    assert type(client).__name__ == "AzureStore"
    assert client.config["container_name"] == "films"
    assert client.config["account_name"] == "account"
    assert client.config["account_key"] == "cGxhbnRlZA=="
    assert bucket.address("a/b") == "az://films/a/b"


@pytest.mark.parametrize(
    ("account", "key", "reason"),
    [
        (None, None, "no storage account is given. Set AZURE_STORAGE_ACCOUNT_NAME"),
        ("account", "planted-secret-access-key!", "the account's key is none. Correct AZURE_STORAGE_ACCOUNT_KEY"),
    ],
)
def test_an_account_of_azure_that_cannot_be_used_is_fatal(
    bare_environment: None, account: str | None, key: str | None, reason: str
) -> None:
    secrets = Secrets(
        _env_file=None,
        azure_storage_account_name=account,
        azure_storage_account_key=SecretStr(key) if key else None,
    )
    with pytest.raises(Fatal, match=f"az://films cannot be opened: {reason}") as caught:
        open_bucket(BucketAccess(url="az://films"), secrets).head("a")
    require_no_secret(caught.value)


@pytest.mark.parametrize(
    ("given", "missing"), [("aws_access_key_id", "SECRET_ACCESS_KEY"), ("aws_secret_access_key", "ACCESS_KEY_ID")]
)
def test_half_a_key_is_fatal(bare_environment: None, given: str, missing: str) -> None:
    half = NO_KEYS.model_copy(update={given: SecretStr(PLANTED[1])})
    with pytest.raises(Fatal, match=f"the access key has only one half. Set AWS_{missing}") as caught:
        open_bucket(BucketAccess(url="s3://films", region="eu-west-1"), half).head("a")
    require_no_secret(caught.value)


def test_opening_a_bucket_asks_for_nothing(server: S3Server, place: Place) -> None:
    before = len(server.requests)
    open_bucket(BucketAccess(**place.settings()), NO_KEYS)
    open_bucket(BucketAccess(url="az://films"), NO_KEYS)
    assert len(server.requests) == before
