"""Moving redundant copies to a review folder, and back: the plan, its execution and its undoing.

Every action stands in a journal before it is done, so that a crash at any moment can be undone. Nothing is deleted and
nothing is overwritten. How a file is moved is the business of the mover of its place (`places/*/mover.py`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, Literal, NamedTuple, Self

from pydantic import ValidationError

from media_assets.artifacts.duplicates.values import DedupRow, DuplicateGroup
from media_assets.base.errors import BadMedia, MediaAssetsError, SourceChanged, classify
from media_assets.base.keys import decode_path
from media_assets.base.paths import plain
from media_assets.places.journal import MoveJournal, NotOfThisPlace
from media_assets.places.moving import CheckedFile, Move, MoveOutcome, Mover

_OF_ONE_FILE = (SourceChanged, BadMedia)


def plan_moves(
    groups: Iterable[DuplicateGroup],
    rows: Mapping[str, DedupRow],
    address: Callable[[DedupRow], str] = lambda row: row.path,
) -> list[Move]:
    """Where each redundant copy would go: below the review folder, its path kept.

    Args:
        groups: The groups to act on.
        rows: The index by key; it knows the checksums.
        address: How the mover finds the file of a row.
    """
    moves: list[Move] = []
    taken: set[str] = set()
    for group in groups:
        keep = _checked(rows[group.keep_key], address)
        for member in group.members:
            file = _checked(rows[member.key], address)
            destination = _unique(member.path, taken)
            moves.append(
                Move(
                    key=member.key,
                    file=file,
                    destination=destination,
                    keep_key=group.keep_key,
                    keep=keep,
                    reason=member.reason,
                )
            )
    return moves


def check_moves(moves: Iterable[Move], mover: Mover) -> Iterator[MoveOutcome]:
    """Tell of each copy that `apply_moves` would skip as things are, and why; nothing is changed.

    Raises:
        Fatal, Transient: nothing can be moved at all, or not now.
    """
    for move in moves:
        try:
            with _errors_of_one_file():
                mover.check(move)
        except _OF_ONE_FILE as error:
            yield skipped(move, error)


def apply_moves(
    moves: Iterable[Move], mover: Mover, journal: MoveJournal, check: Callable[[], None] = lambda: None
) -> Iterator[MoveOutcome]:
    """Move the copies, and tell of each.

    A copy is skipped when it or the file that is kept is not what it was, and when it may not be moved.

    Nothing happens unless the result is consumed.

    Raises:
        Fatal, Transient: nothing can be moved any more, or not now. The move that was in work may have been made;
            `settle_moves` and `undo_moves` see to it.
    """
    for move in moves:
        check()
        try:
            with _errors_of_one_file():
                mover.verify(move.keep)
                mover.verify(move.file)
                ready = mover.prepare(move, lambda name: _note(journal, "creating", folder=name))
                _note(journal, "moving", move=ready.model_dump(mode="json"))
                mover.move(ready)
        except _OF_ONE_FILE as error:
            _note(journal, "left", destination=move.destination, reason=str(error))
            yield skipped(move, error)
            continue
        _note(journal, "moved", destination=move.destination)
        yield _outcome(move, "moved")


def settle_moves(mover: Mover, journal: MoveJournal) -> Iterator[MoveOutcome]:
    """Take back what a crash left half done, so that it can be planned and made again; tell of what cannot be."""
    begun = Begun.of(journal)
    yield from begun.unusable
    for move in begun.unfinished:
        yield from (one for one in _restored(move, mover, journal, begun) if one.state == "skipped")


def undo_moves(mover: Mover, journal: MoveJournal, check: Callable[[], None] = lambda: None) -> Iterator[MoveOutcome]:
    """Bring back everything that the journal says was or may have been moved, the last first, and tell of each.

    What cannot be brought back is skipped and stays in the journal; undoing again tries it again. A line that nobody
    can act on is told by its number.
    """
    begun = Begun.of(journal)
    yield from begun.unusable
    for move in reversed(begun.moves):
        check()
        yield from _restored(move, mover, journal, begun)
    for folder in reversed(begun.folders):
        try:
            is_gone = mover.remove_folder(folder)
        except NotOfThisPlace as error:
            yield _unusable(journal, begun.lines[folder], error.reason)
            continue
        if is_gone:
            _note(journal, "removed", folder=folder)


class Begun(NamedTuple):
    """What a journal says was done and not undone."""

    moves: list[Move]
    """The moves that were begun and neither given up nor undone."""
    unfinished: list[Move]
    """The moves that a crash may have left half done."""
    folders: list[str]
    """The folders that were created."""
    lines: dict[str, int]
    """Numbers of the lines that tell of them, by destination and by folder."""
    unusable: list[MoveOutcome]
    """What is told of lines that nobody can act on; the others count."""

    @classmethod
    def of(cls, journal: MoveJournal) -> Self:
        """
        Raises:
            Fatal: there is no journal.
        """
        lines: dict[str, int] = {}
        unusable: list[MoveOutcome] = []
        folders: dict[str, None] = {}
        moves: dict[str, Move] = {}
        unfinished: dict[str, Move] = {}
        for number, entry in journal.read():
            try:
                begun = _follow(entry, folders, moves, unfinished)
            except ValueError as error:
                unusable.append(_unusable(journal, number, str(error)))
            else:
                lines.update({begun: number} if begun else {})
        return cls([*moves.values()], [*unfinished.values()], [*folders], lines, unusable)


def _follow(entry: Any, folders: dict[str, None], moves: dict[str, Move], unfinished: dict[str, Move]) -> str:
    """Take in what one line of a journal tells.

    Returns:
        The folder or the destination that it begins to tell of; empty when it ends something.

    Raises:
        ValueError: nobody can act on it.
    """
    if not isinstance(entry, dict):
        raise ValueError("it is no record of a move")
    match entry.get("event"):
        case "creating":
            folders[folder := _told(entry, "folder")] = None
            return folder
        case "removed":
            folders.pop(_told(entry, "folder"), None)
        case "moving":
            move = _move(entry.get("move"))
            if move.destination in moves and moves[move.destination].file != move.file:
                raise ValueError(f"an earlier line tells of another file that was moved to {move.destination!r}")
            moves[move.destination] = unfinished[move.destination] = move
            return move.destination
        case "moved":
            unfinished.pop(_told(entry, "destination"), None)
        case "left" | "restored":
            destination = _told(entry, "destination")
            moves.pop(destination, None)
            unfinished.pop(destination, None)
        case _:
            raise ValueError("it tells of no act that is known")
    return ""


def _told(entry: Mapping[str, Any], name: str) -> str:
    if not isinstance(entry.get(name), str):
        raise ValueError(f"`{name}` is missing in it")
    return str(entry[name])


def _move(told: Any) -> Move:
    try:
        move = Move.model_validate(told)
    except ValidationError as error:
        places = {".".join(map(str, ("move", *one["loc"]))) for one in error.errors()}
        raise ValueError(f"{', '.join(f'`{place}`' for place in sorted(places))} is missing or wrong in it") from None
    try:
        plain(decode_path(move.destination))
    except ValueError:
        raise ValueError(f"its destination {move.destination!r} leads out of the review folder") from None
    return move


def _unusable(journal: MoveJournal, number: int, reason: str) -> MoveOutcome:
    detail = f"{reason}. Look at the line; nothing was done because of it, and the others count"
    return MoveOutcome(
        key=f"line {number} of {journal.path.name}", address="", destination="", state="skipped", detail=detail
    )


def skipped(move: Move, error: MediaAssetsError) -> MoveOutcome:
    """The outcome of a move that was not made."""
    return _outcome(move, "skipped", str(error))


def _restored(move: Move, mover: Mover, journal: MoveJournal, begun: Begun) -> Iterator[MoveOutcome]:
    try:
        with _errors_of_one_file():
            came_back = mover.restore(move)
    except NotOfThisPlace as error:
        yield _unusable(journal, begun.lines[move.destination], error.reason)
        return
    except _OF_ONE_FILE as error:
        yield skipped(move, error)
        return
    _note(journal, "restored", destination=move.destination)
    if came_back:
        yield _outcome(move, "restored")


def _note(journal: MoveJournal, event: str, **facts: Any) -> None:
    """Write a line to the journal.

    Raises:
        Fatal, Transient: that cannot be done, so nothing may be moved.
    """
    try:
        journal.write(event, **facts)
    except OSError as error:
        raise classify(error) from error


@contextmanager
def _errors_of_one_file() -> Iterator[None]:
    """What the operating system says in the project's terms."""
    try:
        yield
    except OSError as error:
        raise classify(error, source=Path(os.fsdecode(error.filename)) if error.filename else None) from error


def _outcome(move: Move, state: Literal["moved", "skipped", "restored"], detail: str = "") -> MoveOutcome:
    return MoveOutcome(
        key=move.key, address=move.file.address, destination=move.destination, state=state, detail=detail
    )


def _checked(row: DedupRow, address: Callable[[DedupRow], str]) -> CheckedFile:
    return CheckedFile(
        address=address(row), size_bytes=row.size_bytes, sha256=row.sha256, md5=row.md5, revision=row.revision
    )


def _unique(path: str, taken: set[str]) -> str:
    """The path, with a number before its ending when another copy of the plan has it (Drive allows equal names)."""
    pure = PurePosixPath(path)
    name, number = str(pure), 1
    while name.casefold() in taken:
        number += 1
        name = str(pure.with_name(f"{pure.stem} ({number}){pure.suffix}"))
    taken.add(name.casefold())
    return name
