"""A proxy on loopback that drops connections: some when they are made, others in the middle of what they carry."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from random import Random

_PIECE_BYTES = 1 << 16


class DroppingProxy:
    """See the module.

    Args:
        connect: Makes a connection to what is behind it.
        rate: Of the connections, and of what the clients send, how much is dropped.
    """

    def __init__(self, connect: Callable[[], socket.socket], rate: float, seed: int = 0) -> None:
        self._connect = connect
        self._rate = rate
        self._random = Random(seed)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.drops = 0

    def serve(self) -> None:
        """Until its listener is closed."""
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                if self._is_dropped() or not self._begin(client):
                    client.close()

    def _begin(self, client: socket.socket) -> bool:
        """Whether what is behind it took the connection."""
        try:
            server = self._connect()
        except OSError:
            return False
        for pair in ((client, server, True), (server, client, False)):
            threading.Thread(target=self._forward, args=pair, daemon=True).start()
        return True

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _is_dropped(self) -> bool:
        if self._random.random() >= self._rate:
            return False
        self.drops += 1
        return True

    def _forward(self, origin: socket.socket, destination: socket.socket, may_drop: bool) -> None:
        with suppress(OSError):
            while piece := origin.recv(_PIECE_BYTES):
                # A connection carries some dozens of questions; of the connections about so many are to break.
                if may_drop and self._random.random() < self._rate / 50 and self._count():
                    break
                destination.sendall(piece)
        for end in (origin, destination):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _count(self) -> bool:
        self.drops += 1
        return True


@contextmanager
def dropping(connect: Callable[[], socket.socket], rate: float) -> Iterator[DroppingProxy]:
    """A proxy that serves while the context lasts."""
    proxy = DroppingProxy(connect, rate)
    thread = threading.Thread(target=proxy.serve, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.close()
        thread.join(timeout=10)
