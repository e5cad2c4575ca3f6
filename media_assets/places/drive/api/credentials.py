"""Who calls: the key of a service account, or the grant of a person, and the access tokens that come of them.

Google's own loaders are passed by where they look away from what a file says: `from_authorized_user_info` ignores its
`token_uri`. Their `before_request` is passed by, too: for service accounts it asks iamcredentials.googleapis.com in
the background for "regional access boundaries", with the access token, whatever server the key is for.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from media_assets.base.errors import Fatal
from media_assets.places.drive.api.errors import login_refused
from media_assets.places.drive.api.private_files import read_private, write_private

FULL_DRIVE = "https://www.googleapis.com/auth/drive"
"""Everything: for artifacts beside their sources, and for a store in a folder that somebody else made."""
READ_ONLY = "https://www.googleapis.com/auth/drive.readonly"
"""Enough for sources: lists, changes and downloads. Nothing can be written."""
"""Enough for a store in a folder that the project made itself, by path. Files that others put into Drive do not exist
for it, so it is of no use to sources, nor to a store that is given an id or a link."""

_TOKEN_URI = "https://oauth2.googleapis.com/token"  # noqa: S105  an address
_LOG_IN = (
    "Run `media-assets login`, or name the JSON of a service account as `credentials` in library.yaml or in "
    "GOOGLE_APPLICATION_CREDENTIALS"
)
_ANOTHER_KEY = "Download a new key of the service account in Google's console, and put it there"
_ANOTHER_FILE = (
    "Correct `credentials` in library.yaml or GOOGLE_APPLICATION_CREDENTIALS: it is to name the JSON of a service "
    "account, or of a person's grant"
)

_log = logging.getLogger(__name__)


class Identity:
    """Credentials from a file, shared by threads; nothing is read before the first token is asked for.

    Args:
        credentials_file: A key or a grant; None: the grant in `token_file`.
        token_file: The project's own, written by `login`; new access tokens are kept there.
        subject: The person a service account acts for.
    """

    def __init__(self, credentials_file: Path | None, token_file: Path, *, subject: str | None) -> None:
        self._file = credentials_file or token_file
        self._token_file = token_file
        self._subject = subject
        self._lock = threading.Lock()
        self._credentials: Any = None
        self._is_robot = False

    @property
    def service_account(self) -> str | None:
        """E-mail address of the service account that calls for itself; None when a person calls."""
        with self._lock:
            credentials = self._loaded()
        return str(credentials.service_account_email) if self._is_robot and self._subject is None else None

    @property
    def is_service_account(self) -> bool:
        """Whether the key of a service account is used, for itself or for a person it acts for."""
        with self._lock:
            return self._is_robot

    def authorize(self, headers: dict[str, str], http: Any, *, refused: str | None = None) -> str:
        """Add the access token to `headers`; returns it.

        Args:
            http: An `httplib2.Http` to fetch a new one with.
            refused: A token that the server did not accept.

        Raises:
            Fatal: the credentials cannot be used, with what to do about it.
            Unavailable: the login did not answer.
        """
        with self._lock:
            credentials = self._loaded()
            if not credentials.valid or credentials.token == refused:
                self._refresh(credentials, http)
            credentials.apply(headers)
            return str(credentials.token)

    def _refresh(self, credentials: Any, http: Any) -> None:
        import google_auth_httplib2
        from google.auth.exceptions import GoogleAuthError

        failure = None
        try:
            credentials.refresh(google_auth_httplib2.Request(http))
        except (GoogleAuthError, TypeError) as error:  # the latter for a 200 that is no JSON
            failure = login_refused(error, service_account=self._is_robot)
        if failure is not None:
            if isinstance(failure, Fatal):
                self._credentials = None  # the next call reads the file again: somebody may have logged in
            raise failure
        if self._file == self._token_file and not self._is_robot:
            try:
                self._keep(credentials)
            except OSError as error:  # it spares time and nothing else
                _log.warning("the access token cannot be kept in %s: %s", self._token_file, error.strerror)

    def _loaded(self) -> Any:
        if self._credentials is None:
            info = self._read()
            self._is_robot = info.get("type") == "service_account"
            self._credentials = self._robot(info) if self._is_robot else self._person(info)
        return self._credentials

    def _read(self) -> dict[str, Any]:
        """What is in the file.

        Raises:
            Fatal: it is missing, unreadable or no JSON.
        """
        try:
            info = read_private(self._file)
        except OSError as error:
            raise self._unusable(f"cannot be read: {error.strerror}") from None
        except ValueError:
            info = {}
        if info is None:
            step = _LOG_IN if self._file == self._token_file else _ANOTHER_FILE
            raise Fatal(f"there are no credentials for Google Drive: no {self._file}", next_step=step)
        if not info:
            raise self._unusable("is no JSON of credentials")
        if info.keys() & {"installed", "web"}:
            raise self._unusable("is the secret of an OAuth app, not yet a grant: give it to `media-assets login`")
        return info

    def _unusable(self, reason: str) -> Fatal:
        """Advice that helps with this file: a login puts a grant into the project's own, and only there."""
        step = _LOG_IN if self._file == self._token_file else _ANOTHER_KEY if self._is_robot else _ANOTHER_FILE
        return Fatal(f"{self._file} {reason}", next_step=step)

    def _robot(self, info: Mapping[str, Any]) -> Any:
        from google.oauth2 import service_account

        try:
            credentials = service_account.Credentials.from_service_account_info(  # type: ignore[no-untyped-call]
                dict(info), scopes=[FULL_DRIVE]
            )
        except ValueError:
            credentials = None  # what was raised may show parts of the key
        if credentials is None:
            raise self._unusable("holds no complete key of a service account")
        return credentials.with_subject(self._subject) if self._subject else credentials

    def _person(self, info: Mapping[str, Any]) -> Any:
        from google.oauth2.credentials import Credentials

        if info.get("type", "authorized_user") != "authorized_user":
            raise self._unusable(f"is of the type {info['type']!r}; a service account or a person can log in")
        missing = [name for name in ("refresh_token", "client_id", "client_secret") if not info.get(name)]
        if missing:
            raise self._unusable(f"lacks {', '.join(missing)}")
        if self._subject:
            raise self._unusable("is a person's grant, which cannot act for the `subject` in library.yaml")
        try:
            expiry = _moment(info.get("expiry"))
        except ValueError:
            raise self._unusable(f"has an expiry that is no time: {info['expiry']!r}") from None
        # Without scopes: a refresh that names more than was granted is refused.
        return Credentials(  # type: ignore[no-untyped-call]
            info.get("token"),
            refresh_token=info["refresh_token"],
            token_uri=info.get("token_uri", _TOKEN_URI),
            client_id=info["client_id"],
            client_secret=info["client_secret"],
            expiry=expiry,
            quota_project_id=info.get("quota_project_id"),
        )

    def _keep(self, credentials: Any) -> None:
        """Spare the next process a refresh; a login that happened meanwhile is left alone."""
        info = read_private(self._token_file) or {}
        if info.get("client_id") == credentials.client_id and info.get("refresh_token") == credentials.refresh_token:
            expiry = credentials.expiry.replace(tzinfo=UTC).isoformat() if credentials.expiry else None
            write_private(self._token_file, {**info, "token": credentials.token, "expiry": expiry})


def _moment(text: str | None) -> datetime | None:
    """google-auth compares times without a zone, in UTC."""
    return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None) if text else None
