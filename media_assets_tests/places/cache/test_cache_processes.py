"""The cache as several processes share it, some of which are killed."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest

from media_assets_tests.child_processes import lean_processes
from media_assets_tests.places.cache.caches import cache_in, fetching, forget_the_count
from media_assets_tests.waiting import wait_to_be_killed, wait_until


def marks(folder: Path) -> list[str]:
    """What uses and fetches leave in the cache while they last."""
    return sorted(path.name for part in ("uses", "fetching") for path in (folder / "cache" / part).iterdir())


# ----------------------------------------------------------------------------------------------- crowding


def churn(folder: Path, seed: int, rounds: int) -> None:
    """The target of a child process: everybody wants more than there is room for."""
    cache = cache_in(folder, max_bytes=25)
    for number in range(rounds):
        name = "abcdef"[(number * (seed + 2) + seed) % 6]
        with cache.lease(name, 10, fetching(name * 10)) as path:
            if path.read_text() != name * 10:
                os._exit(3)
            (folder / f"round-{seed}").write_text(str(number))
            if not path.exists():
                os._exit(4)


def assert_tidy(folder: Path) -> None:
    """Once somebody made room again nothing is left of the others, and the books are right."""
    cache = cache_in(folder, max_bytes=25)
    with cache.lease("last", 10, fetching("last" + " " * 6)) as path:
        sizes = [file.stat().st_size for file in path.parent.iterdir()]
        assert sum(sizes) <= 25
        held = json.loads((folder / "cache" / "ledger.json").read_text())["held_bytes"]
        assert held == sum(sizes)
    assert marks(folder) == [f"{path.name}.lock"]


@pytest.mark.thorough
def test_processes_that_crowd_each_other_out_always_find_what_they_asked_for(tmp_path: Path) -> None:
    children = [lean_processes().Process(target=churn, args=(tmp_path, seed, 60)) for seed in range(4)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    assert [child.exitcode for child in children] == [0, 0, 0, 0]
    assert_tidy(tmp_path)


@pytest.mark.thorough
def test_processes_go_on_while_others_are_killed_at_any_point(tmp_path: Path) -> None:
    steady = [lean_processes().Process(target=churn, args=(tmp_path, seed, 150)) for seed in range(2)]
    for child in steady:
        child.start()
    for seed in range(2, 8):
        victim = lean_processes().Process(target=churn, args=(tmp_path, seed, 10**6))
        victim.start()
        wait_until((tmp_path / f"round-{seed}").exists, goes_on=victim.is_alive)
        victim.kill()
        victim.join()
    for child in steady:
        child.join()
    assert [child.exitcode for child in steady] == [0, 0]
    forget_the_count(tmp_path)
    assert_tidy(tmp_path)


# ----------------------------------------------------------------------------------------------- killed


def hold(folder: Path) -> None:
    """The target of a child process: uses a file until it is killed."""
    with cache_in(folder, max_bytes=10).lease("a", 10, fetching("a" * 10)) as path:
        (folder / "path").write_text(str(path))
        (folder / "path").rename(folder / "held")
        wait_to_be_killed()


def test_a_file_that_another_process_uses_is_evicted_only_after_that_process_is_gone(tmp_path: Path) -> None:
    child = lean_processes().Process(target=hold, args=(tmp_path,))
    child.start()
    wait_until((tmp_path / "held").exists, goes_on=child.is_alive)
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


def stop_in_the_middle(folder: Path) -> None:
    """The target of a child process: gets 6 of 12 bytes, then hangs until it is killed."""

    def fetch(destination: Path) -> None:
        destination.with_name(destination.name + ".partial").write_text("first ")
        (folder / "half-way").touch()
        wait_to_be_killed()

    with cache_in(folder, max_bytes=30).lease("a", 12, fetch):
        pass


def resume(destination: Path) -> None:
    partial = destination.with_name(destination.name + ".partial")
    partial.write_text(partial.read_text() + "second")
    partial.replace(destination)


def test_what_a_killed_process_was_fetching_is_resumed_by_another(tmp_path: Path) -> None:
    child = lean_processes().Process(target=stop_in_the_middle, args=(tmp_path,))
    child.start()
    wait_until((tmp_path / "half-way").exists, goes_on=child.is_alive)
    child.kill()
    child.join()
    with cache_in(tmp_path, max_bytes=30).lease("a", 12, resume) as path:
        assert path.read_text() == "first second"


def test_who_waits_for_a_process_that_is_killed_goes_on_with_its_fetch(tmp_path: Path) -> None:
    child = lean_processes().Process(target=stop_in_the_middle, args=(tmp_path,))
    child.start()
    wait_until((tmp_path / "half-way").exists, goes_on=child.is_alive)
    waits, read = threading.Event(), list[str]()

    def wait() -> None:
        with cache_in(tmp_path, max_bytes=30).lease("a", 12, resume, check=waits.set) as path:
            read.append(path.read_text())

    waiter = threading.Thread(target=wait)
    waiter.start()
    assert waits.wait(60)
    assert not read
    child.kill()
    child.join()
    waiter.join(60)
    assert read == ["first second"]


def test_a_killed_process_reserves_no_room_and_what_it_left_makes_room_for_others(tmp_path: Path) -> None:
    child = lean_processes().Process(target=stop_in_the_middle, args=(tmp_path,))
    child.start()
    wait_until((tmp_path / "half-way").exists, goes_on=child.is_alive)
    cache = cache_in(tmp_path, max_bytes=30)
    with cache.lease("b", 18, fetching("b" * 18)):  # beside the 12 that are on their way
        assert cache.counts.evicted_bytes == 0
    with cache.lease("c", 5, fetching("c" * 5)):
        assert cache.counts.evicted_bytes == 18
    child.kill()
    child.join()
    with cache.lease("d", 19, fetching("d" * 19)):  # beside the 5 and the 6 that came of it
        assert cache.counts.evicted_bytes == 18
    with cache.lease("e", 30, fetching("e" * 30)) as path:
        assert [file.name for file in path.parent.iterdir()] == [path.name]
    assert marks(tmp_path) == [f"{path.name}.lock"]
