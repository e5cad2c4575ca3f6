"""Exceptions as code of others may raise them, by names: each is to be told, and to spoil no other file."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

from media_assets.base.errors import BadMedia, Transient


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__


class NoText(Exception):
    def __str__(self) -> str:
        return None  # type: ignore[return-value]


class Unpicklable(Exception):
    def __init__(self) -> None:
        super().__init__("holds a lock")
        self.lock = threading.Lock()


class TouchyRefusal(ConnectionError):
    """Known by its class, and raises when it is told."""

    def __str__(self) -> str:
        raise RuntimeError("no text")


class TouchyFile(OSError):
    @property
    def filename(self) -> str:
        raise RuntimeError("no name")


class Half(BadMedia):
    """One of ours without what makes it one."""

    def __init__(self) -> None:
        pass


class Panic(BaseException):
    """As extensions in Rust raise it."""


def circle() -> Exception:
    first, second = ValueError("first"), ValueError("second")
    first.__cause__, second.__cause__ = second, first
    return first


AWKWARD: dict[str, tuple[Callable[[], BaseException], str]] = {
    "unspeakable": (Unspeakable, "Unspeakable: (its text cannot be told: RuntimeError)"),
    "no_text": (NoText, "NoText: (its text cannot be told: TypeError)"),
    "huge": (lambda: ValueError("x" * 5_000_000), f"ValueError: {'x' * 2000}… (5000000 characters in all)"),
    "our_huge": (lambda: BadMedia("x" * 5_000_000), f"{'x' * 10_000}… (5000000 characters in all)"),
    "surrogates": (lambda: ValueError("b\udce4r"), r"ValueError: b\udce4r"),
    "terminal": (lambda: ValueError("\x1b[2J\x00\x9b1m\rgone\u202e"), r"ValueError: \x1b[2J\x00\x9b1m\rgone\u202e"),
    "group": (
        lambda: ExceptionGroup("two", [ValueError("one"), ExceptionGroup("inner", [KeyError("k"), Unspeakable()])]),
        "ExceptionGroup: two (2 sub-exceptions): ValueError: one; KeyError: 'k'; "
        "Unspeakable: (its text cannot be told: RuntimeError)",
    ),
    "group_of_ours": (lambda: ExceptionGroup("tasks", [ValueError("x"), BadMedia("is cut off")]), "is cut off"),
    "unpicklable": (Unpicklable, "Unpicklable: holds a lock"),
    "circle": (circle, "ValueError: first"),
    "descriptor": (lambda: OSError(9, "Bad file descriptor", 77), "OSError: [Errno 9] Bad file descriptor: 77"),
    "touchy_file": (TouchyFile, "TouchyFile"),
    "half": (Half, "Half: (its text cannot be told: AttributeError)"),
    "text_is_no_text": (lambda: BadMedia(ValueError("inner")), "inner"),  # type: ignore[arg-type]
    "exit": (lambda: SystemExit(3), "SystemExit: 3"),
    "cancelled": (lambda: asyncio.CancelledError("task"), "CancelledError: task"),
    "panic": (lambda: Panic("called unwrap"), "Panic: called unwrap"),
}
"""What raises, and the reason that is told."""

PASSING: dict[str, Callable[[], Exception]] = {
    "group": lambda: ExceptionGroup("tasks", [ConnectionResetError(104, "reset"), TimeoutError("late")]),
    "group_of_ours": lambda: ExceptionGroup("tasks", [Transient("busy")]),
}
