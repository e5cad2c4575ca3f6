"""What a person has to be told about a selection: that it matches nothing, and what of the sources nobody could see."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from media_assets.base.errors import Fatal, MediaAssetsError, Transient
from media_assets.base.keys import readable, split_key

if TYPE_CHECKING:
    from media_assets.operation.selection import Selection
    from media_assets.pipeline.library import Library
    from media_assets.places.source import Source

_MOST_NAMED = 10


@runtime_checkable
class LooksAtFolders(Protocol):
    """A source that finds out what it cannot look at without a look at each file."""

    def look_at_folders(self) -> None: ...


def require_known_source(library: Library, source: str | None) -> None:
    """Check the name of a source that was asked for; None: none was.

    Raises:
        Fatal: library.yaml has no such source.
    """
    if source is not None and source not in library.sources:
        raise Fatal(f"no source is called {source!r}", next_step=f"There are: {', '.join(library.sources)}")


def require_match(keys: Collection[str], selection: Selection, *, where: str) -> None:
    """Check that a folder or a glob has matched something: a slip of the keyboard looks like an empty library else.

    Args:
        where: Among which files was looked, as a clause.

    Raises:
        Fatal: it matches nothing.
    """
    if keys or (selection.folder is None and selection.files is None):
        return
    given = {"--source": selection.source, "--folder": selection.folder, "--file": selection.files}
    shown = " ".join(f"{option} {value!r}" for option, value in given.items() if value is not None)
    raise Fatal(
        f"no file {where} matches {shown}",
        next_step="A folder is written from its source on (`2024/march`), and so is a glob with a `/`; one without is "
        "matched against names. `media-assets status --all` shows what there is",
    )


def unseen(source: Source, selection: Selection) -> Iterator[Fatal]:
    """What the last scan of a source could not look at, as far as the selection concerns it."""
    return named_unseen(
        {key: why for key, why in _unreadable(source).items() if _concerns(selection, split_key(key)[1])}
    )


def named_unseen(unseen: Mapping[str, str]) -> Iterator[Fatal]:
    """What could not be looked at, the first of it by name.

    Args:
        unseen: By key, why.
    """
    for key, why in list(unseen.items())[:_MOST_NAMED]:
        yield Fatal(
            f"{readable(key)} {why}; it was left out, with all that lies in it",
            next_step="Grant this user the right to read it, or leave it out with `exclude` of its source",
        )
    if len(unseen) > _MOST_NAMED:
        sources = " and ".join(sorted({repr(split_key(key)[0]) for key in unseen}))
        yield Fatal(f"{len(unseen) - _MOST_NAMED} more of source {sources} could not be looked at either")


def artifacts_lost(lost: Sequence[tuple[str, str]]) -> Iterator[Fatal]:
    """What of that which a command has just made, or found, is no longer there.

    Args:
        lost: (key, asset).
    """
    if lost:
        named = ", ".join(f"{asset} of {readable(key)}" for key, asset in lost[:_MOST_NAMED])
        more = f" and {len(lost) - _MOST_NAMED} more" if len(lost) > _MOST_NAMED else ""
        yield Fatal(
            f"artifacts vanished from their store while work went on: {named}{more}",
            next_step="See what removes files there; then `media-assets process` makes them again",
        )


def unseen_on_this_machine(library: Library, selection: Selection) -> Iterator[MediaAssetsError]:
    """The same by a fresh look, at the sources where a look costs next to nothing."""
    for name, source in library.sources.items():
        if selection.source not in (None, name) or not isinstance(source, LooksAtFolders):
            continue
        try:
            source.look_at_folders()
        except (Fatal, Transient) as error:
            yield error
        else:
            yield from unseen(source, selection)


def require_new_file(path: Path, *, may_exist: bool = True) -> None:
    """Check that a file can be written, before the work for it begins.

    Raises:
        Fatal: its folder is not there or may not be written, or there is a folder of its name.
    """
    folder = path.absolute().parent
    if path.is_dir():
        raise Fatal(f"{path} is a folder", next_step="Name a file in it")
    if not folder.is_dir():
        missing = "is no folder" if folder.exists() else "does not exist"
        raise Fatal(f"{path} cannot be written: the folder {folder} {missing}", next_step="Create it, or name another")
    if path.exists() and not may_exist:
        raise Fatal(f"{path} is there already", next_step="Name another file, or move that one away")
    effective = os.access in os.supports_effective_ids
    if not os.access(path if path.exists() else folder, os.W_OK, effective_ids=effective):
        raise Fatal(f"{path} may not be written", next_step="Grant this user the right to, or name another place")


def _unreadable(source: Source) -> Mapping[str, str]:
    return getattr(source, "unreadable", {})  # sources that see all or nothing have none


def _concerns(selection: Selection, path: str) -> bool:
    folder = (selection.folder or "").strip("/")
    return folder in ("", ".") or f"{path}/".startswith(f"{folder}/") or folder.startswith(f"{path}/")
