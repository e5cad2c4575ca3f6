"""The exporter: its figures are those of `status`, whatever happened between two looks."""

from __future__ import annotations

import itertools
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import requests
from dagster._core.storage.event_log import SqlEventLogStorage
from dagster._daemon.types import DaemonHeartbeat

from media_assets.base.errors import Fatal
from media_assets.operation.metrics.health import HEARTBEAT_SECONDS, readiness
from media_assets.operation.metrics.server import serving
from media_assets.operation.metrics.watch import Watch
from media_assets.pipeline.marks import IMPORTED_TAG, WITHDRAWN
from media_assets.pipeline.partitions import media_files
from media_assets_tests import postgres
from media_assets_tests.operation.observability.metric_samples import Samples, figure, parsed, states
from media_assets_tests.toy_library import ToyLibrary, key_of
from media_assets_tests.toy_stages import PIPELINE
from media_assets_tests.waiting import wait_until

ASSETS = [stage.name for stage in PIPELINE]


@pytest.fixture
def toy(tmp_path: Path, database: str | None) -> Iterator[ToyLibrary]:
    with ToyLibrary(tmp_path, database=database) as library:
        yield library


def watch(toy: ToyLibrary) -> Watch:
    """Between any two of its looks a quarter of an hour passes by its clock, so that nothing is put off."""
    clock = partial(next, itertools.count(start=900.0, step=900.0))
    return Watch(toy.instance, toy.settings, ASSETS, settled_seconds=0.0, clock=clock)


def looked(found: Watch) -> Samples:
    """The figures after one more look, as Prometheus reads them."""
    found.refresh()
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in found.collect()
        for sample in family.samples
    }


def work(samples: Samples, asset: str) -> tuple[float, float, float]:
    """(made, reused, in the histogram)"""
    return (
        figure(samples, "artifacts_made_total", asset=asset),
        figure(samples, "artifacts_reused_total", asset=asset),
        figure(samples, "stage_duration_seconds_count", asset=asset),
    )


def note_made(toy: ToyLibrary, asset: str, name: str, tags: dict[str, str] | None = None, **metadata: Any) -> None:
    """Record an artifact as `pipeline.io_manager` does."""
    known: dict[str, Any] = {
        "made_in_seconds": 1.0,
        "size_bytes": 10,
        "cost_usd": 0.0,
        "reused": False,
        "fingerprint": "ab" * 8,
    }
    event = dg.AssetMaterialization(asset, partition=key_of(name), metadata={**known, **metadata}, tags=tags)
    toy.instance.report_runless_asset_event(event)


def note_failed(toy: ToyLibrary, asset: str, name: str, reason: str = "is poison", error: str = "BadMedia") -> None:
    event = dg.AssetObservation(asset, partition=key_of(name), metadata={"failed": reason, "error": error})
    toy.instance.report_runless_asset_event(event)


def test_a_failure_that_is_withdrawn_is_red_no_more(toy: ToyLibrary) -> None:
    toy.write(a="one")
    found = watch(toy)
    note_failed(toy, "note", "a")
    assert figure(looked(found), "artifacts", asset="note", state="failed") == 1
    event = dg.AssetObservation("note", partition=key_of("a"), metadata={WITHDRAWN: "it was the engine"})
    toy.instance.report_runless_asset_event(event)
    assert figure(looked(found), "artifacts", asset="note", state="failed") == 0


def note_removed(toy: ToyLibrary, name: str) -> None:
    event = dg.AssetObservation("note", partition=key_of(name), metadata={"removed": "the source file is gone"})
    toy.instance.report_runless_asset_event(event)


def write_to_event_log(toy: ToyLibrary, sql: str) -> None:
    storage = toy.instance.event_log_storage
    assert isinstance(storage, SqlEventLogStorage)
    with storage.index_transaction() as connection:
        connection.exec_driver_sql(sql)


@contextmanager
def storage_away(toy: ToyLibrary) -> Iterator[None]:
    if toy.database:
        with postgres.away(toy.database):
            yield
        return
    history = toy.root / "home" / "history"
    hidden = history.rename(history.with_name("hidden"))
    history.write_text("a file where the database should be")
    yield
    history.unlink()
    hidden.rename(history)


