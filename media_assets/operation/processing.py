"""Processing a library from one process: registers the files, and materializes what is not current, on the same Dagster
instance that the UI and the daemon use.

A run is one over a range of partitions in one stage, as a backfill would begin it; only that it is executed here, and
not in a process of its own. In which order files and stages come to their turn is the affair of `chunks`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import dagster as dg

from media_assets.base.errors import Fatal, MediaAssetsError, Transient
from media_assets.dagster_seams.runs import ASSET_PARTITION_RANGE_END_TAG, ASSET_PARTITION_RANGE_START_TAG
from media_assets.operation.one_run import OneRun
from media_assets.operation.planning import StagePlanner
from media_assets.operation.selection import Selection, require_source, selected_registered, stages_up_to
from media_assets.operation.selection_checks import require_match, unseen
from media_assets.pipeline.abandoned_runs import owner_tags
from media_assets.pipeline.library import Library
from media_assets.pipeline.marks import MORE_FOLLOW_TAG
from media_assets.pipeline.partitions import register, registered
from media_assets.pipeline.settings import AssetTuning
from media_assets.pipeline.stage import FileAsset
from media_assets.pipeline.status import LibraryStatus, State, library_status
from media_assets.places.registered import RegisteredKeys
from media_assets.places.source import SourceEntry


class Processor:
    """Processes a library from one process."""

    def __init__(
        self, defs: dg.Definitions, library: Library, pipeline: Sequence[FileAsset[Any]], instance: dg.DagsterInstance
    ) -> None:
        self._job = defs.resolve_implicit_global_asset_job_def()
        self._library = library
        self._pipeline = pipeline
        self.instance = instance
        self.problems: list[MediaAssetsError] = []
        """Why sources were left out by the last `select`."""
        self._entries: dict[str, SourceEntry] = {}
        """What the last `select` found, so that it need not be asked for file by file."""

    def select(self, selection: Selection) -> list[str]:
        """The keys of the selected files, registered. Sources that cannot be listed are left out and in `problems`.

        Folders that may not be listed are in `problems` too.

        Raises:
            Fatal: a source or stage is unknown, none of the sources can be listed, or nothing matches.
        """
        self._require_known(selection)
        known = registered(self.instance)
        self.problems = []
        self._entries = {}
        listed = 0
        for name in [name for name in self._library.sources if selection.source in (None, name)]:
            try:
                source = self._library.sources[name]
                found = RegisteredKeys(source, known).entries(source.scan())
            except (Fatal, Transient) as error:
                self.problems.append(error)
                continue
            listed += 1
            self.problems += unseen(source, selection)
            if not found and (gone := sum(key.startswith(f"{name}:") for key in known)):
                self.problems.append(
                    Fatal(f"source {name!r} is empty, and {gone} of its files are known", next_step="Is it mounted?")
                )
            self._entries |= {entry.key: entry for entry in found if selection.accepts(entry.path)}
        if not listed or (len(self.problems) == listed and not self._entries):
            raise self.problems[0]
        keys = list(self._entries)
        if not self.problems:
            require_match(keys, selection, where="of the library")
        register(self.instance, keys)
        return self._limited(keys, selection)

    def select_failed(self, selection: Selection) -> list[str]:
        """The keys of the selected files that failed in a selected stage.

        Raises:
            Fatal: a source or stage is unknown.
        """
        self._require_known(selection)
        stages = {stage.name for stage in self.stages(selection)}
        keys = selected_registered(self.instance, self._library, selection)
        require_match(keys, selection, where="that was processed before")
        failed = {key for key, stage in self.status(keys).failures if stage in stages}
        return [key for key in keys if key in failed][: selection.limit]

    def _limited(self, keys: list[str], selection: Selection) -> list[str]:
        """The first of the files with which something is left to do."""
        if selection.limit is None or selection.force or selection.refresh:
            return keys[: selection.limit]
        stages = self.stages(selection)
        grid = library_status(self.instance, self._library, stages, keys).grid
        finished = {State.DONE, State.NOT_APPLICABLE}
        return [key for key in keys if not set(grid[key].values()) <= finished][: selection.limit]

    def _require_known(self, selection: Selection) -> None:
        require_source(self._library, selection)
        self.stages(selection)

    def stages(self, selection: Selection) -> list[FileAsset[Any]]:
        """The selected stage and all it is made from, each after those; all stages when none is selected.

        Raises:
            Fatal: there is no such stage.
        """
        if selection.stage is None:
            return list(self._pipeline)
        stages = {stage.name: stage for stage in self._pipeline}
        if selection.stage not in stages:
            raise Fatal(f"no stage is called {selection.stage!r}", next_step=f"There are: {', '.join(stages)}")
        return stages_up_to(self._pipeline, selection.stage)

    def planner(self, keys: Collection[str], selection: Selection) -> StagePlanner:
        """Plans the stages of these files."""
        return StagePlanner(self.instance, self._library, keys, selection, self._entries)

    def execute(
        self, stage: str, keys: Sequence[str], *, force: bool, refresh: bool = False, more_follow: bool = False
    ) -> OneRun:
        """Run a stage on files that are neighbours in the order in which they were registered.

        Args:
            more_follow: Whether other files of the stage will come to their turn after these.
        """
        result = self._job.execute_in_process(
            instance=self.instance,
            asset_selection=[dg.AssetKey(stage)],
            run_config={
                "ops": {stage: {"config": {"force": force, "refresh": refresh}}},
                "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
            },
            tags={
                ASSET_PARTITION_RANGE_START_TAG: keys[0],
                ASSET_PARTITION_RANGE_END_TAG: keys[-1],
                **({MORE_FOLLOW_TAG: "true"} if more_follow else {}),
                **owner_tags(self.instance),
            },
            raise_on_error=False,
        )
        return OneRun(result)

    def tuning(self, stage: str) -> AssetTuning:
        """How a stage is run."""
        return self._library.settings.assets[stage]

    def status(self, keys: Sequence[str]) -> LibraryStatus:
        """The grid of the given files, all stages."""
        return library_status(self.instance, self._library, self._pipeline, keys)
