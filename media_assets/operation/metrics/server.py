"""HTTP: /metrics, /health/live and /health/ready. It answers from memory, so a scrape costs milliseconds."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from socketserver import ThreadingMixIn
from threading import Thread
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from media_assets.base.errors import Fatal

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

    from prometheus_client.registry import Collector

Readiness = Callable[[], tuple[bool, dict[str, Any]]]

# A client that says nothing for so long is hung up on.
_SILENCE_SECONDS = 30


@contextmanager
def serving(host: str, port: int, collector: Collector, readiness: Readiness) -> Iterator[str]:
    """Listens for as long as the context lasts; the address is what it yields.

    Raises:
        Fatal: the address cannot be listened on.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        server_class = type("Server", (_MetricsServer,), {"address_family": family})
        server: WSGIServer = make_server(host, port, _application(collector, readiness), server_class, _MetricsHandler)
    except OSError as error:
        reason = f"{host}, port {port}, cannot be listened on: {error.strerror or error}"
        raise Fatal(reason, next_step="Choose others with --host and --port") from error
    thread = Thread(target=server.serve_forever, name="metrics-http", daemon=True)
    thread.start()
    try:
        shown = f"[{host}]" if ":" in host else host
        yield f"http://{shown}:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _MetricsServer(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _MetricsHandler(WSGIRequestHandler):
    timeout = _SILENCE_SECONDS

    def log_message(self, format: str, *args: Any) -> None:
        """Scrapes are no news."""


def _application(
    collector: Collector, readiness: Readiness
) -> Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]:
    from prometheus_client import CollectorRegistry, make_wsgi_app

    registry = CollectorRegistry()
    registry.register(collector)
    metrics = make_wsgi_app(registry)

    def answer(environment: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environment.get("PATH_INFO", "")
        if environment["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return _json(start_response, HTTPStatus.METHOD_NOT_ALLOWED, {"error": "only GET is answered"})
        if path == "/metrics":
            return metrics(environment, start_response)  # type: ignore[no-any-return]
        if path == "/health/live":
            return _json(start_response, HTTPStatus.OK, {"status": "alive"})
        if path == "/health/ready":
            ready, body = readiness()
            return _json(start_response, HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE, body)
        paths = ["/metrics", "/health/live", "/health/ready"]
        return _json(start_response, HTTPStatus.NOT_FOUND, {"error": "there is nothing here", "paths": paths})

    return answer


def _json(start_response: StartResponse, status: HTTPStatus, body: dict[str, Any]) -> Iterable[bytes]:
    content = json.dumps(body).encode() + b"\n"
    start_response(
        f"{status.value} {status.phrase}",
        [("Content-Type", "application/json"), ("Content-Length", str(len(content))), ("Cache-Control", "no-store")],
    )
    return [content]
