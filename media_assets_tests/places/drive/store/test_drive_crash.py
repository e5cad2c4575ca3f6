"""A process that is killed while it publishes to Drive: there is one artifact in the end, and nothing else is left."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from media_assets.places.manifest import Manifest
from media_assets.places.source import Beside
from media_assets.places.store import Target
from media_assets_tests.child_processes import lean_processes
from media_assets_tests.drive_server import DriveServer, drive_server
from media_assets_tests.manifests import ASSET, KEY, draft
from media_assets_tests.places.drive.store.drive_stores import (
    IN_FOLDER,
    Account,
    Store,
    artifact_files,
    everything,
)
from media_assets_tests.slowly import few_of_them

OTHER_KEY = "box:other.mp4"
OLD = {"transcript.json": "old json", "transcript.srt": "old srt.", "transcript.txt": "same"}
NEW = {"transcript.json": "new json", "transcript.vtt": "new vtt.", "transcript.txt": "same"}
OTHER = {"transcript.json": "oth json", "transcript.srt": "oth srt."}
TEXTS = {"old": OLD, "new": NEW, "other": OTHER}
LARGE = bytes(range(256)) * 24_000


def _nothing(store: Store, target: Target) -> None:
    pass


def put_old(store: Store, target: Target = IN_FOLDER) -> None:
    _unless_there(store, "old", target, lambda: store.put(draft(KEY, "old"), OLD, target))


def put_new(store: Store, target: Target = IN_FOLDER) -> None:
    _unless_there(store, "new", target, lambda: store.put(draft(KEY, "new"), NEW, target))


def put_other(store: Store, target: Target = IN_FOLDER) -> None:
    store.put(draft(OTHER_KEY, "other"), OTHER)


def copy_other(store: Store, target: Target = IN_FOLDER) -> None:
    _unless_there(store, "other", target, lambda: store.copy(store.get(OTHER_KEY), draft(KEY, "other"), target))


def move_old(store: Store, target: Target) -> None:
    """As a batch does it: copies what is there; what is not whole is made again."""

    def move() -> Manifest:
        before = store.find(ASSET, "old")
        if before:
            return store.copy(before, draft(KEY, "old"), target)
        return store.put(draft(KEY, "old"), OLD, target)

    _unless_there(store, "old", target, move)


def _unless_there(store: Store, fingerprint: str, target: Target, make: Callable[[], Manifest]) -> None:
    """A batch makes nothing that is there already."""
    found = store.manifest(ASSET, KEY)
    current = found and (found.fingerprint, found.placement) == (fingerprint, target.placement)
    if not (found and current and store.intact(found)):
        make()


def put_old_and_other(store: Store, target: Target) -> None:
    put_other(store)
    put_old(store)


Step = Callable[[Store, Target], None]

SCENARIOS: Mapping[str, tuple[Step, Step, bool]] = {
    "the first time": (_nothing, put_new, False),
    "again, with other files": (put_old, put_new, False),
    "a copy": (put_other, copy_other, False),
    "a copy over an old one": (put_old_and_other, copy_other, False),
    "beside, the first time": (_nothing, put_new, True),
    "beside, again, with other files": (put_old, put_new, True),
    "moved to beside": (lambda store, _: put_old(store), move_old, True),
}


class Case:
    """One attempt in folders of its own; everything a child process needs."""

    def __init__(self, account: Account, root: Path, number: int, folder: str, beside: str) -> None:
        self._account = account
        self._root = root / str(number)
        self._folder = folder
        self._beside = beside

    def target(self, is_beside: bool) -> Target:
        return Target("beside_source", Beside("box", self._beside, "talk.mp4")) if is_beside else IN_FOLDER

    def store(self) -> Store:
        return Store(self._account, self._root, self._folder)


def crash_at_steps(cases: Mapping[int, Case], scenario: str) -> None:
    """The target of a child process: forks children that die just before they send or write for the nth time, and does
    what they did not get done."""
    before, step, is_beside = SCENARIOS[scenario]
    for number, case in cases.items():
        target = case.target(is_beside)
        before(case.store(), target)
        child = os.fork()
        if child == 0:
            _die_before_step(number)
            step(case.store(), target)
            os._exit(0)
        through = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        step(case.store(), target)
        if through:
            return
    raise AssertionError("no child got through")


def _die_before_step(number: int) -> None:
    steps = 0

    def count(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal steps
        writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        if writes or event in ("http.client.send", "os.rename", "os.remove", "os.mkdir", "os.rmdir"):
            steps += 1
            if steps == number:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)


def crash(drive: DriveServer, root: Path, scenario: str, numbers: list[int]) -> int:
    """Lets the scenario crash at these steps; returns how many crashed. Whatever happened, it looks the same after."""
    account = Account(drive, root)
    folders = {number: drive.add_path(f"{scenario}/{number}") for number in numbers}
    cases = {}
    for number, folder in folders.items():
        out, lectures = drive.add_folder("out", folder), drive.add_folder("in", folder)
        drive.add_file("talk.mp4", b"recording", parent=lectures)
        drive.add_file("talk.vtt", b"typed by hand", parent=lectures)
        cases[number] = Case(account, root, number, out, lectures)
    child = lean_processes().Process(target=crash_at_steps, args=(cases, scenario))
    child.start()
    child.join()
    assert child.exitcode == 0
    done = [number for number in numbers if (root / str(number)).exists()]
    pictures = {number: _picture(drive, folders[number]) for number in done}
    for number in done:
        assert pictures[number] == pictures[done[-1]], f"killed before step {number}"
        assert _manifests(drive, folders[number]) == _manifests(drive, folders[done[-1]])
        assert not list((root / str(number)).glob("state/google/uploads/*"))
    return len(done) - 1


def _picture(drive: DriveServer, folder: str) -> dict[str, bytes]:
    return {path.split("/", 2)[2]: content for path, content in everything(drive, folder).items()}


def _manifests(drive: DriveServer, folder: str) -> list[str]:
    start = drive.path(folder) + "/"
    manifests = artifact_files(drive, manifests=True)
    return sorted(
        drive.path(item.id).removeprefix(start) for item in manifests if drive.path(item.id).startswith(start)
    )


@pytest.mark.thorough
@pytest.mark.parametrize("scenario", few_of_them(SCENARIOS, "again, with other files", "beside, the first time"))
def test_a_crash_leaves_nothing_that_the_next_attempt_does_not_put_right(tmp_path: Path, scenario: str) -> None:
    first = 1 + list(SCENARIOS).index(scenario)
    with drive_server(seed=first) as drive:
        crashed = crash(drive, tmp_path, scenario, list(range(first, 400, 19)))
    assert crashed >= 2


@pytest.mark.slow
@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("tls", [False, True])
def test_a_crash_at_any_step_leaves_nothing_behind(tmp_path: Path, scenario: str, tls: bool) -> None:
    with drive_server(seed=1, tls=tls) as drive:
        crashed = crash(drive, tmp_path, scenario, list(range(1, 400)))
    assert crashed > 30


def put_large(account: Account, root: Path) -> None:
    """The target of a child process."""
    Store(account, root).put(draft(), {"large.bin": LARGE})


def die_while_uploading(account: Account, root: Path, chunks: int) -> None:
    """The target of a child process: dies when it has sent so many chunks."""
    sent = 0

    def count(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal sent
        if event == "http.client.send" and b"PUT " in bytes(arguments[1][:4]):
            sent += 1
            if sent > chunks:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    put_large(account, root)


@pytest.mark.thorough
@pytest.mark.parametrize("tls", [False, True])
def test_an_upload_goes_on_where_the_process_was_killed(tmp_path: Path, tls: bool) -> None:
    with drive_server(seed=1, tls=tls) as drive:
        account = Account(drive, tmp_path)
        child = lean_processes().Process(target=die_while_uploading, args=(account, tmp_path, 15))
        child.start()
        child.join()
        assert child.exitcode == -signal.SIGKILL
        assert everything(drive) == {}
        sent = drive.counters.bytes_up
        put_large(account, tmp_path)
        assert drive.counters.bytes_up - sent < len(LARGE) - 14 * 262_144
        assert list(everything(drive).values()) == [LARGE]
        assert not list(tmp_path.glob("state/google/uploads/*"))
