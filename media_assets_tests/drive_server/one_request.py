"""Uploads in a single request: content alone (`media`), or metadata and content (`multipart`)."""

from __future__ import annotations

import re
from typing import Any

from media_assets_tests.drive_server.contents import Bytes, Content
from media_assets_tests.drive_server.errors import ApiError
from media_assets_tests.drive_server.web import Request, json_object

MULTIPART_BYTES = 5 * 1024 * 1024


def one_request(request: Request) -> tuple[dict[str, Any], Content, str]:
    """Metadata, content and content type of an upload without a session."""
    declared = request.headers.get("content-type", "")
    if request.body.length > MULTIPART_BYTES:
        request.body.drain()
        raise ApiError("uploadTooLarge")
    data = request.body.read_all()
    if request.params["uploadType"] == "media":
        return {}, Bytes(data), declared
    boundary = re.search(r'boundary="?([^";]+)"?', declared)
    if not declared.startswith("multipart/related") or boundary is None:
        raise ApiError("badRequest", "Multipart bodies must be multipart/related with a boundary.")
    parts = re.split(rb"(?:^|\r?\n)--" + re.escape(boundary[1].encode()) + rb"(?:--)?(?:\r?\n|$)", data)[1:-1]
    if len(parts) != 2:
        raise ApiError("badRequest", "Multipart content has to have exactly two parts.")
    (_, metadata), (headers, content) = (re.split(rb"\r?\n\r?\n", part, maxsplit=1) for part in parts)
    content_type = re.search(rb"(?im)^content-type:\s*([^\r\n]+)", headers)
    return json_object(metadata), Bytes(content), content_type[1].decode() if content_type else ""