def test_what_was_imported_is_there_and_was_not_made_here(toy: ToyLibrary) -> None:
    toy.write(a="one", b="two")
    note_made(toy, "note", "a", tags={IMPORTED_TAG: "archive"})
    note_made(toy, "note", "b", fingerprint="cd" * 8)
    found = looked(watch(toy))
    assert figure(found, "artifacts", asset="note", state="done") == 2
    assert work(found, "note") == (1, 0, 1)


# ------------------------------------------------------------------------------------------ figures


def test_what_happens_between_two_looks_is_added_and_nothing_is_counted_twice(toy: ToyLibrary) -> None:
    found = watch(toy)
    assert figure(looked(found), "files", source="box") == 0
    toy.write(a="one", b="two")
    note_made(toy, "note", "a")
    assert work(looked(found), "note") == (1, 0, 1)
    note_made(toy, "note", "a", reused=True)
    note_made(toy, "note", "b", fingerprint="cd" * 8)
    note_made(toy, "shout", "b")
    samples = looked(found)
    assert work(samples, "note") == (2, 1, 2)
    assert work(samples, "shout") == (1, 0, 1)
    assert library_figures(looked(found)) == library_figures(samples)


def library_figures(samples: Samples) -> Samples:
    """Without those about the exporter itself."""
    return {key: number for key, number in samples.items() if "exporter" not in key[0]}


@pytest.mark.thorough
def test_an_artifact_counts_as_made_once_though_its_batch_was_repeated(toy: ToyLibrary) -> None:
    toy.write(a="one", b="flaky\nshout: transient 1", c="one")
    toy.run("note")
    toy.run("shout")
    assert work(looked(watch(toy)), "shout") == (2, 1, 2), "the third is a copy of the first"


@pytest.mark.thorough
def test_states_follow_failures_repairs_and_removals(toy: ToyLibrary) -> None:
    found = watch(toy)
    toy.write(a="", b="", c="", d="")
    for name in "abcd":
        note_failed(toy, "shout", name)
    note_made(toy, "shout", "d")
    assert states(looked(found))["shout"] == {"done": 1, "not_applicable": 0, "failed": 3, "missing": 0}
    note_made(toy, "shout", "a", not_applicable="is a photo")
    note_removed(toy, "b")
    note_failed(toy, "shout", "d", "is poison since")
    samples = looked(found)
    assert states(samples)["shout"] == {"done": 0, "not_applicable": 1, "failed": 2, "missing": 1}
    assert figure(samples, "failed_files", asset="shout", error="BadMedia", cause="is poison") == 1
    assert figure(samples, "failed_files", asset="shout", error="BadMedia", cause="is poison since") == 1
    assert figure(samples, "failures_total", asset="shout", error="BadMedia") == 5


def test_a_file_that_is_over_budget_has_not_failed(toy: ToyLibrary) -> None:
    toy.write(a="one")
    note_failed(toy, "echo", "a", "would cost 3 USD", "OverBudget")
    samples = looked(watch(toy))
    assert states(samples)["echo"] == {"done": 0, "not_applicable": 0, "failed": 0, "missing": 1}
    assert figure(samples, "over_budget_files", asset="echo") == 1
    assert not [name for name, _ in samples if name in ("media_assets_failures_total", "media_assets_failed_files")]


def test_partitions_that_were_deleted_and_events_that_were_wiped_are_noticed(toy: ToyLibrary) -> None:
    toy.write(a="one", b="two")
    for name in "ab":
        note_made(toy, "note", name)
        note_made(toy, "shout", name)
    found = watch(toy)
    looked(found)
    toy.instance.delete_dynamic_partition(str(media_files.name), key_of("a"))
    toy.instance.wipe_assets([dg.AssetKey("note")])
    samples = looked(found)
    assert figure(samples, "files", source="box") == 1
    assert states(samples)["note"] == {"done": 0, "not_applicable": 0, "failed": 0, "missing": 1}
    assert states(samples)["shout"] == {"done": 1, "not_applicable": 0, "failed": 0, "missing": 0}


def test_an_event_log_that_lost_its_end_is_counted_anew(toy: ToyLibrary) -> None:
    toy.write(a="one")
    note_made(toy, "note", "a")
    found = watch(toy)
    looked(found)
    write_to_event_log(toy, "DELETE FROM event_logs")
    assert work(looked(found), "note") == (0, 0, 0)
    note_made(toy, "shout", "a")
    assert work(looked(found), "shout") == (1, 0, 1)


