"""The files of one run of one stage: worked on by a few threads, each file apart from the others.

For each file the batch looks for an artifact with the right fingerprint, reuses it or calls the stage's function, and
has the result published. What went wrong with a file becomes its outcome and nobody else's.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import Field

from media_assets.base import logs
from media_assets.base.errors import Cancelled, Fatal
from media_assets.base.interruption import asking
from media_assets.base.keys import display_name
from media_assets.pipeline.artifact import Stored
from media_assets.pipeline.asset_checks import check_specs
from media_assets.pipeline.deaths import Death
from media_assets.pipeline.file_work import FileWork
from media_assets.pipeline.lanes import LANE_TAG
from media_assets.pipeline.latest_records import latest_made
from media_assets.pipeline.ledger import InstanceLedger
from media_assets.pipeline.library import Library
from media_assets.pipeline.marks import MORE_FOLLOW_TAG
from media_assets.pipeline.observers import observed
from media_assets.pipeline.outcome import Outcome, RunFacts, Upstream
from media_assets.pipeline.prefetch import Prefetcher
from media_assets.pipeline.progress import Progress
from media_assets.pipeline.quality import Verdict
from media_assets.pipeline.results import described_by
from media_assets.pipeline.retention import remove_what_is_old
from media_assets.pipeline.stage import FileAsset
from media_assets.pipeline.stage_run import StageRun
from media_assets.pipeline.workers import Vigil, Workers
from media_assets.places.manifest import Manifest
from media_assets.places.store import ArtifactStore

logger = logging.getLogger("media_assets")

# Files that are fetched beyond those in work.
_AHEAD = 2
# How long it may take to notice that the run is to stop.
_POLL_SECONDS = 0.5
# What takes longer to end is told while it is waited for.
_SOON_SECONDS = 2.0


class StageConfig(dg.Config):
    """Run configuration of every stage, as the launchpad shows it."""

    force: bool = Field(
        default=False, description="Make the artifacts again even where nothing they depend on changed."
    )
    refresh: bool = Field(
        default=False,
        description="The same, but take over what was costly: a transcript is written anew from what was heard before.",
    )


def batches_of(stage: FileAsset[Any], stages: Sequence[FileAsset[Any]]) -> Callable[..., Iterator[dg.Output[Any]]]:
    """The function of the Dagster asset of a stage: it makes a batch of the files of a run.

    What the checks of quality find of each file is recorded by the IO manager, which leaves nothing to say of all files
    together; so their outputs are empty.

    Args:
        stages: All of the library, in order; the first takes up the source files.
    """
    first = stages[0].name

    def compute(context: dg.AssetExecutionContext, config: StageConfig, **upstreams: Any) -> Iterator[dg.Output[Any]]:
        resources = {name: getattr(context.resources, name) for name in stage.engines}
        yield dg.Output(Batch(stage, first, context, upstreams, resources, config))
        for check in check_specs(stage, context.resources.library.settings):
            yield dg.Output(None, output_name=check.get_python_identifier())

    compute.__name__ = stage.name
    # Dagster reads them when it makes the asset: as types, and without the artifacts of earlier stages.
    compute.__annotations__ = {"context": dg.AssetExecutionContext, "config": StageConfig, "return": Any}
    return compute


class Batch:
    """One run of one stage over its files: made by the function of its Dagster asset, run by its IO manager."""

    def __init__(
        self,
        stage: FileAsset[Any],
        first_stage: str,
        context: dg.AssetExecutionContext,
        upstreams: Mapping[str, Upstream],
        resources: Mapping[str, Any],
        config: StageConfig,
    ) -> None:
        self.stage = stage
        self.context = context
        self.run_id = context.run.run_id
        self.keys: Sequence[str] = context.partition_keys
        self.upstreams = upstreams
        self.library: Library = context.resources.library
        self.progress: Progress = context.resources.progress
        self.facts = RunFacts(stage.name, self.run_id, takes_up_files=stage.name == first_stage)
        self.stage_run = StageRun(
            stage=stage,
            first_stage=first_stage,
            library=self.library,
            upstreams={name: upstream.store for name, upstream in upstreams.items()},
            resources=resources,
            run_id=self.run_id,
            force=config.force or config.refresh,
            all_anew=config.force,
            progress=self.progress,
            ledger=InstanceLedger(context.instance, self.run_id),
        )
        self.log_fields = {
            "run_id": self.run_id,
            "asset": stage.name,
            "lane": context.run.tags.get(LANE_TAG),
            "attempt": context.retry_number + 1,
        }
        self._works: dict[str, FileWork] = {}

    def run(self, store: ArtifactStore, settled: Mapping[str, Outcome]) -> Iterator[list[Outcome]]:
        """The outcome of each file, as they come in: those of half a second together, so that there may be none.

        A fatal error ends the batch: files in work are stopped, the rest is not begun.

        Args:
            settled: Outcomes of an earlier attempt of the same run that a repetition need not or cannot change.
        """
        workers_number = self.library.settings.assets[self.stage.name].workers
        with logs.fields(**self.log_fields):
            self.progress.begin(self.stage.name, len(self.keys))
        remove_what_is_old(self.context.instance, self.library.settings)
        workers = Workers(workers_number)
        with (
            observed(self.library.observers),
            self.library.workspaces.run(is_left=lambda: not workers.have_ended) as scratch,
        ):
            suspects = {death.file.key for death in self.library.workspaces.deaths.all() if self._concerns(death)}
            order = sorted(self.keys, key=lambda key: key in suspects)
            fetches = self._fetches(order, store, scratch, settled)
            with Prefetcher(fetches, workers_number + _AHEAD, self._cancelled) as prefetcher:

                def begin(key: str) -> Future[Outcome]:
                    return workers.submit(self._outcome, key, store, scratch, settled.get(key), prefetcher)

                vigil = Vigil(self.library.patience)
                try:
                    yield from self._outcomes(deque(order), suspects, workers_number, begin, vigil)
                finally:
                    self._end(workers, scratch, vigil)

    def _outcomes(
        self,
        waiting: deque[str],
        suspects: Collection[str],
        workers: int,
        begin: Callable[[str], Future[Outcome]],
        vigil: Vigil,
    ) -> Iterator[list[Outcome]]:
        """The outcomes of the files. Those at whose work a process died are worked on last, and each alone."""
        first_failures, ended = self.library.first_failures[self.stage.name], list[Outcome]()
        pending: set[Future[Outcome]] = set()
        while True:
            while waiting and (not pending if waiting[0] in suspects else len(pending) < workers):
                pending.add(begin(waiting.popleft()))
            if not pending:
                # Where more files follow, they tell more than a few do.
                is_last = MORE_FOLLOW_TAG not in self.context.run.tags
                alike = first_failures.at_the_end(ended) if is_last else None
                if alike and not self._ever_made():
                    yield [Outcome(ended[-1].key, error=alike)]
                return
            done, pending = wait(pending, timeout=_POLL_SECONDS, return_when=FIRST_COMPLETED)
            self._tell_late(vigil)
            new: list[Outcome] = []
            for future in done:
                outcome = future.result()
                if isinstance(outcome.error, Cancelled):
                    continue
                if not isinstance(outcome.error, Fatal):
                    with logs.fields(**self.log_fields, partition=outcome.key):
                        self.progress.done(self.stage.name, display_name(outcome.key), outcome)
                    alike = first_failures.add(outcome)
                    outcome = Outcome(outcome.key, error=alike) if alike else outcome
                if isinstance(outcome.error, Fatal):
                    self._cancelled.set()
                    waiting.clear()
                new.append(outcome)
            ended += new
            yield new
            if self._cancelled.is_set() and vigil.grace_left() == 0.0:
                return

    def _end(self, workers: Workers, scratch: Path, vigil: Vigil) -> None:
        """Have the threads end, which are to do so soon; whoever does not answer is told and left."""
        self._cancelled.set()  # reached early when the run is stopped
        self.library.workspaces.deaths.spare(scratch)
        if workers.end(min(_SOON_SECONDS, vigil.grace_left())):
            return
        for work in self._at_work():
            self._tell(f"{work} does not answer yet: that is waited for, {vigil.grace_left():.0f} s at most")
        if workers.end(vigil.grace_left()):
            return
        left = [str(work) for work in self._at_work()] or ["something"]
        self._tell(
            f"{', '.join(left)} does not answer, and is left. Its code has to ask `work.check()` between its steps: "
            "mend it, or choose another engine in library.yaml"
        )

    def _tell_late(self, vigil: Vigil) -> None:
        for work in vigil.late(self._at_work()):
            self._tell(f"{work} does not answer: {work.told_limit()}. Stop this run if it goes on so")

    def _tell(self, line: str) -> None:
        with logs.fields(**self.log_fields):
            self.progress.warn(line)

    def _at_work(self) -> list[FileWork]:
        return [work for work in list(self._works.values()) if work.is_at_work]

    def _concerns(self, death: Death) -> bool:
        return death.file.asset == self.stage.name

    def _ever_made(self) -> bool:
        return latest_made(self.context.instance, self.stage.name) is not None

    @property
    def _cancelled(self) -> threading.Event:
        return self.stage_run.cancelled

    def _fetches(
        self, keys: Sequence[str], store: ArtifactStore, scratch: Path, settled: Mapping[str, Outcome]
    ) -> Iterator[tuple[str, Callable[[], AbstractContextManager[None]]]]:
        """What can be fetched before it is this file's turn, in the order of the files."""
        if self.stage.reads_source:
            for key in keys:
                if key not in settled:
                    yield key, partial(self._keep_near, key, store, scratch)

    @contextmanager
    def _keep_near(self, key: str, store: ArtifactStore, scratch: Path) -> Iterator[None]:
        work = self._work(key, store, scratch)
        check = self.stage_run.check_cancelled
        with self.library.keep_near(work.entry, check) if work.will_read_source else nullcontext():
            yield

    def _work(self, key: str, store: ArtifactStore, scratch: Path) -> FileWork:
        """The same one for fetching ahead and for the work itself, so that nothing is looked up twice."""
        return self._works.setdefault(key, FileWork(self.stage_run, key, store, scratch))

    def _outcome(
        self, key: str, store: ArtifactStore, scratch: Path, settled: Outcome | None, prefetcher: Prefetcher
    ) -> Outcome:
        if settled:
            return settled
        with logs.fields(**self.log_fields, partition=key), asking(self.stage_run.check_cancelled):
            outcome = self._find_or_make(key, store, scratch, prefetcher)
            for observer in self.library.observers:
                observer.done(self.facts, outcome)
            return outcome

    def _find_or_make(self, key: str, store: ArtifactStore, scratch: Path, prefetcher: Prefetcher) -> Outcome:
        started = time.monotonic()
        work = self._work(key, store, scratch)
        try:
            manifest, reused = work.find_or_make()
            described, verdicts = self._looked_at(manifest, store)
        except BaseException as error:
            known = work.blame(error)
            if known is not error:
                logger.exception("%s of %s", self.stage.name, key)
            outcome = Outcome(key, error=known, attempt=work.attempt, seconds=time.monotonic() - started)
        else:
            outcome = Outcome(
                key,
                manifest,
                reused=reused,
                described=described,
                verdicts=verdicts,
                seconds=time.monotonic() - started,
            )
        finally:
            prefetcher.taken(key)
            self._works.pop(key, None)
        return replace(outcome, revision=work.source_revision()) if self.library.observers else outcome

    def _looked_at(self, manifest: Manifest, store: ArtifactStore) -> tuple[Mapping[str, Any], Mapping[str, Verdict]]:
        """What a person wants to see of an artifact, and what the checks of quality find."""
        if manifest.not_applicable:
            return {}, {}
        with ExitStack() as leases:

            def fetch(name: str | None) -> Path:
                if name is None:
                    raise ValueError(f"the description of {manifest.asset} may not read the source file")
                return leases.enter_context(store.lease(manifest.file(name)))

            stored = Stored(manifest, self.stage.value_type, fetch, where=lambda: store.link(manifest))
            described = described_by(self.stage, self.stage.describe(stored))
            return described, self.stage.verdicts(stored, self.library.settings)
