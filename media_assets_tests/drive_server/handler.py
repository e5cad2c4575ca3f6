"""HTTP: one request after the other from a connection, and what a fault does to it."""

from __future__ import annotations

import socket
import ssl
import struct
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from media_assets_tests.drive_server.counters import Received
from media_assets_tests.drive_server.errors import BAD_GATEWAY_HTML, ApiError
from media_assets_tests.drive_server.faults import AFTERWARDS, EVERYTHING, Fault
from media_assets_tests.drive_server.model import Caller
from media_assets_tests.drive_server.routes import NOBODY, Route, allowed
from media_assets_tests.drive_server.web import Answer, Body, BodyEnded, Request, error_answer, json_answer

if TYPE_CHECKING:
    from media_assets_tests.drive_server.server import DriveServer

_ANONYMOUS = Caller("user", frozenset())
_HTML = {"Content-Type": "text/html; charset=UTF-8"}
_UPLOADS = ("files.create", "files.update", "files.upload_chunk")


class Handler(BaseHTTPRequestHandler):
    """Reads requests, lets faults happen, and writes answers."""

    protocol_version = "HTTP/1.1"
    server_version = "drive-stand-in"
    disable_nagle_algorithm = True
    drive: DriveServer

    def do_GET(self) -> None:
        """Every verb is handled alike."""
        try:
            self._handle()
        except BodyEnded:
            self._reset()
        except (ConnectionError, TimeoutError, ssl.SSLError):  # the client went away
            self.close_connection = True

    do_POST = do_PATCH = do_PUT = do_DELETE = do_GET

    def log_message(self, format: str, *args: Any) -> None:
        """The counters have it all."""

    # ---------------------------------------------------------------------------------------- reading

    def _handle(self) -> None:
        body = Body(self.rfile, int(self.headers.get("Content-Length") or 0))
        address = urlsplit(self.path)
        params = dict(parse_qsl(address.query, keep_blank_values=True))
        verb = self.command
        if "X-HTTP-Method-Override" in self.headers:  # an address too long for a GET
            verb = self.headers["X-HTTP-Method-Override"]
            params |= dict(parse_qsl(body.read_all().decode(), keep_blank_values=True))
        found = self.drive.routes.find(verb, address.path, params)
        if found is None:
            body.drain()
            self._send(Answer(404, b"Not Found", {"Content-Type": "text/html"}))
            return
        route, path_id = found
        headers = {name.lower(): value for name, value in self.headers.items()}
        name = route.name
        if name == "files.upload_chunk" and headers.get("content-range", "").startswith("bytes */"):
            name = "files.upload_status"
        request = Request(name, verb, address.path, params, headers, body, path_id)
        self.drive.advance(self.drive.seconds_per_request)
        fault = self.drive.faults.choose(name, path_id or None, _possible(request))
        if name == "files.list" and any(
            f"'{each}' in parents" in params.get("q", "") for each in self.drive.unlistable
        ):
            fault = "insufficientFilePermissions"
        self.drive.counters.received(Received(name, verb, address.path, params, headers, body.length, fault))
        if name in _UPLOADS:
            body.on_read = lambda size: self.drive.counters.moved(up=size)
        self._with_fault(route, request, fault)

    # ---------------------------------------------------------------------------------------- faults

    def _with_fault(self, route: Route, request: Request, fault: str | None) -> None:
        if fault == Fault.STORED_LESS:
            request.keep_bytes = request.body.length // 2
            fault = None
        if fault is None or fault in AFTERWARDS:
            self._afterwards(fault, self._answer(route, request), is_content=request.method == "files.download")
        elif fault == Fault.CUT_REQUEST and request.body.length:
            request.body.cut_after = request.body.length // 2
            self._answer(route, request)
            self._reset()
        elif fault in (Fault.RESET, Fault.CUT_REQUEST):
            self._reset()
        else:
            request.body.drain()
            if fault == Fault.CLOSED:
                self.close_connection = True
            else:
                self._send(self._failure(fault))

    def _afterwards(self, fault: str | None, answer: Answer, *, is_content: bool) -> None:
        """Answers, or does not, when all was done."""
        if fault == Fault.ANSWER_RESET:
            self._reset()
        elif fault == Fault.ANSWER_LOST or (fault == Fault.CUT_ANSWER and answer.length < 2):
            self.close_connection = True
        elif fault == Fault.NOT_JSON:
            self._send(Answer(200, BAD_GATEWAY_HTML.encode(), _HTML))
        elif fault == Fault.EMPTY:
            self._send(json_answer({}))
        else:
            if fault == Fault.SLOW and answer.length < 2:
                time.sleep(self.drive.faults.random_faults.slow_seconds)
            self._send(answer, fault, is_content=is_content)

    def _failure(self, kind: str) -> Answer:
        if kind == Fault.BAD_GATEWAY:
            return Answer(502, BAD_GATEWAY_HTML.encode(), _HTML)
        if kind == Fault.TOO_MANY:
            seconds = str(self.drive.faults.random_faults.retry_after_seconds)
            return error_answer(ApiError("rateLimitExceeded", status=429, headers={"Retry-After": seconds}))
        if kind == Fault.UNAUTHORIZED:
            return error_answer(ApiError(kind, location="Authorization", location_type="header"))
        return error_answer(ApiError(kind))

    def _reset(self) -> None:
        """Ends the connection with a TCP reset: it goes out when the last reader of the socket is closed."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    # ---------------------------------------------------------------------------------------- answering

    def _answer(self, route: Route, request: Request) -> Answer:
        """What the API says; a request without a right to it is read to its end all the same."""
        try:
            caller = self._caller(route, request)
            answer = route.handle(request, caller)
        except ApiError as error:
            answer = error_answer(error)
        request.body.drain()
        return answer

    def _caller(self, route: Route, request: Request) -> Caller:
        authorization = request.headers.get("authorization")
        if route.scopes == NOBODY and (authorization is None or route.name.startswith("oauth.")):
            return _ANONYMOUS
        caller = self.drive.accounts.caller(authorization)
        if not allowed(caller, route):
            raise ApiError("insufficientPermissions")
        return caller

    def _send(self, answer: Answer, fault: str | None = None, *, is_content: bool = False) -> None:
        head = [f"HTTP/1.1 {answer.status} {self.responses.get(answer.status, ('Client Closed Request',))[0]}"]
        head += [f"{name}: {value}" for name, value in answer.headers.items()]
        head += [f"Date: {self.date_time_string()}", f"Content-Length: {answer.length}"]
        if answer.status in (204, 308):  # neither has a body, and 308 says so
            head[-1] = "Content-Length: 0"
        self.wfile.write("\r\n".join([*head, "", ""]).encode("latin-1"))
        middle, sent = answer.length // 2, 0
        for piece in _pieces(answer):
            if fault is not None and sent <= middle < sent + len(piece):
                self._write(piece[: middle - sent], is_content=is_content)
                if fault == Fault.CUT_ANSWER:
                    self.close_connection = True
                    return
                time.sleep(self.drive.faults.random_faults.slow_seconds)
                self._write(piece[middle - sent :], is_content=is_content)
            else:
                self._write(piece, is_content=is_content)
            sent += len(piece)

    def _write(self, piece: bytes | memoryview, *, is_content: bool) -> None:
        """Sends a piece that was counted before, so that what a client has is never more than what was counted."""
        if is_content:
            self.drive.counters.moved(down=len(piece))
        self.wfile.write(piece)


def _pieces(answer: Answer) -> Iterator[bytes | memoryview]:
    if isinstance(answer.body, bytes):
        yield answer.body
    else:
        yield from answer.body


def _possible(request: Request) -> frozenset[Fault]:
    """The faults that can happen to a request."""
    possible = set(EVERYTHING)
    if request.method != "files.upload_chunk":
        possible.discard(Fault.STORED_LESS)
    if request.body.length < 2:
        possible.discard(Fault.CUT_REQUEST)
    if "authorization" not in request.headers:
        possible.discard(Fault.UNAUTHORIZED)
    return frozenset(possible)
