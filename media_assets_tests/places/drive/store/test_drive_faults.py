"""A store in Drive while a tenth of all requests fail in every way there is, over plain HTTP and over TLS."""

from __future__ import annotations

import logging
import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from media_assets.base.checksums import sha256_of
from media_assets.base.errors import Fatal, Transient
from media_assets.places.manifest import Manifest
from media_assets.places.store import Target
from media_assets_tests.drive_server import DriveServer, Fault, Faults, drive_server
from media_assets_tests.manifests import ASSET, draft
from media_assets_tests.places.drive.store.drive_stores import (
    IN_FOLDER,
    Account,
    Store,
    artifact_files,
    beside,
    everything,
)
from media_assets_tests.slowly import few_of_them

OFTEN = Faults(rate=0.1, slow_seconds=0.01, retry_after_seconds=0)


class Worker(Store):
    """Does what a batch does, and what Dagster does when that fails for now."""

    def make(self, key: str, fingerprint: str, texts: dict[str, bytes], target: Target) -> Manifest:
        for _ in range(20):
            try:
                found = self.manifest(ASSET, key)
                if found and found.fingerprint == fingerprint and self.intact(found):
                    return found
                return self._make(key, fingerprint, texts, target)
            except Transient:
                continue
        raise AssertionError(f"{key} never got through")

    def _make(self, key: str, fingerprint: str, texts: dict[str, bytes], target: Target) -> Manifest:
        twin = self.find(ASSET, fingerprint)
        if twin:
            return self.copy(twin, draft(key, fingerprint, reused_from=twin.key), target)
        files = {name: self._work / f"{key[4:]}-{name}" for name in texts}
        for name, path in files.items():
            path.write_bytes(texts[name])
        digests = {name: sha256_of(path) for name, path in files.items()}
        return self.publish(draft(key, fingerprint), files, digests, target)


@pytest.mark.thorough
@pytest.mark.parametrize(("tls", "seed"), few_of_them([(False, 1), (True, 2)], (False, 1)))
def test_with_faults_of_every_kind_each_artifact_is_there_once_and_whole(tmp_path: Path, tls: bool, seed: int) -> None:
    choices = random.Random(seed)
    with drive_server(seed=seed, tls=tls) as drive:
        account = Account(drive, tmp_path)
        lectures = drive.add_path("Lectures")
        keys = [f"box:{number}.mp4" for number in range(8)]
        targets = {key: choices.choice([IN_FOLDER, beside(drive, lectures, key[4:])]) for key in keys}
        machines = [Worker(account, tmp_path / name, timeout_seconds=1) for name in ("one", "two")]
        drive.faults.random_faults = OFTEN
        wanted: dict[str, tuple[str, dict[str, bytes]]] = {}
        for version in range(2):
            for number, key in enumerate(keys):
                texts = {"a.srt": f"{version} {number // 2}".encode(), "b.json": b"{}"}
                if number == 0:
                    texts["large.bin"] = choices.randbytes(5_500_000)
                wanted[key] = f"f{version}-{number // 2 if number > 1 else key}", texts
            work = [(machine, key) for key in keys for machine in machines]
            with ThreadPoolExecutor(4) as pool:
                list(pool.map(lambda item: item[0].make(item[1], *wanted[item[1]], targets[item[1]]), work))
        drive.faults.random_faults = Faults(rate=0)
        assert len(drive.faults.injected) > 10
        for machine in machines:
            for key in keys:
                # A file may be put away by one machine in the moment in which the other takes it up; that artifact does
                # not count as whole, and the next look makes it good.
                machine.make(key, *wanted[key], targets[key])
                assert machine.intact(machine.get(key))
        check(drive, machines[0], wanted)


def check(drive: DriveServer, store: Store, wanted: dict[str, tuple[str, dict[str, bytes]]]) -> None:
    ids = []
    for key, (fingerprint, texts) in wanted.items():
        manifest = store.get(key)
        assert manifest.fingerprint == fingerprint
        assert {stored.name: drive.content(stored.path) for stored in manifest.files} == texts
        ids += [stored.path for stored in manifest.files]
    assert len(artifact_files(drive, manifests=True)) == len(wanted)
    assert sorted(item.id for item in artifact_files(drive)) == sorted(ids)
    recordings = [path for path in everything(drive) if path.endswith(".mp4")]
    assert len(everything(drive)) == len(ids) + len(recordings)


