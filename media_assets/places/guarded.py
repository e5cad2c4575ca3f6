"""Opened sources and stores, held to what they promise: kinds are added by others.

Whatever nobody foresaw in a method of a place is a fault of its code, and not of the file it was called for. It is told
with the place, its class, the method and the line, and what a method returned is looked at before it is believed. The
methods of the object itself are replaced: it stays what it is to whoever asks for its class.
"""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from itertools import takewhile
from pathlib import Path
from types import FunctionType
from typing import Any, TypeVar

from media_assets.base.errors import (
    BadMedia,
    Cancelled,
    Fatal,
    FaultOfCode,
    MediaAssetsError,
    Transient,
    Unforeseen,
    classify,
    path_of,
)
from media_assets.base.paths import LeadsOut, plain
from media_assets.base.promises import kept, members_of, name_of
from media_assets.base.telling import text_of, told
from media_assets.places.manifest import Manifest
from media_assets.places.section import SourceSection, StoreSection, Surroundings
from media_assets.places.source import Beside, Changes, Source, SourceEntry
from media_assets.places.store import ArtifactStore

Place = TypeVar("Place")

_LISTINGS = ("scan", "changes")
_OF_ONE_FILE = ("entry", "direct_path", "lies_at", "fetch", "beside", "link", "link_of")
"""What nobody foresaw in these may be the fault of one odd file: it alone is red, unless the first ones fail alike."""
_UNGUARDED = ("identity",)
"""Called for each key of a library, several times over: a guard would cost more than it tells."""


def open_guarded_source(section: SourceSection, name: str, library: Surroundings) -> Source:
    """The source of that name, whose methods raise what they may and return what they should.

    Raises:
        FaultOfCode: its section opens none.
        Others: what the section says is wrong with its settings.
    """
    return guarded_source(_opened(section.open_source, Source, f"source {name}", name, library), f"source {name}")


def open_guarded_store(section: StoreSection, name: str, library: Surroundings) -> ArtifactStore:
    """The same of a store."""
    return guarded_store(_opened(section.open_store, ArtifactStore, f"store {name}", name, library), f"store {name}")


def _opened(open_it: Callable[..., Place], promise: type, label: str, name: str, library: Surroundings) -> Place:
    maker = f"{name_of(type(getattr(open_it, '__self__', None)))}.{open_it.__name__}"
    try:
        return kept(open_it(name, library), promise, maker)
    except Exception as error:
        if not isinstance(classify(error), Unforeseen):
            raise
        raise FaultOfCode(f"{label}: {maker} raised {told(error)}", next_step=f"Mend {_line(error)}") from error


def guarded_source(source: Source, label: str) -> Source:
    """An opened source, guarded.

    Args:
        label: What library.yaml calls it: `source talks`.
    """
    return _guarded(source, Source, label, _SOURCE_CHECKS)


def guarded_store(store: ArtifactStore, label: str) -> ArtifactStore:
    """The same of a store."""
    return _guarded(store, ArtifactStore, label, _STORE_CHECKS)


def _guarded(place: Place, promise: type, label: str, checks: dict[str, _Check]) -> Place:
    for name in members_of(promise):
        if name not in _UNGUARDED and callable(getattr(place, name)):
            object.__setattr__(place, name, _Method(place, promise, name, label, checks.get(name)).called())
    return place


class _Method:
    """One method of an opened place."""

    def __init__(self, place: Any, promise: type, name: str, label: str, check: _Check | None) -> None:
        self.place = place
        self._promise = promise
        self._name = name
        self._label = label
        self._check = check
        self._own = getattr(place, name)
        self._is_of_class = isinstance(inspect.getattr_static(type(place), name, None), FunctionType)
        self._parameters = list(inspect.signature(getattr(promise, name)).parameters)[1:]

    def called(self) -> Callable[..., Any]:
        @wraps(self._own)
        def call(*arguments: Any, **options: Any) -> Any:
            try:
                found = self._call(*arguments, **options)
                if self._name == "scan":
                    return self._entries(found)
                return self._check(self, found, self._in_order(arguments, options)) if self._check else found
            except Exception as error:
                if (known := self._known(error)) is error:
                    raise
                raise known from error

        return call

    def _call(self, *arguments: Any, **options: Any) -> Any:
        """What the class has by that name now, called with this place."""
        if self._is_of_class:
            return getattr(type(self.place), self._name)(self.place, *arguments, **options)
        return self._own(*arguments, **options)

    def _in_order(self, arguments: tuple[Any, ...], options: dict[str, Any]) -> tuple[Any, ...]:
        """What it was called with, as the promise orders it, up to the first that was left out."""
        if not options:
            return arguments
        named = self._parameters[len(arguments) :]
        return (*arguments, *(options[name] for name in takewhile(options.__contains__, named)))

    def _entries(self, found: object) -> Iterator[SourceEntry]:
        try:
            if not isinstance(found, Iterable):
                raise self.fault(f"returned {_kind(found)}, and no entries")
            for entry in found:
                yield _entry(self, entry, ())
        except Exception as error:
            if (known := self._known(error)) is error:
                raise
            raise known from error

    def _known(self, error: Exception) -> Exception:
        """The error in our words; itself, where whoever called knows more of it."""
        is_listing = self._name in _LISTINGS
        if isinstance(error, Cancelled) or (_is_told(error) and not (is_listing and isinstance(error, BadMedia))):
            return error
        if isinstance(error, OSError) and path_of(error) and not is_listing:
            return error  # it may be the very file that is worked on
        known = classify(error)
        if isinstance(known, Unforeseen):
            if self._name in _OF_ONE_FILE:
                by = f"{self._label}: `{self._name}` of {name_of(type(self.place))}"
                return Unforeseen(error, by=by, next_step=f"Mend {_line(error)}")
            return self.fault(f"raised {told(error)}", _line(error))
        kind = Transient if isinstance(known, Transient) else Fatal
        what = f"{self._label} cannot be listed" if is_listing else f"{self._label}: `{self._name}`"
        return kind(f"{what}: {known.reason}", next_step=known.next_step)

    def fault(self, what: str, line: str = "") -> FaultOfCode:
        """The error for a method that does what it may not."""
        kind = name_of(type(self.place))
        return FaultOfCode(
            f"{self._label}: `{self._name}` of {kind} {what}",
            next_step=f"Mend {line or f'{kind}.{self._name}'}; {name_of(self._promise)} says what it is to do",
        )


