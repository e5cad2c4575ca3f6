"""Moving files of a source aside and back: what a place that can do so promises, and the records of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Protocol

from media_assets.base.model import Model


class CheckedFile(Model):
    """A file as it was when the plan was made; it is compared with this before anything is moved."""

    address: str
    """How the mover finds it: the path in the source, percent-encoded as `SourceFile.path`; for Drive the id."""
    size_bytes: int
    sha256: str | None = None
    md5: str | None = None
    revision: str = ""
    """The revision of the source when its content was read; empty when it never was."""


class Move(Model):
    """A redundant copy, and the place in the review folder it goes to."""

    key: str
    file: CheckedFile
    destination: str
    """Path below the review folder, percent-encoded."""
    keep_key: str
    keep: CheckedFile
    reason: str
    origin: str = ""
    """What the mover must know of it besides the address: on Drive the id of the folder it lay in, in a bucket the tag
    of the object."""
    target: str = ""
    """Where exactly it goes, when the destination does not say so: on Drive, the id of a folder."""


class MoveOutcome(Model):
    """What became of one move, or of taking it back."""

    key: str
    address: str
    destination: str
    state: Literal["moved", "skipped", "restored"]
    detail: str = ""
    """Why it was skipped, and what to do about it."""


class Mover(Protocol):
    """A place in which files can be moved to a review folder.

    Each of its acts may be repeated, also by another process after a crash. What concerns one file alone is raised as
    SourceChanged or BadMedia, and then nothing was moved; anything else ends the work with the file where it was, in
    the review folder, or, where files are moved by copying, in both.
    """

    def verify(self, file: CheckedFile) -> None:
        """Compare a file with what the plan says of it: size, checksum of its content, and that it stands still.

        Raises:
            SourceChanged: it is another one now, or gone.
            BadMedia: it may not be read.
        """

    def check(self, move: Move) -> None:
        """Find out whether a copy could be moved as things are. Changes nothing.

        Content that is known to be what it was is not read.

        Raises:
            SourceChanged: the destination is taken, or the copy or the file to keep is gone or another one now.
            BadMedia: it may not be moved.
        """

    def prepare(self, move: Move, note: Callable[[str], None]) -> Move:
        """Have the place ready that the copy goes to, and complete the move by what is needed to undo it.

        Args:
            note: Called with the name of every folder that is going to be created, before it is.

        Raises:
            SourceChanged: the destination is taken, or the copy is gone.
            BadMedia: it may not be moved.
        """

    def move(self, move: Move) -> None:
        """Move the copy to its destination; never over anything. `move` is what `prepare` made of it.

        Raises:
            SourceChanged: the destination is taken, or the copy is gone.
            BadMedia: it may not be moved.
        """

    def restore(self, move: Move) -> bool:
        """Bring the copy back to where it was, from whatever state a crash left; False when it never left.

        Raises:
            SourceChanged: its old place is taken, or what is at the destination is not that copy.
            BadMedia: it may not be moved.
        """

    def remove_folder(self, name: str) -> bool:
        """Remove a folder that `prepare` created, when it is empty; False when it stays."""
