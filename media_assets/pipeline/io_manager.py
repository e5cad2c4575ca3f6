"""Dagster's side of storing artifacts: what became of a batch turns into materializations, retries and failures.

Each artifact is recorded when it is stored, whatever becomes of the others (see `recorder`), and Dagster records
nothing by itself. What else follows is known when the batch is through:

- Some failed and a repetition may help: the step's retry policy runs the batch again, on what is not recorded yet.
- Some failed for good: each of them gets an observation with its reason, and the step fails without retry. Dagster's
  backfills go on with the files that were recorded.
- Some wait for an earlier stage: the step succeeds. A backfill whose runs are through counts what is not recorded as
  not done, and ends.
- Something fatal: the step fails, and no file is blamed.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from typing import Any

import dagster as dg

from media_assets.base.errors import DayIsSpent, Fatal, Transient, kind_of
from media_assets.base.keys import display_name
from media_assets.base.wording import counted
from media_assets.dagster_seams.steps import record_nothing_more, record_together
from media_assets.pipeline.batch import Batch
from media_assets.pipeline.batch_results import BatchResults, failure, headline
from media_assets.pipeline.first_failures import AllAlike
from media_assets.pipeline.marks import ATTEMPT, CACHE_TAGS, FAILED, FILES_TAG, KIND, NEXT_STEP, WITHDRAWN
from media_assets.pipeline.outcome import Outcome, Upstream
from media_assets.pipeline.postponed import postpone
from media_assets.pipeline.recorder import Recorder, source_file
from media_assets.places.store import ArtifactStore, LooksAhead, SettlesTogether

logger = logging.getLogger("media_assets")

# Lines in the log of a run on files that wait; each is an event.
_MAX_TOLD = 10


class RunStopped(dg.DagsterError, dg.DagsterExecutionInterruptedError):
    """The run was asked to stop.

    Of an asset with a retry policy Dagster repeats an interrupted step, and a run that somebody terminates goes on. Its
    own errors it lets through, and as an interruption the run is recorded as cancelled, or as ended from outside.
    """


class TransientFailures(Exception):
    """Some files of a batch failed in a way that may pass; the asset's retry policy sees to it."""


class ArtifactIOManager(dg.IOManager):
    """Keeps the artifacts of all stages that go to one store."""

    def __init__(self, store: ArtifactStore) -> None:
        self._store = store
        # Of this run, by step: what a retry of the batch need not or cannot do again.
        self._settled: dict[str, dict[str, Outcome]] = {}

    def load_input(self, context: dg.InputContext) -> Upstream:
        return Upstream(context.asset_key.path[-1], self._store)

    def handle_output(self, context: dg.OutputContext, batch: Batch) -> Iterator[dg.DagsterEvent]:  # type: ignore[override]
        try:
            yield from self._store_all(context, batch)
        except (KeyboardInterrupt, dg.DagsterExecutionInterruptedError) as interrupt:
            raise RunStopped("the run was asked to stop; what is stored is found again") from interrupt

    def _store_all(self, context: dg.OutputContext, batch: Batch) -> Iterator[dg.DagsterEvent]:
        # The UI calls all runs alike: the tag tells how large they are.
        batch.context.instance.add_run_tags(batch.run_id, {FILES_TAG: str(len(batch.keys))})
        results = BatchResults()
        settled = self._settled.setdefault(batch.stage.name, {})
        recorder = Recorder(context, batch, self._store, settled)
        with _noting_cache(batch), _looking_ahead(batch, self._store), _settling_together(batch, self._store, results):
            for outcomes in batch.run(self._store, dict(settled)):
                for outcome in outcomes:
                    results.add(outcome)
                if not isinstance(self._store, SettlesTogether):
                    yield from recorder.record_in_time(outcome for outcome in outcomes if not outcome.error)
        yield from recorder.record(results.made)
        settled.update({outcome.key: outcome for outcome in results.failed})
        batch.context.log.info(headline(batch, results))
        for outcome in results.waiting[:_MAX_TOLD]:
            batch.context.log.info(f"{display_name(outcome.key)} {outcome.error}")
        if results.transient and not results.fatal and _retries_left(batch):
            first = results.transient[0]
            raise TransientFailures(
                f"{len(results.transient)} of {counted(len(batch.keys))} may succeed when tried again, "
                f"e.g. {display_name(first.key)}: {first.error}"
            )
        if results.fatal or results.failed or results.transient:
            yield from self._note_failures(context, batch, results)
            if isinstance(results.fatal, DayIsSpent):
                _postpone(batch, results, results.fatal.day)
            raise failure(batch, results)
        record_nothing_more(context)

    def _note_failures(
        self, context: dg.OutputContext, batch: Batch, results: BatchResults
    ) -> Iterator[dg.DagsterEvent]:
        if results.fatal:
            withdrawn = sorted(_wrongly_blamed(results.fatal) - set(context.asset_partition_keys))
            noted = {key: {WITHDRAWN: results.fatal.reason} for key in withdrawn}
        else:
            noted = {outcome.key: _failed(batch, outcome) for outcome in (*results.failed, *results.transient)}
        yield from record_together(
            context.step_context,
            [
                dg.AssetObservation(context.asset_key, partition=key, metadata=metadata)
                for key, metadata in noted.items()
            ],
        )


