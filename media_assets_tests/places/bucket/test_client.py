"""Buckets through the client: real S3 answers, broken connections, lost answers, and no secret in any message."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests
from pydantic import SecretStr

from media_assets.base.errors import BadMedia, Fatal, MediaAssetsError, Transient
from media_assets.base.secrets import Secrets
from media_assets.places.bucket.client import Bucket, ConditionFailed, ObjectGone, UnreadableNames, open_bucket
from media_assets.places.bucket.client.transfer import download
from media_assets.places.bucket.settings import BucketAccess
from media_assets_tests.child_processes import processes
from media_assets_tests.s3_server import PLANTED, SECRETS, Place, Request, S3Server

PART_BYTES = 5 * 1024 * 1024


@pytest.fixture
def bucket(place: Place) -> Bucket:
    return place.bucket()


def anything(_: Request) -> bool:
    return True


def writes(request: Request) -> bool:
    return request.writes


# ----------------------------------------------------------------------------------------------- what is there


@pytest.mark.thorough
def test_an_object_is_described_as_it_was_written(bucket: Bucket) -> None:
    bucket.put("a/b.txt", b"text", attributes={"Content-Type": "text/plain", "mark": "1"})
    found = bucket.head("a/b.txt")
    assert found is not None
    assert (found.path, found.size_bytes) == ("a/b.txt", 4)
    assert found.e_tag == f'"{hashlib.md5(b"text").hexdigest()}"'
    assert found.attributes == {"Content-Type": "text/plain", "mark": "1"}
    assert bucket.read("a/b.txt") == (b"text", found)
    assert bytes(bucket.read_range("a/b.txt", 1, 3)) == b"ex"


def test_what_is_not_there_is_none_or_gone(bucket: Bucket) -> None:
    assert bucket.head("a") is None
    assert bucket.read("a") is None
    with pytest.raises(ObjectGone):
        bucket.read_range("a", 0, 1)
    with pytest.raises(ObjectGone):
        bucket.copy("a", "b", 1)
    bucket.delete("a")


@pytest.mark.parametrize("name", ["größe 日本.txt", "we ird#?%41 +&=.txt", "a%2Fb", "back\\slash", "'\"*~"])
def test_names_of_every_kind_come_and_go_unchanged(place: Place, bucket: Bucket, name: str) -> None:
    place.put_object(name)
    assert [info.path for info in bucket.list("")] == [name]
    assert bucket.read(name) is not None
    bucket.copy(name, f"copy/{name}", 4)
    assert place.paths() == sorted([name, f"copy/{name}"])
    bucket.delete(name)
    assert place.paths() == [f"copy/{name}"]


@pytest.mark.thorough
def test_a_listing_goes_on_behind_its_first_page_and_stays_below_its_prefix(place: Place, bucket: Bucket) -> None:
    for number in range(130):
        place.put_object(f"in/{number:03}", "")
    place.put(inner="", **{"in.txt": ""})
    assert sorted(info.path for info in bucket.list("in")) == [f"in/{number:03}" for number in range(130)]
    folders, objects = bucket.list_folder("")
    assert list(folders) == ["in"]
    assert sorted(info.path for info in objects) == ["in.txt", "inner"]


def test_a_name_that_cannot_be_handled_is_told_and_hides_its_folder_only(place: Place, bucket: Bucket) -> None:
    place.put(**{"a/b": "", "c//d": ""})
    with pytest.raises(UnreadableNames, match=r"holds an object whose name has an empty, `\.` or `\.\.` part"):
        list(bucket.list(""))
    assert [info.path for info in bucket.list_folder("a")[1]] == ["a/b"]
    with pytest.raises(UnreadableNames):
        bucket.list_folder("c")
    with pytest.raises(BadMedia, match="has a name that objects cannot be asked for by"):
        bucket.head("c//d")


# ----------------------------------------------------------------------------------------------- conditions


def test_an_object_is_created_once(bucket: Bucket) -> None:
    bucket.put("a", b"first", only_if="absent")
    with pytest.raises(ConditionFailed):
        bucket.put("a", b"second", only_if="absent")
    assert bucket.read("a")[0] == b"first"  # type: ignore[index]


def test_an_object_is_replaced_only_while_it_is_the_one_that_was_seen(bucket: Bucket) -> None:
    bucket.put("a", b"first")
    seen = bucket.head("a")
    assert seen is not None
    bucket.put("a", b"second", only_if=seen)
    with pytest.raises(ConditionFailed):
        bucket.put("a", b"third", only_if=seen)
    bucket.delete("a")
    with pytest.raises(ConditionFailed):
        bucket.put("a", b"third", only_if=seen)
    assert bucket.read("a") is None


def test_of_many_writers_at_once_one_wins(bucket: Bucket) -> None:
    start, won = threading.Barrier(8), []

    def write(number: int) -> None:
        start.wait()
        with contextlib.suppress(ConditionFailed):
            bucket.put("a", str(number).encode(), only_if="absent")
            won.append(number)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [str(number).encode() for number in won] == [bucket.read("a")[0]]  # type: ignore[index]


@pytest.mark.parametrize("times", [1, 9])
def test_a_conditional_write_whose_answer_was_lost_is_known_to_have_worked(
    server: S3Server, bucket: Bucket, times: int
) -> None:
    server.fault("lose answer", writes, times)
    bucket.put("a", b"first", only_if="absent")
    server.repair()
    seen = bucket.head("a")
    server.fault("lose answer", writes, times)
    bucket.put("a", b"second", only_if=seen)
    assert bucket.read("a")[0] == b"second"  # type: ignore[index]


def test_a_conditional_write_that_never_arrived_is_transient(server: S3Server, bucket: Bucket) -> None:
    server.fault("cut before", writes, 9)
    with pytest.raises(Transient):
        bucket.put("a", b"first", only_if="absent")
    server.repair()
    assert bucket.head("a") is None


# ----------------------------------------------------------------------------------------------- large objects


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three parts and a bit."""
    file = tmp_path_factory.mktemp("large") / "large.bin"
    file.write_bytes(os.urandom(3 * PART_BYTES + 12_345))
    return file


