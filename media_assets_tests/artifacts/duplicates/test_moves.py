"""Moving copies aside and back: nothing is lost, whatever happens in between."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest

from media_assets.artifacts.duplicates.find.near import duplicate_groups
from media_assets.artifacts.duplicates.review.moves import apply_moves, check_moves, plan_moves, undo_moves
from media_assets.artifacts.duplicates.values import DedupRow
from media_assets.base.checksums import digests_of
from media_assets.base.errors import Fatal
from media_assets.media.info import MediaKind
from media_assets.places.folder.mover import FolderMover
from media_assets.places.journal import MoveJournal
from media_assets.places.moving import Move, MoveOutcome
from media_assets_tests.unprivileged import unprivileged_folder

STRAY_BYTES = os.fsdecode(b"caf\xe9, 100%.bin")


def percent(path: str) -> str:
    """As `SourceFile.path`: stray bytes and `%` encoded."""
    return "".join(f"%{byte:02X}" if byte > 127 or byte == 37 else chr(byte) for byte in os.fsencode(path))


def here(address: str) -> str:
    """The reverse of `percent`."""
    return os.fsdecode(unquote_to_bytes(address))


def row(root: Path, name: str) -> DedupRow:
    path = root / name
    state = path.stat()
    return DedupRow(
        key=f"films:{percent(name)}",
        path=percent(name),
        size_bytes=state.st_size,
        modified_at=datetime.fromtimestamp(state.st_mtime, UTC),
        kind=MediaKind.OTHER,
        **digests_of(path, "sha256", "md5"),
    )


class Library:
    """A folder with three copies of one file and two of another."""

    NAMES = ("a/one.bin", "b/one.bin", "b/deep/er/one.bin", f"a/{STRAY_BYTES}", f"b/{STRAY_BYTES}", "alone.bin")

    def __init__(self, folder: Path, *, is_there: bool = False) -> None:
        self.root, self.review = folder / "library", folder / "review" / "today"
        for name in () if is_there else self.NAMES:
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(path.name.encode(errors="surrogateescape") * 999)
            os.utime(path, ns=(10**18 + 1, 10**18 + 7))
        self.journal = MoveJournal(folder / "moves.jsonl")
        self.folder = folder

    @classmethod
    def there(cls, folder: Path) -> Library:
        """The one that lies in a folder already."""
        return cls(folder, is_there=True)

    def plan(self) -> list[Move]:
        rows = [row(self.root, name) for name in self.NAMES]
        return plan_moves(duplicate_groups(rows), {one.key: one for one in rows})

    @property
    def mover(self) -> FolderMover:
        return FolderMover(self.root, self.review)

    def apply(self, moves: list[Move] | None = None) -> list[MoveOutcome]:
        return list(apply_moves(self.plan() if moves is None else moves, self.mover, self.journal))

    def refused(self, moves: list[Move]) -> list[MoveOutcome]:
        return list(check_moves(moves, self.mover))

    def undo(self) -> list[MoveOutcome]:
        return list(undo_moves(self.mover, self.journal))

    def state(self) -> dict[str, tuple[bytes | None, int, int]]:
        """Everything in and around it: content, modification time and inode of files, and which folders there are."""
        found: dict[str, tuple[bytes | None, int, int]] = {}
        for path in sorted(self.folder.rglob("*")):
            if path == self.journal.path:
                continue
            state = path.stat()
            is_file = path.is_file()
            found[str(path)] = (
                path.read_bytes() if is_file else None,
                state.st_mtime_ns if is_file else 0,
                state.st_ino,
            )
        return found


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path)


def test_what_was_moved_keeps_its_path_and_comes_back_byte_for_byte(library: Library):
    before = library.state()
    assert [one.state for one in library.apply()] == ["moved"] * 3
    assert (library.root / "a/one.bin").exists(), "the copy with the shortest path stays"
    assert (library.review / "b/deep/er/one.bin").exists()
    assert (library.review / "b" / STRAY_BYTES).exists()
    assert not (library.root / "b/one.bin").exists()
    assert [one.state for one in library.undo()] == ["restored"] * 3
    assert library.state() == before


def test_planning_alone_touches_nothing(library: Library):
    before = library.state()
    library.plan()
    apply_moves(library.plan(), library.mover, library.journal)
    assert library.state() == before
    assert not library.journal.path.exists()


def test_a_second_undo_does_nothing(library: Library):
    library.apply()
    library.undo()
    before = library.state()
    assert library.undo() == []
    assert library.state() == before


def test_moves_after_an_undo_can_be_undone_with_the_same_journal(library: Library):
    before = library.state()
    library.apply()
    library.undo()
    library.apply()
    assert len(library.undo()) == 3
    assert library.state() == before


@pytest.mark.parametrize("changed", ["a/one.bin", "b/one.bin"])
def test_nothing_moves_when_either_copy_has_changed_since_the_plan(library: Library, changed: str):
    moves = [move for move in library.plan() if move.file.address == "b/one.bin"]
    path = library.root / changed
    size = path.stat().st_size
    path.write_bytes(b"x" * size)
    os.utime(path, ns=(10**18 + 1, 10**18 + 7))
    (outcome,) = library.apply(moves)
    assert outcome.state == "skipped"
    assert "other content" in outcome.detail
    assert (library.root / "b/one.bin").exists()


def test_the_last_copy_is_never_moved_when_the_one_to_keep_is_gone(library: Library):
    moves = library.plan()
    (library.root / "a/one.bin").unlink()
    states = {one.address: one.state for one in library.apply(moves)}
    assert states["b/one.bin"] == states["b/deep/er/one.bin"] == "skipped"


def test_another_name_of_the_kept_file_is_not_moved(library: Library):
    moves = library.plan()
    (library.root / "b/one.bin").unlink()
    os.link(library.root / "a/one.bin", library.root / "b/one.bin")
    outcomes = {one.address: one for one in library.apply(moves)}
    assert outcomes["b/one.bin"].state == "skipped"
    assert "one file with two names" in outcomes["b/one.bin"].detail


def test_a_file_in_the_way_is_never_overwritten(library: Library):
    moves = library.plan()
    taken = library.review / "b/one.bin"
    taken.parent.mkdir(parents=True)
    taken.write_bytes(b"")
    before = library.state()
    outcomes = {one.address: one for one in library.apply(moves)}
    assert outcomes["b/one.bin"].state == "skipped"
    assert "exists already" in outcomes["b/one.bin"].detail
    library.undo()
    assert library.state() == before


def in_the_way(library: Library) -> str:
    (move, *_) = library.plan()
    taken = library.review / here(move.destination)
    taken.parent.mkdir(parents=True)
    taken.write_bytes(b"of a person")
    return "exists already"


def a_file_for_a_folder(library: Library) -> str:
    library.review.parent.mkdir()
    library.review.write_bytes(b"of a person")
    return "is no folder"


@pytest.mark.parametrize("trouble", [in_the_way, a_file_for_a_folder])
def test_the_plan_says_what_would_be_skipped(library: Library, trouble: Callable[[Library], str]):
    moves = library.plan()
    assert list(check_moves(moves, library.mover)) == []
    detail = trouble(library)
    told = list(check_moves(moves, library.mover))
    assert told and all(detail in one.detail for one in told)
    with suppress(Fatal, OSError):
        skipped = [one for one in library.apply(moves) if one.state == "skipped"]
        assert {one.key for one in skipped} == {one.key for one in told}


def test_the_plan_says_that_a_folder_may_not_be_written():
    with unprivileged_folder() as folder:
        library = Library(folder)
        moves = library.plan()
        (folder / "library/b").chmod(0o555)
        told = list(check_moves(moves, library.mover))
        assert told and all("may not be moved" in one.detail for one in told)
        (folder / "library/b").chmod(0o755)
        assert list(check_moves(moves, library.mover)) == []


def test_what_is_at_the_revision_at_which_it_was_read_is_not_read_again(library: Library):
    (move, *_) = library.plan()
    paths = {name: library.root / here(getattr(move, name).address) for name in ("file", "keep")}
    states = {name: path.stat() for name, path in paths.items()}
    known = {
        name: getattr(move, name).model_copy(update={"revision": f"{state.st_size}-{state.st_mtime_ns}", "sha256": "0"})
        for name, state in states.items()
    }
    assert list(check_moves([move.model_copy(update=known)], library.mover)) == []
    os.utime(paths["file"], (1, 1))
    (told,) = check_moves([move.model_copy(update=known)], library.mover)
    assert "other content now" in told.detail


def test_undo_does_not_overwrite_what_has_come_in_the_place_of_a_moved_file(library: Library):
    library.apply()
    place = library.root / "b/one.bin"
    place.write_bytes(b"new")
    outcomes = {one.address: one for one in library.undo()}
    assert outcomes["b/one.bin"].state == "skipped"
    assert place.read_bytes() == b"new"
    assert (library.review / "b/one.bin").exists()
    place.unlink()
    assert [one.state for one in library.undo()] == ["restored"], "what failed is tried again"


def test_undo_says_what_is_gone_from_the_review_folder(library: Library):
    library.apply()
    (library.review / "b/one.bin").unlink()
    outcomes = {one.address: one for one in library.undo()}
    assert "is gone" in outcomes["b/one.bin"].detail
    assert (library.root / "b/deep/er/one.bin").exists()


def test_a_torn_line_at_the_end_of_the_journal_is_passed_over(library: Library):
    before = library.state()
    library.apply()
    with library.journal.path.open("ab") as file:
        file.write(b'{"event": "movi')
    library.undo()
    assert library.state() == before
    assert library.undo() == [], "and what was written behind it is read"


def test_equal_paths_get_different_names(library: Library):
    rows = [row(library.root, name) for name in ("a/one.bin", "b/one.bin", "b/deep/er/one.bin")]
    rows = [rows[0], *(one.model_copy(update={"path": "same/name.mp4"}) for one in rows[1:])]
    moves = plan_moves(duplicate_groups(rows), {one.key: one for one in rows})
    assert {move.destination for move in moves} <= {"same/name.mp4", "same/name (2).mp4", "a/one.bin"}
    assert len({move.destination for move in moves}) == 2


@pytest.mark.parametrize("address", ["../outside.bin", "/etc/hostname", "%2E%2E/outside.bin", "link/outside.bin", ""])
def test_no_address_leads_out_of_the_library(library: Library, address: str):
    (library.folder / "elsewhere").mkdir()
    (library.folder / "elsewhere/outside.bin").write_bytes(b"x")
    (library.root / "link").symlink_to(library.folder / "elsewhere")
    move = library.plan()[0]
    outside = move.model_copy(update={"file": move.file.model_copy(update={"address": address})})
    with pytest.raises(Fatal, match="leads out of"):
        library.apply([outside])


def test_undoing_without_a_journal_says_so(library: Library):
    with pytest.raises(Fatal, match="no journal"):
        library.undo()


_ON_A_MOUNT = """
import sys
from pathlib import Path
from media_assets_tests.artifacts.duplicates.test_moves import Library

