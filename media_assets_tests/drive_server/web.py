"""Requests and answers, free of sockets: what the API's methods take and give."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from media_assets_tests.drive_server.errors import ApiError, invalid
from media_assets_tests.drive_server.model import Caller


class Reads(Protocol):
    """Where a body comes from."""

    def read(self, size: int, /) -> bytes: ...


class BodyEnded(Exception):
    """The client, or a fault, ended the body before its announced length."""


class Body:
    """The body of a request, read once and in pieces.

    Args:
        stream: The connection.
        length: `Content-Length`.
        cut_after: End it after so many bytes, as if the connection had broken.

    Attributes:
        on_read: Told the size of each piece when it has been read, which is before any answer to it.
    """

    def __init__(self, stream: Reads, length: int, cut_after: int | None = None) -> None:
        self._stream = stream
        self.length = length
        self.left = length
        self.cut_after = cut_after
        self.on_read: Callable[[int], None] = lambda _: None

    def read(self, size: int) -> bytes:
        """Up to `size` bytes; fewer only at the end, or at a break, after which `left` stays above 0."""
        size = min(size, self.left)
        if self.cut_after is not None:
            size = min(size, self.cut_after - (self.length - self.left))
        data = self._stream.read(size) if size > 0 else b""
        self.left -= len(data)
        self.on_read(len(data))
        return data

    def read_all(self) -> bytes:
        """All of it.

        Raises:
            BodyEnded: It broke off.
        """
        data = self.read(self.left)
        if self.left:
            raise BodyEnded
        return data

    def drain(self) -> None:
        """Throws away what was not read yet, so that an answer can follow."""
        while self.left and self.read(1 << 20):
            pass
        if self.left:
            raise BodyEnded


@dataclass
class Request:
    """A request as it arrived, with the method of the API that it is for."""

    method: str
    """As in `files.list`; uploads by session are `files.upload_chunk` and `files.upload_status`."""
    verb: str
    path: str
    params: Mapping[str, str]
    headers: Mapping[str, str]
    """By name in lower case."""
    body: Body
    path_id: str = ""
    """The id in the path, if there is one."""
    keep_bytes: int | None = None
    """Of a chunk: store no more than this."""

    def flag(self, name: str) -> bool:
        """A boolean parameter."""
        value = self.params.get(name, "false")
        if value not in ("true", "false"):
            raise invalid(name)
        return value == "true"

    def number(self, name: str, default: int, maximum: int) -> int:
        """A parameter from 1 to `maximum`."""
        text = self.params.get(name, str(default))
        if not text.isdecimal() or not 1 <= int(text) <= maximum:
            raise invalid(name, f"Invalid value '{text}'. Values must be within the range: [1, {maximum}]")
        return int(text)

    @property
    def all_drives(self) -> bool:
        return self.flag("supportsAllDrives") or self.flag("supportsTeamDrives")

    def json(self) -> dict[str, Any]:
        """The body as a JSON object; {} when it is empty."""
        return json_object(self.body.read_all())


@dataclass
class Answer:
    """Status, headers and body. A body that is no `bytes` comes in pieces of `length` bytes together."""

    status: int = 200
    body: bytes | Iterator[bytes | memoryview] = b""
    headers: dict[str, str] = field(default_factory=dict)
    length: int = -1

    def __post_init__(self) -> None:
        if isinstance(self.body, bytes):
            self.length = len(self.body)


class Handles(Protocol):
    """A method of the API."""

    def __call__(self, request: Request, caller: Caller, /) -> Answer: ...


def json_answer(value: Any, status: int = 200) -> Answer:
    """An answer in JSON."""
    headers = {"Content-Type": "application/json; charset=UTF-8", "Cache-Control": "no-cache, no-store, max-age=0"}
    return Answer(status, json.dumps(value).encode(), headers)


def error_answer(error: ApiError) -> Answer:
    """An error in Drive's form."""
    return Answer(error.status, error.body(), {"Content-Type": "application/json; charset=UTF-8"} | error.headers)


def json_object(data: bytes) -> dict[str, Any]:
    """A JSON object from a body."""
    if not data.strip():
        return {}
    try:
        value = json.loads(data)
    except ValueError:
        raise ApiError("parseError") from None
    if not isinstance(value, dict):
        raise ApiError("parseError")
    return value