def md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes()).hexdigest()


def is_part(request: Request) -> bool:
    return "partNumber" in request.query


def is_last_of_parts(request: Request) -> bool:
    return request.method == "POST" and "uploadId" in request.query


@pytest.mark.parametrize(
    ("what", "when", "times"),
    [
        pytest.param("slow down", anything, 0, id="nothing goes wrong"),
        pytest.param("slow down", is_part, 2, id="busy"),
        pytest.param("cut before", is_part, 2, id="cut"),
        pytest.param("lose answer", is_part, 2, id="answers to parts lost"),
        pytest.param("lose answer", is_last_of_parts, 1, id="last answer lost"),
        pytest.param("lose answer", is_last_of_parts, 9, id="last answer lost for good"),
    ],
)
def test_a_large_object_goes_up_in_parts_whatever_happens_on_the_way(
    server: S3Server, place: Place, large: Path, what: Any, when: Callable[[Request], bool], times: int
) -> None:
    before = len(server.requests)
    server.fault(what, when, times)
    place.bucket().upload(large, "large.bin", {"mark": "1"})
    assert place.get("large.bin") == large.read_bytes()
    parts = {request.query for request in server.requests[before:] if is_part(request)}
    assert len(parts) == 4


def test_an_upload_that_never_comes_through_is_transient_and_leaves_nothing(
    server: S3Server, place: Place, large: Path
) -> None:
    server.fault("slow down", is_part, 99)
    with pytest.raises(Transient):
        place.bucket().upload(large, "large.bin", {"mark": "1"})
    assert place.paths() == []
    assert "Uploads" not in place.client.list_multipart_uploads(Bucket=place.name)


