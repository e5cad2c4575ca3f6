"""The room of the cache: for downloads on their way, for what is wanted soon, and who waits for whom."""

from __future__ import annotations

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from media_assets.base.errors import Cancelled, Fatal
from media_assets.places.cache.room import NoRoom
from media_assets_tests.places.cache.caches import HeldFetch, cache_in, fetching, forget_the_count, is_cached


def most_of_the_disk(folder: Path) -> int:
    """So much that two of it do not fit, whatever else goes on on this disk."""
    return shutil.disk_usage(folder).free * 6 // 10


# ----------------------------------------------------------------------------------------------- on their way


def test_downloads_on_their_way_have_room_of_the_disk_reserved(tmp_path: Path) -> None:
    size_bytes = most_of_the_disk(tmp_path)
    cache = cache_in(tmp_path, max_bytes=10 * size_bytes)
    first, second = HeldFetch(size_bytes), HeldFetch(size_bytes)
    second.may_end.set()
    looks, waits = 0, threading.Event()

    def look() -> None:
        nonlocal looks
        looks += 1
        if looks == 3:  # before its turn, before it asks for room, and after it got none
            waits.set()

    def use(name: str, fetch: HeldFetch) -> None:
        with cache.lease(name, size_bytes, fetch, check=look if fetch is second else lambda: None):
            pass

    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(use, "a", first)
        assert first.begun.wait(60)
        two = pool.submit(use, "b", second)
        assert waits.wait(60)
        assert not second.begun.is_set()
        first.may_end.set()
        one.result()
        two.result()
    assert second.begun.is_set()


def test_who_waits_for_room_can_be_stopped(tmp_path: Path) -> None:
    size_bytes = most_of_the_disk(tmp_path)
    cache, first, looks = cache_in(tmp_path, max_bytes=10 * size_bytes), HeldFetch(size_bytes), list[int]()

    def look() -> None:
        looks.append(1)
        if len(looks) == 3:
            raise Cancelled("the run was stopped")

    with ThreadPoolExecutor(1) as pool:
        one = pool.submit(cache.lease("a", size_bytes, first).__enter__)
        assert first.begun.wait(60)
        with pytest.raises(Cancelled), cache.lease("b", size_bytes, fetching(""), check=look):
            pass
        first.may_end.set()
        one.result()


def test_who_holds_a_file_does_not_wait_for_ever_for_room_for_another(tmp_path: Path) -> None:
    size_bytes = most_of_the_disk(tmp_path)
    cache, first = cache_in(tmp_path, max_bytes=10 * size_bytes, patience_seconds=0), HeldFetch(size_bytes)
    with ThreadPoolExecutor(1) as pool:
        one = pool.submit(cache.lease("a", size_bytes, first).__enter__)
        assert first.begun.wait(60)
        with cache.lease("held", 4, fetching("text")), pytest.raises(NoRoom, match="files in use take"):
            cache.lease("b", size_bytes, fetching("")).__enter__()
        first.may_end.set()
        one.result()


def test_what_could_not_fit_into_an_empty_disk_is_fatal_at_once(tmp_path: Path) -> None:
    size_bytes = most_of_the_disk(tmp_path)
    cache, first = cache_in(tmp_path, max_bytes=10 * size_bytes), HeldFetch(size_bytes)
    with ThreadPoolExecutor(1) as pool:
        one = pool.submit(cache.lease("a", size_bytes, first).__enter__)
        assert first.begun.wait(60)
        with pytest.raises(Fatal, match="no room"):
            cache.lease("b", 3 * size_bytes, fetching("")).__enter__()
        first.may_end.set()
        one.result()


def test_what_is_on_its_way_counts_towards_the_limit(tmp_path: Path) -> None:
    cache, first = cache_in(tmp_path, max_bytes=30), HeldFetch(20)
    with ThreadPoolExecutor(1) as pool:
        with cache.lease("old", 10, fetching("o" * 10)) as old:
            pass
        one = pool.submit(cache.lease("a", 20, first).__enter__)
        assert first.begun.wait(60)
        assert old.exists()
        with cache.lease("b", 5, fetching("b" * 5)):
            assert not old.exists()
        first.may_end.set()
        one.result()


