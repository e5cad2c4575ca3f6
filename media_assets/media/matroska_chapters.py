"""Chapters of Matroska that FFmpeg does not read: those within others, those of further editions, and hidden ones.

As in RFC 9559, section 5.1.7 and 20. Of ordered chapters a player shows what they name and in their order; FFmpeg shows
the file from its beginning to its end.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from media_assets.base.wording import counted
from media_assets.media.ebml import CLUSTER, elements, segment
from media_assets.media.info import MediaInfo
from media_assets.media.sandbox.child import run_in_child
from media_assets.media.untrusted import MATROSKA
from media_assets.work.work import Work

_SEEK_HEAD, _SEEK, _SEEK_ID, _SEEK_POSITION = 0x114D9B74, 0x4DBB, 0x53AB, 0x53AC
_CHAPTERS, _EDITION, _ATOM, _DISPLAY = 0x1043A770, 0x45B9, 0xB6, 0x80
_HIDDEN_EDITION, _DEFAULT_EDITION, _ORDERED = 0x45BD, 0x45DB, 0x45DD
_START, _END, _HIDDEN, _ENABLED, _OTHER_FILE = 0x91, 0x92, 0x98, 0x4598, 0x6E67
_MOST_BYTES = 16_000_000
_MOST_CHAPTERS = 5000
_DEEPEST = 8
_NEAR_SECONDS = 0.2
_NEAR_END_SECONDS = 1.0


@dataclass(frozen=True)
class _Atom:
    start_seconds: float
    end_seconds: float | None
    hidden: bool
    enabled: bool
    other_file: bool
    titles: int
    within: int
    """How many are within it, at all depths."""


@dataclass(frozen=True)
class _Edition:
    default: bool
    ordered: bool
    hidden: bool
    atoms: tuple[_Atom, ...]


@dataclass(frozen=True)
class UnreadChapters:
    """What the chapters of a file say beyond the list that FFmpeg gives."""

    played_otherwise: str | None = None
    """How a player shows the file otherwise than from its beginning to its end, as a clause; None when it does not."""
    unread: tuple[str, ...] = ()
    """What is not in the list, as phrases."""


def unread_chapters(path: Path, media: MediaInfo, work: Work) -> UnreadChapters:
    """Look for chapters that the probe does not tell.

    Raises:
        BadMedia, TimeLimitExceeded, Cancelled: as `run_in_child`.
    """
    if media.container != MATROSKA:
        return UnreadChapters()
    return run_in_child(_look, path, len(media.chapters), media.duration_seconds, work=work)


def _look(path: Path, told: int, duration_seconds: float | None) -> UnreadChapters:
    with path.open("rb") as file:
        editions = tuple(_editions(file))
    atoms = [atom for edition in editions for atom in edition.atoms]
    if not atoms:
        return UnreadChapters()
    phrases = []
    if within := sum(atom.within for atom in atoms):
        phrases.append(f"{counted(within, 'chapter')} within other chapters")
    if len(editions) > 1:
        lost = f" ({len(atoms) - told} of {len(atoms)} chapters)" if len(atoms) > told else ""
        phrases.append(f"the division of its chapters into {len(editions)} editions{lost}")
    if hidden := sum(atom.hidden or edition.hidden for edition in editions for atom in edition.atoms):
        phrases.append(f"that {counted(hidden, 'chapter')} of it {'is' if hidden == 1 else 'are'} hidden")
    if more := sum(atom.titles > 1 for atom in atoms):
        phrases.append(f"the titles of {counted(more, 'chapter')} in further languages")
    shown = next((edition for edition in editions if edition.default), editions[0])
    return UnreadChapters(_otherwise(shown, duration_seconds), tuple(phrases))


def _otherwise(edition: _Edition, duration_seconds: float | None) -> str | None:
    if not edition.ordered:
        return None
    if any(atom.other_file for atom in edition.atoms):
        return "its ordered chapters play parts of other files"
    reached = 0.0
    for atom in edition.atoms:
        end = atom.start_seconds if atom.end_seconds is None else atom.end_seconds
        if not atom.enabled:
            continue
        if abs(atom.start_seconds - reached) > _NEAR_SECONDS:
            return "its ordered chapters play parts of it in another order, or leave some out"
        reached = end
    if duration_seconds is not None and duration_seconds - reached > _NEAR_END_SECONDS:
        return "its ordered chapters leave out its end"
    return None


def _editions(file: BinaryIO) -> Iterator[_Edition]:
    where = _where(file)
    if where is None or where[1] - where[0] > _MOST_BYTES:
        return
    file.seek(where[0])
    inside = io.BytesIO(file.read(where[1] - where[0]))
    left = _MOST_CHAPTERS
    for name, start, end in elements(inside, 0, where[1] - where[0]):
        if name == _EDITION and left > 0:
            found = _Edition(
                default=_flag(inside, start, end, _DEFAULT_EDITION, False),
                ordered=_flag(inside, start, end, _ORDERED, False),
                hidden=_flag(inside, start, end, _HIDDEN_EDITION, False),
                atoms=tuple(_atoms(inside, start, end, left)),
            )
            left -= len(found.atoms)
            yield found


def _where(file: BinaryIO) -> tuple[int, int] | None:
    """Where the chapters lie: before the first cluster, or where the index of the segment says."""
    bounds = segment(file)
    if bounds is None:
        return None
    for name, start, end in elements(file, *bounds):
        if name == _CHAPTERS:
            return start, end
        if name == _SEEK_HEAD and (at := _position(file, start, end)) is not None:
            found = next(elements(file, bounds[0] + at, bounds[1]), None)
            if found is not None and found[0] == _CHAPTERS:
                return found[1:]
        if name == CLUSTER:
            break
    return None


def _position(file: BinaryIO, start: int, end: int) -> int | None:
    for name, first, last in elements(file, start, end):
        if name == _SEEK and _number(file, first, last, _SEEK_ID) == _CHAPTERS:
            return _number(file, first, last, _SEEK_POSITION)
    return None


def _atoms(file: BinaryIO, start: int, end: int, most: int) -> Iterator[_Atom]:
    for name, first, last in elements(file, start, end):
        if name == _ATOM and most > 0:
            most -= 1
            names = [inner for inner, _, _ in elements(file, first, last)]
            ends = _number(file, first, last, _END)
            yield _Atom(
                start_seconds=(_number(file, first, last, _START) or 0) / 1e9,
                end_seconds=None if ends is None else ends / 1e9,
                hidden=_flag(file, first, last, _HIDDEN, False),
                enabled=_flag(file, first, last, _ENABLED, True),
                other_file=_OTHER_FILE in names,
                titles=names.count(_DISPLAY),
                within=_within(file, first, last, _DEEPEST),
            )


def _within(file: BinaryIO, start: int, end: int, depth: int) -> int:
    inner = [(first, last) for name, first, last in elements(file, start, end) if name == _ATOM]
    return len(inner) + sum(_within(file, *bounds, depth - 1) for bounds in inner if depth)


def _number(file: BinaryIO, start: int, end: int, wanted: int) -> int | None:
    for name, first, last in elements(file, start, end):
        if name == wanted and last - first <= 8:
            file.seek(first)
            return int.from_bytes(file.read(last - first), "big")
    return None


def _flag(file: BinaryIO, start: int, end: int, wanted: int, usually: bool) -> bool:
    found = _number(file, start, end, wanted)
    return usually if found is None else found > 0
