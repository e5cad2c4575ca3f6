"""A store in a bucket among faults, rivals and crashes: whole or not at all, and one winner of several writers."""

from __future__ import annotations

import hashlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from media_assets.base.errors import Fatal, Transient
from media_assets.places.manifest import Manifest
from media_assets.places.store import Target
from media_assets_tests.child_processes import lean_processes
from media_assets_tests.manifests import ASSET, draft
from media_assets_tests.places.bucket.bucket_store import (
    BESIDE,
    IN_FOLDER,
    KEY,
    NEW,
    OTHER_KEY,
    USERS,
    VERSIONS,
    Store,
    anonymous,
    another,
    below,
    fork_for_each_step,
    is_manifest,
    step,
    with_users_objects,
)
from media_assets_tests.s3_server import Place, S3Server

# ----------------------------------------------------------------------------------------------- faults and rivals


@pytest.mark.thorough
@pytest.mark.parametrize("what", ["slow down", "cut before", "lose answer"])
def test_a_publication_survives_every_second_write_going_wrong(
    server: S3Server, place: Place, store: Store, what: Any
) -> None:
    step(store, "old beside")
    turn = iter(range(1_000))
    server.fault(what, lambda request: request.writes and next(turn) % 2 == 0, 1_000)
    published = store.put(draft(KEY, "new"), NEW, BESIDE)
    server.repair()
    assert store.get() == published
    assert store.intact(published)
    require_sound(place, store)
    assert anonymous(place.objects()) == undisturbed(server, store._work, "old beside", "new beside")


def undisturbed(server: S3Server, work: Path, *steps: str) -> dict[str, bytes]:
    """What is in a bucket after the same steps with nothing going wrong."""
    place = with_users_objects(Place(server))
    for name in steps:
        step(Store(place.settings("out"), work / "undisturbed"), name)
    return anonymous(place.objects())


def test_a_manifest_whose_answer_is_lost_for_good_was_published(server: S3Server, place: Place, store: Store) -> None:
    server.fault("lose answer", is_manifest, 99)
    published = store.put(draft(), {"a.txt": "text"})
    server.repair()
    assert store.get() == published
    assert store.intact(published)


def test_a_full_or_forbidden_bucket_is_fatal_and_shows_no_artifact(
    server: S3Server, place: Place, store: Store
) -> None:
    server.fault((403, "AccessDenied"), is_manifest, 99)
    with pytest.raises(Fatal, match="access is denied"):
        store.put(draft(), {"a.txt": "text"})
    server.repair()
    assert store.manifest(ASSET, KEY) is None
    (store._work / "a.txt").unlink()
    assert store.put(draft(), {"a.txt": "text"}) == store.get()
    assert len(place.paths(f"out/{ASSET}/")) == 2


@pytest.mark.parametrize("target", [IN_FOLDER, BESIDE])
@pytest.mark.parametrize("same", [True, False])
def test_of_two_writers_one_wins_and_the_other_tidies_up(
    server: S3Server, place: Place, store: Store, tmp_path: Path, target: Target, same: bool
) -> None:
    """The other one publishes all of its artifact just before this one's manifest."""
    rival = another(place, tmp_path)
    rivals: list[Manifest] = []

    def publish() -> None:
        rivals.append(rival.put(draft(KEY, "new" if same else "rival"), NEW, target))

    server.fault(publish, is_manifest)
    if same:
        published = store.put(draft(KEY, "new"), NEW, target)
        assert [published] == rivals
    else:
        with pytest.raises(Transient):
            store.put(draft(KEY, "new"), {**NEW, "more.txt": "more"}, target)
    assert store.get() == rivals[0]
    assert store.intact(rivals[0])
    if target is IN_FOLDER:
        assert len(place.paths(f"out/{ASSET}/")) == len(NEW) + 1
    else:
        assert below(place, "in/") == ["talk.mp4", "talk.mp4.srt", "talk.vtt"]