def test_what_came_of_a_broken_fetch_is_not_counted_twice_when_it_goes_on(tmp_path: Path) -> None:
    cache = cache_in(tmp_path, max_bytes=30)

    def break_off(destination: Path) -> None:
        destination.with_name(destination.name + ".partial").write_text("a" * 15)
        raise ConnectionError("broke")

    with pytest.raises(ConnectionError):
        cache.lease("a", 20, break_off).__enter__()
    with cache.lease("b", 10, fetching("b" * 10)):
        pass
    with cache.lease("a", 20, fetching("a" * 20)):
        assert cache.counts.evicted_bytes == 0
    with cache.lease("c", 10, fetching("c" * 10)):
        assert cache.counts.evicted_bytes == 10


def test_what_came_of_a_fetch_so_far_is_not_counted_twice_while_it_goes_on(tmp_path: Path) -> None:
    cache = cache_in(tmp_path, max_bytes=40)
    with cache.lease("old", 10, fetching("o" * 10)):
        pass

    def fetch(destination: Path) -> None:
        destination.with_name(destination.name + ".partial").write_text("a" * 10)
        forget_the_count(tmp_path)
        with cache.lease("b", 10, fetching("b" * 10)):
            assert cache.counts.evicted_bytes == 0
        fetching("a" * 20)(destination)

    with cache.lease("a", 20, fetch):
        pass


# ----------------------------------------------------------------------------------------------- wanted soon


def test_what_is_wanted_soon_is_there_when_its_turn_comes(tmp_path: Path) -> None:
    cache = cache_in(tmp_path)
    with cache.keep("a", 4, fetching("text")), cache.lease("a", 4, fetching("other")) as path:
        assert path.read_text() == "text"
    with cache.keep("a", 4, fetching("other")):
        pass
    assert (cache.counts.hits, cache.counts.misses) == (1, 1)


def test_what_is_wanted_soon_goes_last_but_goes_for_what_is_needed_now(tmp_path: Path) -> None:
    cache = cache_in(tmp_path, max_bytes=30)
    with cache.keep("soon", 10, fetching("s" * 10)):
        for name in ("a", "b", "c"):  # younger
            with cache.lease(name, 10, fetching(name * 10)):
                pass
        assert is_cached(cache, "soon", "s" * 10)
        with cache.lease("d", 30, fetching("d" * 30)):
            pass
        assert not is_cached(cache, "soon", "s" * 10)


def test_what_is_wanted_soon_takes_no_room_from_what_is_in_use(tmp_path: Path) -> None:
    cache = cache_in(tmp_path, max_bytes=20)
    with cache.lease("a", 15, fetching("a" * 15)), pytest.raises(NoRoom):
        cache.keep("b", 6, fetching("b" * 6)).__enter__()


def test_at_most_half_of_the_cache_is_for_what_is_wanted_soon(tmp_path: Path) -> None:
    cache = cache_in(tmp_path, max_bytes=40)
    with cache.keep("a", 10, fetching("a" * 10)):
        with cache.keep("b", 10, fetching("b" * 10)), pytest.raises(NoRoom, match="set aside"):
            cache.keep("c", 10, fetching("c" * 10)).__enter__()
        with cache.keep("c", 10, fetching("c" * 10)):
            pass


def test_what_is_wanted_soon_but_in_use_is_never_evicted(tmp_path: Path) -> None:
    cache = cache_in(tmp_path, max_bytes=20)
    with (
        cache.keep("a", 10, fetching("a" * 10)),
        cache.lease("a", 10, fetching("a" * 10)) as path,
        cache.lease("b", 20, fetching("b" * 20)),
    ):
        assert path.exists()


# ----------------------------------------------------------------------------------------------- the ledger


@pytest.mark.parametrize("text", ["", '{"held_bytes": 1', '{"counted_at": 99999999999, "held_bytes": 0, "oldest": []}'])
def test_a_spoilt_ledger_is_written_anew(tmp_path: Path, text: str) -> None:
    cache = cache_in(tmp_path, max_bytes=20)
    for name in "ab":
        with cache.lease(name, 10, fetching(name * 10)):
            pass
    (tmp_path / "cache" / "ledger.json").write_text(text)
    with cache.lease("c", 10, fetching("c" * 10)):
        pass
    assert cache.counts.evicted_bytes == 10
