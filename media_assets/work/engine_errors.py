"""What an engine raises is told with its name, and with the place in its code: engines are added by others.

What does not belong here: what an engine returned (`engine_result`).
"""

from __future__ import annotations

import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import ValidationError

from media_assets.base.errors import (
    BadResult,
    FaultOfCode,
    MediaAssetsError,
    TimeLimitExceeded,
    Unforeseen,
    classify,
)
from media_assets.base.model import mistakes
from media_assets.base.promises import name_of
from media_assets.base.telling import members, text_of, told
from media_assets.work.engine_result import nonsense
from media_assets.work.engine_section import EngineSection


@contextmanager
def named(engine: object, name: str, directory: Path) -> Iterator[None]:
    """Within the context an engine works: what it raises is told with its name.

    What it says itself by one of our errors stays what it is.

    Args:
        name: What library.yaml calls it.
        directory: The work directory, in which it may look for what it did not make.

    Raises:
        BadResult: it put into a result what cannot stand there, or looks for a file that it did not make.
        Unforeseen: it raised what nobody thought of, be it what is meant to end a process.
        TimeLimitExceeded: the file's time is up.
        Fatal, Transient: something below it refuses, or does not answer.
    """
    try:
        yield
    except ValidationError as error:
        raise nonsense(engine, name, f"a {error.title} that is none ({text_of(mistakes(error)[0])})") from error
    except BaseException as error:
        _leave_stops_alone(error)
        mend = f"{_mend(type(engine), error)}, then `media-assets retry`"
        if missing := not_made(error, directory):
            raise BadResult(
                f"the engine {name} looks for {text_of(missing)} in its work directory, where nothing made it",
                next_step=f"The engine is at fault, not the file: {mend}",
                place=f"{name}: {missing} is not made",
            ) from error
        known = _known(error, f"the engine {name}", mend)
        if known is None:
            raise
        raise known from error


@contextmanager
def opening(section: EngineSection) -> Iterator[None]:
    """Within the context an engine is opened: it has seen no file, and none is to blame.

    Raises:
        FaultOfCode: it raised what nobody thought of.
        Fatal, Transient: something below it refuses, or does not answer.
    """
    name = getattr(section, "engine", type(section).__name__)
    try:
        yield
    except BaseException as error:
        _leave_stops_alone(error)
        who, mend = f"the engine {name} cannot be opened", _mend(type(section), error)
        known = _known(error, who, mend)
        if known is None:
            raise
        if isinstance(known, Unforeseen):
            known = FaultOfCode(f"{who}: {told(error)}", next_step=mend)
        raise known from error


def not_made(error: BaseException, directory: Path) -> Path | None:
    """The file that is looked for in a work directory and was never made there; None where it is not that."""
    if not (isinstance(error, FileNotFoundError) and isinstance(error.filename, str) and directory.is_dir()):
        return None
    path = Path(error.filename)
    if not path.is_relative_to(directory) or not path.parent.is_dir():
        return None
    return path.relative_to(directory)


def _leave_stops_alone(error: BaseException) -> None:
    """What is no Exception comes from a signal in the main thread, and nothing but the engine raises it in others."""
    if not isinstance(error, Exception) and threading.current_thread() is threading.main_thread():
        raise error


def _known(error: BaseException, who: str, mend: str) -> MediaAssetsError | None:
    """What to raise instead; None where the engine, or what it stands on, raised one of our errors itself."""
    known = classify(error)
    if isinstance(known, TimeLimitExceeded):
        return TimeLimitExceeded(
            f"{known.reason}; at work was {who}", next_step=f"{known.next_step}, or choose another engine for it"
        )
    if any(each is known for each in members(error)):
        return None
    if isinstance(known, Unforeseen):
        return Unforeseen(error, by=who, next_step=mend)
    return type(known)(f"{who}: {known.reason}", next_step=known.next_step)


def _mend(kind: type, error: BaseException) -> str:
    """What to do about code of a class that raised, with the innermost place of it that stands in the traceback."""
    folder = _folder_of(kind)
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if folder and Path(frame.filename).is_relative_to(folder)]
    frame = next(reversed(own or frames), None)
    place = f" (raised at {frame.filename}:{frame.lineno})" if frame else ""
    return f"Mend {name_of(kind)}{place}, or choose another engine in library.yaml"


def _folder_of(kind: type) -> Path | None:
    file = getattr(sys.modules.get(kind.__module__), "__file__", None)
    return Path(file).parent if file else None
