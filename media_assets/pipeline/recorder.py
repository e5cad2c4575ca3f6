"""The artifacts of a batch, recorded in Dagster's event log while it goes on: each soon after it is stored, and once.

Those of a few seconds are written together, so a batch costs no more transactions than that, however many files it has.
In the run of a backfill it is those of two minutes: the daemon looks about once a minute which files are ready for the
next stage, and would start a run for the one or two that came since, which costs seconds each. What was stored and not
recorded when a run died is found by the next one, as ever.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

import dagster as dg

from media_assets.base.errors import BadMedia, Unforeseen
from media_assets.dagster_seams.data_versions import compute_logical_data_version
from media_assets.dagster_seams.runs import BACKFILL_ID_TAG
from media_assets.dagster_seams.steps import (
    StepExecutionContext,
    _build_data_version_tags,
    _get_code_version,
    _get_input_provenance_data,
    record_checks,
    record_together,
)
from media_assets.pipeline.asset_checks import check_evaluations
from media_assets.pipeline.batch import Batch
from media_assets.pipeline.outcome import Outcome
from media_assets.pipeline.recording import address_of
from media_assets.pipeline.shown import link, with_units
from media_assets.places.manifest import Manifest
from media_assets.places.store import ArtifactStore

logger = logging.getLogger("media_assets")

TOGETHER_SECONDS = 2.0
"""How long an artifact waits for others to be recorded with it."""
TOGETHER_IN_BACKFILL_SECONDS = 120.0
"""The same in a run that a backfill began."""


class Recorder:
    """Records what a batch made.

    Args:
        recorded: What earlier attempts of the same run recorded, by key; what is recorded here is added.
    """

    def __init__(
        self,
        context: dg.OutputContext,
        batch: Batch,
        store: ArtifactStore,
        recorded: dict[str, Outcome],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._step: StepExecutionContext = context.step_context
        self._asset_key = context.asset_key
        self._batch = batch
        self._store = store
        self._recorded = recorded
        self._clock = clock
        is_bulk = BACKFILL_ID_TAG in batch.context.run.tags
        self._patience_seconds = TOGETHER_IN_BACKFILL_SECONDS if is_bulk else TOGETHER_SECONDS
        self._waiting: list[Outcome] = []
        self._since = 0.0

    def record_in_time(self, made: Iterable[Outcome]) -> Iterator[dg.DagsterEvent]:
        """Record these with those that came shortly before and after them: to be called time and again."""
        if not self._waiting:
            self._since = self._clock()
        self._waiting += made
        if self._waiting and self._clock() - self._since >= self._patience_seconds:
            yield from self.record(self._waiting)
            self._waiting = []

    def record(self, made: Iterable[Outcome]) -> Iterator[dg.DagsterEvent]:
        """Record what of these is not recorded yet."""
        new = {outcome.key: outcome for outcome in made if outcome.key not in self._recorded}
        yield from record_together(
            self._step,
            [
                dg.AssetMaterialization(
                    self._asset_key, partition=key, metadata=self._metadata(outcome), tags=self._tags
                )
                for key, outcome in new.items()
            ],
        )
        yield from record_checks(self._step, check_evaluations(self._asset_key, new.values()))
        self._recorded |= new

    def _metadata(self, outcome: Outcome) -> Mapping[str, Any]:
        assert outcome.manifest is not None
        common = stored_metadata(self._store, outcome.manifest, reused=outcome.reused)
        if outcome.manifest.not_applicable:
            return common
        return {**with_units({**outcome.described, **common}), **source_file(self._batch, outcome.key)}

    @cached_property
    def _tags(self) -> dict[str, str]:
        """What Dagster tags a materialization with when it records it itself: else the UI takes it for outdated."""
        step, asset_key, tags = self._step, self._asset_key, dict[str, str]()
        if step.is_external_input_asset_version_info_loaded:
            code_version, inputs = _get_code_version(asset_key, step), _get_input_provenance_data(asset_key, step)
            versions = {key: provenance["data_version"] for key, provenance in inputs.items()}
            data_version = compute_logical_data_version(code_version, versions)
            tags = _build_data_version_tags(data_version, code_version, inputs, data_version_is_user_provided=False)
        backfill = step.get_tag(BACKFILL_ID_TAG)
        if backfill:
            tags[BACKFILL_ID_TAG] = backfill
        return tags


def stored_metadata(store: ArtifactStore, manifest: Manifest, *, reused: bool) -> dict[str, Any]:
    """What every materialization says of its artifact."""
    if manifest.not_applicable:
        return {"not_applicable": manifest.not_applicable}
    common = {
        **_opened(store, manifest),
        "size_bytes": sum(file.size_bytes for file in manifest.files),
        "made_in_seconds": manifest.made_in_seconds,
        "cost_usd": manifest.cost_usd,
        "reused": reused,
        "fingerprint": manifest.fingerprint[:16],
    }
    if manifest.reused_from:
        common["same_content_as"] = manifest.reused_from
    return common


def source_file(batch: Batch, key: str) -> dict[str, Any]:
    """What opens the source file; nothing for a key that belongs to no source."""
    address = address_of(batch.library, key)
    return {"source_file": link(address)} if address else {}


def _opened(store: ArtifactStore, manifest: Manifest) -> dict[str, Any]:
    """What opens an artifact, as far as its store can tell: without it the files of a batch are recorded all the
    same."""
    try:
        return {"artifact": link(store.link(manifest))}
    except Exception as error:
        if not isinstance(error, BadMedia) or isinstance(error, Unforeseen):
            logger.exception("the place of an artifact cannot tell what opens it")
        return {}
