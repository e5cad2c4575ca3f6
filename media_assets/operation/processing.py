"""Processing a library from one process: registers the files, and materializes what is not current, on the same Dagster
instance that the UI and the daemon use.

Stage by stage, and within a stage in runs over ranges of partitions, as a backfill would do it; only that the runs are
executed here instead of in processes of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import dagster as dg

from media_assets.base.errors import BadMedia, Cancelled, Fatal, MediaAssetsError, Transient, is_passing
from media_assets.base.foreign_errors import is_of_database
from media_assets.base.globs import PathFilter
from media_assets.base.keys import split_key
from media_assets.dagster_seams.runs import ASSET_PARTITION_RANGE_END_TAG, ASSET_PARTITION_RANGE_START_TAG
from media_assets.dagster_seams.steps import ErrorSource, SerializableErrorInfo
from media_assets.operation.selection_checks import require_known_source, require_match, unseen
from media_assets.pipeline.abandoned_runs import owner_tags
from media_assets.pipeline.library import Library
from media_assets.pipeline.partitions import register, registered
from media_assets.pipeline.recipe import Recipe
from media_assets.pipeline.stage import FileAsset
from media_assets.pipeline.status import LibraryStatus, State, library_status
from media_assets.places.registered import RegisteredKeys, path_in_key
from media_assets.places.source import SourceEntry
from media_assets.places.store import ManifestReader

_STOPS = ("DagsterExecutionInterruptedError", "KeyboardInterrupt")
"""Names of the classes of what is raised where the process is told to stop."""


@dataclass(frozen=True)
class Selection:
    """Which files, and what with them."""

    source: str | None = None
    folder: str | None = None
    """A folder of the source, with all below it."""
    files: str | None = None
    """A glob on the path; one without `/` is matched against the name alone."""
    stage: str | None = None
    """The last stage to go to; None: all."""
    limit: int | None = None
    force: bool = False
    """Make again what is current: of `stage`, or of all stages."""
    retry: bool = False
    """Try again what failed before."""

    def accepts(self, path: str) -> bool:
        """Whether a path in a source is selected."""
        if self.folder is not None:
            folder = self.folder.strip("/")
            if folder not in ("", ".") and not path.startswith(f"{folder}/"):
                return False
        if self.files is None:
            return True
        return self._glob.accepts(path if "/" in self.files else path.rsplit("/", 1)[-1])

    @cached_property
    def _glob(self) -> PathFilter:
        return PathFilter(("**" if self.files is None else self.files,), ())

    def require_glob(self) -> None:
        """Check the glob.

        Raises:
            Fatal: it is none.
        """
        _ = self._glob


@dataclass
class StagePlan:
    """What is to be done in one stage; each selected file is in one of the lists."""

    stage: str
    todo: list[str] = field(default_factory=list)
    current: list[str] = field(default_factory=list)
    """The artifact is there already."""
    failed_before: list[str] = field(default_factory=list)
    """Failed, and nothing it depends on has changed: left alone until a person asks."""
    blocked: list[str] = field(default_factory=list)
    """An earlier stage has no artifact of it."""


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
        if selection.limit is None or selection.force:
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

    def plan(self, stage: FileAsset[Any], keys: Sequence[str], selection: Selection) -> StagePlan:
        """What of a stage is to be done, now that the stages before it are through."""
        status = library_status(self.instance, self._library, [stage], keys)
        forced = is_forced(stage.name, selection)
        plan = StagePlan(stage.name)
        reader = self._library.store(stage.name).as_of_now(stage.name)
        looked_at = (*stage.upstreams, *stage.consulted)
        upstreams = {name: self._library.store(name).as_of_now(name) for name in looked_at}
        for key in keys:
            recipe = Recipe(stage, key, self._library, upstreams, entry=self._entries.get(key))
            self._place(plan, recipe, reader, status, forced=forced, retry=selection.retry)
        return plan

    def _place(
        self,
        plan: StagePlan,
        recipe: Recipe,
        reader: ManifestReader,
        status: LibraryStatus,
        *,
        forced: bool,
        retry: bool,
    ) -> None:
        key, stage = recipe.key, recipe.stage.name
        try:
            fingerprint = recipe.fingerprint
        except (Fatal, Transient):
            raise
        except MediaAssetsError:
            plan.blocked.append(key)
            return
        failure = status.failures.get((key, stage))
        if failure:
            again = retry or forced or is_passing(failure.kind) or failure.attempt != fingerprint
            (plan.todo if again else plan.failed_before).append(key)
        elif (
            not forced
            and status.grid[key][stage] is not State.MISSING
            and recipe.is_current(reader.manifest(stage, key), reader)
        ):
            plan.current.append(key)
        else:
            plan.todo.append(key)

    def run(self, plan: StagePlan, *, force: bool) -> Iterator[str]:
        """Materialize what a plan asks for; yields the id of each run when it has ended.

        Raises:
            Fatal: something stopped all files; what was done is recorded.
            Cancelled: this process was told to stop.
        """
        batch = self._library.settings.assets[plan.stage].batch
        for first, last in _ranges(registered(self.instance), frozenset(plan.todo), batch):
            result = self._job.execute_in_process(
                instance=self.instance,
                asset_selection=[dg.AssetKey(plan.stage)],
                run_config={
                    "ops": {plan.stage: {"config": {"force": force}}},
                    "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
                },
                tags={
                    ASSET_PARTITION_RANGE_START_TAG: first,
                    ASSET_PARTITION_RANGE_END_TAG: last,
                    **owner_tags(self.instance),
                },
                raise_on_error=False,
            )
            yield result.run_id
            _raise_if_fatal(result)

    def status(self, keys: Sequence[str]) -> LibraryStatus:
        """The grid of the given files, all stages."""
        return library_status(self.instance, self._library, self._pipeline, keys)


def stages_up_to(pipeline: Sequence[FileAsset[Any]], last: str) -> list[FileAsset[Any]]:
    """A stage and all it is made from, each after those."""
    needed = {last}
    for stage in reversed(pipeline):
        if stage.name in needed:
            needed.update(stage.upstreams)
    return [stage for stage in pipeline if stage.name in needed]


def is_forced(stage: str, selection: Selection) -> bool:
    """Whether what is current in this stage is made again all the same."""
    return selection.force and selection.stage in (None, stage)


def require_source(library: Library, selection: Selection) -> None:
    """Check the name of the selected source, and the glob.

    Raises:
        Fatal: library.yaml has no such source, or it is no glob.
    """
    selection.require_glob()
    require_known_source(library, selection.source)


def selected_registered(instance: dg.DagsterInstance, library: Library, selection: Selection) -> list[str]:
    """The keys that are registered already and selected, as far as they tell without a look at the sources."""
    keys = []
    paths = _listed_paths(library, selection)
    for key in registered(instance):
        try:
            name, path = split_key(key)
        except BadMedia:
            continue  # added by hand; no file of ours
        if name in paths:
            path = paths[name].get(library.sources[name].identity(key), "")
        elif name in library.sources:
            path = path_in_key(library.sources[name], key)
        if selection.source in (None, name) and selection.accepts(path):
            keys.append(key)
    return keys


def _listed_paths(library: Library, selection: Selection) -> dict[str, dict[str, str]]:
    """Paths by identity, of the sources whose keys do not say in which folder a file is, if that matters."""
    if selection.folder is None:
        return {}
    return {
        name: {source.identity(entry.key): entry.path for entry in source.scan()}
        for name, source in library.sources.items()
        if source.has_ids and selection.source in (None, name)
    }


def _ranges(order: Sequence[str], keys: frozenset[str], batch: int) -> Iterator[tuple[str, str]]:
    """(first, last) of ranges of at most `batch` neighbours that cover `keys` and nothing else."""
    first = last = None
    length = 0
    for key in order:
        if key in keys and length < batch:
            first, last, length = first or key, key, length + 1
            continue
        if first and last:
            yield first, last
        first, last, length = (key, key, 1) if key in keys else (None, None, 0)
    if first and last:
        yield first, last


def _raise_if_fatal(result: dg.ExecuteInProcessResult) -> None:
    """A batch with bad files fails too, but says so file by file."""
    if result.success:
        return
    events = result.get_step_failure_events()
    for event in events:
        data = event.step_failure_data
        if data.error_source is ErrorSource.INTERRUPT or _is_stop(data.error):
            raise _stopped()
        failure = data.user_failure_data
        if failure is None or "failures" not in failure.metadata:
            raise Fatal((failure and failure.description) or _cause(data.error))
    if not events:  # it did not come to a step: an engine could not be made
        error = result.all_events[-1].job_failure_data.error
        raise _stopped() if _is_stop(error) else Fatal(_cause(error))


def _stopped() -> Cancelled:
    return Cancelled("stopped; what was finished is kept", next_step="Start again to go on from there")


def _is_stop(error: SerializableErrorInfo | None) -> bool:
    """Whether a stop is behind it: one that comes while an engine is made is no failure of that."""
    while error:
        if error.cls_name in _STOPS:
            return True
        error = error.cause
    return False


def _cause(error: SerializableErrorInfo | None) -> str:
    """What went wrong in the first place; Dagster wraps it."""
    while error and error.cause:
        error = error.cause
    if error is None:
        return "the run failed"
    message = error.message.strip()
    if is_of_database(message):  # which would quote what it was asked
        return f"Dagster's database failed ({message.partition(':')[0]}). Run again: what is stored is found again"
    return message
