"""The exit codes of `media-assets`, and the words for them that `--help` of each command ends with."""

from __future__ import annotations

import signal

import typer
from typer.models import CommandInfo

FAILED = 1
COULD_NOT_WORK = 2
_SIGNAL = 128
"""A process that a signal stopped exits with this and the signal's number, as shells have it."""

# What 1 means, by command; the others never exit with it.
_ONE = {
    "process": "a file failed; the others are done",
    "retry": "a file failed again; the others are done",
    "doctor": "a check failed",
    "init": "a check failed",
    "duplicates": "something that was to be moved or brought back was not",
    "test": "one did not arrive, or there is none",
}
_TWO = {
    "process": "it could not work, or not to the end, or a source or a folder could not be listed",
    "retry": "it could not work, or not to the end",
    "status": "it could not work, or a source or a folder could not be listed",
    "duplicates": "it could not work, or a source or a folder could not be listed",
    "doctor": "it could not look, or a folder of a source could not be listed",
}


def of_signal(number: int) -> int:
    """The exit code of a process that was stopped by a signal."""
    return _SIGNAL + number


def tell_in_help(app: typer.Typer) -> None:
    """Let `--help` of every command of `app`, and of its groups, end with its exit codes."""
    for command in app.registered_commands:
        command.epilog = _words(command)
    for group in app.registered_groups:
        if group.typer_instance:
            tell_in_help(group.typer_instance)


def _words(command: CommandInfo) -> str:
    name = command.name or (command.callback.__name__ if command.callback else "")
    lines = ["0: done", f"1: {_ONE[name]}"] if name in _ONE else ["0: done"]
    lines.append(f"2: {_TWO.get(name, 'it could not work')}, or the command was wrong")
    stops = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)
    lines.append(f"{', '.join(str(of_signal(number)) for number in stops)}: stopped by SIGHUP, SIGINT, SIGTERM")
    return "\b\nExit codes:\n" + "\n".join(f"  {line}" for line in lines)
