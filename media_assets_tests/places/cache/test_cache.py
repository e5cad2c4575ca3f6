"""The cache of fetched files: bounded, shared by processes, and never pulled away from under a reader."""

from __future__ import annotations

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from media_assets.base.errors import Fatal, Transient
from media_assets_tests.places.cache.caches import cache_in, fetching, forget_the_count, is_cached, unused_for
from media_assets_tests.unprivileged import unprivileged_folder


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
            pass
        unused_for(path, 100 - number)
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
    for name, days in (("a", 0.5), ("b", 2)):
        with cache_in(tmp_path).lease(name, 10, fetching(name * 10)) as path:
            pass
        unused_for(path, days * 86_400)
    forget_the_count(tmp_path)
    cache = cache_in(tmp_path, max_age_days=1)
    with cache.lease("c", 10, fetching("c" * 10)):
        pass
    assert cache.counts.evicted_bytes == 10
    assert is_cached(cache, "a", "a" * 10)


def test_what_was_used_since_it_was_counted_does_not_go_for_its_age(tmp_path: Path) -> None:
    with cache_in(tmp_path).lease("a", 10, fetching("a" * 10)) as path:
        pass
    unused_for(path, 86_300)
    forget_the_count(tmp_path)
    cache = cache_in(tmp_path, max_age_days=1)
    with cache.lease("b", 10, fetching("b" * 10)):  # counts
        pass
    with cache.lease("a", 10, fetching("a" * 10)):
        pass
    older = cache_in(tmp_path, max_age_days=86_200 / 86_400)  # as if time had passed
    with older.lease("c", 10, fetching("c" * 10)):
        pass
    assert older.counts.evicted_bytes == 0
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


def test_nothing_is_evicted_in_vain(tmp_path: Path) -> None:
    with cache_in(tmp_path).lease("a", 4, fetching("text")) as path:
        pass
    with pytest.raises(Fatal), cache_in(tmp_path, min_free_bytes=10**18).lease("b", 4, fetching("text")):
        pass
    assert path.exists()


def test_a_file_larger_than_the_cache_is_fetched_all_the_same(tmp_path: Path) -> None:
    cache = cache_in(tmp_path, max_bytes=0)
    with cache.lease("a", 4, fetching("text")) as path:
        assert path.read_text() == "text"


def test_what_exceeded_the_cache_goes_as_soon_as_it_is_not_in_use_and_that_is_said_with_the_setting(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cache = cache_in(tmp_path, max_bytes=15)
    with cache.lease("a", 10, fetching("a" * 10)) as one, cache.lease("b", 10, fetching("b" * 10)) as other:
        assert one.exists() and other.exists()
    assert sorted(path.name for path in one.parent.iterdir()) == [one.name], "the one that was in use longest"
    with cache.lease("c", 700, fetching("c" * 700)):
        pass
    assert list(one.parent.iterdir()) == []
    (line,) = caplog.messages
    assert "take 20 B together, more than cache.max_bytes (15 B)" in line
    assert "fetched again" in line and "library.yaml" in line


@pytest.mark.thorough
def test_many_evictions_in_a_row_go_on_until_there_is_room(tmp_path: Path) -> None:
    cache = cache_in(tmp_path, max_bytes=1000)
    with cache.lease("a", 1, fetching("a")) as path:
        pass
    for number in range(1200):
        (path.parent / f"{number:064x}").write_text("x")
    forget_the_count(tmp_path)
    with cache.lease("b", 1000, fetching("b" * 1000)) as last:
        assert [file.name for file in last.parent.iterdir()] == [last.name]
    assert cache.counts.evicted_bytes == 1201


def test_a_file_of_the_wrong_size_is_fetched_again(tmp_path: Path) -> None:
    cache = cache_in(tmp_path)
    with cache.lease("a", 4, fetching("text")) as path:
        pass
    path.write_text("te")  # as after a power cut
    with cache.lease("a", 4, fetching("text")) as path:
        assert path.read_text() == "text"


def test_counts_are_right_with_many_threads(tmp_path: Path) -> None:
    cache = cache_in(tmp_path)
    together = threading.Barrier(8)

    def use(number: int) -> None:
        together.wait()
        for _ in range(25):
            with cache.lease("a", 4, fetching("text")):
                pass

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(use, range(8)))
    assert (cache.counts.hits, cache.counts.misses) == (199, 1)


def test_a_lease_may_end_in_another_thread_than_it_began(tmp_path: Path) -> None:
    cache = cache_in(tmp_path, max_bytes=10)
    lease = cache.lease("a", 10, fetching("a" * 10))
    path = lease.__enter__()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lease.__exit__, None, None, None).result()
    with cache.lease("b", 10, fetching("b" * 10)):
        assert not path.exists()


# ----------------------------------------------------------------------------------------------- a folder that fails


def test_a_folder_that_cannot_be_made_is_fatal_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("in the way")
    with pytest.raises(Fatal, match=r"cache folder .* cannot be used") as caught:
        cache_in(tmp_path).lease("a", 4, fetching("text")).__enter__()
    assert "state_dir" in caught.value.next_step


def test_a_folder_that_may_not_be_written_is_fatal() -> None:
    with unprivileged_folder() as folder:
        folder.chmod(0o500)
        with pytest.raises(Fatal, match="cannot be used: Permission denied"):
            cache_in(folder).lease("a", 4, fetching("text")).__enter__()
        folder.chmod(0o700)


def test_a_folder_that_vanishes_during_a_fetch_is_fatal_and_the_next_lease_works(tmp_path: Path) -> None:
    cache = cache_in(tmp_path)

    def fetch(destination: Path) -> None:
        shutil.rmtree(tmp_path / "cache")
        fetching("text")(destination)

    with pytest.raises(Fatal, match="vanished"):
        cache.lease("a", 4, fetch).__enter__()
    with cache.lease("a", 4, fetching("text")) as path:
        assert path.read_text() == "text"