def test_space_saved_cost_speed_and_cache_are_read_from_what_was_recorded(toy: ToyLibrary) -> None:
    toy.write(a="one")
    details: dict[str, Any] = {
        "source_bytes": 1000,
        "made_in_seconds": 45.0,
        "engine": "whisper large",
        "duration_seconds": 60.0,
    }
    found = watch(toy)
    note_made(toy, "shout", "a", size_bytes=300, cost_usd=0.5, **details)
    samples = looked(found)
    assert figure(samples, "saved_bytes", asset="shout") == 700
    assert figure(samples, "cost_usd_total", asset="shout", engine="whisper large") == 0.5
    assert figure(samples, "media_seconds_total", asset="shout") == 60
    assert figure(samples, "source_bytes_total", asset="shout") == 1000
    assert figure(samples, "artifact_bytes_total", asset="shout") == 300
    assert figure(samples, "stage_duration_seconds_bucket", asset="shout", le="30.0") == 0
    assert figure(samples, "stage_duration_seconds_bucket", asset="shout", le="60.0") == 1
    assert figure(samples, "stage_duration_seconds_sum", asset="shout") == 45
    note_made(toy, "shout", "a", size_bytes=0, fingerprint="cd" * 8, **details)
    assert figure(looked(found), "saved_bytes", asset="shout") == 0, "too little was gained, and nothing is kept"


def test_runs_and_what_the_cache_did_for_them_are_counted_when_they_have_ended(toy: ToyLibrary) -> None:
    found = watch(toy)
    run = dg.DagsterRun(job_name="j", run_id=str(uuid.uuid4()), status=dg.DagsterRunStatus.STARTED)
    toy.instance.add_run(run)
    toy.instance.add_run_tags(run.run_id, {"media_assets/cache_hits": "3", "media_assets/cache_evicted_bytes": "50"})
    toy.instance.add_run(dg.DagsterRun(job_name="j", run_id=str(uuid.uuid4()), status=dg.DagsterRunStatus.NOT_STARTED))
    samples = looked(found)
    assert (figure(samples, "runs", status="started"), figure(samples, "runs", status="queued")) == (1, 1)
    assert figure(samples, "cache_hits_total") == 0
    toy.instance.report_run_failed(run)
    for _ in range(2):
        samples = looked(found)
        assert figure(samples, "runs_ended_total", status="failure") == 1
        assert figure(samples, "cache_hits_total") == 3
        assert figure(samples, "cache_evicted_bytes_total") == 50
    assert figure(samples, "runs", status="started") == 0


def test_pools_and_backfills_are_shown_as_they_are(toy: ToyLibrary) -> None:
    storage = toy.instance.event_log_storage
    storage.set_concurrency_slots("ffmpeg", 1)
    storage.claim_concurrency_slot("ffmpeg", "run-1", "step")
    storage.claim_concurrency_slot("ffmpeg", "run-2", "step")
    samples = looked(watch(toy))
    assert figure(samples, "pool_slots", pool="ffmpeg") == 1
    assert figure(samples, "pool_slots_used", pool="ffmpeg") == 1
    assert figure(samples, "pool_steps_waiting", pool="ffmpeg") == 1
    assert figure(samples, "backfills", status="requested") == 0


def test_rare_causes_are_counted_together_and_what_differs_from_file_to_file_is_left_out(toy: ToyLibrary) -> None:
    names = [chr(97 + number) * 2 for number in range(25)]
    toy.write(**dict.fromkeys(names, "x"))
    for number, name in enumerate(names):
        note_failed(toy, "note", name, f"has the flaw {name} in '{name}.mp4' at 12:30 (byte {number})")
    for name in names[:3]:
        note_failed(toy, "note", name, f"is broken ({name} bytes)")
    samples = looked(watch(toy))
    causes = {dict(labels)["cause"]: n for (name, labels), n in samples.items() if name == "media_assets_failed_files"}
    assert len(causes) == 21
    assert (causes["is broken"], causes["other"]) == (3, 3)
    assert "has the flaw dd in … at N" in causes


# ------------------------------------------------------------------------------------------ restarts


