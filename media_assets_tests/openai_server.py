"""A stand-in for an OpenAI-compatible server: real HTTP on loopback, chat completions and the list of models.

It answers every request with a summary that fits the request's own material, unless the script says otherwise: each
fault in `script` is used up by one request, in order. Everything received is kept in `requests`.
"""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Status:
    """An error as OpenAI words them."""

    status: int
    message: str = "something went wrong"
    code: str | None = None
    type: str = "server_error"
    param: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Cut:
    """The connection ends without an answer, or after so many bytes of it."""

    after_bytes: int = 0


@dataclass(frozen=True)
class Silent:
    """The connection stays open and nothing comes, until the server ends."""


@dataclass(frozen=True)
class Raw:
    """Status 200 with any body."""

    body: str
    content_type: str = "application/json"


@dataclass(frozen=True)
class Says:
    """A completion with this text."""

    content: object
    """Text; or what servers put in its place."""
    refusal: str | None = None
    finish_reason: str = "stop"
    extra: Mapping[str, object] = field(default_factory=dict)
    """Further fields of the message."""


@dataclass(frozen=True)
class Body:
    """An error's status with any body."""

    status: int
    body: str
    content_type: str = "application/json"


Fault = Body | Status | Cut | Silent | Raw | Says


@dataclass
class Received:
    """A request as it arrived."""

    path: str
    headers: Mapping[str, str]
    """By name in lower case."""
    body: dict[str, Any]
    dropped: bool = False
    """Whether the beginning was dropped."""

    @property
    def messages(self) -> list[dict[str, str]]:
        messages: list[dict[str, str]] = self.body["messages"]
        return messages

    @property
    def question(self) -> str:
        """The first message of the user."""
        content: Any = next(message["content"] for message in self.messages if message["role"] == "user")
        return content if isinstance(content, str) else "".join(part["text"] for part in content)

    @property
    def material(self) -> str:
        """What stands between the tags of the question."""
        match = re.search(r"\n<(material-\w+)>\n(.*)\n</\1>", self.question, re.DOTALL)
        assert match is not None, f"no material in {self.question!r}"
        return match[2]


@dataclass
class OpenAIServer:
    """State and script of the stand-in; change it between requests as a test needs."""

    base_url: str = ""
    key: str | None = "sk-test-0123456789-secret"
    """What a request has to carry; None takes any. The refusal quotes what was sent, as a careless server might."""
    models: list[str] = field(default_factory=lambda: ["gpt-4o-mini", "gpt-4o"])
    script: list[Fault] = field(default_factory=list)
    context_characters: int | None = None
    """Requests with more are refused as OpenAI does when the context is exceeded."""
    answer_characters: int | None = None
    """Requests with more material get an answer that ends in the middle."""
    refuses: Callable[[dict[str, Any]], Fault | None] | None = None
    """Looks at the body of each request; what it returns is answered."""
    window_tokens: int | None = None
    """Of longer requests the beginning is dropped without a word, as Ollama does; a word is a token here."""
    pages: dict[str, object] = field(default_factory=dict)
    """What stands at other paths than the list of models, by path."""
    model_facts: Mapping[str, object] = field(default_factory=dict)
    """Further fields of each model in the list."""
    prompt_tokens: int = 100
    completion_tokens: int = 20
    usage: object = "counts"
    """What is told in place of these two counts."""
    requests: list[Received] = field(default_factory=list)
    """Of chat completions."""
    others: list[Received] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)

    def next_answer(self, request: Received) -> Fault:
        """What to do with a chat completion."""
        if self.script:
            return self.script.pop(0)
        refusal = self.refuses(request.body) if self.refuses else None
        if refusal is not None:
            return refusal
        length = sum(len(message["content"]) for message in request.messages)
        if self.context_characters is not None and length > self.context_characters:
            message = f"This model's maximum context length is {self.context_characters}, but {length} were sent."
            return Status(400, message, "context_length_exceeded", "invalid_request_error", "messages")
        material = request.material
        if self.window_tokens is not None:
            sent = len(re.findall(r"\w+|[^\w\s]", " ".join(message["content"] for message in request.messages)))
            self.prompt_tokens = min(sent, self.window_tokens)
            if sent > self.window_tokens:
                request.dropped = True
                material = "\n".join(material.splitlines()[-3:])
        answer = json.dumps(summary_of(material))
        if self.answer_characters is not None and len(request.material) > self.answer_characters:
            return Says(answer[:20], finish_reason="length")
        return Says(answer)