_Check = Callable[[_Method, Any, tuple[Any, ...]], Any]


def _is_told(error: Exception) -> bool:
    return isinstance(error, MediaAssetsError) and not isinstance(error, Unforeseen)


def _line(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename != __file__]
    return f"{own[-1].filename}:{own[-1].lineno}" if own else ""


def _kind(found: object) -> str:
    return "None" if found is None else f"{text_of(found)} ({type(found).__name__})"


def _of_type(kind: type, *, or_none: bool = False) -> _Check:
    def check(method: _Method, found: object, _: tuple[Any, ...]) -> object:
        if not isinstance(found, kind) and not (or_none and found is None):
            raise method.fault(f"returned {_kind(found)}, and no {kind.__name__}")
        return found

    return check


def _entry(method: _Method, found: object, arguments: tuple[Any, ...]) -> SourceEntry:
    """An entry of this source, and of the key that was asked for."""
    if not isinstance(found, SourceEntry):
        raise method.fault(f"returned {_kind(found)}, and no SourceEntry")
    source = method.place
    if not isinstance(found.key, str) or not found.key.startswith(f"{source.name}:"):
        raise method.fault(f"returned the key {text_of(found.key)}, and keys of it begin with {source.name}:")
    if not isinstance(found.size_bytes, int) or not isinstance(found.revision, str):
        raise method.fault(f"returned {_kind(found.size_bytes)} as size_bytes, {_kind(found.revision)} as revision")
    if arguments and source.identity(found.key) != source.identity(arguments[0]):
        raise method.fault(f"was asked for {arguments[0]}, and returned {found.key}")
    return found


def _changes(method: _Method, found: object, _: tuple[Any, ...]) -> Changes:
    if not isinstance(found, Changes):
        raise method.fault(f"returned {_kind(found)}, and no Changes")
    for entry in found.changed:
        _entry(method, entry, ())
    return found


def _path(method: _Method, found: object, arguments: tuple[Any, ...]) -> Path | None:
    """A path of this machine. What leads out of the source by its own word is never read."""
    if found is None:
        return None
    if not isinstance(found, Path):
        raise method.fault(f"returned {_kind(found)}, and no Path")
    entry: SourceEntry = arguments[0]
    try:
        plain(entry.path)
    except LeadsOut:
        raise BadMedia(
            f"is listed by its source as {text_of(entry.path)!r}, a path that leads out of it",
            next_step="Correct what the source lists; a kind of one's own asks `base.paths.plain` of each path",
        ) from None
    return found


def _fetched(method: _Method, found: object, arguments: tuple[Any, ...]) -> object:
    if not Path(arguments[1]).is_file():
        raise method.fault("returned without an error, and left no file")
    return found


_SOURCE_CHECKS: dict[str, _Check] = {
    "changes": _changes,
    "entry": _entry,
    "direct_path": _path,
    "lies_at": _path,
    "fetch": _fetched,
    "beside": _of_type(Beside),
    "link": _of_type(str),
    "link_of": _of_type(str),
    "check": _of_type(str),
}
_STORE_CHECKS: dict[str, _Check] = {
    "manifest": _of_type(Manifest, or_none=True),
    "find": _of_type(Manifest, or_none=True),
    "publish": _of_type(Manifest),
    "copy": _of_type(Manifest),
    "link": _of_type(str),
    "origin_of": _of_type(str, or_none=True),
    "check": _of_type(str),
}
