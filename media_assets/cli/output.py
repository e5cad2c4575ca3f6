"""Where the words of the command line go, also when nobody hears them: closed outputs, broken pipes, terminals that
are gone. What nobody reads is lost, and the work goes on.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Iterable
from typing import TextIO

import typer
from rich.console import Console

from media_assets.base.errors import MediaAssetsError
from media_assets.cli import exit_codes

_NOBODY_READS = (errno.EPIPE, errno.EIO)
"""What a pipe says whose reader has gone, and a terminal that was closed."""


def new_console() -> Console:
    """A console for what a command prints. Where that goes to a file, names are not broken at 80 characters."""
    return Console(highlight=False, width=None if sys.stdout is not None and sys.stdout.isatty() else 140)


console = new_console()
# What is wrong, which --quiet does not silence.
problems = new_console()


def print_error(error: MediaAssetsError) -> None:
    """Write an error to the error output, whatever it holds, unformatted."""
    Console(stderr=True, highlight=False).print(f"error: {error}", style="red", markup=False, soft_wrap=True)


def tell_unseen(unseen: Iterable[MediaAssetsError]) -> None:
    """Say what nobody could look at; that is no success."""
    found = list(unseen)
    for problem in found:
        print_error(problem)
    if found:
        raise typer.Exit(exit_codes.COULD_NOT_WORK)


def bear_deafness() -> None:
    """Let writing to standard output and error never fail for want of a reader; call it before files are opened.

    An output that was closed is given a place: the next file that is opened would get its number otherwise, and what
    is printed would go there.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    if sys.stdin is None:
        sys.stdin = open(0, closefd=False)  # noqa: SIM115  # for as long as the process lives
    if sys.stdout is None or sys.stdout is sys.__stdout__:
        sys.stdout = _patient(1, sys.stdout)
    if sys.stderr is None or sys.stderr is sys.__stderr__:
        sys.stderr = _patient(2, sys.stderr)


class _Patient(io.FileIO):
    """A file that takes what nobody reads any more."""

    def write(self, data: bytes, /) -> int:  # type: ignore[override]
        try:
            return super().write(data)
        except OSError as error:
            if error.errno not in _NOBODY_READS:
                raise
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)
            return len(data)


def _patient(descriptor: int, before: TextIO | None) -> TextIO:
    before_text = before if isinstance(before, io.TextIOWrapper) else None
    patient = _Patient(descriptor, "wb", closefd=False)
    unbuffered = before_text is not None and before_text.write_through  # python -u
    return io.TextIOWrapper(
        patient if unbuffered else io.BufferedWriter(patient),  # type: ignore[type-var]
        encoding=before_text.encoding if before_text else "utf-8",
        errors=before_text.errors if before_text else "backslashreplace",
        line_buffering=before_text.line_buffering if before_text else True,
        write_through=unbuffered,
    )
