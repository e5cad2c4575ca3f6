"""A stand-in for a LibreTranslate server: real HTTP on loopback, GET /languages and POST /translate as its API is.

It translates each text by itself into one that tells what was translated into what. Each fault in `script` is used up
by one request for a translation, in order.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from media_assets_tests.artifacts.translation.translations import translated

Answer = tuple[int, object]
"""Status and body; a body that is text is sent as it is."""


@dataclass
class LibreTranslateServer:
    """State and script of the stand-in."""

    address: str = ""
    key: str | None = None
    languages: dict[str, list[str]] = field(
        default_factory=lambda: {"en": ["de", "en", "fr", "ja", "zh"], "de": ["en"], "fr": [], "ja": [], "zh": []}
    )
    char_limit: int = -1
    batch_limit: int = -1
    script: list[Answer] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    """What was asked to be translated."""

    def answer(self, body: dict[str, Any]) -> Answer:
        self.requests.append(body)
        if self.script:
            return self.script.pop(0)
        if self.key is not None and body.get("api_key") != self.key:
            return 403, {"error": f"Invalid API key: {body.get('api_key')}"}
        texts, source, target = body["q"], body["source"], body["target"]
        if source not in self.languages or target not in self.languages:
            return 400, {"error": f"{target} is not supported"}
        for size, limit in ((len(texts), self.batch_limit), (sum(map(len, texts)), self.char_limit)):
            if limit != -1 and size > limit:
                return 400, {"error": f"Invalid request: request ({size}) exceeds text limit ({limit})"}
        return 200, {"translatedText": [translated(text, target) for text in texts]}


@contextmanager
def libretranslate_server() -> Iterator[LibreTranslateServer]:
    """A running server on a port of its own."""
    state = LibreTranslateServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

        def do_GET(self) -> None:
            known = [{"code": code, "name": code, "targets": targets} for code, targets in state.languages.items()]
            self.send(*((200, known) if self.path == "/languages" else (404, {"error": "not found"})))

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.send(*(state.answer(body) if self.path == "/translate" else (404, {"error": "not found"})))

        def send(self, status: int, body: object) -> None:
            data = (body if isinstance(body, str) else json.dumps(body)).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
