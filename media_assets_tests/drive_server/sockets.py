"""Connections: accepting them, over TLS where asked for, and ending all of them when the server stops."""

from __future__ import annotations

import socket
import ssl
import sys
import threading
from contextlib import suppress
from http.server import ThreadingHTTPServer
from typing import Any

from media_assets_tests.drive_server.handler import Handler


class HttpServer(ThreadingHTTPServer):
    """Connections over TLS where asked for; all can be ended at once. What breaks in a handler is kept."""

    daemon_threads = False
    request_queue_size = 128

    def __init__(self, handler: type[Handler], context: ssl.SSLContext | None) -> None:
        self.context = context
        self.connections: set[socket.socket] = set()
        self.lock = threading.Lock()
        self.crashes: list[BaseException] = []
        self.closing = False
        super().__init__(("127.0.0.1", 0), handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        if self.context is not None:  # shaking hands is left to the connection's own thread
            connection = self.context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        with self.lock:
            self.connections.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        with self.lock:
            self.connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        error = sys.exception()
        if error is not None and not self.closing and not isinstance(error, ConnectionError | ssl.SSLError):
            self.crashes.append(error)

    def stop(self) -> None:
        """Ends all connections and waits for their threads."""
        self.closing = True
        self.shutdown()
        with self.lock:
            for connection in self.connections:
                if connection.fileno() >= 0:
                    # The raw call: SSLSocket's own would take the TLS state away from a thread that is using it.
                    with suppress(OSError):  # the other side went away first
                        socket.socket.shutdown(connection, socket.SHUT_RDWR)
        self.server_close()