def test_an_older_object_is_not_taken_for_the_one_that_was_uploaded(
    server: S3Server, place: Place, large: Path
) -> None:
    bucket = place.bucket()
    bucket.upload(large, "large.bin", {"mark": "1"})
    server.fault("cut before", is_last_of_parts, 9)
    with pytest.raises(Transient):
        bucket.upload(large, "large.bin", {"mark": "2"})


@pytest.mark.parametrize("max_copy_bytes", [None, 1])
def test_a_copy_has_the_content_and_the_attributes(place: Place, large: Path, max_copy_bytes: int | None) -> None:
    bucket = place.bucket()
    if max_copy_bytes:
        bucket.max_copy_bytes = max_copy_bytes
    bucket.upload(large, "large.bin", {"Content-Type": "video/mp4", "mark": "1"})
    bucket.copy("large.bin", "copy.bin", large.stat().st_size)
    copy = bucket.head("copy.bin")
    assert copy is not None
    assert copy.attributes == {"Content-Type": "video/mp4", "mark": "1"}
    assert place.get("copy.bin") == large.read_bytes()


@pytest.mark.parametrize(("what", "times"), [("slow down", 2), ("cut body", 2), ("cut before", 2), ("lose answer", 2)])
def test_a_download_survives_what_happens_on_the_way(
    server: S3Server, place: Place, large: Path, tmp_path: Path, what: Any, times: int
) -> None:
    place.put_object("large.bin", large.read_bytes())
    server.fault(what, lambda request: "range" in request.headers, times)
    digest = download(place.bucket(), "large.bin", tmp_path / "part", size_bytes=large.stat().st_size, algorithm="md5")
    assert digest == md5(large) == md5(tmp_path / "part")


def test_a_broken_download_goes_on_where_it_stopped(
    server: S3Server, place: Place, large: Path, tmp_path: Path
) -> None:
    place.put_object("large.bin", large.read_bytes())
    size_bytes, part = large.stat().st_size, tmp_path / "part"
    server.fault("slow down", lambda request: int(request.headers["range"][6:].split("-")[0]) >= 2 * PART_BYTES, 99)
    with pytest.raises(Transient):
        download(place.bucket(), "large.bin", part, size_bytes=size_bytes, algorithm="md5")
    assert part.stat().st_size == 2 * PART_BYTES
    server.repair()
    before = len(server.requests)
    assert download(place.bucket(), "large.bin", part, size_bytes=size_bytes, algorithm="md5") == md5(large)
    again = sorted(request.headers["range"] for request in server.requests[before:])
    assert again == [
        f"bytes={2 * PART_BYTES}-{3 * PART_BYTES - 1}",
        f"bytes={3 * PART_BYTES}-{size_bytes - 1}",
    ]


@pytest.mark.thorough
def test_memory_does_not_grow_with_the_size_of_an_object(place: Place, tmp_path: Path) -> None:
    """The server is in this process too and holds the object, so the client works in one of its own."""
    size_bytes = 20 * PART_BYTES
    file = tmp_path / "sparse.bin"
    with file.open("wb") as target:
        target.truncate(size_bytes)
    context = processes()
    peaks = context.SimpleQueue()
    child = context.Process(target=_transfer, args=(place.settings(), file, peaks))
    child.start()
    child.join()
    assert child.exitcode == 0
    assert peaks.get() < 13 * PART_BYTES


def _transfer(settings: dict[str, Any], file: Path, peaks: Any) -> None:
    """The target of a child process: up and down again; reports how much memory that took, in bytes."""
    process = psutil.Process()
    bucket = open_bucket(BucketAccess(**settings), SECRETS)
    bucket.put("small", b"")
    before, highest, done = process.memory_info().rss, 0, threading.Event()

    def watch() -> None:
        nonlocal highest
        while not done.wait(0.005):
            highest = max(highest, process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    bucket.upload(file, "sparse.bin", {})
    download(bucket, "sparse.bin", file.with_name("part"), size_bytes=file.stat().st_size, algorithm="md5")
    done.set()
    watcher.join()
    peaks.put(highest - before)


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
