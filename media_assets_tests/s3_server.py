"""S3 on loopback: moto's server, and in front of it a proxy that fails as networks and busy services do.

moto checks If-Match and If-None-Match, but not in one step with the write: the proxy lets one write through at a time,
which makes conditional writes as atomic as those of S3.
"""

from __future__ import annotations

import http.client
import logging
import os
import queue
import signal
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

import psutil
from pydantic import SecretStr

from media_assets.base.secrets import Secrets
from media_assets.places.bucket.client import Bucket, open_bucket
from media_assets.places.bucket.settings import BucketAccess, BucketSource, BucketStore

ACCESS_KEY, SECRET_KEY = "AKIDPLANTEDKEY", "planted-secret-access-key"
SESSION_TOKEN = "planted-session-token"
SECRETS = Secrets(
    aws_access_key_id=SecretStr(ACCESS_KEY),
    aws_secret_access_key=SecretStr(SECRET_KEY),
    aws_session_token=SecretStr(SESSION_TOKEN),
)
PLANTED = (ACCESS_KEY, SECRET_KEY, SESSION_TOKEN, "X-Amz-", "Signature=")

What = Literal["slow down", "cut before", "lose answer", "cut body"]
"""`cut before`: the connection ends before the server hears of the request. `lose answer`: it does what it is asked to,
and then the connection ends. `cut body`: half of the answer comes."""


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    """Below the bucket, decoded."""
    query: str
    headers: dict[str, str]

    @property
    def writes(self) -> bool:
        return self.method in ("PUT", "POST", "DELETE")


@dataclass
class _Fault:
    when: Callable[[Request], bool]
    do: What | Callable[[], None] | tuple[int, str]
    times: int


def anything(_: Request) -> bool:
    """Fits each request."""
    return True


@dataclass
class S3Server:
    """See the module. `url` is that of the proxy."""

    moto_port: int
    requests: list[Request] = field(default_factory=list)
    _faults: list[_Fault] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    ignore_conditions: bool = False
    """Whether writes go ahead whatever is there, as on servers that do not know If-Match and If-None-Match."""
    _lock: threading.Condition = field(default_factory=threading.Condition)
    _being_done: int = 0
    """Requests that have been let through and are not done."""
    _ports_of_the_dead: set[int] = field(default_factory=set)
    writing: threading.Lock = field(default_factory=threading.Lock)
    url: str = ""

    @cached_property
    def client(self) -> Any:
        """boto3's, past the proxy: what is really in there."""
        import boto3

        return boto3.client(
            "s3",
            endpoint_url=f"http://127.0.0.1:{self.moto_port}",
            region_name="us-east-1",
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
        )

    def fault(
        self, do: What | Callable[[], None] | tuple[int, str], when: Callable[[Request], bool], times: int = 1
    ) -> None:
        """Let the next `times` requests that `when` accepts go wrong; a pair of status and code is the answer."""
        with self._lock:
            self._faults.append(_Fault(when, do, times))

    def repair(self) -> None:
        """Nothing goes wrong from now on, and what was under way when a process was killed is over."""
        with self._lock:
            self._faults.clear()
            self.tags.clear()
            assert self._lock.wait_for(lambda: not self._being_done, timeout=60), "requests that do not end"

    def crash_before_write(self, number: int) -> queue.SimpleQueue[int]:
        """Kill the process whose id is put into the queue, just before its nth write gets through."""
        pids: queue.SimpleQueue[int] = queue.SimpleQueue()
        count = iter(range(1, 1_000_000))
        self.fault(lambda: self._kill(pids.get()), lambda request: request.writes and next(count) == number)
        return pids

    def _kill(self, pid: int) -> None:
        """Ends a process, and with it every request that it has sent and that has not got through yet."""
        with self._lock:
            self._ports_of_the_dead |= {end.laddr.port for end in psutil.Process(pid).net_connections()}
            os.kill(pid, signal.SIGKILL)

    @contextmanager
    def letting_through(self, port: int) -> Iterator[bool]:
        """Whether a request that came from this port is done; it is, when the context ends."""
        with self._lock:
            alive = port not in self._ports_of_the_dead
            self._being_done += alive
        try:
            yield alive
        finally:
            with self._lock:
                self._being_done -= alive
                self._lock.notify_all()

    def retag(self, tag: str, path: str) -> None:
        """Let an object bear a tag that is no MD5 of its content, as in buckets that encrypt with keys of their own."""
        with self._lock:
            self.tags[path] = tag

    def take(self, request: Request) -> What | Callable[[], None] | tuple[int, str] | None:
        """What is to go wrong with a request."""
        with self._lock:
            self.requests.append(request)
            for fault in self._faults:
                if fault.times and fault.when(request):
                    fault.times -= 1
                    return fault.do
        return None


