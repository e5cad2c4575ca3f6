"""The duplicates of a library: found in what `dedup_index` knows, moved to a review folder, and brought back.

Nothing is ever deleted. Every move stands in a journal in `<state_dir>/duplicates` before it is made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from filelock import FileLock, Timeout

from media_assets.artifacts.duplicates.find.near import duplicate_groups
from media_assets.artifacts.duplicates.library_rows import FILES, LibraryRows
from media_assets.artifacts.duplicates.look.memory import LookMemory
from media_assets.artifacts.duplicates.look.progress import SearchProgress
from media_assets.artifacts.duplicates.look.second_look import SecondLook
from media_assets.artifacts.duplicates.review.choosing import within_sources
from media_assets.artifacts.duplicates.review.moves import (
    Begun,
    apply_moves,
    check_moves,
    plan_moves,
    settle_moves,
    skipped,
    undo_moves,
)
from media_assets.artifacts.duplicates.settings import DuplicateSettings
from media_assets.artifacts.duplicates.values import DedupRow, DuplicateGroup, LookAlike
from media_assets.base.errors import Fatal, SourceChanged, classify, path_of
from media_assets.base.files import PRIVATE_MODE, private_folder
from media_assets.base.interruption import ask
from media_assets.base.keys import split_key
from media_assets.media.ffmpeg import FFmpeg
from media_assets.pipeline.library import Library
from media_assets.places.journal import MoveJournal
from media_assets.places.moving import Move, MoveOutcome

INDEX = "dedup_index"


class Duplicates:
    """What is twice among some files.

    Args:
        keys: The files to compare.
        say: Takes a line now and then that says how far the search is.
    """

    def __init__(self, library: Library, keys: Sequence[str], say: Callable[[str], None] = lambda _line: None) -> None:
        self._library = library
        self._say = say
        self._settings: DuplicateSettings = library.section(lambda settings: settings.duplicates)
        self._keys = keys

    @cached_property
    def _found(self) -> LibraryRows:
        folders = {folder for _, journal in self._journals() for folder in Begun.of(journal).folders}
        return LibraryRows(self._library, INDEX, self._keys, aside=folders)

    @property
    def rows(self) -> Mapping[str, DedupRow]:
        """What is known of each file, by key."""
        return self._found.rows

    @property
    def unknown(self) -> Sequence[str]:
        """Files that the index does not know yet."""
        return self._found.unknown

    @property
    def groups(self) -> list[DuplicateGroup]:
        """The groups, those that free most first."""
        return self._compared[0]

    @property
    def look_alikes(self) -> list[LookAlike]:
        """Pairs that look the same at a first look and are not, or could not be looked at."""
        return self._compared[1]

    @cached_property
    def _compared(self) -> tuple[list[DuplicateGroup], list[LookAlike]]:
        rows = self.rows.values()
        if not self._settings.similarity.look:
            return duplicate_groups(rows, self._settings, check=ask), []
        memory = LookMemory(self._folder / "looks.json")
        ffmpeg = FFmpeg(self._library.section(lambda settings: settings.ffmpeg))
        progress = SearchProgress(self._say)
        with self._library.workspaces.run() as scratch:
            look = SecondLook(self._opened, ffmpeg, memory, scratch, progress)
            try:
                groups = duplicate_groups(rows, self._settings, look=look, check=ask, compared=progress.compared)
            finally:
                memory.save()
        progress.end()
        return groups, look.look_alikes

    @contextmanager
    def _opened(self, row: DedupRow) -> Iterator[Path]:
        """The content of a file on this machine.

        Raises:
            BadMedia, SourceChanged, Transient: it cannot be had.
            Fatal: nothing can.
        """
        with ExitStack() as held:
            try:
                entry = self._library.entry(row.key)
                if entry.size_bytes != row.size_bytes:
                    raise SourceChanged("changed since it was indexed", next_step="Run `media-assets process`")
                path = held.enter_context(self._library.local_file(entry, ask, sha256=row.sha256))
            except OSError as error:
                raise classify(error, source=path_of(error)) from error
            yield path

    def moves(self, *, near: bool) -> dict[str, list[Move]]:
        """What would be moved, by source. The only copy in a source stays where it is.

        Args:
            near: Whether near duplicates are moved too, not only files that are equal byte for byte.
        """
        chosen = [part for group in self.groups for part in within_sources(group, near=near)]
        planned: dict[str, list[Move]] = {}
        for move in plan_moves(chosen, self.rows, self._address):
            planned.setdefault(split_key(move.key)[0], []).append(self._as_it_was_read(move))
        return planned

    def check(self, planned: Mapping[str, Sequence[Move]]) -> Iterator[MoveOutcome]:
        """What `apply` would skip as things are, and why; nothing is changed.

        Raises:
            Fatal, Transient: nothing can be moved at all, or not now.
        """
        for source, moves in planned.items():
            try:
                mover = self._library.mover(source)
            except Fatal as error:
                yield from (skipped(move, error) for move in moves)
                continue
            yield from check_moves(moves, mover)

    def settle(self) -> list[MoveOutcome]:
        """Take back what a crash of an earlier `apply` left half done; what of that failed. To be called before
        anything is planned.

        Raises:
            Fatal: another process moves duplicates of this library.
        """
        with self._alone():
            return [
                one
                for source, journal in self._journals()
                if (begun := Begun.of(journal)).unfinished or begun.unusable
                for one in settle_moves(self._library.mover(source), journal)
            ]

    def apply(self, planned: Mapping[str, Sequence[Move]]) -> Iterator[MoveOutcome]:
        """Move the copies; what changed since it was indexed is skipped, and what may not be moved.

        Raises:
            Fatal: another process moves duplicates of this library, or nothing can be moved any more.
        """
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
        with self._alone():
            for source, moves in planned.items():
                try:
                    mover = self._library.mover(source)
                except Fatal as error:
                    yield from (skipped(move, error) for move in moves)
                    continue
                yield from apply_moves(moves, mover, MoveJournal(self._folder / f"{stamp}~{source}.jsonl"), ask)

    def undo(self) -> Iterator[MoveOutcome]:
        """Bring back everything that was ever moved and is not back yet, the last first.

        Raises:
            Fatal: another process moves duplicates of this library, or nothing can be moved any more.
        """
        with self._alone():
            for source, journal in reversed(self._journals()):
                begun = Begun.of(journal)
                if begun.moves or begun.folders or begun.unusable:
                    yield from undo_moves(self._library.mover(source), journal, ask)

    def _as_it_was_read(self, move: Move) -> Move:
        """A move that knows at which revision its files were read: what is at it still need not be read again."""
        source = self._library.source(move.key)
        if source.has_ids:
            return move
        store = self._library.store(FILES)
        manifests = {name: store.manifest(FILES, key) for name, key in (("file", move.key), ("keep", move.keep_key))}
        files = {"file": move.file, "keep": move.keep}
        return move.model_copy(
            update={
                name: files[name].model_copy(update={"revision": manifest.inputs.get("source", "") if manifest else ""})
                for name, manifest in manifests.items()
            }
        )

    def _address(self, row: DedupRow) -> str:
        return row.file_id or row.key if self._library.source(row.key).has_ids else row.path

    def _journals(self) -> list[tuple[str, MoveJournal]]:
        """The journals, the oldest first, each with its source."""
        paths = sorted(self._folder.glob("*.jsonl"))
        return [(path.stem.partition("~")[2], MoveJournal(path)) for path in paths]

    @property
    def _folder(self) -> Path:
        return private_folder(self._library.settings.state_dir / "duplicates")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        try:
            with FileLock(self._folder / "moving.lock", mode=PRIVATE_MODE, timeout=0):
                yield
        except Timeout:
            raise Fatal(
                "another process moves duplicates of this library", next_step="Wait until it has ended"
            ) from None


def freed_bytes(groups: Iterable[DuplicateGroup]) -> int:
    """What the removal of all redundant copies would free."""
    return sum(group.freed_bytes for group in groups)
