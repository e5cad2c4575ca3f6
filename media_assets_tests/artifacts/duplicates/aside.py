"""A folder, a folder in Drive and a bucket with copies in them, behind one face: what moves them, and what is there.

python: crash(place, act, after=n) does `act` in a process that dies before its nth write
"""

from __future__ import annotations

import multiprocessing
import os
import queue
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from hashlib import md5, sha256
from pathlib import Path
from typing import Any, Literal, Protocol

from media_assets.artifacts.duplicates.find.near import duplicate_groups
from media_assets.artifacts.duplicates.review.moves import (
    apply_moves,
    check_moves,
    plan_moves,
    settle_moves,
    undo_moves,
)
from media_assets.artifacts.duplicates.values import DedupRow
from media_assets.base.keys import encode_path
from media_assets.media.info import MediaKind
from media_assets.places.bucket.client import open_bucket
from media_assets.places.bucket.mover import BucketMover
from media_assets.places.bucket.settings import BucketAccess
from media_assets.places.drive.api.api import DriveApi
from media_assets.places.drive.api.private_files import write_private
from media_assets.places.drive.mover import DriveMover
from media_assets.places.drive.settings import DriveAccess
from media_assets.places.folder.mover import FolderMover
from media_assets.places.journal import MoveJournal
from media_assets.places.moving import Move, MoveOutcome, Mover
from media_assets_tests.drive_server import DriveServer
from media_assets_tests.s3_server import SECRETS, Place, S3Server

REVIEW = "duplicates-to-review"
ONE, OTHER = b"one " * 500, b"other " * 300
FILES = {"a/one.bin": ONE, "b/späť, 100%.bin": ONE, "b/deep/er/other.bin": OTHER, "c.bin": OTHER, "alone.bin": b"alone"}
KEPT = {"a/one.bin", "c.bin", "alone.bin"}
COPIES = set(FILES) - KEPT
Act = Literal["apply", "undo"]
Way = Mapping[str, Any]
"""How another process comes to the place: what `mover_of` takes."""


def mover_of(way: Way) -> Mover:
    match way["kind"]:
        case "folder":
            return FolderMover(Path(way["root"]), Path(way["root"]) / REVIEW)
        case "drive":
            access = DriveAccess(api_endpoint=way["url"], timeout_seconds=10, retry_wait_seconds=0.001, max_retries=20)
            api = DriveApi(access, Path(way["grant"]), Path(way["grant"]))
            return DriveMover(api, lambda: [way["folder"]], REVIEW)
    return BucketMover(open_bucket(BucketAccess(**way["access"]), SECRETS), REVIEW)


class Copies(Protocol):
    """See the module."""

    way: Way
    journal: MoveJournal

    def put(self, path: str, content: bytes) -> None:
        """A new file, or another content for the one that is there."""

    def remove(self, path: str) -> None: ...

    def library(self) -> dict[str, bytes]:
        """What is there but for what is in review, by path."""

    def state(self) -> object:
        """Everything that is there, as exactly as it can be told: equal before and after what leaves no trace."""

    def address(self, path: str) -> str: ...


class InFolder:
    def __init__(self, root: Path) -> None:
        self.root = root / "library"
        self.journal = MoveJournal(root / "moves.jsonl")
        self.way: Way = {"kind": "folder", "root": str(self.root)}
        for path, content in FILES.items():
            self.put(path, content)

    def put(self, path: str, content: bytes) -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_bytes(content)

    def remove(self, path: str) -> None:
        (self.root / path).unlink()

    def library(self) -> dict[str, bytes]:
        names = {path.relative_to(self.root).as_posix(): path for path in self.root.rglob("*") if path.is_file()}
        return {name: path.read_bytes() for name, path in names.items() if not name.startswith(REVIEW)}

    def state(self) -> object:
        return {
            str(path.relative_to(self.root)): (
                (path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_ino) if path.is_file() else None
            )
            for path in self.root.rglob("*")
        }

    def address(self, path: str) -> str:
        return encode_path(path)


class OnDrive:
    def __init__(self, drive: DriveServer, root: Path, *, parent: str | None = None) -> None:
        self.drive = drive
        self.folder = drive.add_folder(f"Library {root.name}", parent)
        self.journal = MoveJournal(root / "moves.jsonl")
        grant = root / "grant.json"
        write_private(grant, drive.authorized_user_info())
        self.way: Way = {"kind": "drive", "url": drive.url, "grant": str(grant), "folder": self.folder}
        for path, content in FILES.items():
            self.put(path, content)

    def put(self, path: str, content: bytes) -> None:
        folder, _, name = path.rpartition("/")
        if path in self.library():
            self.drive.replace_content(self.address(path), content)
        else:
            parent = self.drive.add_path(folder, self.folder) if folder else self.folder
            self.drive.add_file(name, content, parent=parent)

    def remove(self, path: str) -> None:
        self.drive.delete(self.address(path))

    def library(self) -> dict[str, bytes]:
        return {path: self.drive.content(file_id) for path, file_id in self._ids().items()}

    def state(self) -> object:
        below = [item for item in self.drive.state.below(self.folder) if not self.drive.state.is_trashed(item)]
        return {
            self.drive.path(item.id): (item.id, item.modified_at, item.content.read() if item.content else None)
            for item in below
        }

    def address(self, path: str) -> str:
        return self._ids()[path]

    def in_review(self) -> dict[str, str]:
        """Ids of the files in review, by path."""
        return {path.removeprefix(f"{REVIEW}/"): item for path, item in self._all().items() if path.startswith(REVIEW)}

    def _ids(self) -> dict[str, str]:
        return {path: item for path, item in self._all().items() if not path.startswith(REVIEW)}

    def _all(self) -> dict[str, str]:
        top = f"{self.drive.path(self.folder)}/"
        return {
            self.drive.path(item.id).removeprefix(top): item.id
            for item in self.drive.state.below(self.folder)
            if item.content and not self.drive.state.is_trashed(item)
        }


