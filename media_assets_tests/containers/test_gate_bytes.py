"""What the gate reads is what Docker reads: bodies in one way only, and requests byte by byte."""

from __future__ import annotations

import json
import re
import socket
import threading
from pathlib import Path
from typing import Any

import docker
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media_assets.containers.gate import Gate
from media_assets.containers.run_container import RefusedRun
from media_assets_tests import go_json
from media_assets_tests.containers.docker_engine import ALLOWED, COMMAND, Engine, run_container

# ------------------------------------------------------------------------------------------ read in one way only


def body_of(**changes: Any) -> str:
    """What the client sends for a run container."""
    version = "1.41"
    kwargs = run_container(**changes)
    kwargs["version"] = version
    created = docker.models.containers._create_container_args(kwargs)
    host = created.pop("host_config")
    return json.dumps(
        {
            "Image": created["image"],
            "Cmd": created["command"],
            "Env": docker.utils.format_environment(created["environment"]),
            "Labels": created["labels"],
            "HostConfig": dict(host),
            "NetworkingConfig": {"stack": None},
            "Tty": False,
        }
    )


def with_host(text: str) -> str:
    """The body with this at the end of HostConfig."""
    return body_of().replace('"HostConfig": {', f'"HostConfig": {{{text}, ', 1)


TWICE_READ: dict[str, str | bytes] = {
    "HostConfig twice": body_of()[:-1] + ', "HostConfig": {"Privileged": true}}',
    "another HostConfig first": '{"HostConfig": {"Privileged": true}, ' + body_of()[1:],
    "true, then null": with_host('"Privileged": true, "Privileged": null'),
    "in small letters": with_host('"privileged": true'),
    "HOSTCONFIG": body_of()[:-1] + ', "HOSTCONFIG": {"Binds": ["/:/host"]}}',
    "a long s": with_host('"Bindſ": ["/:/host"]'),
    "written in escapes": with_host('"\\u0050rivileged": true'),
    "null": with_host('"Privileged": null'),
    "memory twice": with_host('"Memory": 9999999999999'),
    "memory in small letters": with_host('"memory": 9999999999999'),
    "labels twice": body_of()[:-1] + ', "Labels": {"traefik.enable": "true"}}',
    "half of a pair": body_of().replace("a=b", "\\ud800"),
    "a zero in the command": body_of().replace("ExecuteRunArgs", "\\u0000"),
    "a number that is none": with_host('"Memory": NaN'),
    "a fraction": body_of().replace('"CpuQuota": 200000', '"CpuQuota": 200000.0'),
    "true for one": body_of().replace('"PidsLimit": 1000', '"PidsLimit": true'),
    "one for true": body_of().replace('"ReadonlyRootfs": true', '"ReadonlyRootfs": 1'),
    "UTF-16": body_of().encode("utf-16"),
    "with a byte order mark": b"\xef\xbb\xbf" + body_of().encode(),
    "something behind it": body_of() + "{}",
    "a list": f"[{body_of()}]",
    "very deep": "[" * 200_000,
    "nothing": "",
    "not UTF-8": body_of().encode().replace(b"a=b", b"\xff"),
}


@pytest.mark.parametrize("name", TWICE_READ)
def test_a_body_that_can_be_read_in_two_ways_is_refused(name: str, engine: Engine, gate: str) -> None:
    body = TWICE_READ[name]
    status, answer = sent(gate, create(body if isinstance(body, bytes) else body.encode()))
    assert (status, "refused by the gate" in answer) == (403, True), answer
    assert engine.asked == []


def test_the_decoder_of_these_tests_sees_what_docker_sees() -> None:
    for name in ("HostConfig twice", "true, then null", "in small letters", "written in escapes"):
        assert go_json.decoded(TWICE_READ[name])["HostConfig"]["Privileged"] is True, name
    for name in ("HOSTCONFIG", "a long s"):
        assert go_json.decoded(TWICE_READ[name])["HostConfig"]["Binds"] == ["/:/host"], name
    assert "Privileged" not in go_json.decoded(TWICE_READ["null"])["HostConfig"]


KEYS = [*go_json.CONTAINER, *go_json.CONTAINER["HostConfig"], "EndpointsConfig", "stack", "dagster/run_id", "x"]
VALUES = st.one_of(
    st.sampled_from([None, True, False, 0, 1, -1, 100000, 2**70, "", "host", "stack", "ALL", "media-assets:latest"]),
    st.sampled_from([[], {}, ["ALL"], ["stack-code"], ["/:/host"], COMMAND, {"/tmp": ""}, {"Privileged": True}]),
)


