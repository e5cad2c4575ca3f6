"""Resumable uploads: chunk after chunk into a session that outlives connections and processes.

Its address needs no credentials, so it is a secret: it is written to the journal alone, never to a log or an error.
Google's client has a loop of its own, which cannot take up a session of another process and hangs when it repeats a
chunk. After any doubt the server is asked how much it has; what was sent counts for nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from media_assets.base.errors import Transient
from media_assets.places.drive.api.bodies import FilePart
from media_assets.places.drive.api.calls import DriveCalls
from media_assets.places.drive.api.errors import Unavailable
from media_assets.places.drive.api.private_files import read_private, write_private

_SESSIONS = 3
"""So many may be lost before the upload is left for later."""


class _SessionLost(Exception):
    """The server does not know the session any more: they last a week."""


class UploadSession:
    """One resumable upload, which another process can take up.

    Args:
        request: Makes the request that a session begins with.
        journal: Where its address is kept until the upload is done.
        purpose: What the upload is for: a journal for something else is not followed.
        check: Called before every piece that is sent; what it raises ends the upload, which can be taken up later.
    """

    def __init__(
        self,
        api: DriveCalls,
        request: Callable[[Any], Any],
        file: BinaryIO,
        *,
        size_bytes: int,
        mime_type: str,
        journal: Path,
        purpose: str,
        check: Callable[[], None],
    ) -> None:
        self._api = api
        self._request = request
        self._file = file
        self._size_bytes = size_bytes
        self._mime_type = mime_type
        self._journal = journal
        self._purpose = purpose
        self._check = check
        self._uri = ""
        self._stored: int | None = None
        """Bytes the server has; None: it has to be asked."""

    def run(self) -> dict[str, Any]:
        """The file as Drive describes it when it has all of it.

        Raises:
            IdTaken, NotFound, Unavailable, Fatal: as `DriveApi.call`.
            Transient: one session after the other was lost.
        """
        for _ in range(_SESSIONS):
            try:
                answer = self._send()
            except _SessionLost:
                self._journal.unlink(missing_ok=True)
                continue
            self._journal.unlink(missing_ok=True)
            return answer
        raise Transient(f"Google Drive lost the upload {_SESSIONS} times")

    def _send(self) -> dict[str, Any]:
        self._open()
        answer = None
        while answer is None:
            before = -1 if self._stored is None else self._stored
            answer = self._api.retries.run(partial(self._advance, before), self._check)
        return answer

    # ---------------------------------------------------------------------------------------- the session

    def _open(self) -> None:
        try:
            known = read_private(self._journal) or {}
        except ValueError:
            known = {}
        if known.get("purpose") == self._purpose:
            self._uri, self._stored = str(known["session"]), None
            return
        self._uri, self._stored = self._api.retries.run(self._begin, self._check), 0
        write_private(self._journal, {"purpose": self._purpose, "session": self._uri})

    def _begin(self) -> str:
        request = self._request(self._api.service)
        headers = {
            **request.headers,
            "X-Upload-Content-Type": self._mime_type,
            "X-Upload-Content-Length": str(self._size_bytes),
            "content-length": str(len(request.body)),
        }
        response, content = self._api.transport.request(request.uri, request.method, request.body, headers)
        if response.status == 200 and "location" in response:
            return str(response["location"])
        if response.status < 300:
            raise Unavailable("Google Drive began no upload")
        raise self._api.refusal(response, response.status, content, writing=True)

    # ---------------------------------------------------------------------------------------- its chunks

    def _advance(self, before: int) -> dict[str, Any] | None:
        """Bring the server from `before` bytes to more; the file, once it has all.

        It is repeated until then. So retries are counted from chunk to chunk, but not from one failure to the next.
        """
        if self._stored is None:
            answer = self._put(f"bytes */{self._size_bytes}", b"", 0)
            if answer is not None or self._has_more_than(before):
                return answer
        start = self._stored or 0
        stop = min(start + self._api.access.chunk_bytes, self._size_bytes)
        self._stored = None
        chunk = FilePart(self._file, start, stop, self._check)
        answer = self._put(f"bytes {start}-{stop - 1}/{self._size_bytes}", chunk, stop - start)
        if answer is None and not self._has_more_than(before):
            raise Unavailable("Google Drive took nothing of what it was sent")
        return answer

    def _has_more_than(self, before: int) -> bool:
        return self._stored is not None and self._stored > before

    def _put(self, content_range: str, body: Any, length: int) -> dict[str, Any] | None:
        headers = {"content-range": content_range, "content-length": str(length)}
        response, content = self._api.transport.request(self._uri, "PUT", body, headers)
        if response.status == 308:
            self._stored = _end_of(response)
            return None
        if response.status in (404, 410):
            raise _SessionLost
        if response.status >= 300:
            raise self._api.refusal(response, response.status, content, writing=True)
        return _file_in(content)


def _end_of(response: Mapping[str, str]) -> int:
    """How many bytes the server has. Without the header it has none, whatever was sent."""
    match = re.fullmatch(r"bytes=0-(\d+)", response.get("range", ""))
    return int(match[1]) + 1 if match else 0


def _file_in(content: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(content)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise Unavailable("Google Drive answered with something that is no JSON")
    return answer