library = Library.there(Path(sys.argv[1]))
moves = library.plan()
for one in library.refused(moves):
    print("told", one.destination, one.detail)
try:
    for one in library.apply(moves):
        print(one.state, one.destination, one.detail)
except Exception as error:
    print(type(error).__name__, error)
"""


def on_a_mount(library: Library, mount: str) -> str:
    """What is told of moves where something is mounted, in a process that has mounts of its own."""
    alone = ("unshare", "--mount", "--map-root-user", "sh", "-c")
    if subprocess.run([*alone, "mount -t tmpfs none /mnt"], capture_output=True, check=False).returncode:
        pytest.skip("no mounts of its own here")
    command = [*alone, f'{mount} && "$@"', "-", sys.executable, "-c", _ON_A_MOUNT, str(library.folder)]
    done = subprocess.run(command, text=True, capture_output=True, check=True, cwd=Path(__file__).parents[3])
    return done.stdout


@pytest.mark.thorough
def test_a_copy_on_another_mount_stays_with_a_reason_and_the_others_go(library: Library):
    copied = f"cp -a {library.root}/b/deep {library.folder}/saved && mount -t tmpfs none {library.root}/b/deep"
    told = on_a_mount(library, f"{copied} && cp -a {library.folder}/saved/. {library.root}/b/deep")
    assert told.count("lies on another mount than the review folder") == 2, "one that is told before, and skipped"
    assert told.count("moved b/") == 2
    assert "not foreseen" not in told


@pytest.mark.thorough
def test_a_mount_of_the_same_disk_is_another_mount_too(library: Library):
    told = on_a_mount(library, f"mount --bind {library.root}/b/deep {library.root}/b/deep")
    assert told.count("lies on another mount than the review folder") == 2, "one that is told before, and skipped"
    assert told.count("moved b/") == 2
    assert "not foreseen" not in told


@pytest.mark.thorough
def test_a_copy_on_a_mount_that_is_read_only_stays_with_a_reason(library: Library):
    told = on_a_mount(
        library, f"mount --bind {library.root}/b {library.root}/b && mount -o remount,bind,ro {library.root}/b"
    )
    assert told.count("lies on a mount that is read-only") == 3, "told before; renaming says that it is another mount"
    assert "not foreseen" not in told


@pytest.mark.thorough
def test_a_full_disk_ends_the_moves_with_a_reason_and_loses_nothing(library: Library):
    kept = f"cp -a {library.folder}/. /mnt/x"
    told = on_a_mount(
        library,
        f"mount -t tmpfs -o size=600k none /mnt && mkdir /mnt/x && {kept} && mount --bind /mnt/x {library.folder} && "
        f"mkdir -p {library.review}/b/deep/er {library.review}/a && touch {library.journal.path} && "
        f"(head -c 999999 /dev/zero > {library.folder}/filler || true)",
    )
    assert "Free space on that disk" in told
    assert "not foreseen" not in told


def test_a_copy_of_somebody_else_in_a_folder_where_only_owners_move_stays_with_a_reason():
    if os.geteuid() != 0:
        pytest.skip("only root can make files of somebody else")
    with unprivileged_folder() as folder:
        library = Library(folder)
        moves = library.plan()
        os.seteuid(0)
        for path in (library.root / "b", library.root / "b/one.bin"):
            os.chown(path, 0, 0)
        (library.root / "b").chmod(0o1777)
        os.seteuid(65534)
        told = {one.destination: one.detail for one in check_moves(moves, FolderMover(library.root, library.review))}
        outcomes = {one.destination: one for one in library.apply(moves)}
    assert [one.state for one in outcomes.values()].count("moved") == 2
    assert "which is sticky, only its owner may do that" in told["b/one.bin"]
    assert "b/deep/er/one.bin" not in told
    assert "the system does not permit that: it or its folder is immutable" in outcomes["b/one.bin"].detail
    assert "chattr -i" in outcomes["b/one.bin"].detail


@pytest.mark.parametrize("attribute, word", [("i", "immutable"), ("a", "append-only")])
@pytest.mark.parametrize("fixed", ["b/one.bin", "b"])
def test_what_is_immutable_is_told_before_and_stays_with_a_reason(
    library: Library, fixed: str, attribute: str, word: str
) -> None:
    moves = library.plan()
    if subprocess.run(["chattr", f"+{attribute}", library.root / fixed], check=False, capture_output=True).returncode:
        pytest.skip("this file system or user has no such attributes")
    try:
        told = {one.destination: one.detail for one in check_moves(moves, FolderMover(library.root, library.review))}
        outcomes = {one.destination: one for one in library.apply(moves)}
    finally:
        subprocess.run(["chattr", f"-{attribute}", library.root / fixed], check=True)
    assert f"{library.root / fixed} is {word}. Lift that with `chattr -{attribute}`" in told["b/one.bin"]
    assert set(told) == {name for name, one in outcomes.items() if one.state == "skipped"}
    assert all("not foreseen" not in one.detail for one in outcomes.values())
    assert [one.state for one in outcomes.values()].count("moved") == 3 - len(told)
