"""The cache of fetched files: bounded, shared by processes, and never pulled away from under a reader."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from media_assets.cache import FetchCache
from media_assets.errors import Fatal, Transient
from media_assets.settings import CacheSettings
from media_assets_tests.toy_library import processes

NO_LIMIT = 10**9


def cache_in(
    folder: Path, *, max_bytes: int = NO_LIMIT, max_age_days: float = 14, min_free_bytes: int = 0
) -> FetchCache:
    settings = CacheSettings(max_bytes=max_bytes, max_age_days=max_age_days)
    return FetchCache(folder / "cache", settings, min_free_bytes)


def fetching(text: str, fetched: list[str] | None = None) -> Callable[[Path], None]:
    """As a source does it: the file appears complete or not at all."""

    def fetch(destination: Path) -> None:
        if fetched is not None:
            fetched.append(text)
        partial = destination.with_name(destination.name + ".partial")
        partial.write_text(text)
        partial.replace(destination)

    return fetch


def is_cached(cache: FetchCache, identity: str, text: str) -> bool:
    """Asking makes it be cached, so ask once."""
    fetched: list[str] = []
    with cache.lease(identity, len(text), fetching(text, fetched)):
        return not fetched


def test_a_file_is_fetched_once(tmp_path: Path) -> None:
    cache, fetched = cache_in(tmp_path), list[str]()
    for _ in range(3):
        with cache.lease("a", 4, fetching("text", fetched)) as path:
            assert path.read_text() == "text"
    assert fetched == ["text"]
    assert (cache.counts.hits, cache.counts.misses) == (2, 1)


def test_another_version_is_another_file(tmp_path: Path) -> None:
    cache = cache_in(tmp_path)
    with cache.lease("a@1", 3, fetching("one")) as one, cache.lease("a@2", 3, fetching("two")) as two:
        assert (one.read_text(), two.read_text()) == ("one", "two")


def test_many_threads_that_want_one_file_fetch_it_once(tmp_path: Path) -> None:
    cache, fetched = cache_in(tmp_path), list[str]()
    together = threading.Barrier(6)

    def read(_: int) -> str:
        together.wait()
        with cache.lease("a", 4, fetching("text", fetched)) as path:
            return path.read_text()

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(read, range(6))) == ["text"] * 6
    assert fetched == ["text"]


def test_a_broken_fetch_is_taken_up_where_it_stopped(tmp_path: Path) -> None:
    cache = cache_in(tmp_path)

    def break_off(destination: Path) -> None:
        destination.with_name(destination.name + ".partial").write_text("first ")
        raise Transient("the network broke")

    def resume(destination: Path) -> None:
        partial = destination.with_name(destination.name + ".partial")
        partial.write_text(partial.read_text() + "second")
        partial.replace(destination)

    with pytest.raises(Transient), cache.lease("a", 12, break_off):
        pass
    with cache.lease("a", 12, resume) as path:
        assert path.read_text() == "first second"


def test_what_was_used_longest_ago_makes_room_first(tmp_path: Path) -> None:
    cache = cache_in(tmp_path, max_bytes=30)
    for number, name in enumerate("abc"):
        with cache.lease(name, 10, fetching(name * 10)) as path:
            os.utime(path.parent / "used", (time.time() - 100 + number,) * 2)
    with cache.lease("a", 10, fetching("a" * 10)):
        pass
    with cache.lease("d", 10, fetching("d" * 10)):
        pass
    assert cache.counts.evicted_bytes == 10
    assert is_cached(cache, "a", "a" * 10)
    assert is_cached(cache, "c", "c" * 10)
    assert is_cached(cache, "d", "d" * 10)
    assert not is_cached(cache, "b", "b" * 10)


def test_only_as_much_is_evicted_as_is_needed(tmp_path: Path) -> None:
    cache = cache_in(tmp_path, max_bytes=30)
    for name in "abc":
        with cache.lease(name, 10, fetching(name * 10)):
            pass
    with cache.lease("d", 15, fetching("d" * 15)):
        pass
    assert cache.counts.evicted_bytes == 20


def test_an_unfinished_fetch_counts_and_can_be_evicted(tmp_path: Path) -> None:
    cache = cache_in(tmp_path, max_bytes=20)

    def break_off(destination: Path) -> None:
        destination.with_name(destination.name + ".partial").write_text("x" * 15)
        raise Transient("the network broke")

    with pytest.raises(Transient), cache.lease("a", 15, break_off):
        pass
    with cache.lease("b", 10, fetching("b" * 10)):
        pass
    assert cache.counts.evicted_bytes == 15


def test_what_nobody_used_for_long_goes_when_something_new_comes(tmp_path: Path) -> None:
    cache = cache_in(tmp_path, max_age_days=1)
    for name in "ab":
        with cache.lease(name, 10, fetching(name * 10)) as path:
            pass
    os.utime(path.parent / "used", (time.time() - 2 * 86_400,) * 2)
    with cache.lease("c", 10, fetching("c" * 10)):
        pass
    assert cache.counts.evicted_bytes == 10
    assert is_cached(cache, "a", "a" * 10)


def test_a_file_in_use_is_never_evicted(tmp_path: Path) -> None:
    cache, other = cache_in(tmp_path, max_bytes=10), cache_in(tmp_path, max_bytes=10)
    with cache.lease("a", 10, fetching("a" * 10)) as first, cache.lease("a", 10, fetching("a" * 10)):
        with other.lease("b", 10, fetching("b" * 10)) as second:
            assert first.read_text() == "a" * 10
            assert second.read_text() == "b" * 10
        with cache.lease("c", 10, fetching("c" * 10)):
            assert first.exists()
            assert not second.exists()


def test_the_end_of_one_use_does_not_end_another(tmp_path: Path) -> None:
    cache = cache_in(tmp_path, max_bytes=10)
    with cache.lease("a", 10, fetching("a" * 10)) as path:
        with cache.lease("a", 10, fetching("a" * 10)):
            pass
        with cache.lease("b", 10, fetching("b" * 10)):
            assert path.exists()


def hold(folder: Path) -> None:
    """The target of a child process: uses a file until it is killed."""
    with cache_in(folder, max_bytes=10).lease("a", 10, fetching("a" * 10)) as path:
        (folder / "path").write_text(str(path))
        (folder / "path").rename(folder / "held")
        time.sleep(60)


def test_a_file_that_another_process_uses_is_evicted_only_after_that_process_is_gone(tmp_path: Path) -> None:
    child = processes().Process(target=hold, args=(tmp_path,))
    child.start()
    while not (tmp_path / "held").exists():
        assert child.is_alive()
        time.sleep(0.01)
    held = Path((tmp_path / "held").read_text())
    cache = cache_in(tmp_path, max_bytes=10)
    with cache.lease("b", 10, fetching("b" * 10)):
        pass
    assert held.exists()
    child.kill()
    child.join()
    with cache.lease("c", 10, fetching("c" * 10)):
        pass
    assert not held.exists()


def churn(folder: Path, seed: int) -> None:
    """The target of a child process: everybody wants more than there is room for."""
    cache = cache_in(folder, max_bytes=25)
    for number in range(60):
        name = "abcdef"[(number * (seed + 2) + seed) % 6]
        with cache.lease(name, 10, fetching(name * 10)) as path:
            if path.read_text() != name * 10:
                os._exit(3)


def test_processes_that_crowd_each_other_out_always_find_what_they_asked_for(tmp_path: Path) -> None:
    children = [processes().Process(target=churn, args=(tmp_path, seed)) for seed in range(3)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    assert [child.exitcode for child in children] == [0, 0, 0]


@pytest.mark.parametrize("error", [None, Transient("broke")])
def test_a_lease_leaves_no_locks_of_its_own_behind(tmp_path: Path, error: Transient | None) -> None:
    cache = cache_in(tmp_path)
    try:
        with cache.lease("a", 4, fetching("text")):
            if error:
                raise error
    except Transient:
        pass
    assert not list(tmp_path.rglob("use-*"))


def test_a_file_that_leaves_too_little_of_the_disk_is_fatal_and_not_fetched(tmp_path: Path) -> None:
    fetched: list[str] = []
    cache = cache_in(tmp_path, min_free_bytes=10**18)
    lease = cache.lease("a", 4, fetching("text", fetched))
    with pytest.raises(Fatal, match=r"no room in .* for 4 bytes") as caught, lease:
        pass
    assert "min_free_bytes" in caught.value.next_step
    assert fetched == []


def test_room_is_made_on_the_disk_before_giving_up(tmp_path: Path) -> None:
    with cache_in(tmp_path).lease("a", 4, fetching("text")) as path:
        pass
    with pytest.raises(Fatal), cache_in(tmp_path, min_free_bytes=10**18).lease("b", 4, fetching("text")):
        pass
    assert not path.exists()


def test_a_file_larger_than_the_cache_is_fetched_all_the_same(tmp_path: Path) -> None:
    cache = cache_in(tmp_path, max_bytes=0)
    with cache.lease("a", 4, fetching("text")) as path:
        assert path.read_text() == "text"