@st.composite
def spelled(draw: st.DrawFn) -> str:
    """A key as JSON, in some case, some letters as escapes or as letters that fold into them."""
    key = draw(st.sampled_from(KEYS))
    key = draw(st.sampled_from([key, key, key.lower(), key.upper(), key.swapcase()]))
    key = "".join(draw(st.sampled_from([letter, letter, *ALIKE.get(letter, ())])) for letter in key)
    return draw(st.sampled_from([json.dumps(key), json.dumps(key, ensure_ascii=False), escaped(key)]))


ALIKE = {"s": "ſ", "k": "K"}


def escaped(key: str) -> str:
    return '"' + "".join(f"\\u{ord(letter):04x}" for letter in key) + '"'


@st.composite
def bodies(draw: st.DrawFn) -> str:
    """A run container with other values, with keys added or repeated, in it or in one of its objects."""
    text = body_of(
        mem_limit=draw(st.integers(1, ALLOWED.memory_bytes + 1)),
        cpu_quota=draw(st.integers(1, 200_001)),
        environment={"POSTGRES_PASSWORD": draw(st.text(st.characters(exclude_categories=["Cs"])))},
    )
    for _ in range(draw(st.sampled_from([0, 0, 1, 1, 2]))):
        places = [match.end() for match in re.finditer(r"{(?=\")", text)]
        place = draw(st.sampled_from(places))
        text = text[:place] + draw(st.one_of(members(), st.sampled_from(MEMBERS))) + ", " + text[place:]
    return text


@st.composite
def members(draw: st.DrawFn) -> str:
    return f"{draw(spelled())}: {json.dumps(draw(VALUES))}"


MEMBERS = re.findall(r'"\w+": (?:"[^"]*"|true|false|null|\d+|\[[^]]*\]|{})', body_of())
"""Of a run container, to stand twice."""


@settings(max_examples=400, deadline=None)
@given(bodies())
def test_whatever_passes_is_to_docker_what_was_checked(body: str) -> None:
    try:
        passed = ALLOWED.rebuilt(body.encode())
    except RefusedRun:
        return
    seen, plain = go_json.decoded(passed), json.loads(passed)
    assert seen == plain, "every key is one of Docker's, as it writes it, and stands once"
    # … and nothing that was meant is lost on the way.
    asked = go_json.decoded(body)
    assert {name: value for name, value in asked.items() if name not in ("NetworkingConfig", "Tty")} == seen
    host = seen.pop("HostConfig")
    assert set(seen) <= {"Image", "Cmd", "Env", "Labels"}
    assert set(host) <= HARMLESS
    assert (seen["Image"], host["NetworkMode"], host["VolumesFrom"]) == ("media-assets:latest", "stack", ["stack-code"])
    assert (host["CapDrop"], host["SecurityOpt"]) == (["ALL"], ["no-new-privileges:true"])
    assert 0 < host["Memory"] <= ALLOWED.memory_bytes
    assert 0 < host["CpuQuota"] <= 2 * host["CpuPeriod"] == 200_000
    assert 0 < host["PidsLimit"] <= 1000


HARMLESS = {"NetworkMode", "VolumesFrom", "CapDrop", "SecurityOpt", "ReadonlyRootfs", "Tmpfs", "Init", "AutoRemove"}
HARMLESS |= {"Memory", "CpuQuota", "CpuPeriod", "PidsLimit"}


# ------------------------------------------------------------------------------------------ requests, byte by byte


def create(body: bytes, head: bytes = b"", path: bytes = b"/v1.41/containers/create") -> bytes:
    length = b"Content-Length: %d\r\n" % len(body)
    return b"POST " + path + b" HTTP/1.1\r\nHost: docker\r\n" + length + head + b"\r\n" + body


