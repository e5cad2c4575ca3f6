"""Fetching ahead, with real threads: what is fetched when, how long it is held, and how it ends."""

from __future__ import annotations

import http.server
import logging
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from media_assets.base.errors import Cancelled, Transient
from media_assets.pipeline.prefetch import Prefetcher
from media_assets.places.cache.cache import FetchCache
from media_assets.places.cache.settings import CacheSettings
from media_assets_tests.places.cache.caches import cache_in, is_cached

PATIENCE_SECONDS = 60


class Fetches:
    """Notes what is begun, held and let go; each fetch may be made to wait or to fail."""

    def __init__(self, keys: str) -> None:
        self.keys = keys
        self.begun: list[str] = []
        self.held: set[str] = set()
        self.gates: dict[str, threading.Event] = {}
        self.errors: dict[str, Exception] = {}
        self._change = threading.Condition()

    def __iter__(self) -> Iterator[tuple[str, Callable[[], AbstractContextManager[None]]]]:
        for key in self.keys:
            yield key, lambda key=key: self._fetch(key)  # type: ignore[misc]

    @contextmanager
    def _fetch(self, key: str) -> Iterator[None]:
        with self._change:
            self.begun.append(key)
            self._change.notify_all()
        if key in self.gates:
            assert self.gates[key].wait(PATIENCE_SECONDS)
        if key in self.errors:
            raise self.errors[key]
        with self._change:
            self.held.add(key)
            self._change.notify_all()
        yield
        with self._change:
            self.held.remove(key)
            self._change.notify_all()

    def until(self, condition: Callable[[], bool]) -> None:
        with self._change:
            assert self._change.wait_for(condition, PATIENCE_SECONDS), (self.begun, self.held)

    def hold(self, *keys: str) -> None:
        """Wait until exactly these are held."""
        self.until(lambda: self.held == set(keys))


def prefetcher(fetches: Fetches, ahead: int, cancelled: threading.Event | None = None, threads: int = 2) -> Prefetcher:
    return Prefetcher(iter(fetches), ahead, cancelled or threading.Event(), threads=threads)


# ----------------------------------------------------------------------------------------------- what is held


def test_the_next_files_are_held_and_no_more(tmp_path: Path) -> None:
    fetches = Fetches("abcdef")
    with prefetcher(fetches, 3) as ahead:
        fetches.hold("a", "b", "c")
        ahead.taken("a")
        fetches.hold("b", "c", "d")
        ahead.taken("b")
        ahead.taken("c")
        fetches.hold("d", "e", "f")
        assert sorted(fetches.begun) == list("abcdef")


def test_files_are_fetched_in_the_order_of_their_turns() -> None:
    fetches = Fetches("abcdef")
    with prefetcher(fetches, 6, threads=1):
        fetches.hold(*"abcdef")
    assert fetches.begun == list("abcdef")


def test_two_are_fetched_at_a_time() -> None:
    fetches = Fetches("abc")
    fetches.gates = {key: threading.Event() for key in "abc"}
    with prefetcher(fetches, 3):
        fetches.until(lambda: set(fetches.begun) == {"a", "b"})
        fetches.gates["b"].set()
        fetches.until(lambda: set(fetches.begun) == {"a", "b", "c"})
        for gate in fetches.gates.values():
            gate.set()
        fetches.hold("a", "b", "c")


def test_a_file_whose_turn_came_is_not_fetched_any_more() -> None:
    fetches = Fetches("abcd")
    fetches.gates["a"] = threading.Event()
    with prefetcher(fetches, 2, threads=1) as ahead:
        fetches.until(lambda: fetches.begun == ["a"])
        ahead.taken("b")
        ahead.taken("c")
        fetches.gates["a"].set()
        fetches.hold("a", "d")
    assert fetches.begun == ["a", "d"]


def test_a_file_whose_turn_comes_while_it_is_fetched_is_fetched_to_its_end_and_let_go() -> None:
    fetches = Fetches("ab")
    fetches.gates["a"] = threading.Event()
    with prefetcher(fetches, 1, threads=1) as ahead:
        fetches.until(lambda: fetches.begun == ["a"])
        ahead.taken("a")
        fetches.gates["a"].set()
        fetches.hold("b")


def test_all_is_let_go_at_the_end() -> None:
    fetches = Fetches("abc")
    with prefetcher(fetches, 3):
        fetches.hold("a", "b", "c")
    assert fetches.held == set()


def test_all_is_let_go_when_the_batch_fails() -> None:
    fetches = Fetches("abc")
    with pytest.raises(Transient), prefetcher(fetches, 3):
        fetches.hold("a", "b", "c")
        raise Transient("broke")
    assert fetches.held == set()


# ----------------------------------------------------------------------------------------------- how it ends


def test_nothing_is_begun_after_the_batch_was_cancelled() -> None:
    fetches, cancelled = Fetches("abc"), threading.Event()
    fetches.gates["a"] = threading.Event()
    with prefetcher(fetches, 3, cancelled, threads=1) as ahead:
        fetches.until(lambda: fetches.begun == ["a"])
        cancelled.set()
        fetches.gates["a"].set()
        ahead.taken("a")
    assert fetches.begun == ["a"]
    assert fetches.held == set()


