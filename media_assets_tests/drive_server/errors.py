"""The errors of Drive: reason, status and wording of each, and the JSON they travel in.

Clients are expected to read `error.errors[].reason`, not the status, so the reason is the key here.
"""

from __future__ import annotations

import json
from typing import NamedTuple


class Wording(NamedTuple):
    """What goes with a reason."""

    status: int
    message: str
    domain: str = "global"


_USAGE = "usageLimits"

REASONS: dict[str, Wording] = {
    # slow down
    "userRateLimitExceeded": Wording(403, "User Rate Limit Exceeded.", _USAGE),
    "rateLimitExceeded": Wording(403, "Rate Limit Exceeded.", _USAGE),
    "sharingRateLimitExceeded": Wording(403, "Rate limit exceeded. User message: these item(s) could not be shared."),
    "downloadQuotaExceeded": Wording(403, "The download quota for this file has been exceeded."),
    # stop
    "storageQuotaExceeded": Wording(403, "The user's Drive storage quota has been exceeded."),
    "quotaExceeded": Wording(403, "The usage quota of this project has been exceeded.", _USAGE),
    "dailyLimitExceeded": Wording(403, "Daily Limit Exceeded.", _USAGE),
    "teamDriveFileLimitExceeded": Wording(403, "The file limit for this shared drive has been exceeded."),
    "numChildrenInNonRootLimitExceeded": Wording(403, "The limit for this folder's number of children was exceeded."),
    "domainPolicy": Wording(403, "The domain administrators have disabled Drive apps."),
    "accessNotConfigured": Wording(
        403, "Google Drive API has not been used in project 1 before or it is disabled.", _USAGE
    ),
    # not allowed
    "insufficientPermissions": Wording(403, "Request had insufficient authentication scopes."),
    "appNotAuthorizedToFile": Wording(403, "The user has not granted the app access to the file."),
    "insufficientFilePermissions": Wording(403, "The user does not have sufficient permissions for this file."),
    "insufficientParentPermissions": Wording(403, "Insufficient permissions for the specified parent."),
    "cannotDownloadAbusiveFile": Wording(
        403, "This file has been identified as malware or spam and cannot be downloaded."
    ),
    "fileNotDownloadable": Wording(
        403, "Only files with binary content can be downloaded. Use Export with Docs Editors files."
    ),
    "fileNotExportable": Wording(403, "Export only supports Docs Editors files."),
    "exportSizeLimitExceeded": Wording(403, "This file is too large to be exported."),
    "cannotCopyFile": Wording(403, "This file cannot be copied by the user."),
    # the request is wrong
    "fieldNotWritable": Wording(403, "The resource body includes fields which are not directly writable."),
    "propertyLengthLimitExceeded": Wording(403, "The combined length of a property's key and value is above 124."),
    "propertyCountLimitExceeded": Wording(403, "The limit of properties per app was exceeded."),
    "parentNotAFolder": Wording(403, "The specified parent is not a folder."),
    "cannotAddParent": Wording(403, "Increasing the number of parents is not allowed."),
    "teamDrivesParentLimit": Wording(403, "A shared drive item must have exactly one parent."),
    "includeTeamDriveItemsRequired": Wording(
        403, "The includeItemsFromAllDrives parameter must be set to true when a shared drive is searched."
    ),
    "invalid": Wording(400, "Invalid Value"),
    "invalidParameter": Wording(400, "Invalid field selection"),
    "badRequest": Wording(400, "Bad Request"),
    "required": Wording(400, "A required parameter is missing."),
    "parseError": Wording(400, "Parse Error"),
    "fileIdInUse": Wording(409, "A file already exists with the provided ID."),
    "uploadTooLarge": Wording(413, "Uploads of this type may not be larger than 5 MB."),
    "requestedRangeNotSatisfiable": Wording(416, "Request range not satisfiable"),
    "notFound": Wording(404, "Not Found"),
    "pageTokenExpired": Wording(410, "The page token has expired."),
    # who are you
    "authError": Wording(401, "Invalid Credentials"),
    # the service is ill
    "internalError": Wording(500, "Internal Error"),
    "backendError": Wording(503, "Backend Error"),
}

BAD_GATEWAY_HTML = (
    "<!DOCTYPE html><html lang=en><title>Error 502 (Server Error)!!1</title>"
    "<p><b>502.</b> <ins>That’s an error.</ins><p>The server encountered a temporary error.</html>"
)
"""What the front end says when it cannot reach Drive: no JSON."""


class ApiError(Exception):
    """A refusal with Drive's own reason.

    Args:
        reason: A key of `REASONS`.
        message: Instead of the usual one.
        status: Instead of the usual one (`rateLimitExceeded` comes as 403 and as 429).
        location: What of the request was wrong (`fileId`, `q`, `Authorization` …).
        location_type: `parameter` or `header`.
        headers: More headers of the answer.
    """

    def __init__(
        self,
        reason: str,
        message: str | None = None,
        *,
        status: int | None = None,
        location: str | None = None,
        location_type: str = "parameter",
        headers: dict[str, str] | None = None,
    ) -> None:
        wording = REASONS[reason]
        self.reason = reason
        self.status = status or wording.status
        self.message = message or wording.message
        self.domain = wording.domain
        self.location = location
        self.location_type = location_type
        self.headers = headers or {}
        super().__init__(f"{self.status} {reason}: {self.message}")

    def body(self) -> bytes:
        """The JSON that Drive sends."""
        error = {"message": self.message, "domain": self.domain, "reason": self.reason}
        if self.location is not None:
            error |= {"location": self.location, "locationType": self.location_type}
        return json.dumps({"error": {"errors": [error], "code": self.status, "message": self.message}}).encode()


def not_found(file_id: str) -> ApiError:
    """Drive answers this for what does not exist and for what the caller may not see alike."""
    return ApiError("notFound", f"File not found: {file_id}.", location="fileId")


def invalid(parameter: str, message: str | None = None) -> ApiError:
    """A parameter with a value that cannot be."""
    return ApiError("invalid", message, location=parameter)
