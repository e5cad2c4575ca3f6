"""Each fault of Dagster that is mended, seen on a real instance."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
from dagster._core.execution.plan.instance_concurrency_context import InstanceConcurrencyContext

from media_assets import dagster_fixes


def test_a_run_that_waits_for_a_pool_pauses_before_it_looks_again(tmp_path: Path) -> None:
    dagster_fixes.apply()
    with dg.instance_for_test(temp_dir=str(tmp_path)) as instance:
        instance.event_log_storage.set_concurrency_slots("transcriber", 1)
        runs = [dg.DagsterRun("__ASSET_JOB", run_id=run_id) for run_id in ("11111111", "22222222")]
        for run in runs:
            instance.add_run(run)
        with (
            InstanceConcurrencyContext(instance, runs[0]) as first,
            InstanceConcurrencyContext(instance, runs[1]) as second,
        ):
            assert first.claim("transcriber", "transcript")
            assert first.interval_to_next_pending_claim_check() == 0
            assert not second.claim("transcriber", "transcript")
            assert 0 < second.interval_to_next_pending_claim_check() <= 2