def sent(gate: str, request: bytes) -> tuple[int, str]:
    """The status and all that comes back until the gate closes; 0 if it says nothing."""
    host, port = gate.removeprefix("tcp://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        answer = connection.makefile("rb").read().decode()
    return int(answer.split(" ")[1]) if answer else 0, answer


SOUND = body_of().encode()
ODD_REQUESTS = {
    "no version": create(SOUND, path=b"/containers/create"),
    "an old version": create(SOUND, path=b"/v1.23/containers/create"),
    "a version with more": create(SOUND, path=b"/v1.41.1/containers/create"),
    "a version of letters": create(SOUND, path=b"/vX/containers/create"),
    "two slashes": create(SOUND, path=b"//v1.41/containers/create"),
    "two slashes inside": create(SOUND, path=b"/v1.41//containers/create"),
    "a slash at the end": create(SOUND, path=b"/v1.41/containers/create/"),
    "a name": create(SOUND, path=b"/v1.41/containers/create?name=postgres"),
    "an empty query": create(SOUND, path=b"/v1.41/containers/create?"),
    "a platform": create(SOUND, path=b"/v1.41/containers/create?platform=x"),
    "a fragment": create(SOUND, path=b"/v1.41/containers/create#x"),
    "an absolute target": create(SOUND, path=b"http://docker/v1.41/containers/create"),
    "dots": create(SOUND, path=b"/v1.41/images/../containers/create"),
    "encoded dots": create(SOUND, path=b"/v1.41/images/%2e%2e/containers/create"),
    "an encoded slash": b"GET /v1.41/containers/cli%2fjson HTTP/1.1\r\n\r\n",
    "an encoded letter": create(SOUND, path=b"/v1.41/containers/%63reate"),
    "other letters": create(SOUND, path=b"/v1.41/Containers/create"),
    "a size of the container": b"GET /v1.41/containers/cli/json?size=1 HTTP/1.1\r\n\r\n",
    "an export": b"GET /v1.41/containers/cli/export HTTP/1.1\r\n\r\n",
    "a list": b"GET /v1.41/containers/json HTTP/1.1\r\n\r\n",
    "a wait of a signal": b"POST /v1.41/containers/cli/stop?t=1&signal=KILL HTTP/1.1\r\n\r\n",
    "a wait for ever": b"POST /v1.41/containers/cli/stop?t=-1 HTTP/1.1\r\n\r\n",
    "a body for the start": create(b'{"Privileged": true}', path=b"/v1.41/containers/cli/start"),
    "a hijack": b"POST /v1.41/containers/cli/attach HTTP/1.1\r\nUpgrade: tcp\r\nConnection: Upgrade\r\n\r\n",
    "an upgrade": create(SOUND, b"Upgrade: h2c\r\n"),
    "chunks": create(SOUND, b"Transfer-Encoding: chunked\r\n"),
    "identity": create(SOUND, b"Transfer-Encoding: identity\r\n"),
    "two lengths": create(SOUND, b"Content-Length: 0\r\n"),
    "a list of lengths": create(SOUND).replace(b"Content-Length: ", b"Content-Length: 5, "),
    "a length with a sign": create(SOUND).replace(b"Content-Length: ", b"Content-Length: +"),
    "a length that is huge": create(SOUND).replace(b"Content-Length: ", b"Content-Length: 9"),
    "a length in other digits": create(SOUND, "X-Length: ١\r\n".encode()),
    "a folded header": create(SOUND, b"X: a\r\n b\r\n"),
    "a blank before the colon": create(SOUND, b"X : a\r\n"),
    "a bare line feed": create(SOUND, b"X: a\n"),
    "a zero": create(SOUND, b"X: a\0b\r\n"),
    "a zero in the path": create(SOUND, path=b"/v1.41/containers/create\0"),
    "an expectation": create(SOUND, b"Expect: 100-continue\r\n"),
    "a header without end": create(SOUND, b"X: " + b"a" * 100_000 + b"\r\n"),
    "many headers": create(SOUND, b"".join(b"X%d: a\r\n" % number for number in range(200))),
    "a path without end": create(SOUND, path=b"/" + b"a" * 100_000),
    "another method": create(SOUND).replace(b"POST", b"PUT"),
    "a method in small letters": create(SOUND).replace(b"POST", b"post"),
    "HTTP/1.0": create(SOUND).replace(b"HTTP/1.1", b"HTTP/1.0"),
    "HTTP/0.9": b"GET /version\r\n\r\n",
    "a tab": create(SOUND).replace(b"POST ", b"POST\t"),
    "a body that is shorter": create(SOUND)[:-1],
    "a container with a blank": b"GET /v1.41/containers/a b/json HTTP/1.1\r\n\r\n",
}


@pytest.mark.parametrize("name", ODD_REQUESTS)
def test_a_request_that_is_not_plain_or_not_needed_is_refused(name: str, engine: Engine, gate: str) -> None:
    status, answer = sent(gate, ODD_REQUESTS[name])
    assert status == 403, answer
    assert engine.asked == []


def test_what_comes_behind_a_request_is_not_looked_at_and_headers_are_not_handed_on(engine: Engine, gate: str) -> None:
    request = create(SOUND, b"X-Registry-Auth: secret\r\nConnection: keep-alive\r\n")
    status, answer = sent(gate, request + b"GET /version HTTP/1.1\r\n\r\n")
    assert status == 201
    assert answer.count("HTTP/1.1") == 1
    assert engine.asked == ["POST /v1.41/containers/create"]
    assert engine.bodies != [SOUND], "written anew"
    assert go_json.decoded(engine.bodies[0])["HostConfig"] == go_json.decoded(SOUND)["HostConfig"]


def test_a_docker_that_does_not_answer_is_named(tmp_path: Path) -> None:
    with Gate(("127.0.0.1", 0), str(tmp_path / "none.sock"), ALLOWED) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        status, answer = sent(f"tcp://127.0.0.1:{server.server_address[1]}", b"GET /_ping HTTP/1.1\r\n\r\n")
        server.shutdown()
    assert status == 502
    assert "Docker does not answer the gate" in answer
