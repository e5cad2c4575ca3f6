"""What an answer of Drive, or none, means for the file at hand and for the batch around it.

The reason in `error.errors[]` decides, not the status: 403 stands for a limit of rate as well as for a full drive. What
others raise becomes the project's errors here, with nothing of the original but what it said: addresses of uploads are
secrets, and exceptions carry addresses.
"""

from __future__ import annotations

import http.client
import json
import ssl
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from media_assets.base.errors import BadMedia, Fatal, MediaAssetsError, SourceChanged, Transient, classify

_MESSAGE_CHARACTERS = 300


class NotFound(SourceChanged):
    """The file is gone, or no longer shared with the account: Drive answers alike."""


class WrongFolder(Fatal):
    """What library.yaml names as a folder is none that can be used."""


class NoSuchFolder(WrongFolder):
    """There is no folder at the place that library.yaml names, as far as this account can see."""


class StoreGone(WrongFolder):
    """The folder that artifacts go to was there before and is not any more: no file is to blame."""


class Refused(BadMedia):
    """Drive refuses something that concerns this file alone.

    Args:
        code: Drive's own word for it (`cannotDownloadAbusiveFile`).
    """

    def __init__(self, reason: str, *, next_step: str = "", code: str = "") -> None:
        super().__init__(reason, next_step=next_step)
        self.code = code

    @property
    def is_of_this_file(self) -> bool:
        """Whether Drive says so of the content of a file; else whoever asks is not let in."""
        return self.code in _ONE_FILE


class NotAllowed(Fatal):
    """The account may not write at that place in Google Drive."""


class IdTaken(Transient):
    """A file with the id that was to be given exists: the same call went through before, or an id was used twice."""


class Unavailable(Transient):
    """The call may go through when it is made again.

    Args:
        retry_after_seconds: How long the server asks to be left alone.
    """

    def __init__(self, reason: str, *, next_step: str = "", retry_after_seconds: float = 0.0) -> None:
        super().__init__(reason, next_step=next_step)
        self.retry_after_seconds = retry_after_seconds


class NotDrive(Unavailable):
    """What answers, again and again, is not what Drive answers: a page of a proxy or of a login that is in the way."""


class TokenExpired(Refused):
    """The token of a page, or of a place in the log of changes, is not taken any more: begin anew."""


LOGIN_AGAIN = (
    'Run `media-assets login` again. While the OAuth app is in "Testing", its grants end after 7 days: publish it in '
    "Google's console to have them last"
)
_CHECK_KEY = "See in Google's console whether the service account and this key of it still exist, and set the clock"
_FULL_ACCESS = (
    "The credentials need the scope https://www.googleapis.com/auth/drive (drive.readonly to read alone): run "
    "`media-assets login` again, or let the administrator add it"
)
_NO_STORAGE = "A service account owns none: let it write to a shared drive, or name the person it acts for as `subject`"
_RAISE_LIMIT = "Wait until tomorrow, or have the limit of the project raised in Google's console"

_STOP: Mapping[str, tuple[str, str]] = {
    "storageQuotaExceeded": (
        "Google Drive is full",
        "Free storage there, or give the store a folder of a shared drive",
    ),
    "quotaExceeded": ("the quota of Google Drive is used up", _RAISE_LIMIT),
    "dailyLimitExceeded": ("the calls to Google Drive for today are used up", _RAISE_LIMIT),
    "dailyLimitExceededUnreg": ("the calls to Google Drive for today are used up", _RAISE_LIMIT),
    "teamDriveFileLimitExceeded": (
        "the shared drive holds as many files as it may",
        "Remove files there, or give the store another drive",
    ),
    "numChildrenInNonRootLimitExceeded": (
        "the folder in Google Drive holds as many files as it may",
        "Move files out of it, or give the store another folder",
    ),
    "activeItemCreationLimitExceeded": (
        "the account has made as many files in Google Drive as it may",
        "Remove files for good, or use another account",
    ),
    "teamDriveHierarchyTooDeep": (
        "folders in the shared drive are nested too deeply",
        "Give the store a folder further up",
    ),
    "domainPolicy": (
        "the administrators of the domain do not allow apps to use Google Drive",
        "Ask them to allow this one",
    ),
    "accessNotConfigured": (
        "the Google Drive API is switched off in the project of the credentials",
        'Enable "Google Drive API" in Google\'s console and wait a few minutes',
    ),
    "insufficientPermissions": ("the credentials do not have the scope this needs", _FULL_ACCESS),
    "appNotAuthorizedToFile": ("the credentials do not have the scope this needs", _FULL_ACCESS),
    "authError": ("Google Drive does not accept the credentials", LOGIN_AGAIN),
}
_FOR_SERVICE_ACCOUNTS: Mapping[str, str] = {
    "storageQuotaExceeded": _NO_STORAGE,
    "insufficientPermissions": "Let the administrator of the domain, or of the project, add the scope for it",
    "appNotAuthorizedToFile": "Let the administrator of the domain, or of the project, add the scope for it",
    "authError": _CHECK_KEY,
}
"""What to do instead of that above: nobody logs in for a service account."""
_NOT_ALLOWED = {"insufficientFilePermissions", "insufficientParentPermissions", "forbidden"}
_SLOW_DOWN = {"userRateLimitExceeded", "rateLimitExceeded", "sharingRateLimitExceeded", "internalError", "backendError"}
_ONE_FILE: Mapping[str, tuple[str, str]] = {
    "cannotDownloadAbusiveFile": (
        "is malware or spam in Google's eyes",
        "If you trust it, set acknowledge_abuse: true on the source",
    ),
    "downloadQuotaExceeded": ("was downloaded too often today, says Google Drive", "Leave it for a day, then retry"),
    "cannotDownloadFile": ("may not be downloaded: its owner does not allow it", "Ask its owner"),
    "fileNotDownloadable": ("has no content of its own to download", ""),
}
_WRITES_OF_ONE_FILE = {"propertyLengthLimitExceeded", "propertyCountLimitExceeded", "fieldNotWritable"}


