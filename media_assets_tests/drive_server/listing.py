"""`files.list`: which items belong to a search, in which order, and page by page."""

from __future__ import annotations

import random
import re
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, NamedTuple

from media_assets_tests.drive_server.errors import ApiError, invalid
from media_assets_tests.drive_server.masks import parse_fields, select, wanted
from media_assets_tests.drive_server.model import Caller, Item
from media_assets_tests.drive_server.query import parse_query
from media_assets_tests.drive_server.resources import DEFAULT_LIST, file_json
from media_assets_tests.drive_server.state import DriveState
from media_assets_tests.drive_server.web import Answer, Request, json_answer

_ORDERS: dict[str, Callable[[Item], Any]] = {
    "createdTime": lambda item: item.created_at,
    "folder": lambda item: not item.is_folder,
    "modifiedTime": lambda item: item.modified_at,
    "modifiedByMeTime": lambda item: item.modified_at,
    "name": lambda item: item.name.lower(),
    "name_natural": lambda item: [int(p) if p.isdecimal() else p for p in re.split(r"(\d+)", item.name.lower())],
    "quotaBytesUsed": lambda item: item.size,
    "recency": lambda item: item.modified_at,
}
_SEARCHES_KEPT = 500


class _Search(NamedTuple):
    asked: tuple[str | None, ...]
    ids: list[str]
    offset: int


class Listing:
    """Searches, and how their pages behave.

    `page_limit` caps pages below what is asked for. `short_pages` is the share of pages that end early, even empty,
    though more follow. `incomplete_corpora` are searched in half and say so with `incompleteSearch`. What is in folders
    of `silent_in_groups` is found only by a search for one folder alone, as Drive has it at times. `before_page` is
    called with the token of every page that is asked for.
    """

    def __init__(self, state: DriveState, seed: int) -> None:
        self.state = state
        self.page_limit: int | None = None
        self.short_pages = 0.0
        self.incomplete_corpora: set[str] = set()
        self.silent_in_groups: set[str] = set()
        self.before_page: Callable[[str], None] = lambda _: None
        self._random = random.Random(seed)
        self._searches: OrderedDict[str, _Search] = OrderedDict()

    def files(self, request: Request, caller: Caller) -> Answer:
        """`files.list`."""
        tree = parse_fields(request.params.get("fields", DEFAULT_LIST), "FileList")
        size = request.number("pageSize", 100, 1000)
        asked = tuple(
            request.params.get(name)
            for name in ("q", "orderBy", "corpora", "driveId", "includeItemsFromAllDrives", "spaces")
        )
        incomplete = request.params.get("corpora", "user") in self.incomplete_corpora
        with self.state.lock:
            ids, offset = self._page_start(request, caller, asked)
            if incomplete and "pageToken" not in request.params:
                ids = ids[: len(ids) // 2]
            end = offset + self._page_size(size)
            names = wanted(tree, "files")
            found = [item for i in ids[offset:end] if (item := self.state.as_searched(i))]
            # Drive looks things up again for every page: what was deleted meanwhile is missing from it.
            files = [file_json(self.state, caller, item, names) for item in found if self.state.sees(caller, item)]
            page = {"kind": "drive#fileList", "incompleteSearch": incomplete, "files": files}
            if end < len(ids):
                page["nextPageToken"] = self._keep(_Search(asked, ids, end))
        return json_answer(select(page, tree))

    def expire_tokens(self) -> None:
        """Tokens of pages that were handed out are refused from now on."""
        self._searches.clear()

    def _page_size(self, asked: int) -> int:
        size = min(asked, self.page_limit or asked)
        return self._random.randrange(size) if self._random.random() < self.short_pages else size

    def _page_start(self, request: Request, caller: Caller, asked: tuple[str | None, ...]) -> tuple[list[str], int]:
        token = request.params.get("pageToken")
        if token is None:
            return self._search(request, caller), 0
        self.before_page(token)
        search = self._searches.get(token)
        if search is None or search.asked != asked:
            raise invalid("pageToken")
        return search.ids, search.offset

    def _keep(self, search: _Search) -> str:
        token = self.state.new_id("~!!~", 60)
        self._searches[token] = search
        if len(self._searches) > _SEARCHES_KEPT:
            self._searches.popitem(last=False)
        return token

    def _search(self, request: Request, caller: Caller) -> list[str]:
        belongs = self._corpus(request)
        query = parse_query(request.params.get("q", ""), self.state, self.state.roots[caller.account])
        candidates = set(self.state.items) if query.ids is None else query.ids | self.state.searched_otherwise()
        items = [item for item_id in sorted(candidates) if (item := self.state.as_searched(item_id))]
        if request.params.get("q", "").count(" in parents") > 1:
            items = [item for item in items if item.parent not in self.silent_in_groups]
        found = [
            item
            for item in items
            if item.parent is not None and belongs(item) and query.test(item) and self.state.sees(caller, item)
        ]
        for key in reversed(request.params.get("orderBy", "").split(",")):
            name, _, direction = key.strip().partition(" ")
            if not name:
                continue
            if name not in _ORDERS or direction not in ("", "desc"):
                raise invalid("orderBy")
            found.sort(key=_ORDERS[name], reverse=direction == "desc")
        return [item.id for item in found]

    def _corpus(self, request: Request) -> Callable[[Item], bool]:
        """Which items a search covers at all."""
        corpora = request.params.get("corpora", "user")
        drive_id = request.params.get("driveId")
        include = request.flag("includeItemsFromAllDrives") or request.flag("includeTeamDriveItems")
        if corpora not in ("user", "drive", "domain", "allDrives"):
            raise invalid("corpora")
        if (corpora == "drive") != (drive_id is not None):
            raise invalid("driveId", "The driveId parameter must be specified if and only if corpora is set to drive.")
        if include and not request.all_drives:
            message = "The supportsAllDrives parameter must be true when includeItemsFromAllDrives is."
            raise ApiError("includeTeamDriveItemsRequired", message)
        if corpora in ("drive", "allDrives") and not include:
            raise ApiError("includeTeamDriveItemsRequired")
        if drive_id is not None:
            if not self.state.is_member(drive_id):
                raise ApiError("notFound", f"Shared drive not found: {drive_id}", location="driveId")
            return lambda item: item.drive_id == drive_id
        return lambda item: include or item.drive_id is None
