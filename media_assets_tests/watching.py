"""Seeing whether anything reads a folder or reaches for the network."""

from __future__ import annotations

import ctypes
import os
import socket
import struct
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_IN_ACCESS, _IN_OPEN = 0x1, 0x20
_HEADER = struct.Struct("=iIII")
_SOCKETS = ("tcp", "tcp6", "udp", "udp6")
_WAITING = ("0A", "07")
"""States in `/proc/net`: a TCP socket that listens, a UDP socket that is bound."""


@contextmanager
def untouched(folder: Path) -> Iterator[None]:
    """Fails when a file of the folder was opened or read meanwhile, by whomever."""
    if sys.platform != "linux":
        pytest.skip("only Linux tells who opens a file")
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = libc.inotify_init1(os.O_NONBLOCK)
    assert descriptor >= 0
    try:
        assert libc.inotify_add_watch(descriptor, os.fsencode(folder), _IN_ACCESS | _IN_OPEN) >= 0
        yield
        opened = _names(descriptor)
    finally:
        os.close(descriptor)
    assert not opened, f"opened: {opened}"


def _names(descriptor: int) -> set[str]:
    try:
        data = os.read(descriptor, 65536)
    except BlockingIOError:
        return set()
    names, at = set(), 0
    while at < len(data):
        *_, length = _HEADER.unpack_from(data, at)
        names.add(data[at + _HEADER.size : at + _HEADER.size + length].rstrip(b"\0").decode())
        at += _HEADER.size + length
    return names - {""}


@contextmanager
def unreached() -> Iterator[int]:
    """A port of loopback to which nobody connects, or the test fails."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield int(listener.getsockname()[1])
        listener.setblocking(False)
        with pytest.raises(BlockingIOError):
            listener.accept()


def _bound(protocol: str) -> set[int]:
    """Ports at which somebody waits; not those of connections, which others get from the system at random."""
    rows = [line.split() for line in Path("/proc/net", protocol).read_text().splitlines()[1:]]
    return {int(row[1].rpartition(":")[2], 16) for row in rows if row[3] in _WAITING}


@contextmanager
def unbound(port: int) -> Iterator[None]:
    """Fails when somebody listens on a port meanwhile. Looks often, for it may be short."""
    found: list[str] = []
    done = threading.Event()

    def look() -> None:
        while not done.wait(0.002):
            found.extend(name for name in _SOCKETS if port in _bound(name))

    watcher = threading.Thread(target=look)
    if sys.platform == "linux":
        watcher.start()
    try:
        yield
    finally:
        done.set()
        if watcher.is_alive():
            watcher.join()
    assert not found, found