class Place:
    """A bucket of its own on the server."""

    def __init__(self, server: S3Server) -> None:
        self.server = server
        self.name = f"bucket-{uuid.uuid4().hex[:16]}"
        self.client = server.client
        self.client.create_bucket(Bucket=self.name)

    def settings(self, prefix: str = "", **changes: Any) -> dict[str, Any]:
        url = f"s3://{self.name}/{prefix}".rstrip("/")
        known = {"url": url, "endpoint": self.server.url, "region": "us-east-1", "timeout_seconds": 5, "max_retries": 2}
        return known | {"part_bytes": 5 * 1024 * 1024} | changes

    def source_settings(self, prefix: str = "", **changes: Any) -> BucketSource:
        return BucketSource(type="bucket", **self.settings(prefix, **changes))

    def store_settings(self, prefix: str = "", **changes: Any) -> BucketStore:
        return BucketStore(type="bucket", **self.settings(prefix, **changes))

    def bucket(self, prefix: str = "", **changes: Any) -> Bucket:
        return open_bucket(BucketAccess(**self.settings(prefix, **changes)), SECRETS)

    def put(self, **objects: str | bytes) -> None:
        """Objects by path; the user's, as nothing is attached to them."""
        for path, content in objects.items():
            self.put_object(path, content)

    def put_object(self, path: str, content: str | bytes = "text") -> None:
        body = content.encode() if isinstance(content, str) else content
        self.client.put_object(Bucket=self.name, Key=path, Body=body)

    def get(self, path: str) -> bytes:
        body: bytes = self.client.get_object(Bucket=self.name, Key=path)["Body"].read()
        return body

    def delete(self, path: str) -> None:
        self.client.delete_object(Bucket=self.name, Key=path)

    def paths(self, prefix: str = "") -> list[str]:
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix)
        return [found["Key"] for page in pages for found in page.get("Contents", ())]

    def objects(self) -> dict[str, bytes]:
        return {path: self.get(path) for path in self.paths()}


@cache
def _moto_port() -> int:
    """Of moto's server. There is one for this process: all that it is asked to keep is the process's anyway."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    os.environ["MOTO_S3_DEFAULT_MAX_KEYS"] = "100"  # so that listings have pages
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    return moto.get_host_and_port()[1]


@contextmanager
def s3_server() -> Iterator[S3Server]:
    """The server, for as long as the context lasts."""
    server = S3Server(_moto_port())

    class Handler(_Handler):
        s3 = server

    proxy = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    proxy.daemon_threads = True
    server.url = f"http://127.0.0.1:{proxy.server_port}"
    thread = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        proxy.shutdown()
        proxy.server_close()


_CONDITIONS = ("if-match", "if-none-match")


class _Handler(BaseHTTPRequestHandler):
    s3: S3Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def _handle(self) -> None:
        try:
            self._relay()
        except ConnectionError:  # the client has gone
            self.close_connection = True

    def _relay(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        path = unquote(parts.path).lstrip("/").partition("/")[2]
        request = Request(self.command, path, parts.query, {k.lower(): v for k, v in self.headers.items()})
        what = self.s3.take(request)
        if callable(what):
            what()
            what = "cut before"
        if what == "cut before":
            self._cut()
        elif what == "slow down" or isinstance(what, tuple):
            status, code = what if isinstance(what, tuple) else (503, "SlowDown")
            self._answer(status, {"Content-Type": "application/xml"}, _error(code))
        else:
            with self.s3.letting_through(self.client_address[1]) as alive:
                if not alive:
                    self._cut()
                    return
                status, headers, answer = self._forward(request, body)
            if what == "lose answer":
                self._cut()
            elif what == "cut body":
                self._answer(status, headers, answer, send=len(answer) // 2)
                self._cut()
            else:
                self._answer(status, headers, answer)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _handle

    def _forward(self, request: Request, body: bytes) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.s3.moto_port, timeout=30)
        try:
            if request.writes and "partNumber" not in request.query:
                with self.s3.writing:
                    return self._exchange(connection, body, self.s3.tags.get(request.path))
            return self._exchange(connection, body, self.s3.tags.get(request.path))
        finally:
            connection.close()

    def _exchange(
        self, connection: http.client.HTTPConnection, body: bytes, tag: str | None
    ) -> tuple[int, dict[str, str], bytes]:
        headers = dict(self.headers.items())
        if headers.get("if-match", "").strip('"') == tag:
            del headers["if-match"]
        if self.s3.ignore_conditions:
            headers = {name: value for name, value in headers.items() if name.lower() not in _CONDITIONS}
        connection.request(self.command, self.path, body, headers)
        answer = connection.getresponse()
        known = dict(answer.getheaders())
        if tag:
            known = {name: f'"{tag}"' if name.lower() == "etag" else value for name, value in known.items()}
        return answer.status, known, answer.read()

    def _answer(self, status: int, headers: dict[str, str], body: bytes, send: int | None = None) -> None:
        self.send_response_only(status)
        length = (
            headers.get("Content-Length", headers.get("content-length", "0")) if self.command == "HEAD" else len(body)
        )
        for name, value in headers.items():
            if name.lower() not in ("content-length", "connection", "transfer-encoding"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body if send is None else body[:send])

    def _cut(self) -> None:
        self.wfile.flush()
        self.close_connection = True


def _error(code: str) -> bytes:
    return f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{SECRET_KEY}</Message></Error>".encode()
