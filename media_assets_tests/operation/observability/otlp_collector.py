"""A collector of OpenTelemetry traces on loopback that speaks OTLP over HTTP, with the faults of real ones."""

from __future__ import annotations

import gzip
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True)
class Span:
    trace_id: str
    span_id: str
    parent_id: str
    """Empty for the span that a trace begins with."""
    name: str
    seconds: float
    attributes: dict[str, Any]
    status: int
    """0 unset, 1 ok, 2 error."""
    service: str


class Collector:
    """Keeps what is sent to it. Use it as a context manager."""

    def __init__(self, *, status: int = 200, hangs: bool = False) -> None:
        self.spans: list[Span] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self._status = status
        self._hangs = hangs
        self._released = threading.Event()

    def __enter__(self) -> Self:
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                collector.paths.append(self.path)
                collector.headers.append({name.lower(): value for name, value in self.headers.items()})
                if collector._hangs:
                    collector._released.wait()
                if collector._status == 200:
                    collector._keep(ExportTraceServiceRequest.FromString(body))
                self.send_response(collector._status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Silence."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._released.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def named(self, name: str) -> list[Span]:
        return [span for span in self.spans if span.name == name]

    def _keep(self, request: ExportTraceServiceRequest) -> None:
        for resource in request.resource_spans:
            (service,) = (a.value.string_value for a in resource.resource.attributes if a.key == "service.name")
            for scope in resource.scope_spans:
                for span in scope.spans:
                    self.spans.append(
                        Span(
                            span.trace_id.hex(),
                            span.span_id.hex(),
                            span.parent_span_id.hex(),
                            span.name,
                            (span.end_time_unix_nano - span.start_time_unix_nano) / 1e9,
                            {a.key: getattr(a.value, str(a.value.WhichOneof("value"))) for a in span.attributes},
                            span.status.code,
                            service,
                        )
                    )