class InBucket:
    def __init__(self, server: S3Server, root: Path) -> None:
        self.place = Place(server)
        self.journal = MoveJournal(root / "moves.jsonl")
        self.way: Way = {"kind": "bucket", "access": self.place.settings("library")}
        for path, content in FILES.items():
            self.put(path, content)

    def put(self, path: str, content: bytes) -> None:
        self.place.put_object(f"library/{path}", content)

    def remove(self, path: str) -> None:
        self.place.delete(f"library/{path}")

    def library(self) -> dict[str, bytes]:
        names = {path.removeprefix("library/"): content for path, content in self.place.objects().items()}
        return {name: content for name, content in names.items() if not name.startswith(REVIEW)}

    def state(self) -> object:
        return self.place.objects()

    def address(self, path: str) -> str:
        return encode_path(path)


# ------------------------------------------------------------------------------------------- acts


def rows(place: Copies) -> dict[str, DedupRow]:
    """What the index would know of the library as it is."""
    found = {}
    for path, content in place.library().items():
        key = f"box:{encode_path(path)}"
        found[key] = DedupRow(
            key=key,
            path=encode_path(path),
            size_bytes=len(content),
            md5=md5(content, usedforsecurity=False).hexdigest(),
            sha256=sha256(content).hexdigest(),
            modified_at=datetime(2020, 1, 1, tzinfo=UTC),
            kind=MediaKind.OTHER,
        )
    return found


def plan(place: Copies) -> list[Move]:
    known = rows(place)
    addresses = {encode_path(path): place.address(path) for path in place.library()}
    return plan_moves(duplicate_groups(known.values()), known, lambda row: addresses[row.path])


def refused(place: Copies, moves: list[Move]) -> list[MoveOutcome]:
    """What `duplicates` says that `--apply` would skip; nothing is changed by it."""
    before = place.state()
    found = list(check_moves(moves, mover_of(place.way)))
    assert place.state() == before
    return found


def apply(place: Copies, moves: list[Move] | None = None) -> list[MoveOutcome]:
    """What `duplicates --apply` does."""
    mover = mover_of(place.way)
    if place.journal.path.exists():
        assert not list(settle_moves(mover, place.journal))
    return list(apply_moves(plan(place) if moves is None else moves, mover, place.journal))


def undo(place: Copies) -> list[MoveOutcome]:
    """What `duplicates --undo` does."""
    return list(undo_moves(mover_of(place.way), place.journal)) if place.journal.path.exists() else []


# ------------------------------------------------------------------------------------------- crashes

_CHANGES = ("os.rename", "os.mkdir", "os.remove", "os.rmdir")
_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["__main__", __name__])


def crash(place: Copies, act: Act, after: int, dies_at: queue.SimpleQueue[int] | None = None) -> bool:
    """Do it in a process that dies before its nth write; False when it came to its end before.

    Args:
        after: Writes that it sees itself: to the journal, to folders, requests to Drive.
        dies_at: Gets the id of the process, for a server that kills it.
    """
    moves = [move.model_dump(mode="json") for move in plan(place)] if act == "apply" else []
    process = _context.Process(target=_act, args=(dict(place.way), str(place.journal.path), act, moves, after))
    process.start()
    if dies_at is not None:
        assert process.pid is not None
        dies_at.put(process.pid)
    process.join(60)
    assert process.exitcode in (0, 9, -9), process.exitcode
    return process.exitcode != 0


def _act(way: Way, journal: str, act: Act, moves: list[Any], after: int) -> None:
    left = after

    def count_down(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal left
        if _is_write(event, arguments, journal):
            left -= 1
            if left < 0:
                os._exit(9)

    mover, record = mover_of(way), MoveJournal(Path(journal))
    sys.addaudithook(count_down)
    if act == "apply":
        list(apply_moves([Move.model_validate(move) for move in moves], mover, record))
    else:
        list(undo_moves(mover, record))


def _is_write(event: str, arguments: tuple[Any, ...], journal: str) -> bool:
    if event == "open":
        name, mode, _ = arguments
        return "x" in str(mode) or (str(name) == journal and "a" in str(mode))
    if event == "http.client.send":
        return bytes(arguments[1][:7]).startswith((b"POST /d", b"PATCH /"))
    return event in _CHANGES


def sweep(make: Callable[[], Copies], act: Act) -> list[Copies]:
    """Places in which a process died before its first write, its second, and so on until one came to its end."""
    found: list[Copies] = []
    while True:
        place = make()
        if act == "undo":
            apply(place)
        is_crashed = crash(place, act, len(found))
        if not is_crashed:
            return found
        found.append(place)