def test_many_writers_at_once_leave_one_artifact_and_nothing_else(place: Place, store: Store, tmp_path: Path) -> None:
    stores = [Store(place.settings("out"), tmp_path / str(number)) for number in range(4)]
    start = threading.Barrier(len(stores))
    results: list[Manifest | Transient] = []

    def publish(number: int) -> None:
        start.wait()
        try:
            results.append(stores[number].put(draft(KEY, f"f{number}"), {"a.txt": f"text {number}"}))
        except Transient as error:
            results.append(error)

    threads = [threading.Thread(target=publish, args=(number,)) for number in range(len(stores))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == len(stores)
    last = store.get()
    assert last in results
    assert store.intact(last)
    assert len(place.paths(f"out/{ASSET}/")) == 2


@pytest.mark.thorough
def test_a_large_artifact_goes_up_and_comes_back(server: S3Server, place: Place, store: Store, tmp_path: Path) -> None:
    content = os.urandom(11 * 1024 * 1024)
    server.fault("cut before", lambda request: "partNumber" in request.query, 2)
    published = store.put(draft(), {"video.mp4": content})
    server.fault("cut body", lambda request: "range" in request.headers, 2)
    with another(place, tmp_path).lease(published.files[0]) as path:
        assert path.read_bytes() == content


# ----------------------------------------------------------------------------------------------- crashes

SCENARIOS: dict[str, tuple[str, str]] = {
    "again, with fewer files": ("old", "new"),
    "a copy over an old one": ("other + old", "copy"),
    "beside, again, with fewer files": ("old beside", "new beside"),
    "moved from beside": ("old beside", "old"),
}
FEW_SCENARIOS = {"again, with fewer files"}


@pytest.fixture(scope="module")
def forks() -> Iterator[Connection]:
    """Runs steps in processes of their own, see `fork_for_each_step`."""
    here, there = lean_processes().Pipe()
    child = lean_processes().Process(target=fork_for_each_step, args=(there,))
    child.start()
    yield here
    here.send(None)
    child.join()


@pytest.mark.thorough
@pytest.mark.parametrize(
    "scenario",
    [name if name in FEW_SCENARIOS else pytest.param(name, marks=pytest.mark.slow) for name in SCENARIOS],
)
def test_a_process_killed_before_any_of_its_writes_leaves_nothing_half(
    server: S3Server, forks: Connection, tmp_path: Path, scenario: str
) -> None:
    first, second = SCENARIOS[scenario]
    expected = undisturbed(server, tmp_path, first, second)
    for number in range(1, 60):
        place = with_users_objects(Place(server))
        store = Store(place.settings("out"), tmp_path / "work")
        step(store, first)
        victim = server.crash_before_write(number)
        forks.send((place.settings("out"), tmp_path / "child", second))
        victim.put(forks.recv())
        exit_code = forks.recv()
        server.repair()
        require_sound(place, store)
        if exit_code == 0:
            break
        assert exit_code == -signal.SIGKILL
        step(store, second)
        assert anonymous(place.objects()) == expected
    assert 5 < number < 59


def require_sound(place: Place, store: Store) -> None:
    """What holds at any moment, crash or no crash."""
    objects = place.objects()
    for key in (KEY, OTHER_KEY):
        manifest = store.manifest(ASSET, key)
        if manifest and store.intact(manifest):
            for stored in manifest.files:
                assert objects[stored.path].decode() == VERSIONS[manifest.fingerprint][stored.name]
                assert hashlib.sha256(objects[stored.path]).hexdigest() == stored.sha256
    for fingerprint, texts in VERSIONS.items():
        found = store.find(ASSET, fingerprint)
        assert found is None or {stored.name for stored in found.files} == set(texts)
    assert {path: objects[path] for path in USERS} == USERS
    ours: Callable[[str], bool] = store.artifact_objects()
    for path in place.paths("in/"):
        assert ours(f"s3://{place.name}/{path}") == (path not in USERS)
