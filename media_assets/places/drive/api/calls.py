"""Calls to Drive v3 with retries, errors in the project's terms, and exactly one file for each that is made."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from media_assets.base.errors import MediaAssetsError, Transient
from media_assets.places.drive.api.credentials import Identity
from media_assets.places.drive.api.errors import (
    IdTaken,
    NotDrive,
    NotFound,
    Refused,
    TokenExpired,
    Unavailable,
    refusal,
)
from media_assets.places.drive.api.retries import Retries
from media_assets.places.drive.api.service import drive_service
from media_assets.places.drive.api.transport import Transport
from media_assets.places.drive.settings import DriveAccess
from media_assets.places.source import no_check

_IDS_AT_ONCE = 100
_BEGUN_ANEW = 5
"""So often a list is begun anew."""
_IN_BETWEEN = "See whether a proxy or the login page of a network answers in its place"


class DriveCalls:
    """One account's way to Drive, shared by threads; it touches nothing before it is used.

    Args:
        credentials_file: The key of a service account or a person's grant; None: the grant in `token_file`.
        token_file: Where `media-assets login` stored a grant.
        wait_multiplier: Of the waits between attempts; what the server asks for in `Retry-After` is waited in any case.
    """

    def __init__(
        self,
        access: DriveAccess,
        credentials_file: Path | None,
        token_file: Path,
        *,
        wait_multiplier: float = 1.0,
    ) -> None:
        self.access = access
        self.identity = Identity(credentials_file, token_file, subject=access.subject)
        self.retries = Retries(access.max_retries, wait_multiplier * access.retry_wait_seconds, wait_multiplier)
        self.transport = Transport(self.identity, timeout_seconds=access.timeout_seconds, ca_file=access.ca_file)
        self._ids: deque[str] = deque()
        self._lock = threading.Lock()

    # ---------------------------------------------------------------------------------------- calls

    def call(self, build: Callable[[Any], Any], *, check: Callable[[], None] = no_check) -> dict[str, Any]:
        """The answer to a call; an empty one for a deletion.

        Args:
            build: Makes the request from the service (`lambda drive: drive.files().get(fileId=…)`), anew for each
                attempt. Calls that make a file give it an id of `new_id`: a request whose answer was lost is sent
                again, here and by httplib2 itself. See `create` and `copy`.
            check: Called before each attempt and while waiting; what it raises ends the call.

        Raises:
            NotFound: there is no such file for this account.
            Refused: what was asked is impossible for this one file.
            IdTaken: a file with the given id exists.
            Unavailable: a rate limit, a busy server or a broken connection outlasted all retries.
            Fatal: nothing will work until a person repairs something.
        """
        return self.retries.run(partial(self._once, build), check)

    def _once(self, build: Callable[[Any], Any]) -> dict[str, Any]:
        from googleapiclient.errors import HttpError

        request = build(self.service)
        method = request.method
        answer: Any = None
        failure = None
        try:
            answer = request.execute(http=self.transport, num_retries=0)
        except HttpError as error:
            failure = self.refusal(error.resp, error.resp.status, error.content, writing=method != "GET")
        except UnicodeDecodeError:  # a page in another encoding
            answer = None
        if failure is not None:  # raised here, as the other one knows the address
            raise failure
        if isinstance(answer, dict):
            return answer
        if method == "DELETE" and not answer:
            return {}
        raise NotDrive("Google Drive answered with something that is no JSON", next_step=_IN_BETWEEN)

    def refusal(self, response: Mapping[str, str], status: int, content: bytes, *, writing: bool) -> MediaAssetsError:
        """What an answer that is no success means to this account; see `errors.refusal`."""
        robot = self.identity.is_service_account
        return refusal(response, status, content, writing=writing, service_account=robot)

    def pages(
        self,
        build: Callable[[Any, str | None], Any],
        items: str = "files",
        *,
        check: Callable[[], None] = no_check,
    ) -> Iterator[dict[str, Any]]:
        """The pages of a list, as long as one names the next.

        When Drive does not take the token of a page any more the list begins anew, so items may come twice.

        Args:
            build: Makes the request for the page with a token; None: for the first. Google's own `list_next` is of no
                use: for an address above 2,048 characters it mixes up query and body.
            items: What every page has to hold, perhaps an empty list.

        Raises:
            NotDrive: an answer is none of Drive's, or a page has no such list.
            Transient: the tokens of pages expire again and again.
            Fatal, SourceChanged, BadMedia: what `call` raises otherwise.
        """
        token: str | None = None
        begun_anew = 0
        while True:
            try:
                page = self.retries.run(partial(self._page, build, token, items), check)
            except TokenExpired as error:
                begun_anew += 1
                if begun_anew > _BEGUN_ANEW:
                    raise Transient(
                        "Google Drive ended a list again and again before it was read", next_step="Try again later"
                    ) from error
                token = None
                continue
            yield page
            token = page.get("nextPageToken")
            if not token:
                return

    def _page(self, build: Callable[[Any, str | None], Any], token: str | None, items: str) -> dict[str, Any]:
        try:
            page = self._once(lambda service: build(service, token))
        except (NotFound, Refused) as error:
            if token is None or not _is_about_the_token(error):
                raise
            raise TokenExpired("has a token of a page that Google Drive does not take any more") from error
        if items not in page:
            raise NotDrive(f"Google Drive answered with a page without {items}", next_step=_IN_BETWEEN)
        return page

    @cached_property
    def service(self) -> Any:
        """Builds requests; sends nothing."""
        return drive_service(str(self.access.api_endpoint) if self.access.api_endpoint else None)

    # ---------------------------------------------------------------------------------------- making files

    def new_id(self) -> str:
        """An id for a file that is to be made, to be written down before it is used."""
        with self._lock:
            if not self._ids:
                answer = self.call(lambda drive: drive.files().generateIds(count=_IDS_AT_ONCE, fields="ids"))
                self._ids.extend(answer["ids"])
            return self._ids.popleft()

    def create(
        self, metadata: Mapping[str, Any], *, fields: str, check: Callable[[], None] = no_check
    ) -> dict[str, Any]:
        """Make a folder, a shortcut or an empty file, exactly once; without an `id` in `metadata` it gets a new one.

        Raises:
            NotFound, NotAllowed, Transient, Fatal: what `call` raises; but a file with the id is what was to be made.
        """

        def build(drive: Any, body: Mapping[str, Any]) -> Any:
            return drive.files().create(body=body, fields=fields, supportsAllDrives=True)

        return self._once_only(build, metadata, fields, check)

    def copy(
        self, file_id: str, metadata: Mapping[str, Any], *, fields: str, check: Callable[[], None] = no_check
    ) -> dict[str, Any]:
        """Copy a file on the server's side, exactly once; `metadata` as with `create`, where its `parents` belong, too.

        Raises:
            NotFound, NotAllowed, Transient, Fatal: what `call` raises; a file with the new id is what was to be made.
        """

        def build(drive: Any, body: Mapping[str, Any]) -> Any:
            return drive.files().copy(fileId=file_id, body=body, fields=fields, supportsAllDrives=True)

        return self._once_only(build, metadata, fields, check)

    def _once_only(
        self,
        build: Callable[[Any, Mapping[str, Any]], Any],
        metadata: Mapping[str, Any],
        fields: str,
        check: Callable[[], None],
    ) -> dict[str, Any]:
        body = {"id": self.new_id(), **metadata} if "id" not in metadata else metadata
        try:
            return self.call(lambda drive: build(drive, body), check=check)
        except IdTaken:
            return self.get(body["id"], fields=fields, check=check)

    def get(self, file_id: str, *, fields: str, check: Callable[[], None] = no_check) -> dict[str, Any]:
        """The metadata of a file, wherever it lies.

        Raises:
            NotFound, NotAllowed, Transient, Fatal: what `call` raises.
        """
        return self.call(
            lambda drive: drive.files().get(fileId=file_id, fields=fields, supportsAllDrives=True), check=check
        )

    def get_with_checksum(self, file_id: str, *, fields: str, check: Callable[[], None] = no_check) -> dict[str, Any]:
        """What `get` returns, once Drive has worked out the MD5 of the content, which may come seconds after it.

        Args:
            fields: `size` and `md5Checksum` among them.

        Raises:
            Unavailable: there is none after two minutes.
            NotFound, NotAllowed, Transient, Fatal: what `call` raises otherwise.
        """
        for _ in self.retries.polls(check):
            found = self.get(file_id, fields=fields, check=check)
            if "md5Checksum" in found or "size" not in found:
                return found
        raise Unavailable(
            "Google Drive has not worked out the checksum of what it was sent yet",
            next_step="It is kept there, and compared when this is tried again",
        )

    def delete(self, file_id: str) -> None:
        """Remove a file for good; one that is gone is no error.

        Raises:
            NotFound, NotAllowed, Transient, Fatal: what `call` raises.
        """
        try:
            self.call(lambda drive: drive.files().delete(fileId=file_id, supportsAllDrives=True))
        except NotFound:
            return

    def account(self) -> str:
        """E-mail address of the account that calls."""
        robot = self.identity.service_account
        if robot is not None:
            return robot
        about = self.call(lambda drive: drive.about().get(fields="user(emailAddress)"))
        return str(about["user"].get("emailAddress", "the account"))


def _is_about_the_token(error: NotFound | Refused) -> bool:
    """400 with the reason `invalid`, and 410, are all that can be wrong with a page whose first one was answered."""
    return isinstance(error, NotFound) or error.code in ("invalid", "invalidParameter", "badRequest")
