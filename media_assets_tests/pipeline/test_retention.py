"""What work that was broken off left goes after a time that is set, and not while it is in use."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from dagster import DagsterInstance, DagsterRun
from filelock import FileLock

from media_assets.pipeline.ledger import SPENT_ROWS, InstanceLedger, spent_usd
from media_assets.pipeline.postponed import POSTPONED_ROWS, postpone
from media_assets.pipeline.retention import remove_old_journals, remove_old_rows
from media_assets.pipeline.settings import RetentionSettings
from media_assets_tests.toy_library import ToyLibrary

FINGERPRINT = "ab" * 32
TODAY = date(2026, 3, 31)


def journal(state: Path, age_days: float, fingerprint: str = FINGERPRINT) -> Path:
    """Of a transcription that was broken off so long ago."""
    folder = state / "journal" / "transcript" / fingerprint
    folder.mkdir(parents=True)
    (folder / "window-00000.json").write_text("what was said")
    then = time.time() - age_days * 86_400
    for path in (folder / "window-00000.json", folder):
        os.utime(path, (then, then))
    return folder


def test_a_journal_goes_when_nothing_was_added_for_so_long(tmp_path: Path) -> None:
    old, new = journal(tmp_path, 15, "a" * 64), journal(tmp_path, 13, "b" * 64)
    remove_old_journals(tmp_path, 14)
    assert (old.exists(), new.exists()) == (False, True)
    remove_old_journals(tmp_path, 14, now=time.time() + 2 * 86_400)
    assert not new.exists()


def test_a_journal_in_use_stays_however_old_it_is(tmp_path: Path) -> None:
    folder = journal(tmp_path, 100)
    (tmp_path / "locks").mkdir()
    with FileLock(tmp_path / "locks" / "transcript-aba.lock"):
        remove_old_journals(tmp_path, 14)
        assert folder.exists()
    remove_old_journals(tmp_path, 14)
    assert not folder.exists()


def test_of_an_upload_that_was_broken_off_only_the_ids_stay(tmp_path: Path) -> None:
    folder = tmp_path / "google" / "uploads" / ("cd" * 20)
    folder.mkdir(parents=True)
    for name in ("journal.json", "manifest.json", "0123.session"):
        (folder / name).write_text("{}")
    remove_old_journals(tmp_path, 14)
    assert len(list(folder.iterdir())) == 3
    remove_old_journals(tmp_path, 14, now=time.time() + 15 * 86_400)
    assert [path.name for path in folder.iterdir()] == ["journal.json"]


def test_what_is_no_journal_stays(tmp_path: Path) -> None:
    remove_old_journals(tmp_path, 14)
    (tmp_path / "journal" / "transcript" / "notes").mkdir(parents=True)
    (tmp_path / "journal" / "file").write_text("x")
    remove_old_journals(tmp_path, 14, now=time.time() + 15 * 86_400)
    assert (tmp_path / "journal" / "transcript" / "notes").exists()
    assert (tmp_path / "journal" / "file").exists()


def test_every_run_removes_what_is_old(tmp_path: Path) -> None:
    with ToyLibrary(tmp_path, retention=RetentionSettings(journal_days=3)) as toy:
        old, new = journal(tmp_path / "state", 4, "a" * 64), journal(tmp_path / "state", 2, "b" * 64)
        toy.write(talk="hello")
        assert toy.run("note").success
        assert (old.exists(), new.exists()) == (False, True)


def test_a_run_is_not_held_up_by_what_cannot_be_removed_now(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with ToyLibrary(tmp_path) as toy:
        journal(tmp_path / "state", 15)
        (tmp_path / "state" / "locks" / "transcript-aba.lock").mkdir(parents=True)
        toy.write(talk="hello")
        assert toy.run("note").success
    assert "is left to the next run" in caplog.text


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[DagsterInstance]:
    with DagsterInstance.local_temp(str(tmp_path)) as made:
        yield made


def rows(instance: DagsterInstance, run: DagsterRun) -> set[str]:
    names = {f"{SPENT_ROWS}{TODAY}/{run.run_id}", f"{POSTPONED_ROWS}{run.run_id}/transcript"}
    return set(instance.daemon_cursor_storage.get_cursor_values(names))


@pytest.mark.thorough
def test_rows_of_runs_go_when_the_run_is_old_or_gone_and_all_others_stay(instance: DagsterInstance) -> None:
    runs = [instance.add_run(DagsterRun(job_name="stage")) for _ in range(2)]
    for run in runs:
        InstanceLedger(instance, run.run_id).add(TODAY, 1.0)
        postpone(instance, run.run_id, TODAY, "transcript", ["box:a"])
    instance.daemon_cursor_storage.set_cursor_values({"media_assets/source/box/1": "a snapshot"})
    remove_old_rows(instance, 35)
    assert [len(rows(instance, run)) for run in runs] == [2, 2]
    assert spent_usd(instance, TODAY) == 2.0
    instance.delete_run(runs[0].run_id)
    remove_old_rows(instance, 35)
    assert [len(rows(instance, run)) for run in runs] == [0, 2]
    remove_old_rows(instance, 35, now=datetime.now(UTC) + timedelta(days=36))
    assert [len(rows(instance, run)) for run in runs] == [0, 0]
    kept = instance.daemon_cursor_storage.get_cursor_values({"media_assets/source/box/1"})
    assert kept == {"media_assets/source/box/1": "a snapshot"}
