"""The two small processes that fork others for us: children that read (`server`), and tools (`media.tool_start`).

They have one thread each, so that a fork is sound whatever threads this process has, and little memory, so that it is
quick. What they do is in those modules.
"""

from __future__ import annotations

import atexit
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from media_assets.base.errors import Fatal
from media_assets.media.sandbox.server import STATUS, Kind, ahead_of
from media_assets.work.child_limits import clean_environment

_START_SECONDS = 60.0
_DEATH_SECONDS = 1.0
"""How long a killed child may take to be gone."""
_SURROUNDINGS = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}


@dataclass(frozen=True)
class Forked:
    """A process that was forked for us, as its parent sees it."""

    talk: socket.socket
    """The request was sent here; what comes back is the child's."""
    life: socket.socket
    """Says the exit status at the end."""

    def kill(self) -> None:
        """Returns when it is dead, with all that it has started."""
        with suppress(OSError):
            self.life.shutdown(socket.SHUT_WR)
            self.life.settimeout(_DEATH_SECONDS)
            self.life.recv(STATUS.size)


class HelperProcess:
    """A process that forks others, from outside."""

    def __init__(self, kind: Kind) -> None:
        self.owner = os.getpid()
        self._sending = threading.Lock()
        self._control, theirs = socket.socketpair()
        # As `multiprocessing` does: children find the same modules, wherever the parent found them.
        paths = [str(Path(path).absolute()) for path in sys.path]
        code = (
            f"import sys; sys.path[:] = {paths!r}; "
            f"from media_assets.media.sandbox.server import main; main({theirs.fileno()}, {kind!r})"
        )
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", code],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env={**clean_environment(), **_SURROUNDINGS},
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        self._control.settimeout(_START_SECONDS)
        if not self._greeted():
            self._process.kill()
            _, said = self._process.communicate()
            lines = said.decode(errors="replace").strip().splitlines() or ["it said nothing"]
            raise Fatal(
                f"the process that reads media could not be started: {lines[-1]}",
                next_step="Install media-assets again when a package is missing; close some programs when memory is",
            ) from (ImportError(lines[-1]) if lines[-1].startswith(("ImportError", "ModuleNotFoundError")) else None)
        self._control.settimeout(None)

    def _greeted(self) -> bool:
        try:
            return self._control.recv(1) == b"!"
        except OSError:
            return False

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def fork(
        self, call: bytes, request: bytes, stack: ExitStack, more: Iterable[int] = (), *, ahead: Iterable[str] = ()
    ) -> Forked:
        """Have a child forked for a request. When the stack is left, the child is killed if it is still there.

        Args:
            call: What kind of child, as `server` knows them.
            request: Sent to the child.
            stack: Closes the ends that are ours.
            more: Descriptors that the child gets besides.
            ahead: Modules that are loaded in the helper first, and stay there.

        Raises:
            OSError: the helper is gone.
        """
        talk, talk_end = socket.socketpair()
        life, life_end = socket.socketpair()
        for end in (talk, life):
            stack.enter_context(end)
        with talk_end, life_end, self._sending:
            socket.send_fds(self._control, [call], [talk_end.fileno(), life_end.fileno(), *more])
            self._control.sendall(ahead_of(ahead))
        with suppress(BrokenPipeError, ConnectionResetError):  # a child that is gone already has its status
            talk.sendall(request)
        return Forked(talk, life)

    def close(self) -> None:
        """End the helper and all its children."""
        self._control.close()
        if self._process.stderr is not None:
            self._process.stderr.close()
        self._process.wait()


_lock = threading.Lock()
_running: dict[Kind, HelperProcess] = {}


def helper(kind: Kind) -> HelperProcess:
    """The one of its kind of this process, started when it is first needed.

    Raises:
        Fatal: it could not be started.
    """
    with _lock:
        found = _running.get(kind)
        if found is not None and found.owner == os.getpid():
            if found.alive:
                return found
            found.close()
        _running[kind] = HelperProcess(kind)
        return _running[kind]


@atexit.register
def _close() -> None:
    for each in _running.values():
        if each.owner == os.getpid():
            each.close()
