"""What is put into the cache instead of being fetched: artifacts that were just uploaded."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from media_assets_tests.places.cache.caches import cache_in, fetching, is_cached


def put(folder: Path, text: str) -> Path:
    path = folder / f"made-{text}"
    path.write_text(text)
    return path


def test_what_is_added_is_found_and_its_maker_may_remove_his(tmp_path: Path) -> None:
    cache, made = cache_in(tmp_path), put(tmp_path, "text")
    os.utime(made, (1_000_000_000, 1_000_000_000))
    cache.add("a", made)
    assert made.stat().st_mtime == 1_000_000_000
    made.unlink()
    fetched: list[str] = []
    with cache.lease("a", 4, fetching("other", fetched)) as path:
        assert path.read_text() == "text"
    assert not fetched
    assert (cache.counts.hits, cache.counts.misses) == (1, 0)


def test_what_lies_on_another_disk_is_copied_in(tmp_path: Path) -> None:
    with TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as other:
        cache = cache_in(tmp_path)
        cache.add("a", put(Path(other), "text"))
        with cache.lease("a", 4, fetching("text")) as path:
            assert path.read_text() == "text"
        assert cache.counts.misses == 0


def test_a_link_is_added_as_what_it_leads_to(tmp_path: Path) -> None:
    cache, made = cache_in(tmp_path), put(tmp_path, "text")
    (tmp_path / "link").symlink_to(made)
    cache.add("a", tmp_path / "link")
    made.unlink()
    with cache.lease("a", 4, fetching("other")) as path:
        assert path.read_text() == "text"


def test_what_does_not_fit_is_not_added_and_evicts_nothing(tmp_path: Path) -> None:
    cache = cache_in(tmp_path, max_bytes=10)
    with cache.lease("a", 10, fetching("a" * 10)):
        pass
    cache.add("b", put(tmp_path, "b" * 11))
    cache_in(tmp_path, min_free_bytes=10**18).add("c", put(tmp_path, "c"))
    assert cache.counts.evicted_bytes == 0
    assert is_cached(cache, "a", "a" * 10)
    assert not is_cached(cache, "c", "c")


def test_what_is_added_takes_the_room_of_what_nobody_uses(tmp_path: Path) -> None:
    cache = cache_in(tmp_path, max_bytes=20)
    with cache.lease("a", 10, fetching("a" * 10)):
        with cache.lease("b", 10, fetching("b" * 10)):
            pass
        cache.add("c", put(tmp_path, "c" * 10))
        cache.add("d", put(tmp_path, "d" * 11))
    assert cache.counts.evicted_bytes == 10
    assert is_cached(cache, "c", "c" * 10)


def test_what_is_being_fetched_is_not_added_meanwhile(tmp_path: Path) -> None:
    cache, made = cache_in(tmp_path), put(tmp_path, "made")

    def fetch(destination: Path) -> None:
        partial = destination.with_name(destination.name + ".partial")
        partial.write_text("fetched")
        with ThreadPoolExecutor(1) as pool:
            pool.submit(cache.add, "a", made).result()
        partial.replace(destination)

    with cache.lease("a", 7, fetch) as path:
        assert path.read_text() == "fetched"