def summary_of(material: str) -> dict[str, Any]:
    """A valid answer whose key points quote the first and the last line, so that tests can follow them."""
    lines = [line for line in material.splitlines() if line]
    times = re.findall(r"^\[(\d+:\d\d:\d\d)\]", material, re.MULTILINE)
    if not times:
        times = [json.loads(line)["start"] for line in lines]
    return {
        "title": "A summary by the stand-in",
        "abstract": f"It has {len(lines)} lines.",
        "key_points": [lines[0][-60:], lines[-1][-60:]],
        "chapters": [{"start": times[0], "title": "Beginning"}, {"start": times[-1], "title": "End"}],
        "action_items": [],
        "topics": ["test"],
    }


@contextmanager
def openai_server() -> Iterator[OpenAIServer]:
    """A running server on a port of its own."""
    state = OpenAIServer()

    class Handler(OpenAIHandler):
        server_state = state

    with serving(state, Handler):
        yield state


@contextmanager
def serving(state: OpenAIServer, handler: type[OpenAIHandler]) -> Iterator[None]:
    """A server with this state, which learns its address; also for what answers more than chat completions."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    state.base_url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        state.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()


class OpenAIHandler(BaseHTTPRequestHandler):
    server_state: OpenAIServer
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        self.server_state.others.append(Received(self.path, self.lower_headers(), {}))
        if not self.key_is_right():
            return
        if self.path in self.server_state.pages:
            self.send(200, json.dumps(self.server_state.pages[self.path]))
            return
        if self.path != "/v1/models" or not self.server_state.models:
            self._send_error(Status(404, "not found"))
            return
        listed = [
            {"id": name, "object": "model", "created": 0, "owned_by": "x", **self.server_state.model_facts}
            for name in self.server_state.models
        ]
        self.send(200, json.dumps({"object": "list", "data": listed}))

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        request = Received(self.path, self.lower_headers(), body)
        if self.path != "/v1/chat/completions":
            self.server_state.others.append(request)
            if self.path in self.server_state.pages:
                self.send(200, json.dumps(self.server_state.pages[self.path]))
                return
            self._send_error(Status(404, "not found"))
            return
        self.server_state.requests.append(request)
        if not self.key_is_right():
            return
        answer = self.server_state.next_answer(request)
        if isinstance(answer, Says):
            self.send(200, json.dumps(self._completion(answer)))
        else:
            self.fail(answer)

    def fail(self, answer: Fault) -> None:
        """Do what is no answer in order."""
        if isinstance(answer, Status):
            self._send_error(answer)
        elif isinstance(answer, Body):
            self.send(answer.status, answer.body, answer.content_type)
        elif isinstance(answer, Raw):
            self.send(200, answer.body, answer.content_type)
        elif isinstance(answer, Cut):
            self._cut(answer.after_bytes)
        elif isinstance(answer, Silent):
            self.close_connection = True
            self.server_state.closing.wait(60)

    def lower_headers(self) -> dict[str, str]:
        return {name.lower(): value for name, value in self.headers.items()}

    def key_is_right(self) -> bool:
        sent = self.headers.get("Authorization", "")
        if self.server_state.key is None or sent == f"Bearer {self.server_state.key}":
            return True
        message = f"Incorrect API key provided: {sent.removeprefix('Bearer ')}."
        self._send_error(Status(401, message, "invalid_api_key", "invalid_request_error"))
        return False

    def _completion(self, says: Says) -> dict[str, Any]:
        message = {"role": "assistant", "content": says.content, "refusal": says.refusal, **says.extra}
        state = self.server_state
        counts = {
            "prompt_tokens": state.prompt_tokens,
            "completion_tokens": state.completion_tokens,
            "total_tokens": state.prompt_tokens + state.completion_tokens,
        }
        return {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 0,
            "model": "stand-in",
            "choices": [{"index": 0, "finish_reason": says.finish_reason, "message": message}],
            "usage": counts if state.usage == "counts" else state.usage,
        }

    def _send_error(self, error: Status) -> None:
        body = {"error": {"message": error.message, "type": error.type, "param": error.param, "code": error.code}}
        self.send(error.status, json.dumps(body), headers=error.headers)

    def send(
        self, status: int, body: str, content_type: str = "application/json", headers: Mapping[str, str] | None = None
    ) -> None:
        data = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(data)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def _cut(self, after_bytes: int) -> None:
        self.close_connection = True
        if after_bytes:
            head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
            self.wfile.write(head + b"{" * after_bytes)
            self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)
