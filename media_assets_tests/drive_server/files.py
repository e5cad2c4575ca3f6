"""The methods of `files`, except `list`: metadata, content, and every kind of change."""

from __future__ import annotations

import re
from collections.abc import Callable

from media_assets_tests.drive_server import edits
from media_assets_tests.drive_server.contents import Content
from media_assets_tests.drive_server.errors import ApiError, invalid
from media_assets_tests.drive_server.masks import parse_fields, select, wanted
from media_assets_tests.drive_server.model import Caller, Item
from media_assets_tests.drive_server.one_request import one_request
from media_assets_tests.drive_server.resources import DEFAULT_FILE, file_json
from media_assets_tests.drive_server.state import DriveState
from media_assets_tests.drive_server.uploads import Uploads
from media_assets_tests.drive_server.web import Answer, Request, json_answer

EXPORT_LIMIT_BYTES = 10_000_000


class Files:
    """What a client can do to a file."""

    def __init__(self, state: DriveState, uploads: Uploads, server_url: Callable[[], str]) -> None:
        self.state = state
        self.uploads = uploads
        self.server_url = server_url

    def get(self, request: Request, caller: Caller) -> Answer:
        """`files.get`, metadata only."""
        return self._resource(request, caller, self._item(request, caller))

    def download(self, request: Request, caller: Caller) -> Answer:
        """`files.get` with `alt=media`."""
        item = self._item(request, caller)
        if item.content is None:
            raise ApiError("fileNotDownloadable", location="alt")
        if item.abusive and not request.flag("acknowledgeAbuse"):
            raise ApiError("cannotDownloadAbusiveFile", location="alt")
        if item.download_quota_used_up:
            raise ApiError("downloadQuotaExceeded")
        return _content(item.content, item.mime_type, request.headers.get("range"))

    def export(self, request: Request, caller: Caller) -> Answer:
        """`files.export`."""
        item = self._item(request, caller)
        if item.content is not None or not item.export:
            raise ApiError("fileNotExportable")
        if len(item.export) > EXPORT_LIMIT_BYTES:
            raise ApiError("exportSizeLimitExceeded")
        return Answer(200, item.export, {"Content-Type": request.params.get("mimeType", "text/plain")})

    def generate_ids(self, request: Request, _caller: Caller) -> Answer:
        """`files.generateIds`."""
        ids = [self.state.new_id() for _ in range(request.number("count", 10, 1000))]
        with self.state.lock:
            self.state.reserved_ids.update(ids)
        return json_answer({"kind": "drive#generatedIds", "space": "drive", "ids": ids})

    def create(self, request: Request, caller: Caller) -> Answer:
        """`files.create`, with content in the same request, by session, or without."""
        kind = _upload_type(request)
        if kind == "resumable":
            return self._start(request, caller)
        metadata, content, content_type = one_request(request) if kind else (request.json(), None, "")
        item = edits.create(self.state, caller, metadata, content, content_type, all_drives=request.all_drives)
        return self._resource(request, caller, item)

    def update(self, request: Request, caller: Caller) -> Answer:
        """`files.update`, in the same three ways."""
        kind = _upload_type(request)
        if kind == "resumable":
            return self._start(request, caller)
        metadata, content, content_type = one_request(request) if kind else (request.json(), None, "")
        item = edits.update(
            self.state,
            caller,
            request.path_id,
            metadata,
            content,
            content_type,
            params=request.params,
            all_drives=request.all_drives,
        )
        return self._resource(request, caller, item)

    def put_chunk(self, request: Request, caller: Caller) -> Answer:
        """A chunk of a session, or a question about it. The session's own address is all it takes to be let in."""
        result = self.uploads.put(request)
        return result if isinstance(result, Answer) else self._resource(request, caller, result)

    def cancel_upload(self, request: Request, _caller: Caller) -> Answer:
        """Gives a session up."""
        return self.uploads.cancel(request)

    def copy(self, request: Request, caller: Caller) -> Answer:
        """`files.copy`."""
        metadata = request.json()
        item = self._item(request, caller)
        if item.is_folder:
            raise ApiError("cannotCopyFile")
        parents = [item.parent] if item.parent else []
        defaults = {"name": f"Copy of {item.name}", "mimeType": item.mime_type, "parents": parents}
        properties = {"appProperties": dict(item.app_properties) | metadata.get("appProperties", {})}
        copied = edits.create(
            self.state, caller, defaults | metadata | properties, item.content, all_drives=request.all_drives
        )
        return self._resource(request, caller, copied)

    def delete(self, request: Request, caller: Caller) -> Answer:
        """`files.delete`: for good, past the trash."""
        with self.state.lock:
            item = self.state.get_writable(caller, request.path_id, all_drives=request.all_drives)
            if item.parent is None:
                raise ApiError("insufficientFilePermissions")
            self.state.remove(item)
        return Answer(204)

    def _start(self, request: Request, caller: Caller) -> Answer:
        session = self.uploads.start(request, caller)
        location = f"{self.server_url()}{request.path}?uploadType=resumable&upload_id={session.id}"
        fields = request.params.get("fields")
        return Answer(200, headers={"Location": f"{location}&fields={fields}" if fields else location})

    def _item(self, request: Request, caller: Caller) -> Item:
        return self.state.get(caller, request.path_id, all_drives=request.all_drives)

    def _resource(self, request: Request, caller: Caller, item: Item) -> Answer:
        tree = parse_fields(request.params.get("fields", DEFAULT_FILE), "File")
        return json_answer(select(file_json(self.state, caller, item, wanted(tree)), tree))


def _upload_type(request: Request) -> str | None:
    """`media`, `multipart`, `resumable`; None for metadata alone."""
    if not request.path.startswith(("/upload/", "/resumable/")):
        return None
    kind = request.params.get("uploadType")
    if kind not in ("media", "multipart", "resumable"):
        raise invalid("uploadType")
    return kind


def _content(content: Content, mime_type: str, range_header: str | None) -> Answer:
    """The whole of a content, or the range asked for."""
    headers = {"Content-Type": mime_type, "Accept-Ranges": "bytes"}
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", range_header or "")
    if match is None or match.groups() == ("", ""):
        return Answer(200, content.pieces(0, content.size), headers, content.size)
    first, last = match.groups()
    if first:
        start, stop = int(first), min(int(last) + 1, content.size) if last else content.size
    else:
        start, stop = max(0, content.size - int(last)), content.size
    if start >= stop:
        raise ApiError(
            "requestedRangeNotSatisfiable",
            location="Range",
            location_type="header",
            headers={"Content-Range": f"bytes */{content.size}"},
        )
    headers["Content-Range"] = f"bytes {start}-{stop - 1}/{content.size}"
    return Answer(206, content.pieces(start, stop), headers, stop - start)
