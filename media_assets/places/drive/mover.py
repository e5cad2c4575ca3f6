"""Moving copies within Google Drive: into a folder for review on the same drive, and back to the folder they came from.

A move changes in which folder a file lies and nothing else: its id, its name, its content and times stay, and so does
its partition. One call does it, so there is no state in between; the folder it came from stands in the journal before.

    <configured folder>/<review folder>/<path of the copy>

The review folder bears a property by which sources pass it by. What a shortcut leads to and lies below no configured
folder gets one in the topmost folder above it that the account can see.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Any, NamedTuple

from media_assets.base.errors import BadMedia, SourceChanged
from media_assets.base.keys import decode_path
from media_assets.base.paths import LeadsOut, plain
from media_assets.places.drive.api.api import DriveApi
from media_assets.places.drive.api.errors import NotAllowed, NotFound, Refused
from media_assets.places.drive.api.folders import FOLDER, quoted, search
from media_assets.places.drive.source.entries import REVIEW_PROPERTY
from media_assets.places.journal import NotOfThisPlace
from media_assets.places.moving import CheckedFile, Move
from media_assets.places.source import no_check

_FILE_FIELDS = "id,name,size,md5Checksum,sha256Checksum,parents,trashed,capabilities(canMoveItemWithinDrive)"
_FOLDER_FIELDS = "id,parents,driveId,properties,trashed,capabilities(canAddChildren)"
_SHARE = "Share it with the account as an editor (in a shared drive: as a content manager), then apply again"


class _Folder(NamedTuple):
    parent: str
    drive: str
    """Id of the shared drive; empty in My Drive."""
    is_for_review: bool
    trashed: bool
    may_add: bool
    """Whether the account may put something into it."""


class DriveMover:
    """Moves copies within Google Drive.

    The account needs the scope `drive`: what others put there can be moved with no lesser one.

    Args:
        roots: Finds the ids of the folders that the source watches; called once, when something is moved.
        review_folder: Name of the folder that copies go to.
    """

    def __init__(
        self,
        api: DriveApi,
        roots: Callable[[], Collection[str]],
        review_folder: str,
        check: Callable[[], None] = no_check,
    ) -> None:
        self._api = api
        self._find_roots = roots
        self._name = review_folder
        self._check = check
        self._roots: frozenset[str] | None = None
        self._folders: dict[str, _Folder | None] = {}
        self._reviews: dict[tuple[str, ...], str] = {}
        """Ids of folders for review, by the folder they lie in and the names on the way."""

    def verify(self, file: CheckedFile) -> None:
        found = self._file(file.address)
        if found.get("trashed"):
            raise SourceChanged(f"{found['name']} is in the trash of Google Drive")
        if int(found.get("size", -1)) != file.size_bytes:
            raise SourceChanged(f"{found['name']} has {found.get('size', 'no')} bytes now, and had {file.size_bytes}")
        pairs = ((file.sha256, found.get("sha256Checksum")), (file.md5, found.get("md5Checksum")))
        known = [(then, now) for then, now in pairs if then and now]
        if not known:
            raise SourceChanged(f"{found['name']} has no known checksum to compare it with")
        if any(then != now for then, now in known):
            raise SourceChanged(f"{found['name']} has other content now")

    def check(self, move: Move) -> None:
        self.verify(move.keep)
        self.verify(move.file)
        name, parent = self._movable(move)
        top = self._folder(self._top(parent, name))
        if top is not None and not top.may_add:
            raise BadMedia(f"the account may not make the review folder for {name} in Google Drive", next_step=_SHARE)

    def prepare(self, move: Move, note: Callable[[str], None]) -> Move:
        name, parent = self._movable(move)
        top = self._top(parent, name)
        *folders, _ = _parts(move)
        try:
            target = self._review(top, tuple(folders), note)
        except (NotAllowed, Refused) as error:
            raise BadMedia(
                f"the account may not make the review folder for {name} in Google Drive ({error.reason})",
                next_step=_SHARE,
            ) from error
        return move.model_copy(update={"origin": parent, "target": target})

    def move(self, move: Move) -> None:
        self._shift(move.file.address, move.origin, move.target)

    def restore(self, move: Move) -> bool:
        found = self._file(move.file.address)
        parents = found.get("parents", [])
        if move.origin in parents:
            return False
        if found.get("trashed"):
            raise SourceChanged(f"{found['name']} is in the trash of Google Drive; take it out of there first")
        if not self._is_for_review(move.target):
            raise SourceChanged(f"the journal says that {found['name']} was moved to a folder that is not for review")
        if not self._is_of_library(move):
            raise SourceChanged(
                f"the journal says that {found['name']} came from a folder that lies outside of this library's folders",
                next_step="Move it back by hand",
            )
        if parents != [move.target]:
            raise SourceChanged(f"{found['name']} was moved on from the review folder by somebody, and stays there")
        self._shift(move.file.address, move.target, move.origin)
        return True

    def remove_folder(self, name: str) -> bool:
        """Move the folder to the trash, so that whatever somebody puts in there at the same moment is not lost.

        A file that somebody trashed in there can come back to where it was only as long as the folder is there.
        """
        self._folders.pop(name, None)
        folder = self._folder(name)
        if folder is None or folder.trashed:
            return True
        if not self._is_for_review(name):
            raise NotOfThisPlace(
                f"{name} is no review folder in Google Drive", next_step="Use the journal of this library"
            )
        inside = [f"{quoted(name)} in parents", f"(trashed = false or mimeType != {quoted(FOLDER)})"]
        if search(self._api, inside, folder.drive, fields="id", check=self._check):
            return False
        try:
            self._update(name, body={"trashed": True})
        except (NotAllowed, Refused):
            return False
        except NotFound:
            return True
        return True

    def _movable(self, move: Move) -> tuple[str, str]:
        """The name of a copy that may be moved, and the folder it lies in."""
        if move.file.address == move.keep.address:
            raise SourceChanged("it and the file to keep are one file in Google Drive")
        found = self._file(move.file.address)
        parents = found.get("parents", [])
        if len(parents) != 1:
            many = "in several folders at once" if parents else "in no folder that the account can see"
            raise BadMedia(f"{found['name']} lies {many}, and could not be brought back there", next_step="Move it")
        if not found.get("capabilities", {}).get("canMoveItemWithinDrive", True):
            raise BadMedia(f"the account may not move {found['name']} in Google Drive", next_step=_SHARE)
        return str(found["name"]), str(parents[0])

    def _file(self, file_id: str) -> dict[str, Any]:
        return self._api.get(file_id, fields=_FILE_FIELDS, check=self._check)

    def _shift(self, file_id: str, origin: str, target: str) -> None:
        """Move a file from one folder to another. Only what Drive refuses for good is an error of this file."""
        try:
            self._update(file_id, addParents=target, removeParents=origin)
        except (NotAllowed, Refused, NotFound) as error:
            # An earlier attempt may have gone through with its answer lost.
            if self._file(file_id).get("parents", []) == [target]:
                return
            if isinstance(error, NotFound):
                raise SourceChanged(f"a folder on the way {error.reason}") from error
            raise BadMedia(f"the account may not move it in Google Drive: {error.reason}", next_step=_SHARE) from error

    def _update(self, file_id: str, body: dict[str, Any] | None = None, **parameters: Any) -> None:
        self._api.call(
            lambda drive: drive.files().update(
                fileId=file_id, body=body or {}, fields="id,parents", supportsAllDrives=True, **parameters
            ),
            check=self._check,
        )

    def _top(self, folder: str, name: str) -> str:
        """The folder that the review folder lies in: the configured one above, else the topmost that can be seen."""
        if self._roots is None:
            self._roots = frozenset(self._find_roots())
        seen: set[str] = set()
        while folder not in self._roots and folder not in seen:
            seen.add(folder)
            known = self._folder(folder)
            if known is None:
                raise BadMedia(f"{name} lies in a folder that the account cannot see", next_step=_SHARE)
            if known.is_for_review:
                raise SourceChanged(f"{name} lies in a review folder already")
            if not known.parent or self._folder(known.parent) is None:
                break
            folder = known.parent
        return folder

    def _is_for_review(self, folder_id: str) -> bool:
        """Whether it is a folder for review or lies in one: nothing else is ours to bring files back from."""
        return self._review_around(folder_id) is not None

    def _is_of_library(self, move: Move) -> bool:
        """Whether a file may go back to where a journal says that it came from: below the folder in which the review
        folder lies, and not into that again."""
        _parts(move)
        review = self._review_around(move.target)
        around = {folder_id for folder_id, _ in self._above(move.origin)}
        return review is not None and review.parent in around and not self._is_for_review(move.origin)

    def _review_around(self, folder_id: str) -> _Folder | None:
        """The folder for review that a folder is or lies in."""
        return next((folder for _, folder in self._above(folder_id) if folder.is_for_review), None)

    def _above(self, folder_id: str) -> Iterator[tuple[str, _Folder]]:
        """A folder and those it lies in by their ids, as far as the account can see."""
        seen: set[str] = set()
        while folder_id and folder_id not in seen and (known := self._folder(folder_id)):
            seen.add(folder_id)
            yield folder_id, known
            folder_id = known.parent

    def _folder(self, folder_id: str) -> _Folder | None:
        if folder_id not in self._folders:
            try:
                found = self._api.get(folder_id, fields=_FOLDER_FIELDS, check=self._check)
                self._folders[folder_id] = _Folder(
                    next(iter(found.get("parents", ())), ""),
                    found.get("driveId", ""),
                    REVIEW_PROPERTY in found.get("properties", {}),
                    found.get("trashed", False),
                    found.get("capabilities", {}).get("canAddChildren", True),
                )
            except (NotFound, Refused):
                self._folders[folder_id] = None
        return self._folders[folder_id]

    def _review(self, top: str, names: tuple[str, ...], note: Callable[[str], None]) -> str:
        """The folder for review that lies in `top`, or one of these names below it; made when it is missing."""
        known = (top, *names)
        if known not in self._reviews:
            if names:
                parent, name, marks = self._review(top, names[:-1], note), names[-1], {}
            else:
                parent, name, marks = top, self._name, {REVIEW_PROPERTY: "1"}
            drive = found.drive if (found := self._folder(top)) else ""
            self._reviews[known] = self._found(parent, drive, name, marks) or self._made(parent, name, marks, note)
        return self._reviews[known]

    def _found(self, parent: str, drive: str, name: str, marks: dict[str, str]) -> str | None:
        terms = [f"{quoted(parent)} in parents", f"mimeType = {quoted(FOLDER)}", "trashed = false"]
        terms += [f"properties has {{ key={quoted(key)} and value={quoted(value)} }}" for key, value in marks.items()]
        if not marks:
            terms.append(f"name = {quoted(name)}")
        found = search(self._api, terms, drive, fields="id,name", check=self._check)
        return min((str(folder["id"]) for folder in found if marks or folder["name"] == name), default=None)

    def _made(self, parent: str, name: str, marks: dict[str, str], note: Callable[[str], None]) -> str:
        folder_id = self._api.new_id()
        note(folder_id)
        metadata: dict[str, Any] = {"id": folder_id, "name": name, "mimeType": FOLDER, "parents": [parent]}
        self._api.create(metadata | ({"properties": marks} if marks else {}), fields="id", check=self._check)
        return folder_id


def _parts(move: Move) -> tuple[str, ...]:
    """The names on the way to a copy, below the review folder."""
    try:
        return tuple(plain(decode_path(move.destination)).split("/"))
    except LeadsOut as error:
        raise SourceChanged(f"the journal leads out of the review folder: {error}") from None
