"""From what people call a folder (an id, a link, a path) to its id."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

from media_assets.base.errors import Transient
from media_assets.places.drive.api.calls import DriveCalls
from media_assets.places.drive.api.errors import NoSuchFolder, NotFound, WrongFolder
from media_assets.places.drive.api.folders import FOLDER, SHORTCUT, by_age, quoted, search, the_one_that_stays
from media_assets.places.source import no_check

_MY_DRIVE = "My Drive"
_SHARED_DRIVES = "Shared drives"
_MADE_BY_US = "media_assets_place"
_FIELDS = "id,name,mimeType,trashed,driveId,createdTime,appProperties,shortcutDetails(targetId,targetMimeType)"
_SHAPES = "an id, a link to a folder, or a path like `My Drive/Lectures` or `Shared drives/Team/Videos`"


class FolderIds(Protocol):
    """Where the ids of folders are written down before the folders are made; by path."""

    def known(self, path: str) -> str | None:
        """The id that a folder has, or is about to get."""
        ...

    def note(self, path: str, folder_id: str) -> None:
        """Durable when it returns."""
        ...


class NothingKept:
    """Remembers no folder, for those who make none."""

    def known(self, path: str) -> str | None:  # noqa: ARG002
        return None

    def note(self, path: str, folder_id: str) -> None: ...


def folder_id(
    api: DriveCalls,
    place: str,
    *,
    create: bool = False,
    check: Callable[[], None] = no_check,
    ids: FolderIds | None = None,
) -> str:
    """The id of a folder.

    Args:
        place: An id, a link, or a path that begins with `My Drive` or `Shared drives/<name>`.
        create: Make what is missing of a path. Of several that do so at the same time all get the oldest folder.
        ids: Where the ids of what is made are written down first, so that a crash leaves no second folder.

    Raises:
        Transient: a folder was made, and searches do not show it after two minutes.
        Fatal: there is no such folder for this account, it is in the trash, or a path leads to several.
    """
    first, *parts = [part for part in place.strip().split("/") if part] or [""]
    walk = _Walk(api, place, create, check, ids or NothingKept())
    if first == _MY_DRIVE:
        return walk.below("root", None, [first], parts)
    if first == _SHARED_DRIVES and parts:
        drive_id = walk.shared_drive(parts[0])
        return walk.below(drive_id, drive_id, [first, parts[0]], parts[1:])
    if re.fullmatch(r"https?:", first):
        return walk.existing(_id_in_link(place))
    if re.fullmatch(r"[\w-]{10,}", place.strip()):
        return walk.existing(place.strip())
    raise WrongFolder(f"{place!r} is no folder of Google Drive", next_step=f"Write {_SHAPES}")


def _id_in_link(link: str) -> str:
    address = urlsplit(link.strip())
    match = re.search(r"/folders/([\w-]+)", address.path)
    if match:
        return match[1]
    if address.path.rstrip("/").endswith("/my-drive"):
        return "root"
    named = parse_qs(address.query).get("id")
    if named:
        return named[0]
    raise WrongFolder(f"{link} is no link to a folder of Google Drive", next_step=f"Write {_SHAPES}")


class _Walk:
    """One look-up; its errors name the place as it was written."""

    def __init__(self, api: DriveCalls, place: str, create: bool, check: Callable[[], None], ids: FolderIds) -> None:
        self._api = api
        self._place = place
        self._create = create
        self._check = check
        self._ids = ids

    def existing(self, file_id: str) -> str:
        """The id of a folder, behind a shortcut if it is one."""
        try:
            found = self._api.get(file_id, fields=_FIELDS, check=self._check)
        except NotFound:
            raise self._missing(self._place) from None
        if found.get("trashed"):
            raise WrongFolder(
                f"{self._place} is in the trash of Google Drive", next_step="Restore it, or name another one"
            )
        if found["mimeType"] == SHORTCUT and found["shortcutDetails"].get("targetMimeType") == FOLDER:
            return self.existing(found["shortcutDetails"]["targetId"])
        if found["mimeType"] != FOLDER:
            raise WrongFolder(f"{self._place} is a file in Google Drive, not a folder", next_step=f"Write {_SHAPES}")
        return str(found["id"])

    def shared_drive(self, name: str) -> str:
        """The id of a shared drive, which is also that of its top folder."""

        def build(drive: Any, token: str | None) -> Any:
            return drive.drives().list(pageSize=100, pageToken=token, fields="nextPageToken,drives(id,name)")

        pages = self._api.pages(build, "drives", check=self._check)
        found = list(dict.fromkeys(s["id"] for page in pages for s in page["drives"] if s["name"] == name))
        if not found:
            raise self._missing(f"{_SHARED_DRIVES}/{name}")
        if len(found) > 1:
            raise self._ambiguous(f"{_SHARED_DRIVES}/{name}", found)
        return str(found[0])

    def below(self, folder: str, drive_id: str | None, walked: list[str], parts: list[str]) -> str:
        """Walk down from a folder: `walked` led there, `parts` leads on."""
        if not parts:
            return folder if drive_id else self.existing(folder)
        for count, part in enumerate(parts, 1):
            path = "/".join([*walked, *parts[:count]])
            child = self._child(folder, drive_id, part, path)
            if child is None and self._create:
                child = self._made(folder, drive_id, part, path)
            if child is None:
                raise self._missing(path)
            folder = child["id"]
            if child["mimeType"] == SHORTCUT:
                folder = self.existing(child["shortcutDetails"]["targetId"])
                drive_id = self._api.get(folder, fields="driveId", check=self._check).get("driveId")
        return folder

    def _child(self, parent: str, drive_id: str | None, name: str, path: str) -> dict[str, Any] | None:
        """The folder of a name. What the search takes for equal is compared again: it may be lenient about case."""
        named = self._named(parent, drive_id, name)
        found = [item for item in named if item["name"] == name and _leads_to_folder(item)]
        ours = _ours(found, name)
        if len(found) > 1 and not ours:
            raise self._ambiguous(path, [item["id"] for item in found])
        return next(iter(ours or found), None)

    def _named(self, parent: str, drive_id: str | None, name: str) -> list[dict[str, Any]]:
        kinds = f"(mimeType = '{FOLDER}' or mimeType = '{SHORTCUT}')"
        terms = [f"{quoted(parent)} in parents", f"name = {quoted(name)}", kinds, "trashed = false"]
        return search(self._api, terms, drive_id or "", fields=_FIELDS, check=self._check)

    def _made(self, parent: str, drive_id: str | None, name: str, path: str) -> dict[str, Any]:
        """A new folder, or one that another machine made at the same time."""
        metadata = {"name": name, "mimeType": FOLDER, "parents": [parent], "appProperties": {_MADE_BY_US: "1"}}
        made = self._begun(metadata, path)
        looks = self._api.retries.polls(self._check)
        chosen = the_one_that_stays(
            self._api, made["id"], lambda: _ours(self._named(parent, drive_id, name), name), looks, self._check
        )
        if chosen is None:
            raise Transient(
                f"Google Drive does not show the folder {path} in searches yet",
                next_step="It is made; try again, and it is used once all machines can find it",
            )
        if chosen["id"] != made["id"]:
            self._ids.note(path, chosen["id"])
        return chosen

    def _begun(self, metadata: dict[str, Any], path: str) -> dict[str, Any]:
        """The folder under the id that was written down for it, made unless an earlier attempt did."""
        known = self._ids.known(path)
        if known:
            try:
                made = self._api.create({"id": known, **metadata}, fields=_FIELDS, check=self._check)
            except NotFound:  # the id was used, and what had it was deleted for good
                made = {"trashed": True}
            if not made.get("trashed") and made["name"] == metadata["name"]:
                return made
        new = self._api.new_id()
        self._ids.note(path, new)
        return self._api.create({"id": new, **metadata}, fields=_FIELDS, check=self._check)

    # ---------------------------------------------------------------------------------------- errors

    def _missing(self, path: str) -> NoSuchFolder:
        account = self._api.account()
        return NoSuchFolder(
            f"there is no {path} in Google Drive, or it is not shared with {account}",
            next_step=f"Share it with {account}, or correct the name: write {_SHAPES}. What is shared with an account "
            "lies outside its My Drive, so name it by its link",
        )

    def _ambiguous(self, path: str, ids: list[str]) -> WrongFolder:
        return WrongFolder(
            f"Google Drive has several folders {path} ({', '.join(ids)})",
            next_step="Name the one that is meant by its id",
        )


def _ours(named: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    """The folders of a name that were made here, by whichever machine; the oldest first."""
    ours = [item for item in named if item["name"] == name and _MADE_BY_US in item.get("appProperties", {})]
    return sorted(ours, key=by_age)


def _leads_to_folder(item: dict[str, Any]) -> bool:
    return FOLDER in (item["mimeType"], item.get("shortcutDetails", {}).get("targetMimeType"))