def _wrongly_blamed(fatal: Fatal) -> frozenset[str]:
    """Files that were blamed, by this batch or by earlier ones, and turn out not to be at fault."""
    return fatal.keys if isinstance(fatal, AllAlike) else frozenset()


def _failed(batch: Batch, outcome: Outcome) -> dict[str, Any]:
    """What the observation of a failed file says."""
    assert outcome.error is not None
    return {
        FAILED: outcome.error.reason,
        NEXT_STEP: outcome.error.next_step,
        KIND: kind_of(outcome.error),
        ATTEMPT: outcome.attempt,
        **source_file(batch, outcome.key),
    }


@contextmanager
def _looking_ahead(batch: Batch, store: ArtifactStore) -> Iterator[None]:
    """Tells the stores which artifacts the batch will ask for."""
    asked = {(upstream.asset, upstream.store) for upstream in batch.upstreams.values()} | {(batch.stage.name, store)}
    with ExitStack() as stack:
        for asset, place in asked:
            if isinstance(place, LooksAhead):
                stack.enter_context(place.looking_ahead(asset, batch.keys))
        yield


@contextmanager
def _settling_together(batch: Batch, store: ArtifactStore, results: BatchResults) -> Iterator[None]:
    """Look, at the end of a batch that nothing fatal stopped, whether another machine has made the same meanwhile."""
    if not isinstance(store, SettlesTogether):
        yield
        return
    with store.settling_together(batch.stage.name) as settle:
        yield
        if results.fatal:
            return
        try:
            otherwise = settle()
        except Fatal as error:
            results.fatal = error
        except Transient as error:
            batch.context.log.warning(f"what other machines made meanwhile is looked at next time: {error}")
        else:
            results.correct(otherwise)


@contextmanager
def _noting_cache(batch: Batch) -> Iterator[None]:
    """Adds to the tags of the run what the cache of fetched files did for it."""
    counts = batch.library.cache.counts
    before = {name: getattr(counts, name) for name in CACHE_TAGS}
    try:
        yield
    finally:
        done = {tag: getattr(counts, name) - before[name] for name, tag in CACHE_TAGS.items()}
        if any(done.values()):
            run = batch.context.instance.get_run_by_id(batch.run_id)
            known = run.tags if run else {}
            sums = {tag: str(int(known.get(tag, 0)) + number) for tag, number in done.items()}
            batch.context.instance.add_run_tags(batch.run_id, sums)


def _postpone(batch: Batch, results: BatchResults, day: date) -> None:
    """Note the files that have no outcome, so that they are asked for again when there is a new budget."""
    ended = {outcome.key for outcome in (*results.made, *results.failed)}
    left = [key for key in batch.keys if key not in ended]
    postpone(batch.context.instance, batch.run_id, day, batch.stage.name, left)


def _retries_left(batch: Batch) -> bool:
    policy = batch.context.op_execution_context.op_def.retry_policy
    return policy is not None and batch.context.retry_number < policy.max_retries