def refusal(
    response: Mapping[str, str], status: int, content: bytes, *, writing: bool, service_account: bool = False
) -> MediaAssetsError:
    """What an answer that is no success means.

    Args:
        response: Its headers, by name in lower case.
        content: Its body.
        writing: Whether something was to be changed: a missing permission then concerns the place, not one file.
        service_account: Whether the key of a service account was used: what a person can do does not help it.
    """
    code, message = _reason_in(content)
    said = f"{code}: {message}" if code else f"status {status}"
    if code in _STOP or status == 401:
        code = code if code in _STOP else "authError"
        reason, next_step = _STOP[code]
        if service_account:
            next_step = _FOR_SERVICE_ACCOUNTS.get(code, next_step)
        return Fatal(f"{reason} ({said})", next_step=next_step)
    if code in _SLOW_DOWN or status in (408, 429) or status >= 500:
        return Unavailable(
            f"Google Drive asks to be called less or later ({said})",
            next_step="After 750 GB in a day it takes nothing until the next" if "userRate" in code and writing else "",
            retry_after_seconds=_seconds(response.get("retry-after", "")),
        )
    if code in _ONE_FILE:
        reason, next_step = _ONE_FILE[code]
        return Refused(reason, next_step=next_step, code=code)
    if code == "fileIdInUse":
        return IdTaken("Google Drive has a file with this id already")
    if status == 410 or (status == 404 and code):
        return NotFound(f"is not in Google Drive, or not shared with the account ({message})")
    if status == 404:
        return Fatal("nothing at this address speaks Drive v3", next_step="Correct api_endpoint in library.yaml")
    if status == 409 or (status == 403 and not code):  # the latter is a page of the front end, not Drive's own
        return Unavailable(f"Google Drive did not do it this time ({said})")
    if code in _NOT_ALLOWED or status == 403:
        return _not_allowed(code, said, writing=writing)
    return Refused(f"was refused by Google Drive ({said})", code=code)


def _not_allowed(code: str, said: str, *, writing: bool) -> MediaAssetsError:
    if writing and code not in _WRITES_OF_ONE_FILE:
        return NotAllowed(
            f"the account may not write there in Google Drive ({said})",
            next_step="Share the folder with it as an editor, or give the store another folder",
        )
    return Refused(f"was refused by Google Drive ({said})", next_step="Ask its owner to share it", code=code)


def no_answer(error: Exception) -> MediaAssetsError:
    """What it means that a request ended without an answer.

    Args:
        error: What httplib2 or the operating system raised.
    """
    if isinstance(error, ssl.SSLCertVerificationError):
        return Fatal(
            f"the certificate of the server is not trusted ({error.verify_message})",
            next_step="Name the certificates to trust as ca_file in library.yaml",
        )
    if isinstance(error, OSError) and isinstance(known := classify(error), Fatal):
        return known
    detail = "" if isinstance(error, http.client.HTTPException) else f": {error}"
    return Unavailable(f"the connection to Google Drive broke ({type(error).__name__}{detail[:_MESSAGE_CHARACTERS]})")


def login_refused(error: Exception, *, service_account: bool) -> MediaAssetsError:
    """What it means that no access token was to be had.

    Args:
        error: What google-auth raised.
        service_account: Whose: that of a service account, else of a person.
    """
    from google.auth.exceptions import RefreshError

    answer = next((item for item in error.args if isinstance(item, dict) and "error" in item), None)
    if not isinstance(error, RefreshError) or answer is None or getattr(error, "retryable", False):
        return Unavailable(f"Google's login did not answer ({type(error).__name__})")
    said = f"{answer.get('error')}: {answer.get('error_description', 'no more is known')}"[:_MESSAGE_CHARACTERS]
    if answer.get("error") == "unauthorized_client" and service_account:
        next_step = "Let the domain's administrator delegate the scope to the service account, or remove `subject`"
    elif service_account:
        next_step = _CHECK_KEY
    else:
        next_step = LOGIN_AGAIN
    return Fatal(f"Google does not accept the credentials ({said})", next_step=next_step)


def _reason_in(content: bytes) -> tuple[str, str]:
    """`error.errors[].reason` and the message of a body; empty where it has none (a page in HTML)."""
    try:
        error: Any = json.loads(content)["error"]
        first: Any = (error.get("errors") or [{}])[0]
        return str(first.get("reason", "")), str(error.get("message", ""))[:_MESSAGE_CHARACTERS].rstrip(".")
    except (ValueError, LookupError, TypeError, AttributeError):
        return "", ""


def _seconds(retry_after: str) -> float:
    """The header, which is a number of seconds or a date."""
    if retry_after.strip().isdecimal():
        return float(retry_after)
    try:
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - time.time())
    except ValueError:
        return 0.0
