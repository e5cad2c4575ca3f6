"""Uploads by session: start, chunks, status, end, expiry.

A session keeps whole units of 256 KiB of what arrives, whatever happens to the connection, and hashes as it stores.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from media_assets_tests.drive_server import edits
from media_assets_tests.drive_server.contents import PIECE_BYTES, Content, NotKept, OnDisk
from media_assets_tests.drive_server.errors import ApiError
from media_assets_tests.drive_server.model import Caller, Item
from media_assets_tests.drive_server.state import DriveState
from media_assets_tests.drive_server.web import Answer, Body, BodyEnded, Request

UNIT_BYTES = 256 * 1024
SESSION_LIFETIME = timedelta(days=7)

_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)")


@dataclass
class Session:
    """An upload under way."""

    id: str
    caller: Caller
    target: str | None
    """The file to update; None to create one."""
    metadata: Mapping[str, Any]
    params: Mapping[str, str]
    all_drives: bool
    content_type: str
    total: int | None
    """Bytes, as announced; None when nobody said yet."""
    expires_at: datetime
    path: Path | None
    """Where the bytes go; None to hash and forget them."""
    stored: int = 0
    item: Item | None = None
    """Set when it is finished."""
    cancelled: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)
    digests: dict[str, Any] = field(
        default_factory=lambda: {n: hashlib.new(n, usedforsecurity=False) for n in ("md5", "sha256")}
    )

    def store(self, start: int, data: bytes) -> None:
        """Appends bytes.

        Raises:
            BodyEnded: Another request went on with the session meanwhile; this one is too late.
        """
        with self.lock:
            if self.stored != start or self.item is not None:
                raise BodyEnded
            self._append(data)

    def _append(self, data: bytes) -> None:
        for digest in self.digests.values():
            digest.update(data)
        if self.path is not None:
            with self.path.open("ab") as file:
                file.write(data)
        self.stored += len(data)

    def content(self) -> Content:
        checksums = {name: digest.hexdigest() for name, digest in self.digests.items()}
        return OnDisk(self.path, checksums) if self.path else NotKept(self.stored, checksums)


class Uploads:
    """All sessions.

    Args:
        state: Where finished uploads go.
        directory: Where their bytes go; None keeps none of them.
    """

    def __init__(self, state: DriveState, directory: Path | None) -> None:
        self.state = state
        self.directory = directory
        self.sessions: dict[str, Session] = {}
        self.issued: list[str] = []
        """The id of every session there ever was."""

    def start(self, request: Request, caller: Caller) -> Session:
        """Begins a session, after every check that can be made before the bytes come."""
        metadata = request.json()
        announced = request.headers.get("x-upload-content-length")
        total = int(announced) if announced is not None else None
        target = request.path_id or None
        if target is None:
            edits.check_create(self.state, caller, metadata, total, all_drives=request.all_drives)
        else:
            item = edits.check_update(
                self.state, caller, target, metadata, request.params, all_drives=request.all_drives
            )
            owner = Caller(item.owner, caller.scopes)
            edits.check_space(self.state, owner, item.drive_id, (total or 0) - item.size)
        session_id = self.state.new_id("AP", 60)
        path = None
        if self.directory is not None:
            path = self.directory / session_id
            path.touch()
        self.issued.append(session_id)
        self.sessions[session_id] = session = Session(
            id=session_id,
            caller=caller,
            target=target,
            metadata=metadata,
            params=request.params,
            all_drives=request.all_drives,
            content_type=request.headers.get("x-upload-content-type", ""),
            total=total,
            expires_at=self.state.now() + SESSION_LIFETIME,
            path=path,
        )
        return session

    def put(self, request: Request) -> Item | Answer:
        """A chunk, or a question how far the upload came. Gives the file once it is whole.

        Raises:
            ApiError: `notFound` for a session that is over, 503 for a chunk that leaves a gap.
        """
        session = self.sessions.get(request.params.get("upload_id", ""))
        if session is None or session.cancelled or self.state.now() >= session.expires_at:
            request.body.drain()
            raise ApiError("notFound")
        return self._put(session, request)

    def cancel(self, request: Request) -> Answer:
        """Ends a session; Drive answers with this odd status."""
        session = self.sessions.get(request.params.get("upload_id", ""))
        if session is None:
            raise ApiError("notFound")
        session.cancelled = True
        return Answer(499)

    def _put(self, session: Session, request: Request) -> Item | Answer:
        if session.item is not None:
            request.body.drain()
            return session.item
        start, stop, total = _content_range(request)
        if total is not None:
            if session.total not in (None, total):
                return _refusal(request.body, f"Failed to parse Content-Range header: total is not {session.total}.")
            session.total = total
        if start is not None:
            refusal = self._store(session, request, start, stop)
            if refusal is not None:
                return refusal
        with session.lock:
            if session.item is None and session.stored != session.total:
                return _incomplete(session)
            return session.item or self._finish(session)

    def _store(self, session: Session, request: Request, start: int, stop: int) -> Answer | None:
        """Stores what is new of a chunk from `start` to before `stop`."""
        body = request.body
        last = stop == session.total
        if stop - start != body.length or (session.total is not None and stop > session.total):
            return _refusal(body, "Invalid request. Content-Range and Content-Length disagree.")
        if not last and body.length < UNIT_BYTES:
            return _refusal(
                body,
                f"Invalid request. The number of bytes uploaded is required to be equal or greater than {UNIT_BYTES}, "
                "except for the final request (it's recommended to be the exact multiple of "
                f"{UNIT_BYTES}). The received request contained {body.length} bytes, which does not meet this "
                "requirement.",
            )
        at = session.stored
        if start > at:
            body.drain()
            raise ApiError("backendError")
        _skip(body, at - start)
        limit = stop if last else stop - stop % UNIT_BYTES
        if request.keep_bytes is not None:
            limit = min(limit, at + request.keep_bytes)
            limit -= limit % UNIT_BYTES
        _take(session, body, at, limit)
        body.drain()
        return None

    def _finish(self, session: Session) -> Item:
        content = session.content()
        if session.target is None:
            item = edits.create(
                self.state,
                session.caller,
                session.metadata,
                content,
                session.content_type,
                all_drives=session.all_drives,
            )
        else:
            item = edits.update(
                self.state,
                session.caller,
                session.target,
                session.metadata,
                content,
                session.content_type,
                params=session.params,
                all_drives=session.all_drives,
            )
        session.item = item
        return item


def _content_range(request: Request) -> tuple[int | None, int, int | None]:
    """Start, stop and total in bytes; start is None for a question, total None when it is not known yet."""
    text = request.headers.get("content-range")
    if text is None:
        return 0, request.body.length, request.body.length
    match = _RANGE.fullmatch(text)
    if match is None:
        request.body.drain()
        raise ApiError("badRequest", "Failed to parse Content-Range header.")
    start, end, total = match.groups()
    size = None if total == "*" else int(total)
    return (None, 0, size) if start is None else (int(start), int(end) + 1, size)


def _incomplete(session: Session) -> Answer:
    """308: go on behind the end of `Range`; without `Range` nothing is stored."""
    return Answer(308, headers={"Range": f"bytes=0-{session.stored - 1}"} if session.stored else {})


def _refusal(body: Body, message: str) -> Answer:
    """A 400 of the upload front end, which speaks plain text."""
    body.drain()
    return Answer(400, message.encode(), {"Content-Type": "text/plain; charset=utf-8"})


def _skip(body: Body, count: int) -> None:
    """Reads over bytes that are stored already."""
    while count > 0 and (data := body.read(min(count, PIECE_BYTES))):
        count -= len(data)


def _take(session: Session, body: Body, at: int, limit: int) -> None:
    """Stores the body from offset `at` to `limit`; of a piece that breaks off, whole units.

    Nobody waits for a body that does not come: the session is locked only while a piece is stored.
    """
    while at < limit:
        wanted = min(PIECE_BYTES, limit - at)
        data = body.read(wanted)
        if len(data) < wanted:
            session.store(at, data[: len(data) - (at + len(data)) % UNIT_BYTES])
            raise BodyEnded
        session.store(at, data)
        at += len(data)