def test_an_end_without_a_beginning_of_any_fetch_is_one() -> None:
    with prefetcher(Fetches(""), 3):
        pass
    fetches = Fetches("abc")
    with prefetcher(fetches, 0):
        pass
    assert fetches.begun == []


def test_errors_are_only_noted_by_their_class_and_the_next_file_is_fetched(caplog: pytest.LogCaptureFixture) -> None:
    fetches = Fetches("abc")
    fetches.errors = {"a": Transient("the network broke"), "b": KeyError("unforeseen")}
    with caplog.at_level(logging.DEBUG, "media_assets"), prefetcher(fetches, 3, threads=1):
        fetches.hold("c")
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("DEBUG", "fetching a ahead: Transient"),
        ("DEBUG", "fetching b ahead: KeyError"),
    ]


# ----------------------------------------------------------------------------------------------- with the cache


class SlowServer(http.server.ThreadingHTTPServer):
    """Sends half of each file, and the rest when it may go on."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _SlowRequest)
        self.half_sent, self.may_go_on = threading.Event(), threading.Event()
        self.requests: list[str] = []


class _SlowRequest(http.server.BaseHTTPRequestHandler):
    server: SlowServer

    def do_GET(self) -> None:
        self.server.requests.append(self.path)
        self.send_response(200)
        self.send_header("Content-Length", "200000")
        self.end_headers()
        self.wfile.write(b"x" * 100_000)
        self.wfile.flush()
        self.server.half_sent.set()
        self.server.may_go_on.wait(PATIENCE_SECONDS)
        self.wfile.write(b"y" * 100_000)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def server() -> Iterator[SlowServer]:
    with SlowServer() as slow:
        thread = threading.Thread(target=slow.serve_forever, args=(0.01,))
        thread.start()
        yield slow
        slow.may_go_on.set()
        slow.shutdown()
        thread.join()


def downloading(server: SlowServer, key: str, check: Callable[[], None]) -> Callable[[Path], None]:
    def fetch(destination: Path) -> None:
        partial = destination.with_name(destination.name + ".partial")
        url = f"http://127.0.0.1:{server.server_address[1]}/{key}"
        with urllib.request.urlopen(url, timeout=PATIENCE_SECONDS) as answer, partial.open("wb") as file:
            while piece := answer.read1(10_000):
                check()
                file.write(piece)
        partial.replace(destination)

    return fetch


def kept(
    cache: FetchCache, server: SlowServer, keys: str, check: Callable[[], None]
) -> Iterator[tuple[str, Callable[[], AbstractContextManager[None]]]]:
    for key in keys:
        yield key, lambda key=key: cache.keep(key, 200_000, downloading(server, key, check))  # type: ignore[misc]


def test_a_file_that_is_on_its_way_when_its_turn_comes_is_downloaded_once(tmp_path: Path, server: SlowServer) -> None:
    cache = cache_in(tmp_path)
    with Prefetcher(kept(cache, server, "a", lambda: None), 1, threading.Event()) as ahead:
        assert server.half_sent.wait(PATIENCE_SECONDS)
        ahead.taken("a")
        lease = cache.lease("a", 200_000, downloading(server, "a", lambda: None), check=server.may_go_on.set)
        with lease as path:  # `check` is called once it waits
            assert path.read_bytes() == b"x" * 100_000 + b"y" * 100_000
    assert server.requests == ["/a"]
    assert (cache.counts.hits, cache.counts.misses) == (1, 1)


def test_a_download_stops_at_once_when_the_batch_is_cancelled_and_leaves_its_half(
    tmp_path: Path, server: SlowServer
) -> None:
    cache, cancelled, stopped = cache_in(tmp_path), threading.Event(), threading.Event()

    def check() -> None:
        if cancelled.is_set():
            stopped.set()
            raise Cancelled("the batch was stopped")

    with Prefetcher(kept(cache, server, "abc", check), 3, cancelled, threads=1):
        assert server.half_sent.wait(PATIENCE_SECONDS)
        cancelled.set()
        server.may_go_on.set()
        assert stopped.wait(PATIENCE_SECONDS)
    assert server.requests == ["/a"]
    assert [path.suffix for path in (tmp_path / "cache" / "files").iterdir()] == [".partial"]


def test_what_has_no_room_in_the_cache_is_left_to_its_turn(tmp_path: Path, server: SlowServer) -> None:
    server.may_go_on.set()
    cache = FetchCache(tmp_path / "cache", CacheSettings(max_bytes=500_000), 0)
    last = threading.Event()

    def fetches() -> Iterator[tuple[str, Callable[[], AbstractContextManager[None]]]]:
        yield from kept(cache, server, "abc", lambda: None)
        last.set()

    with Prefetcher(fetches(), 9, threading.Event(), threads=1):
        assert last.wait(PATIENCE_SECONDS)  # half of the cache holds one of them
        assert server.requests == ["/a"]
        assert is_cached(cache, "a", " " * 200_000)
