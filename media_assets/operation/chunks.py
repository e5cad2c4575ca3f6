"""The order in which files and stages come to their turn: in chunks, so that first results are there after minutes.

A stage is run on some files after others, as many at a time as its batch, or as are done in about two minutes. When no
file has come through all stages for five minutes, or none has at all, those that are through this stage are taken on to
the end, in the same way; then it goes on here. So what is done fast goes stage by stage, in full batches, and what
takes long comes out file by file. Cheap stages come first, and a stage that takes longer than all else comes when the
others are through with the whole library.

Files are taken in the order in which they were registered, for those that are neighbours there make one run.
"""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

from media_assets.base.errors import DayIsSpent
from media_assets.operation.one_run import ranges
from media_assets.operation.planning import StagePlan
from media_assets.operation.processing import Processor
from media_assets.operation.selection import Selection, is_forced, is_refreshed
from media_assets.pipeline.partitions import registered
from media_assets.pipeline.stage import FileAsset

_RESULTS_SECONDS = 300.0
"""So long a stage goes on while no file comes through all of them."""
_RUN_SECONDS = 120.0
"""About so long a run may take, if it need not have more files to keep its workers busy."""
_FILES_PER_WORKER = 12
"""Where several files are worked on at a time, all but one worker wait for the last file of a run; the more files it
has, the less that matters."""
_RUNS_REMEMBERED = 5

Stages = Sequence[FileAsset[Any]]


class Chunks:
    """Takes files through all selected stages.

    Args:
        keys: The files, registered.
    """

    def __init__(
        self,
        processor: Processor,
        keys: Collection[str],
        selection: Selection,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.stages = processor.stages(selection)
        self.plans = {stage.name: StagePlan(stage.name) for stage in self.stages}
        """What was planned so far, by stage."""
        self.spent: dict[str, DayIsSpent] = {}
        """What the budget of the day stopped, by stage: the other stages went on."""
        self._processor = processor
        self._selection = selection
        self._clock = clock
        self._registered = registered(processor.instance)
        wanted = frozenset(keys)
        self._keys = [key for key in self._registered if key in wanted]
        self._places = {key: place for place, key in enumerate(self._keys)}
        self._planner = processor.planner(wanted, selection)
        self._left = {stage.name: len(self._keys) for stage in self.stages}
        self._stuck: set[str] = set()
        """Files that have come to an end before the last stage."""
        self._paces = defaultdict[str, deque[float]](lambda: deque(maxlen=_RUNS_REMEMBERED))
        """Seconds for each file in the last runs, by stage."""
        self._latest_result: float | None = None

    def process(self) -> Iterator[StagePlan]:
        """Process the files; yields what is planned, for some files and one stage at a time, before it is done.

        Raises:
            Fatal: something stopped all files; what was done is recorded.
            Cancelled: this process was told to stop.
        """
        for stages in in_turn(self.stages):
            self._latest_result = None
            yield from self._take(self._keys, stages)

    def _take(self, keys: Sequence[str], stages: Stages) -> Iterator[StagePlan]:
        """Take files through these stages."""
        if not stages:
            if not self._stuck.issuperset(keys):
                self._latest_result = self._clock()
            return
        stage, rest = stages[0], stages[1:]
        plan = self._planner.plan(stage, sorted(keys, key=self._places.__getitem__))
        self.plans[stage.name].add(plan)
        yield plan
        self._stuck.update(plan.blocked, plan.failed_before)
        todo = frozenset(plan.todo)
        through = [key for key in keys if key not in todo]
        self._left[stage.name] -= len(through)
        for run in ranges(self._registered, todo, lambda: self._most(stage)):
            self._run(stage, run)
            through += run
            if self._results_are_due:
                yield from self._take(through, rest)
                through = []
        if through:
            yield from self._take(through, rest)

    def _run(self, stage: FileAsset[Any], keys: Sequence[str]) -> None:
        name = stage.name
        self._left[name] -= len(keys)
        if name in self.spent:
            self._stuck.update(keys)
            return
        began = self._clock()
        run = self._processor.execute(
            name,
            keys,
            force=is_forced(name, self._selection),
            refresh=is_refreshed(stage, self._selection),
            more_follow=self._left[name] > 0,
        )
        self._paces[name].append((self._clock() - began) / len(keys))
        self._planner.note(name, keys, run.made)
        self._stuck.update(set(keys) - run.made)
        try:
            run.raise_if_fatal()
        except DayIsSpent as error:
            self.spent[name] = error

    @property
    def _results_are_due(self) -> bool:
        return self._latest_result is None or self._clock() - self._latest_result >= _RESULTS_SECONDS

    def _most(self, stage: FileAsset[Any]) -> int:
        """How many files the next run of a stage may have."""
        tuning, paces = self._processor.tuning(stage.name), self._paces[stage.name]
        if not paces:
            return min(tuning.batch, tuning.workers)
        least = 1 + _FILES_PER_WORKER * (tuning.workers - 1)
        in_time = int(_RUN_SECONDS / max(*paces, _RUN_SECONDS / tuning.batch))
        return min(tuning.batch, max(least, in_time))


def in_turn(stages: Stages) -> list[list[FileAsset[Any]]]:
    """The stages that files go through together, and then those that take longer than all else.

    Each comes after those that it is made from; of several that could come next, the one with the largest batch, which
    is the cheapest. What takes longest is not put off where nothing else is wanted than what it is made from.
    """
    last = {stage.name for stage in stages if stage.after_all_else}
    last |= {stage.name for stage in stages if last.intersection(stage.upstreams)}
    needed = set(last)
    for stage in reversed(stages):
        if stage.name in needed:
            needed.update(stage.upstreams)
    if needed.issuperset(stage.name for stage in stages):
        return [_cheap_first(stages)]
    parts = [stage for stage in stages if stage.name not in last], [stage for stage in stages if stage.name in last]
    return [_cheap_first(part) for part in parts if part]


def _cheap_first(stages: Stages) -> list[FileAsset[Any]]:
    left, found = list(stages), list[FileAsset[Any]]()
    while left:
        names = {stage.name for stage in left}
        ready = [stage for stage in left if names.isdisjoint((*stage.upstreams, *stage.consulted))]
        found.append(max(ready, key=lambda stage: stage.tuning.batch))
        left.remove(found[-1])
    return found
