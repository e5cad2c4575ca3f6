"""The process that forks a child for each call of `child.run_in_child`, and what such a child does.

It is started once by a process of ours, has one thread, and has loaded what children need (PyAV, our models), so that
a fork takes milliseconds. `multiprocessing`'s fork server would load the parent's `__main__` again, which is Dagster.
Another of its kind has loaded nothing, and forks what becomes a tool such as ffmpeg.

What it hears, on the socket it is given:

    one byte, with two descriptors    a call (`CALL`): where its request comes from and its result goes, and its life
    one byte, with four descriptors   a tool (`TOOL`): the same, and its standard output and error
    the end                           the parent is gone: every child is killed

Behind the byte stand the names of the modules that are loaded here before the child is forked (`ahead_of`). Loading
takes seconds for some calls; so those pay for it once, and others not at all. Whoever makes a call says which they are.

A request is pickled, because it comes from the parent. A result is JSON or plain bytes, and never pickled: what
decodes hostile bytes may have become hostile itself. The exit status is told by this process, on the socket of the
call's life; when the parent closes its end of that, the child is killed.
"""

from __future__ import annotations

import errno
import gc
import importlib
import json
import os
import pickle
import selectors
import signal
import socket
import struct
import sys
import traceback
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, Literal

from media_assets.base.errors import BadMedia, MediaAssetsError
from media_assets.base.telling import shortened, told
from media_assets.media.sandbox.kernel_filter import LIBRARY, refuse_what_no_reader_needs
from media_assets.media.tool_start import become_tool
from media_assets.work.child_limits import ChildLimits, limit_this_process

Kind = Literal["readers", "tools"]
"""What a process of this kind forks."""
OUT_OF_MEMORY = 77
"""Exit code of a child whose limit of memory was met."""
NOT_STARTED = -1000
"""Told in place of an exit code when no process could be started."""
STATUS = struct.Struct("=i")
PLAIN, JSON, ERROR, OS_ERROR, UNFORESEEN = b"B", b"J", b"E", b"O", b"U"
"""The first byte of a result."""
LOOK_AT_IT = "Open the file in a player to see whether it is damaged; export or fetch it again, or take it out"
_LIMITS_MET = {errno.EMFILE: "has more files opened", errno.EFBIG: "has more written to a file"}
TOOL = b"t"
CALL = b"c"
_LENGTH = struct.Struct("=H")
_LONGEST_TRACEBACK = 50_000
_DESCRIPTORS = 65536
"""More than this process ever has open."""
_PR_SET_PDEATHSIG = 1
_DATA = 3
"""The descriptor of request and result, once everything else is closed."""


def ahead_of(modules: Iterable[str]) -> bytes:
    """What stands behind the first byte of a call: the modules that are to be loaded for it, in their order."""
    names = "\0".join(modules).encode("ascii")
    return _LENGTH.pack(len(names)) + names


def main(control_descriptor: int, kind: Kind) -> None:
    """Serve until the parent is gone."""
    if kind == "readers":
        from media_assets.media.probe import warm_up

        warm_up()
    gc.freeze()  # what is there stays, and is not copied for each child by looking at it
    with socket.socket(fileno=control_descriptor) as control:
        control.sendall(b"!")
        os.dup2(1, 2)  # nobody reads from here on what a library may say
        _Server(control).serve()


