"""A receiver of posts on loopback, real HTTP: keeps what arrives, and answers as it is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


@dataclass(frozen=True)
class Post:
    """One that arrived."""

    path: str
    headers: Mapping[str, str]
    """By name in lower case."""
    body: bytes
    status: int
    """How it was answered."""

    @property
    def json(self) -> dict[str, Any]:
        return dict(json.loads(self.body))


class HttpReceiver:
    """Use it as a context manager.

    Each status in `script` answers one post, in order; after that comes `status`. Those of 3xx lead to `elsewhere`.
    `refuses` is a text: posts that hold it are answered 400. `silent` leaves posts without an answer.
    """

    def __init__(self) -> None:
        self.posts: list[Post] = []
        self.script: list[int] = []
        self.status = 200
        self.headers: dict[str, str] = {}
        self.refuses = ""
        self.silent = False
        self.elsewhere = ""
        self._end = threading.Event()

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._server.server_port}"

    @property
    def taken(self) -> list[Post]:
        """What was answered with success."""
        return [post for post in self.posts if post.status < 300]

    def answer(self, body: bytes) -> int | None:
        """None: there is no answer, until the server ends."""
        if self.silent:
            self._end.wait(60)
            return None
        if self.script:
            return self.script.pop(0)
        return 400 if self.refuses and self.refuses.encode() in body else self.status


def _handler(receiver: HttpReceiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            status = receiver.answer(body)
            if status is None:
                self.close_connection = True
                return
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.posts.append(Post(self.path, headers, body, status))
            self.send_response(status)
            for name, value in receiver.headers.items():
                self.send_header(name, value)
            if 300 <= status < 400:
                self.send_header("Location", receiver.elsewhere)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    return Handler