@pytest.mark.thorough
def test_a_restart_reads_only_what_happened_since(toy: ToyLibrary) -> None:
    toy.write(a="one", b="two", c="three", d="four")
    note_made(toy, "shout", "a", cost_usd=0.5)
    note_made(toy, "shout", "b", not_applicable="is a photo")
    note_failed(toy, "shout", "c")
    note_failed(toy, "shout", "d")
    note_removed(toy, "d")
    first = watch(toy)
    before = looked(first)
    write_to_event_log(toy, "UPDATE event_logs SET event = '{}'")  # what is counted is not read again
    second = watch(toy)
    assert library_figures(looked(second)) == library_figures(before)
    note_made(toy, "shout", "a", reused=True)
    note_made(toy, "shout", "c")
    samples = looked(second)
    assert work(samples, "shout") == (2, 1, 2)
    assert states(samples)["shout"] == {"done": 2, "not_applicable": 1, "failed": 0, "missing": 1}


@pytest.mark.parametrize("content", ["", "{", "[]", '{"format": 1, "storage": "of another database"}'])
def test_a_file_of_totals_that_is_of_no_use_is_left_aside(toy: ToyLibrary, content: str) -> None:
    toy.write(a="one")
    note_made(toy, "note", "a")
    (toy.root / "state/metrics").mkdir(parents=True)
    (toy.root / "state/metrics/history.json").write_text(content)
    assert work(looked(watch(toy)), "note") == (1, 0, 1)


# ------------------------------------------------------------------------------------------ health and HTTP


def heartbeat(toy: ToyLibrary, daemon: str, seconds_ago: float) -> None:
    toy.instance.add_daemon_heartbeat(DaemonHeartbeat(time.time() - seconds_ago, daemon, "id"))


def test_ready_means_that_storage_answers_and_every_daemon_lives(toy: ToyLibrary) -> None:
    found = watch(toy)
    assert readiness(found, 10) == (
        False,
        {"status": "not ready", "reasons": ["storage has not answered yet"], "caught_up": False},
    )
    found.refresh()
    (reason,) = readiness(found, 10)[1]["reasons"]
    assert reason.startswith("parts of Dagster's daemon have never run: asset, backfill")
    for daemon in toy.instance.get_required_daemon_types():
        heartbeat(toy, daemon, 1)
    found.refresh()
    assert readiness(found, 10) == (True, {"status": "ready", "reasons": [], "caught_up": True})
    heartbeat(toy, "SENSOR", HEARTBEAT_SECONDS + 60)
    found.refresh()
    (reason,) = readiness(found, 10)[1]["reasons"]
    assert reason.startswith("Dagster's daemon gives no sign of life: sensor for 36")


def test_storage_that_is_away_is_no_end_and_is_told(toy: ToyLibrary) -> None:
    found = watch(toy)
    found.refresh()
    stopped = threading.Event()
    thread = threading.Thread(target=found.follow, args=(stopped, 0.05))
    try:
        with storage_away(toy):
            thread.start()
            wait_until(lambda: found.error)
            (reason, *_) = readiness(found, 0.05)[1]["reasons"]
            error = "DagsterPostgresException" if toy.database else "OperationalError"
            assert reason == f"storage does not answer ({error}); the log of this process says more"
        wait_until(lambda: not found.error)
    finally:
        stopped.set()
        thread.join(30)
    assert figure(looked(found), "exporter_refresh_errors_total") >= 1


def test_each_path_answers_as_it_should(toy: ToyLibrary) -> None:
    found = watch(toy)
    found.refresh()
    with serving("127.0.0.1", 0, found, lambda: readiness(found, 10)) as address:
        live = requests.get(f"{address}/health/live", timeout=10)
        assert (live.status_code, live.json()) == (200, {"status": "alive"})
        ready = requests.get(f"{address}/health/ready", timeout=10)
        assert (ready.status_code, ready.json()["status"]) == (503, "not ready")
        assert requests.get(f"{address}/", timeout=10).status_code == 404
        assert requests.post(f"{address}/metrics", timeout=10).status_code == 405
        metrics = requests.get(f"{address}/metrics", timeout=10)
        assert metrics.headers["Content-Type"].startswith("text/plain")
        assert ("media_assets_files", frozenset({("source", "box")})) in parsed(metrics.text)
        port = int(address.rsplit(":", 1)[1])
        with (
            pytest.raises(Fatal, match="cannot be listened on: Address already in use"),
            serving("127.0.0.1", port, found, lambda: (True, {})),
        ):
            pass
