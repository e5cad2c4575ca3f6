"""From verb and path to a method of the API, its name in counters and faults, and the scopes it needs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from media_assets_tests.drive_server.feeds import Feeds
from media_assets_tests.drive_server.files import Files
from media_assets_tests.drive_server.listing import Listing
from media_assets_tests.drive_server.model import Caller
from media_assets_tests.drive_server.oauth import CONSENT_PATH, TOKEN_PATH, Accounts
from media_assets_tests.drive_server.web import Handles

_PREFIX = "https://www.googleapis.com/auth/"
WRITE = frozenset({f"{_PREFIX}drive", f"{_PREFIX}drive.file"})
READ = WRITE | {f"{_PREFIX}drive.readonly"}
METADATA = READ | {f"{_PREFIX}drive.metadata", f"{_PREFIX}drive.metadata.readonly"}
NOBODY = frozenset[str]()
"""No token is needed."""

_API = r"/drive/v3"
_UPLOAD = r"/(?:resumable/)?upload/drive/v3"
_ID = r"/(?P<id>[^/]+)"


class Route(NamedTuple):
    """A method of the API."""

    verb: str
    path: str
    name: str
    handle: Handles
    scopes: frozenset[str]
    selects: str | None = None
    """A parameter that has to be there (and `alt=media`, which has to have this value)."""


class Routes:
    """All that the server answers."""

    def __init__(self, files: Files, listing: Listing, feeds: Feeds, accounts: Accounts) -> None:
        self._routes = [
            Route("POST", TOKEN_PATH, "oauth.token", accounts.token, NOBODY),
            Route("GET", CONSENT_PATH, "oauth.consent", accounts.consent, NOBODY),
            Route("PUT", f"{_UPLOAD}/files(?:{_ID})?", "files.upload_chunk", files.put_chunk, NOBODY, "upload_id"),
            Route("DELETE", f"{_UPLOAD}/files(?:{_ID})?", "files.upload_cancel", files.cancel_upload, NOBODY),
            Route("POST", f"{_UPLOAD}/files", "files.create", files.create, WRITE),
            Route("PATCH", f"{_UPLOAD}/files{_ID}", "files.update", files.update, WRITE),
            Route("GET", f"{_API}/files/generateIds", "files.generateIds", files.generate_ids, WRITE),
            Route("GET", f"{_API}/files", "files.list", listing.files, METADATA),
            Route("POST", f"{_API}/files", "files.create", files.create, WRITE),
            Route("GET", f"{_API}/files{_ID}", "files.download", files.download, READ, "alt=media"),
            Route("GET", f"{_API}/files{_ID}", "files.get", files.get, METADATA),
            Route("PATCH", f"{_API}/files{_ID}", "files.update", files.update, WRITE),
            Route("DELETE", f"{_API}/files{_ID}", "files.delete", files.delete, WRITE),
            Route("POST", f"{_API}/files{_ID}/copy", "files.copy", files.copy, WRITE),
            Route("GET", f"{_API}/files{_ID}/export", "files.export", files.export, READ),
            Route(
                "GET", f"{_API}/changes/startPageToken", "changes.getStartPageToken", feeds.start_page_token, METADATA
            ),
            Route("GET", f"{_API}/changes", "changes.list", feeds.changes, METADATA),
            Route("GET", f"{_API}/drives", "drives.list", feeds.drives, READ),
            Route("GET", f"{_API}/drives{_ID}", "drives.get", feeds.drive, READ),
            Route("GET", f"{_API}/about", "about.get", feeds.about, METADATA),
        ]

    def find(self, verb: str, path: str, params: Mapping[str, str]) -> tuple[Route, str] | None:
        """The route and the id in the path; None when the server does not know the address."""
        for route in self._routes:
            match = re.fullmatch(route.path, path)
            if match is None or route.verb != verb:
                continue
            name, _, value = (route.selects or "").partition("=")
            if route.selects and (name not in params or value not in ("", params[name])):
                continue
            return route, match.groupdict().get("id") or ""
        return None


def allowed(caller: Caller, route: Route) -> bool:
    """Whether a token's scopes are enough."""
    return not route.scopes or bool(route.scopes & caller.scopes)
