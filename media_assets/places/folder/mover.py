"""Moving copies within a folder of this machine, by renaming within one file system."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from media_assets.base.checksums import digests_of
from media_assets.base.errors import BadMedia, Fatal, MediaAssetsError, SourceChanged, classify
from media_assets.base.keys import decode_path
from media_assets.base.paths import LeadsOut, below
from media_assets.places.folder.fixed import fixed_by, is_held_by_sticky_folder, mount_of
from media_assets.places.journal import NotOfThisPlace, sync_folder
from media_assets.places.moving import CheckedFile, Move

_REFUSALS = {
    errno.EXDEV: (
        "it lies on another mount than the review folder, and nothing is renamed from one to the other",
        "Move it by hand, or make that mount a source of its own, which gets a review folder there",
    ),
    errno.EPERM: (
        "the system does not permit that: it or its folder is immutable, or belongs to somebody else",
        "See `lsattr -d` of both (`chattr -i` lifts it) and their owners, or move it by hand",
    ),
    errno.EACCES: ("this process may not write there", "Grant the right to do so"),
    errno.EROFS: ("it lies on a mount that is read-only", "Mount it for writing, or move it by hand"),
    errno.EBUSY: ("it is in use: something is mounted there, or a program holds it", "End that, then try again"),
    errno.ETXTBSY: ("a program holds it", "End that, then try again"),
    errno.ENAMETOOLONG: ("its path in the review folder would be too long", "Move it by hand"),
    errno.EILSEQ: ("the file system does not take its name", "Rename it, then index it again"),
    errno.EINVAL: ("the file system does not take its name", "Rename it, then index it again"),
    errno.EMLINK: ("a folder of the review folder is full", "Empty the review folder, then try again"),
}
"""Why one file cannot be moved, by what the system says; the others may go all the same."""
_RESERVATION = b"A name that media_assets has reserved for a file it is moving.\n"


class FolderMover:
    """Renames; content is read to compare checksums and never copied.

    Args:
        root: The folder of the source.
        review_folder: Where copies go, on the same file system. It need not exist; the scan of the source must leave
            it out when it is inside.

    Raises:
        Fatal: the two are on different file systems, between which nothing can be renamed.
    """

    def __init__(self, root: Path, review_folder: Path, check: Callable[[], None] = lambda: None) -> None:
        self._root = root.resolve()
        self._review = review_folder.absolute()
        self._check = check
        above = next(folder for folder in (self._review, *self._review.parents) if folder.exists())
        if above.stat().st_dev != self._root.stat().st_dev:
            raise Fatal(
                f"{review_folder} is not on the file system of {root}, so nothing can be moved there by renaming",
                next_step="Choose a review folder on the same disk",
            )

    def verify(self, file: CheckedFile) -> None:
        path = self._source(file.address)
        before = self._sized(path, file)
        self._compare(path, file)
        after = _state(path)
        if (before.st_mtime_ns, before.st_size, before.st_ino) != (after.st_mtime_ns, after.st_size, after.st_ino):
            raise SourceChanged(f"{path} changed while it was compared")

    def check(self, move: Move) -> None:
        for file in (move.keep, move.file):
            path = self._source(file.address)
            state = self._sized(path, file)
            if file.revision != f"{state.st_size}-{state.st_mtime_ns}":
                self._compare(path, file)
        destination = self._destination(move)
        self._require_two_files(move)
        if os.path.lexists(destination):
            raise SourceChanged(f"{destination} exists already")
        above = next(folder for folder in destination.parents if os.path.lexists(folder))
        if not above.is_dir():
            raise SourceChanged(f"{above} is no folder, and the copy would go below it")
        _require_movable(self._source(move.file.address), above)

    def prepare(self, move: Move, note: Callable[[str], None]) -> Move:
        destination = self._destination(move)
        self._require_two_files(move)
        for folder in reversed([one for one in (destination.parent, *destination.parents) if not one.exists()]):
            note(str(folder))
            try:
                folder.mkdir(exist_ok=True)
            except OSError as error:
                raise _told(error, folder) from error
            sync_folder(folder.parent)
        return move

    def move(self, move: Move) -> None:
        _rename(self._source(move.file.address), self._destination(move))

    def restore(self, move: Move) -> bool:
        source, destination = self._source(move.file.address), self._destination(move)
        for path, torn in ((source, False), (destination, True)):
            if _is_reservation(path, torn):
                path.unlink()
        if not os.path.lexists(destination):
            if not os.path.lexists(source):
                raise SourceChanged(f"{destination} is gone")
            return False
        self._compare(destination, move.file)
        try:
            source.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _told(error, source.parent) from error
        _rename(destination, source)
        return True

    def remove_folder(self, name: str) -> bool:
        folder = Path(name)
        known = ".." not in folder.parts and not folder.is_symlink()
        if not known or (self._review not in (folder, *folder.parents) and folder not in self._review.parents):
            raise NotOfThisPlace(
                f"{name} is not the review folder nor around it", next_step="Use the journal of this library"
            )
        try:
            folder.rmdir()
        except FileNotFoundError:
            return True
        except OSError:
            return False  # a person has put something there
        sync_folder(folder.parent)
        return True

    def _require_two_files(self, move: Move) -> None:
        source, keep = self._source(move.file.address), self._source(move.keep.address)
        if source == keep or source.samefile(keep):
            raise SourceChanged(f"{source} and {keep} are one file with two names")

    def _sized(self, path: Path, file: CheckedFile) -> os.stat_result:
        """The state of a file, which has the size that is known."""
        state = _state(path)
        if state.st_size != file.size_bytes:
            raise SourceChanged(f"{path} has {state.st_size} bytes now, and had {file.size_bytes}")
        return state

    def _compare(self, path: Path, file: CheckedFile) -> None:
        known = {name: digest for name, digest in (("sha256", file.sha256), ("md5", file.md5)) if digest}
        if not known:
            raise SourceChanged(f"{path} has no known checksum to compare it with")
        name = next(iter(known))
        if digests_of(path, name, check=self._check)[name] != known[name]:
            raise SourceChanged(f"{path} has other content now")

    def _source(self, address: str) -> Path:
        return self._inside(self._root, address)

    def _destination(self, move: Move) -> Path:
        return self._inside(self._review, move.destination)

    def _inside(self, root: Path, address: str) -> Path:
        """The path of an address below a folder.

        Raises:
            NotOfThisPlace: it leads out of the folder, by `..` or through a symbolic link.
        """
        try:
            return below(root, decode_path(address))
        except LeadsOut:
            raise NotOfThisPlace(
                f"{address} leads out of {root}", next_step="Run the index of duplicates again"
            ) from None


def _require_movable(source: Path, to_folder: Path) -> None:
    """
    Raises:
        BadMedia: the system would not rename the file into or below a folder, as things are.
    """
    for path in (source, source.parent, to_folder):
        if attribute := fixed_by(path):
            raise BadMedia(
                f"{source} cannot be moved: {path} is {attribute}",
                next_step=f"Lift that with `chattr -{attribute[0]}`, or move it by hand",
            )
    for folder in (source.parent, to_folder):
        if os.statvfs(folder).f_flag & os.ST_RDONLY:
            raise _refusal(errno.EROFS, source)
        if not os.access(folder, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids):
            raise BadMedia(f"may not be moved: {folder} may not be written", next_step="Grant the right to do so")
    if source.lstat().st_dev != to_folder.stat().st_dev or mount_of(source) != mount_of(to_folder.resolve()):
        raise _refusal(errno.EXDEV, source)
    if is_held_by_sticky_folder(source):
        raise BadMedia(
            f"{source} cannot be moved: in {source.parent}, which is sticky, only its owner may do that",
            next_step="Run this as its owner, or move it by hand",
        )


def _rename(source: Path, destination: Path) -> None:
    """Rename, never over anything, on every file system.

    The name is reserved by a file of ours that must not have existed; the rename then replaces this one alone.

    Raises:
        SourceChanged: the destination exists, or the source does not.
        BadMedia: this process may not do that.
    """
    try:
        with destination.open("xb") as reservation:
            reservation.write(_RESERVATION)
    except FileExistsError:
        raise SourceChanged(f"{destination} exists already") from None
    except OSError as error:
        # Where the disk is full, the name may be there and lack its content.
        with suppress(OSError):
            if _is_reservation(destination, torn=True):
                destination.unlink()
        raise _told(error, destination) from error
    try:
        source.rename(destination)
    except FileNotFoundError:
        destination.unlink()
        raise SourceChanged(f"{source} is gone") from None
    except OSError as error:
        destination.unlink()
        raise _told(error, source) from error
    sync_folder(destination.parent)
    sync_folder(source.parent)


def _told(error: OSError, path: Path) -> MediaAssetsError:
    """What the system refuses, as a reason that concerns this file alone where it does."""
    return _refusal(error.errno, path) if error.errno in _REFUSALS else classify(error, source=path)


def _refusal(number: int, path: Path) -> BadMedia:
    reason, next_step = _REFUSALS[number]
    return BadMedia(f"{path} cannot be moved: {reason}", next_step=next_step)


def _is_reservation(path: Path, torn: bool) -> bool:
    """Whether a crash between the reservation of a name and the rename left this there, be it only its beginning."""
    try:
        state = path.lstat()
    except FileNotFoundError:
        return False
    if not stat.S_ISREG(state.st_mode) or state.st_size > len(_RESERVATION):
        return False
    content = path.read_bytes()
    return content == _RESERVATION or (torn and _RESERVATION.startswith(content))


def _state(path: Path) -> os.stat_result:
    try:
        state = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        raise SourceChanged(f"{path} is gone") from None
    if not stat.S_ISREG(state.st_mode):
        raise SourceChanged(f"{path} is no regular file now")
    return state