class _Server:
    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._children: dict[int, socket.socket] = {}
        self._selector = selectors.DefaultSelector()
        self._selector.register(control, selectors.EVENT_READ)
        woken, waker = socket.socketpair()
        woken.setblocking(False)
        waker.setblocking(False)
        self._selector.register(woken, selectors.EVENT_READ)
        self._woken, self._waker = woken, waker
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)

    def serve(self) -> None:
        try:
            while True:
                for key, _ in self._selector.select():
                    if key.fileobj is self._control:
                        if not self._take_call():
                            return
                    elif key.fileobj is self._woken:
                        self._woken.recv(4096)
                        self._reap()
                    else:
                        self._kill(key.data)
        finally:
            for pid in self._children:
                self._kill(pid)

    def _take_call(self) -> bool:
        """Returns False at the end."""
        data, descriptors, _, _ = socket.recv_fds(self._control, 1, 4)
        if not data:
            return False
        (length,) = _LENGTH.unpack(self._heard(_LENGTH.size))
        for name in self._heard(length).decode("ascii").split("\0") if length else ():
            with suppress(ImportError):  # the child meets it again, and tells it
                importlib.import_module(name)
        talk, life, *streams = descriptors
        try:
            pid = os.fork()
        except OSError:
            with socket.socket(fileno=life) as told:
                told.sendall(STATUS.pack(NOT_STARTED))
        else:
            if pid == 0:
                _be_child(talk, streams)
            lives = socket.socket(fileno=life)
            self._children[pid] = lives
            self._selector.register(lives, selectors.EVENT_READ, pid)
        for descriptor in (talk, *streams):
            os.close(descriptor)
        return True

    def _heard(self, size_bytes: int) -> bytes:
        """Exactly so many bytes, which the parent has sent with the one before; fewer where it is gone."""
        heard = b""
        while len(heard) < size_bytes and (piece := self._control.recv(size_bytes - len(heard))):
            heard += piece
        return heard

    def _reap(self) -> None:
        while self._children:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)  # what it has left behind
            life = self._children.pop(pid)
            with suppress(KeyError):
                self._selector.unregister(life)
            with suppress(OSError):  # the parent may have lost interest
                life.sendall(STATUS.pack(os.waitstatus_to_exitcode(status)))
            life.close()

    def _kill(self, pid: int) -> None:
        """Kill a child that nobody wants any more; it stays in the books until it is reaped."""
        if pid not in self._children:
            return
        with suppress(KeyError):
            self._selector.unregister(self._children[pid])
        for kill in (os.killpg, os.kill):  # the child may not have got its own group yet
            with suppress(ProcessLookupError, PermissionError):
                kill(pid, signal.SIGKILL)


def _be_child(talk: int, streams: list[int]) -> None:
    """Do one call and end, or become a tool. Never returns."""
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _die_with_parent()
        os.setsid()
        if streams:
            become_tool(talk, *streams)
        os.dup2(talk, _DATA)
        os.closerange(_DATA + 1, _DESCRIPTORS)
        with open(_DATA, "rb", closefd=False) as file:
            module, name, arguments, limits, cpu_seconds = pickle.load(file)  # noqa: S301  the parent's
        limit_this_process(limits, cpu_seconds)
        refuse_what_no_reader_needs()
        _answer(_result(module, name, arguments), limits)
        os._exit(0)
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    finally:
        os._exit(1)


def _result(module: str, name: str, arguments: tuple[Any, ...]) -> bytes:
    try:
        function = getattr(importlib.import_module(module), name)
        return _encoded(function, function(*arguments))
    except MediaAssetsError as error:
        return ERROR + json.dumps([type(error).__name__, error.reason, error.next_step]).encode()
    except MemoryError:
        raise
    except OSError as error:
        if error.errno in _LIMITS_MET:
            reason = f"{_LIMITS_MET[error.errno]} than may be to be read"
            return ERROR + json.dumps([BadMedia.__name__, reason, LOOK_AT_IT]).encode()
        filename = None if error.filename is None else os.fsdecode(error.filename)
        return OS_ERROR + json.dumps([error.errno, error.strerror or str(error), filename]).encode()
    except Exception as error:  # noqa: BLE001  the parent raises it
        return UNFORESEEN + json.dumps([told(error), shortened(traceback.format_exc(), _LONGEST_TRACEBACK)]).encode()


def _encoded(function: Callable[..., Any], value: Any) -> bytes:
    from media_assets.media.sandbox.results import adapter

    return PLAIN + value if isinstance(value, bytes) else JSON + adapter(function).dump_json(value)


def _answer(data: bytes, limits: ChildLimits) -> None:
    """Written in full, unless it is more than the parent would read."""
    view = memoryview(data)[: limits.result_bytes + 2]
    while view:
        view = view[os.write(_DATA, view) :]


def _die_with_parent() -> None:
    """End with the server: on Linux the kernel kills the child with it; elsewhere its limit of CPU time ends it."""
    if sys.platform == "linux":
        LIBRARY.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
