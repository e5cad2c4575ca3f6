"""Figures of a whole library, read from what Dagster and the stores recorded; there is no other book-keeping."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import dagster as dg

from media_assets.artifacts.values import source_bytes_of
from media_assets.pipeline.causes import cause
from media_assets.pipeline.latest_records import ever_failed
from media_assets.pipeline.library import Library
from media_assets.pipeline.marks import CACHE_TAGS
from media_assets.pipeline.quality_warnings import check_counts
from media_assets.pipeline.stage import FileAsset
from media_assets.pipeline.status import LibraryStatus, State, library_status
from media_assets.places.manifest import Manifest

_PAGE = 1000


@dataclass(frozen=True)
class StageFigures:
    """The figures of one asset."""

    made: int
    left: int
    """Files that were looked at and left as they are; they count for no speed."""
    work_seconds: float
    """Time that the work on what was made took, however many were in work at once."""
    media_seconds: float
    """How long those recordings play."""
    cost_usd: float

    @property
    def files_per_hour(self) -> float | None:
        """Files that one worker makes in an hour; None when nothing was made."""
        return self.made / self.work_seconds * 3600 if self.work_seconds else None

    @property
    def media_minutes_per_hour(self) -> float | None:
        """Minutes of recordings for each hour of one worker."""
        return self.media_seconds / 60 / self.work_seconds * 3600 if self.work_seconds else None


@dataclass(frozen=True)
class LibraryFigures:
    """The figures of one library, as its report tells them."""

    files: int
    stages: dict[str, StageFigures]
    states: dict[str, dict[str, int]]
    """How many files are in each state, by asset."""
    attempted: int
    """Cells that were ever made or failed."""
    failed_once: int
    """Cells of these that failed at least once."""
    failures_by_cause: Counter[str] = field(default_factory=Counter)
    """How many of the cells that are red now failed for which cause."""
    compressible_bytes: int = 0
    """Size of the sources that were tried to be made smaller."""
    saved_bytes: int = 0
    cache_hits: int = 0
    cache_misses: int = 0
    quality: Mapping[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    """How many files pass and do not pass each check of quality, by asset and check."""

    @property
    def first_attempt_success(self) -> float | None:
        """Share of the cells that never failed; None when nothing was attempted."""
        return 1 - self.failed_once / self.attempted if self.attempted else None

    @property
    def saved_share(self) -> float | None:
        """Share of `compressible_bytes` that was saved; None when nothing was tried."""
        return self.saved_bytes / self.compressible_bytes if self.compressible_bytes else None

    @property
    def cache_hit_share(self) -> float | None:
        """None when nothing was fetched."""
        looked = self.cache_hits + self.cache_misses
        return self.cache_hits / looked if looked else None

    @property
    def cost_usd(self) -> float:
        return sum(stage.cost_usd for stage in self.stages.values())


def library_figures(
    instance: dg.DagsterInstance, library: Library, stages: Sequence[FileAsset[Any]], keys: Sequence[str]
) -> LibraryFigures:
    """The figures of the files of `keys`; costs what `status` costs, and a look at all runs and failures."""
    status = library_status(instance, library, stages, keys)
    manifests = {stage.name: _manifests(library, stage.name, keys) for stage in stages}
    failed = {(stage.name, key) for stage in stages for key in ever_failed(instance, stage.name)}
    made = {(asset, manifest.key) for asset, found in manifests.items() for manifest in found}
    compressed = [*manifests.get("compressed_video", ()), *manifests.get("compressed_image", ())]
    hits, misses = _cache(instance)
    checks = {stage.name: [check.name for check in stage.quality_checks(library.settings)] for stage in stages}
    return LibraryFigures(
        files=len(keys),
        stages={asset: _stage(found) for asset, found in manifests.items()},
        states=status.counts(),
        attempted=len(made | failed),
        failed_once=len(failed),
        failures_by_cause=_causes(status),
        compressible_bytes=sum(_source_bytes(manifest) for manifest in compressed),
        saved_bytes=sum(_saved_bytes(manifest) for manifest in compressed),
        cache_hits=hits,
        cache_misses=misses,
        quality=check_counts(instance, checks, keys),
    )


def _manifests(library: Library, asset: str, keys: Sequence[str]) -> list[Manifest]:
    """The manifests of the artifacts that were made, without those that did not apply."""
    reader = library.store(asset).as_of_now(asset)
    found = (reader.manifest(asset, key) for key in keys)
    return [manifest for manifest in found if manifest and not manifest.not_applicable]


def _stage(manifests: Sequence[Manifest]) -> StageFigures:
    own = [manifest for manifest in manifests if not manifest.reused_from]
    made = [manifest for manifest in own if not _was_left(manifest)]
    return StageFigures(
        made=len(made),
        left=len(own) - len(made),
        work_seconds=sum(manifest.made_in_seconds for manifest in made),
        media_seconds=sum(manifest.media_seconds or 0.0 for manifest in made),
        cost_usd=sum(manifest.cost_usd for manifest in own),
    )


def _was_left(manifest: Manifest) -> bool:
    """Whether it is to be a smaller version and the original stays, which takes no time to speak of."""
    return bool(_source_bytes(manifest)) and not manifest.files


def _causes(status: LibraryStatus) -> Counter[str]:
    """How many cells failed for which cause, each told in the words of its first. A file over budget has not failed."""
    failed = [each.reason for (key, asset), each in status.failures.items() if status.grid[key][asset] is State.FAILED]
    first: dict[str, str] = {}
    for reason in failed:
        first.setdefault(cause(reason), reason)
    return Counter(first[cause(reason)] for reason in failed)


def _source_bytes(manifest: Manifest) -> int:
    return source_bytes_of(manifest.value) if isinstance(manifest.value, dict) else 0


def _saved_bytes(manifest: Manifest) -> int:
    return _source_bytes(manifest) - manifest.files[0].size_bytes if manifest.files else 0


def _cache(instance: dg.DagsterInstance) -> tuple[int, int]:
    """(hits, misses) over all runs."""
    hits = misses = 0
    cursor = None
    while page := instance.get_runs(limit=_PAGE, cursor=cursor):
        for run in page:
            hits += int(run.tags.get(CACHE_TAGS["hits"], 0))
            misses += int(run.tags.get(CACHE_TAGS["misses"], 0))
        cursor = page[-1].run_id
    return hits, misses
