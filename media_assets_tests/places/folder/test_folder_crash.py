"""A process that is killed while it publishes: whenever that happens, an artifact is there whole or not at all."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Callable, Mapping
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import pytest

from media_assets.base.checksums import sha256_of
from media_assets.base.files import STAGING_PREFIX
from media_assets.places.folder.store import FolderArtifacts
from media_assets.places.source import Beside
from media_assets.places.store import Target
from media_assets_tests.child_processes import lean_processes
from media_assets_tests.manifests import ASSET, draft
from media_assets_tests.places.folder.folder_stores import IN_FOLDER, Store, names
from media_assets_tests.slowly import few_of_them

KEY, OTHER_KEY = "box:talk.mp4", "box:other.mp4"
# Of one size, so that sizes cannot tell them apart.
OLD = {"transcript.json": "old json", "transcript.srt": "old srt.", "transcript.txt": "old text"}
NEW = {"transcript.json": "new json", "transcript.srt": "new srt."}
OTHER = {"transcript.json": "oth json", "transcript.srt": "oth srt.", "transcript.txt": "oth text"}
USERS = {"talk.mp4": "recording", "talk.vtt": "typed by hand"}


def beside(root: Path) -> Target:
    return Target("beside_source", Beside("box", str(root / "in"), "talk.mp4"))


def put_old(store: Store, target: Target = IN_FOLDER) -> None:
    store.put(draft(KEY, "old"), OLD, target)


def put_new(store: Store, target: Target = IN_FOLDER) -> None:
    store.put(draft(KEY, "new"), NEW, target)


def move(store: Store, target: Target) -> None:
    """As a batch does it: copies what is there; what is not whole is made again."""
    before = store.find(ASSET, "old")
    if before:
        store.copy(before, draft(KEY, "old"), target)
    else:
        put_old(store, target)


def copy_other(store: Store, target: Target = IN_FOLDER) -> None:
    origin = store.manifest(ASSET, OTHER_KEY)
    assert origin is not None
    store.copy(origin, draft(KEY, "other"), target)


def _nothing(store: Store) -> None:
    pass


def _put_other(store: Store) -> None:
    store.put(draft(OTHER_KEY, "other"), OTHER, IN_FOLDER)


def _put_both(store: Store) -> None:
    _put_other(store)
    put_old(store)


Step = Callable[[Store], None]

SCENARIOS: Mapping[str, tuple[Step, Step]] = {
    "the first time": (_nothing, put_new),
    "again, with fewer files": (put_old, put_new),
    "a copy": (_put_other, copy_other),
    "a copy over an old one": (_put_both, copy_other),
    "beside": (_nothing, lambda store: put_new(store, beside(store.root.parent))),
    "beside, again, with fewer files": (
        lambda store: put_old(store, beside(store.root.parent)),
        lambda store: put_new(store, beside(store.root.parent)),
    ),
    "moved to beside": (put_old, lambda store: move(store, beside(store.root.parent))),
    "moved from beside": (
        lambda store: put_old(store, beside(store.root.parent)),
        lambda store: move(store, IN_FOLDER),
    ),
}


def prepare(root: Path, scenario: str) -> None:
    (root / "in").mkdir(parents=True)
    for name, text in USERS.items():
        (root / "in" / name).write_text(text)
    SCENARIOS[scenario][0](Store(root))


def crash_at_each_step(roots: Path, scenario: str) -> None:
    """The target of a child process: forks children that die just before they change the file system for the nth time,
    each in a library of its own, until one gets through."""
    for number in range(1, 100):
        prepare(roots / str(number), scenario)
        child = os.fork()
        if child == 0:
            _die_before_change(number)
            SCENARIOS[scenario][1](Store(roots / str(number)))
            os._exit(0)
        if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0:
            return


def _die_before_change(number: int) -> None:
    changes = 0

    def count(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal changes
        writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        if writes or event in ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate"):
            changes += 1
            if changes == number:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)


def check(root: Path) -> None:
    """What holds at any moment, crash or no crash."""
    store = FolderArtifacts("artifacts", root / "out")
    versions = {"old": OLD, "new": NEW, "other": OTHER}
    for key in (KEY, OTHER_KEY):
        manifest = store.manifest(ASSET, key)
        if manifest and store.intact(manifest):
            texts = {file.name: store.local_path(file).read_text() for file in manifest.files}
            assert texts == versions[manifest.fingerprint]
            assert all(sha256_of(store.local_path(file)) == file.sha256 for file in manifest.files)
    for fingerprint, expected in versions.items():
        found = store.find(ASSET, fingerprint)
        if found:
            assert {file.name: store.local_path(file).read_text() for file in found.files} == expected
    known = {*OLD.values(), *NEW.values(), *OTHER.values(), *USERS.values()}
    for file in [*(root / "in").iterdir(), *(root / "out").glob("[!.]*/*/*")]:
        if not file.name.startswith(STAGING_PREFIX) and file.suffix != ".json":
            assert file.read_text() in known, f"{file} is half there"
    for name, text in USERS.items():
        assert (root / "in" / name).read_text() == text
    ours = store.artifact_paths()
    for file in (root / "in").iterdir():
        assert ours(file) == (file.name not in USERS) or file.name.startswith(STAGING_PREFIX)


def everything(root: Path) -> list[str]:
    """What people see in the store and among the sources."""
    in_store = [path for path in (root / "out").glob("[!.]*/*/*") if not path.name.startswith(STAGING_PREFIX)]
    return [*names(root / "in"), *sorted(str(path.relative_to(root)) for path in in_store)]


@pytest.mark.thorough
@pytest.mark.parametrize("scenario", few_of_them(SCENARIOS, "again, with fewer files", "moved to beside"))
def test_a_crash_at_any_step_leaves_nothing_half_and_is_made_good_by_the_next_attempt(
    tmp_path: Path, scenario: str
) -> None:
    child = lean_processes().Process(target=crash_at_each_step, args=(tmp_path, scenario))
    child.start()
    child.join()
    assert child.exitcode == 0
    roots = sorted(tmp_path.iterdir(), key=lambda root: int(root.name))
    assert 8 < len(roots) < 99
    for root in roots:
        check(root)
    for root in roots[:-1]:
        SCENARIOS[scenario][1](Store(root))
        check(root)
        assert everything(root) == everything(roots[-1])


def publish_for_ever(root: Path, seed: int, published: Event) -> None:
    """The target of a child process, which tells when it has published once; large enough for a kill in a transfer."""
    choices = random.Random(seed)
    store = Store(root)
    origin = store.manifest(ASSET, OTHER_KEY)
    assert origin is not None
    while True:
        fingerprint = f"f{choices.randrange(1000)}"
        target = choices.choice([IN_FOLDER, beside(root)])
        if choices.random() < 0.5:
            store.copy(origin, draft(KEY, fingerprint), target)
        else:
            files = choices.sample(["a.bin", "b.srt", "c.txt"], choices.randint(1, 3))
            store.put(draft(KEY, fingerprint), dict.fromkeys(files, fingerprint * 100_000), target)
        published.set()


@pytest.mark.thorough
@pytest.mark.parametrize("kills", [5, pytest.param(15, marks=pytest.mark.slow)])
def test_a_process_killed_at_random_moments_leaves_nothing_half(tmp_path: Path, kills: int) -> None:
    prepare(tmp_path, "the first time")
    store = Store(tmp_path)
    store.put(draft(OTHER_KEY, "origin"), {"big.bin": "x" * 3_000_000, "small.srt": "1"}, IN_FOLDER)
    moments = random.Random(7)
    published = set()
    for seed in range(kills):
        has_published = lean_processes().Event()
        child = lean_processes().Process(target=publish_for_ever, args=(tmp_path, seed, has_published))
        child.start()
        assert has_published.wait(60)
        time.sleep(moments.uniform(0.05, 0.3))
        child.kill()
        child.join()
        assert child.exitcode == -signal.SIGKILL
        manifest = store.manifest(ASSET, KEY)
        if manifest and store.intact(manifest):
            published.add(manifest.fingerprint)
            assert all(sha256_of(store.local_path(file)) == file.sha256 for file in manifest.files)
        for name, text in USERS.items():
            assert (tmp_path / "in" / name).read_text() == text
    assert len(published) > 1, "the children never got anything done"
    last = store.put(draft(KEY, "last"), NEW, IN_FOLDER)
    assert store.texts(last) == NEW
    assert store.intact(store.get(OTHER_KEY))
    leftovers = [file for file in (tmp_path / "in").iterdir() if file.name not in USERS]
    assert all(file.name.startswith(STAGING_PREFIX) for file in leftovers)
    assert len(leftovers) <= 3
