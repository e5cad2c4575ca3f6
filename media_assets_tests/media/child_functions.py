"""What the tests of the sandbox have a child do."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from media_assets.base.errors import BadMedia, NotApplicable
from media_assets.media.info import Chapter


def echo(what: str) -> str:
    return what


def is_loaded(module: str) -> bool:
    return module in sys.modules


def plain(size: int) -> bytes:
    return b"x" * size


def chapters(count: int) -> tuple[Chapter, ...]:
    return tuple(Chapter(start_seconds=n, end_seconds=n + 1, title="ä") for n in range(count))


def who() -> dict[str, int]:
    return {"pid": os.getpid(), "parent": os.getppid()}


def bad() -> None:
    raise BadMedia("is odd", next_step="Look at it")


def not_applicable() -> None:
    raise NotApplicable("has no sound")


def missing(path: Path) -> bytes:
    return path.read_bytes()


def unforeseen() -> None:
    raise ZeroDivisionError("by nothing")


def swell(size: int) -> int:
    return len(bytearray(size))


def spin(note: Path) -> None:
    _note(note)
    while True:
        pass


def deaf(note: Path) -> None:
    """Ignores whatever may be ignored, and sleeps."""
    _note(note)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGXCPU):
        signal.signal(number, signal.SIG_IGN)
    while True:
        time.sleep(1)


def _note(path: Path) -> None:
    """Says who this is, in the name of a link: a child may write no file."""
    path.symlink_to(str(os.getpid()))


def crash() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def leave() -> None:
    os._exit(3)


def kill_its_parent() -> None:
    os.kill(os.getppid(), signal.SIGKILL)


def start_a_process() -> None:
    os.fork()


def start_a_program() -> None:
    os.execv("/bin/true", ["true"])


def reach(port: int) -> None:
    socket.create_connection(("127.0.0.1", port))


def threads() -> int:
    with ThreadPoolExecutor(4) as pool:
        return sum(pool.map(len, ("a", "bb", "ccc")))


def abort() -> None:
    os.abort()


def write(path: Path) -> None:
    path.write_bytes(b"something")


def open_many(path: Path) -> int:
    return len([path.open("rb") for _ in range(1000)])


def environment() -> dict[str, str]:
    return dict(os.environ)


def descriptors() -> list[int]:
    found = []
    for number in range(256):
        try:
            os.fstat(number)
        except OSError:
            continue
        found.append(number)
    return found


def wrong_type() -> int:
    return "no number"  # type: ignore[return-value]


def imposter() -> bytes:
    """Writes a pickle where a result belongs, as a decoder that was taken over could."""
    os.write(3, b"\x80\x04cposix\nsystem\n(X\x04\x00\x00\x00exit\x85R.")
    os._exit(0)
