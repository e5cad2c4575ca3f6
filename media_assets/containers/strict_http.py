"""HTTP/1.1 for the gate, read strictly: a request that two readers could understand differently is no request.

Python's own server is lenient (folded headers, bare line feeds, `//` at the start of a path); that is right for
browsers, and wrong for a gate.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from http.client import responses
from io import BufferedIOBase
from typing import Any

from media_assets.containers.run_container import RefusedRun

_LINE_BYTES = 8_000
_HEADERS = 50
_BODY_BYTES = 1_000_000
_REQUEST = re.compile(rb"(GET|POST) (/[!-~]*) HTTP/1\.1\r\n")
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([ -~\t]*?)[ \t]*\r\n")
_CHANGE_THE_CONNECTION = {"transfer-encoding", "upgrade", "expect", "trailer", "te"}


@dataclass(frozen=True)
class Request:
    """Its target is as it was sent, the query included; its headers are not kept."""

    method: str
    target: str
    body: bytes


def read_request(stream: BufferedIOBase) -> Request | None:
    """One request; None if the connection was closed instead.

    Raises:
        Refused: It is not as plain as it could be.
    """
    line = stream.readline(_LINE_BYTES)
    if not line:
        return None
    request = _REQUEST.fullmatch(line)
    if request is None:
        raise RefusedRun("not a plain request of HTTP/1.1")
    length = _length(_headers(stream))
    body = stream.read(length)
    if len(body) < length:
        raise RefusedRun("its body ended early")
    return Request(request[1].decode("ascii"), request[2].decode("ascii"), body)


def _headers(stream: BufferedIOBase) -> dict[str, str]:
    found: dict[str, str] = {}
    for _ in range(_HEADERS):
        line = stream.readline(_LINE_BYTES)
        if line == b"\r\n":
            return found
        header = _HEADER.fullmatch(line)
        if header is None:
            raise RefusedRun("a header that is not plain")
        name = header[1].decode("ascii").lower()
        if name in found:
            raise RefusedRun(f"the header {name} stands twice")
        found[name] = header[2].decode("ascii")
    raise RefusedRun("too many headers")


def _length(headers: dict[str, str]) -> int:
    if odd := sorted(_CHANGE_THE_CONNECTION & set(headers)):
        raise RefusedRun(f"the header {', '.join(odd)}: not needed for runs")
    length = headers.get("content-length", "0")
    if re.fullmatch("[0-9]{1,7}", length) is None or int(length) > _BODY_BYTES:
        raise RefusedRun("a body of a length that no run container has")
    return int(length)


def write_answer(stream: BufferedIOBase, status: int, body: Any) -> None:
    """An answer after which the connection is closed. A text is sent as it is, None as nothing, the rest as JSON."""
    content = b"" if body is None else (body if isinstance(body, str) else json.dumps(body)).encode()
    head = [f"HTTP/1.1 {status} {responses.get(status, '')}", "Connection: close"]
    if status not in (204, 304):
        kind = "text/plain" if isinstance(body, str) else "application/json"
        head += [f"Content-Type: {kind}", f"Content-Length: {len(content)}"]
    else:
        content = b""
    stream.write("\r\n".join([*head, "", ""]).encode("ascii") + content)