AFTER = [Fault.ANSWER_LOST, Fault.ANSWER_RESET, Fault.CUT_ANSWER, Fault.NOT_JSON]


@pytest.mark.thorough
@pytest.mark.parametrize("tls", few_of_them([False, True], False))
def test_when_the_answer_to_a_write_is_lost_it_is_not_made_twice(tmp_path: Path, tls: bool) -> None:
    with drive_server(seed=5, tls=tls) as drive:
        store = Store(Account(drive, tmp_path), tmp_path)
        cases = [(method, fault) for method in ("files.create", "files.update", "files.copy") for fault in AFTER]
        for number, (method, fault) in enumerate(cases):
            key, fingerprint = f"box:{number}", f"f{number}"
            before = store.put(draft(key, "old"), {"a.txt": "text", "b.txt": "more"})
            drive.fail_next(method, fault)
            put = store.put(draft(key, fingerprint), {"a.txt": "text 2", "c.txt": "new"})
            copy = store.copy(put, draft(f"{key} copy", fingerprint), IN_FOLDER)
            drive.repair()
            assert drive.faults.injected[fault] == number // len(AFTER) + 1, f"{method} {fault}"
            assert store.intact(put)
            assert store.intact(copy)
            assert not store.intact(before)
        contents = sorted(drive.content(item.id) for item in artifact_files(drive))
        assert contents == sorted([b"new", b"text 2"] * 2 * len(cases))
        assert len(artifact_files(drive, manifests=True)) == 2 * len(cases)
        assert len(everything(drive)) == len(contents)


def test_revoked_credentials_stop_the_work_and_it_goes_on_after_the_login(tmp_path: Path) -> None:
    with drive_server(seed=6) as drive:
        account = Account(drive, tmp_path)
        store = Store(account, tmp_path)
        store.put(draft(), {"a.txt": "text"})
        drive.revoke()
        for attempt in (lambda: store.get(), lambda: store.put(draft(fingerprint="f2"), {"a.txt": "next"})):
            with pytest.raises(Fatal, match=r"Google does not accept the credentials.*media-assets login"):
                attempt()
        drive.repair()
        Account(drive, tmp_path)
        store.put(draft(fingerprint="f2"), {"a.txt": "next"})
        assert [drive.content(item.id) for item in artifact_files(drive)] == [b"next"]


def test_an_outage_costs_nothing_but_time(tmp_path: Path) -> None:
    with drive_server(seed=7) as drive:
        account = Account(drive, tmp_path)
        store = Store(account, tmp_path, max_retries=1)
        large = bytes(range(256)) * 24_000
        store.put(draft(fingerprint="old"), {"old.txt": "old"})
        drive.fail_always("files.upload_chunk", "backendError")
        with pytest.raises(Transient):
            store.put(draft(), {"a.txt": "text", "large.bin": large})
        assert not store.intact(store.get()) or store.get().fingerprint == "old"
        drive.repair()
        with drive.counting() as calls:
            store.put(draft(), {"a.txt": "text", "large.bin": large})
        assert calls["files.create"] + calls["files.update"] == 2, "the manifest, and the old file to the trash"
        assert sorted(drive.content(item.id) for item in artifact_files(drive)) == sorted([b"text", large])


def test_no_address_of_an_upload_shows_in_an_error_or_a_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with drive_server(seed=8) as drive:
        store = Store(Account(drive, tmp_path), tmp_path, max_retries=2)
        drive.fail_always("files.upload_chunk", "backendError")
        with pytest.raises(Transient) as caught:
            store.put(draft(), {"large.bin": bytes(6_000_000)})
        (session,) = drive.uploads.sessions
        error: BaseException | None = caught.value
        while error is not None:
            assert session not in f"{error!r} {error}"
            error = error.__cause__ or error.__context__
    assert session not in caplog.text
