"""The files of one run of one stage: worked on by a few threads, each file apart from the others.

For each file the batch looks for an artifact with the right fingerprint, reuses it or calls the stage's function, and
has the result published. What went wrong with a file becomes its outcome and nobody else's.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field

from media_assets.artifact import Stored
from media_assets.errors import Cancelled, Fatal, MediaAssetsError
from media_assets.file_work import FileWork
from media_assets.interruption import asking
from media_assets.io_managers.manifest import Manifest
from media_assets.io_managers.store import ArtifactStore
from media_assets.lanes import LANE_TAG
from media_assets.ledger import InstanceLedger
from media_assets.library import Library
from media_assets.observability import logs
from media_assets.observability.observers import observed
from media_assets.partitions import display_name
from media_assets.prefetch import Prefetcher
from media_assets.progress import Progress
from media_assets.retention import remove_what_is_old

if TYPE_CHECKING:
    from media_assets.file_asset import FileAsset

logger = logging.getLogger("media_assets")

# Files that are fetched beyond those in work.
_AHEAD = 2
# How long it may take to notice that the run is to stop.
_POLL_SECONDS = 0.5


class StageConfig(dg.Config):
    """Run configuration of every stage, as the launchpad shows it."""

    force: bool = Field(
        default=False, description="Make the artifacts again even where nothing they depend on changed."
    )


@dataclass(frozen=True)
class Outcome:
    """What became of one file."""

    key: str
    manifest: Manifest | None = None
    error: MediaAssetsError | None = None
    attempt: str = ""
    """Fingerprint of what was tried; empty when it did not get so far."""
    reused: bool = False
    described: Mapping[str, Any] = field(default_factory=dict)
    """What a person wants to see of the artifact."""
    seconds: float = 0.0


@dataclass(frozen=True)
class Upstream:
    """The artifacts of an earlier stage, as a later one gets them: by key, on demand."""

    asset: str
    store: ArtifactStore


class Batch:
    """See the module. Made by an asset's function, run by its IO manager."""

    def __init__(
        self,
        stage: FileAsset[Any],
        context: dg.AssetExecutionContext,
        upstreams: Mapping[str, Upstream],
        resources: Mapping[str, Any],
        *,
        force: bool,
    ) -> None:
        self.stage = stage
        self.context = context
        self.run_id = context.run.run_id
        self.keys: Sequence[str] = context.partition_keys
        self.upstreams = upstreams
        self.resources = resources
        self.force = force
        self.library: Library = context.resources.library
        self.progress: Progress = context.resources.progress
        self.cancelled = threading.Event()
        self.ledger = InstanceLedger(context.instance, self.run_id)
        self.log_fields = {
            "run_id": self.run_id,
            "asset": stage.name,
            "lane": context.run.tags.get(LANE_TAG),
            "attempt": context.retry_number + 1,
        }
        self._works: dict[str, FileWork] = {}

    def run(self, store: ArtifactStore, settled: Mapping[str, Outcome]) -> Iterator[Outcome]:
        """The outcome of each file, as they come in.

        A fatal error ends the batch: files in work are stopped, the rest is not begun.

        Args:
            settled: Outcomes of an earlier attempt of the same run that a repetition cannot change.
        """
        tuning = self.library.settings.assets[self.stage.name]
        with logs.fields(**self.log_fields):
            self.progress.begin(self.stage.name, len(self.keys))
        waiting = iter(self.keys)
        first_failures, ended = self.library.first_failures[self.stage.name], list[Outcome]()
        remove_what_is_old(self.context.instance, self.library.settings)
        with (
            observed(self),
            self.library.workspaces.run() as scratch,
            Prefetcher(self._fetches(store, scratch, settled), tuning.workers + _AHEAD, self.cancelled) as prefetcher,
            ThreadPoolExecutor(tuning.workers) as pool,
        ):
            try:
                pending: set[Future[Outcome]] = set()
                while True:
                    while len(pending) < tuning.workers and (key := next(waiting, None)) is not None:
                        pending.add(pool.submit(self._outcome, key, store, scratch, settled.get(key), prefetcher))
                    if not pending:
                        alike = first_failures.at_the_end(ended)
                        if alike and not self._ever_made():
                            yield Outcome(ended[-1].key, error=alike)
                        return
                    done, pending = wait(pending, timeout=_POLL_SECONDS, return_when=FIRST_COMPLETED)
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
                            self.cancelled.set()
                            waiting = iter(())
                        ended.append(outcome)
                        yield outcome
            finally:
                self.cancelled.set()  # reached early when the run is stopped: the threads are to end soon

    def _ever_made(self) -> bool:
        return self.context.instance.get_latest_materialization_event(dg.AssetKey(self.stage.name)) is not None

    def check_cancelled(self) -> None:
        """Ends what was begun for this batch, once it is to stop."""
        if self.cancelled.is_set():
            raise Cancelled("the run was stopped")

    def _fetches(
        self, store: ArtifactStore, scratch: Path, settled: Mapping[str, Outcome]
    ) -> Iterator[tuple[str, Callable[[], AbstractContextManager[None]]]]:
        """What can be fetched before it is this file's turn, in the order of the files."""
        if self.stage.reads_source:
            for key in self.keys:
                if key not in settled:
                    yield key, partial(self._keep_near, key, store, scratch)

    @contextmanager
    def _keep_near(self, key: str, store: ArtifactStore, scratch: Path) -> Iterator[None]:
        work = self._work(key, store, scratch)
        with self.library.keep_near(work.entry, self.check_cancelled) if work.will_read_source else nullcontext():
            yield

    def _work(self, key: str, store: ArtifactStore, scratch: Path) -> FileWork:
        """The same one for fetching ahead and for the work itself, so that nothing is looked up twice."""
        return self._works.setdefault(key, FileWork(self, key, store, scratch))

    def _outcome(
        self, key: str, store: ArtifactStore, scratch: Path, settled: Outcome | None, prefetcher: Prefetcher
    ) -> Outcome:
        if settled:
            return settled
        with logs.fields(**self.log_fields, partition=key), asking(self.check_cancelled):
            outcome = self._find_or_make(key, store, scratch, prefetcher)
            for observer in self.library.observers:
                observer.done(self, outcome)
            return outcome

    def _find_or_make(self, key: str, store: ArtifactStore, scratch: Path, prefetcher: Prefetcher) -> Outcome:
        started = time.monotonic()
        work = self._work(key, store, scratch)
        try:
            manifest, reused = work.find_or_make()
            described = self._describe(manifest, store)
        except Exception as error:
            known = work.blame(error)
            if known is not error:
                logger.exception("%s of %s", self.stage.name, key)
            return Outcome(key, error=known, attempt=work.attempt, seconds=time.monotonic() - started)
        finally:
            prefetcher.taken(key)
            self._works.pop(key, None)
        return Outcome(key, manifest, reused=reused, described=described, seconds=time.monotonic() - started)

    def _describe(self, manifest: Manifest, store: ArtifactStore) -> Mapping[str, Any]:
        if manifest.not_applicable:
            return {}
        with ExitStack() as leases:

            def fetch(name: str | None) -> Path:
                if name is None:
                    raise ValueError(f"the description of {manifest.asset} may not read the source file")
                return leases.enter_context(store.lease(manifest.file(name)))

            return self.stage.describe(Stored(manifest, self.stage.value_type, fetch))
