"""Moving redundant copies to a review folder, and back: the plan, its execution and its undoing.

Every action stands in a journal before it is done, so that a crash at any moment can be undone. Nothing is deleted and
nothing is overwritten. How a file is moved is the mover's business: `folder_mover` for folders, another for Drive.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any, Protocol

from media_assets.engines.duplicates.journal import Journal
from media_assets.errors import SourceChanged
from media_assets.models_duplicates import CheckedFile, DedupRow, DuplicateGroup, Move, MoveOutcome


class Mover(Protocol):
    """A place in which files can be moved to a review folder."""

    def verify(self, file: CheckedFile) -> None:
        """Compare a file with what the plan says of it: size, checksum of its content, and that it stands still.

        Raises:
            SourceChanged: it is another one now, or gone.
        """

    def move(self, move: Move, note: Callable[[str], None]) -> None:
        """Move the copy to its destination; never over anything.

        Args:
            note: Called with the name of every folder that is going to be created, before it is.

        Raises:
            SourceChanged: the destination is taken, or the copy is gone.
        """

    def restore(self, move: Move) -> bool:
        """Bring the copy back to where it was, from whatever state a crash left; False when it never left.

        Raises:
            SourceChanged: its old place is taken, or what is at the destination is not that copy.
        """

    def remove_folder(self, name: str) -> None:
        """Remove a folder that `move` created, when it is empty."""


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


def apply_moves(
    moves: Iterable[Move], mover: Mover, journal: Journal, check: Callable[[], None] = lambda: None
) -> Iterator[MoveOutcome]:
    """Move the copies, and tell of each. A copy is skipped when it or the file that is kept is not what it was.

    Nothing happens unless the result is consumed.
    """
    for move in moves:
        check()
        try:
            mover.verify(move.keep)
            mover.verify(move.file)
            journal.write("moving", move=move.model_dump(mode="json"))
            mover.move(move, lambda name: journal.write("creating", folder=name))
        except SourceChanged as error:
            journal.write("left", destination=move.destination)
            yield _outcome(move, "skipped", str(error))
            continue
        journal.write("moved", destination=move.destination)
        yield _outcome(move, "moved")


def undo_moves(mover: Mover, journal: Journal, check: Callable[[], None] = lambda: None) -> Iterator[MoveOutcome]:
    """Bring back everything that the journal says was or may have been moved, the last first, and tell of each.

    What cannot be brought back is skipped and stays in the journal; undoing again tries it again.
    """
    folders, moves = _not_undone(journal.read())
    for move in reversed(moves):
        check()
        try:
            came_back = mover.restore(move)
        except SourceChanged as error:
            yield _outcome(move, "skipped", str(error))
            continue
        journal.write("restored", destination=move.destination)
        if came_back:
            yield _outcome(move, "restored")
    for folder in reversed(folders):
        mover.remove_folder(folder)


def _not_undone(entries: Iterable[dict[str, Any]]) -> tuple[list[str], list[Move]]:
    """The folders that were created, and the moves that were begun and neither given up nor undone."""
    folders: list[str] = []
    moves: dict[str, Move] = {}
    for entry in entries:
        if entry["event"] == "creating":
            folders.append(entry["folder"])
        elif entry["event"] == "moving":
            move = Move.model_validate(entry["move"])
            moves[move.destination] = move
        elif entry["event"] in ("left", "restored"):
            moves.pop(entry["destination"], None)
    return folders, list(moves.values())


def _outcome(move: Move, state: str, detail: str = "") -> MoveOutcome:
    return MoveOutcome.model_validate(
        {
            "key": move.key,
            "address": move.file.address,
            "destination": move.destination,
            "state": state,
            "detail": detail,
        }
    )


def _checked(row: DedupRow, address: Callable[[DedupRow], str]) -> CheckedFile:
    return CheckedFile(address=address(row), size_bytes=row.size_bytes, sha256=row.sha256, md5=row.md5)


def _unique(path: str, taken: set[str]) -> str:
    """The path, with a number before its ending when another copy of the plan has it (Drive allows equal names)."""
    pure = PurePosixPath(path)
    name, number = str(pure), 1
    while name.casefold() in taken:
        number += 1
        name = str(pure.with_name(f"{pure.stem} ({number}){pure.suffix}"))
    taken.add(name.casefold())
    return name
