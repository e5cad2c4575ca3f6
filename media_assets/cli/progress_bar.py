"""Progress of `media-assets process` in a terminal: a bar for the library and one for each stage, a line for each file
that failed."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from media_assets.base.errors import OverBudget, Waiting
from media_assets.pipeline.progress import describe_outcome, log_outcome, logger

if TYPE_CHECKING:
    from media_assets.operation.planning import StagePlan
    from media_assets.pipeline.outcome import Outcome

_LIBRARY = "files"
"""What the bar is called that counts the files which are through all stages."""


class BarProgress:
    """See `progress.Progress`. Without a terminal it prints a line for each file instead of bars."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bars = Progress(
            TextColumn("{task.fields[stage]:<16}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(compact=True),
            TextColumn("{task.description}", markup=False),
            console=console,
        )
        self._lock = threading.Lock()
        self._tasks: dict[str, TaskID] = {}
        self._stages_left: dict[str, int] = {}
        """The number of stages that each file has not been through yet."""
        self._last: defaultdict[str, dict[str, str]] = defaultdict(dict)
        """What became of each file last, by stage: a batch that is tried again tells of all its files again."""

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Leave the bars as they are: what is printed from now on stands below them."""
        self._bars.stop()

    @property
    def outcomes(self) -> defaultdict[str, Counter[str]]:
        """How many artifacts of each stage were made, reused, not applicable or failed."""
        with self._lock:
            return defaultdict(Counter, {stage: Counter(kinds.values()) for stage, kinds in self._last.items()})

    def expect(self, stages: Collection[str], keys: Iterable[str]) -> None:
        """These files are to go through these stages."""
        self._stages_left = dict.fromkeys(keys, len(stages))
        total = len(self._stages_left)
        self._tasks = {name: self._bars.add_task("", stage=name, total=total) for name in (_LIBRARY, *stages)}

    def planned(self, plan: StagePlan) -> None:
        """Some files came to a stage: those with which nothing is to be done there are through it."""
        with self._lock:
            self._through(plan.stage, [*plan.current, *plan.failed_before, *plan.blocked])

    def begin(self, asset: str, total: int) -> None:
        """A run of a stage begins; the whole was announced before."""

    def file(self, asset: str, name: str, fraction: float) -> None:
        self._describe(asset, f"{name} {fraction:.0%}")

    def done(self, asset: str, name: str, outcome: Outcome) -> None:
        with self._lock:
            if outcome.key not in self._last[asset]:
                self._through(asset, [outcome.key])
            self._last[asset][outcome.key] = _kind(outcome)
        line = f"{name} {describe_outcome(asset, outcome)}"
        log_outcome(line, outcome)
        self._describe(asset, name)
        if outcome.error or not self._console.is_terminal:
            style = "red" if outcome.error and not isinstance(outcome.error, Waiting) else None
            self._console.print(
                f"  {line}",
                style=style,
                markup=False,
                highlight=False,
                soft_wrap=True,
            )

    def warn(self, line: str) -> None:
        logger.warning("%s", line)
        self._console.print(f"  {line}", style="yellow", markup=False, highlight=False, soft_wrap=True)

    def _describe(self, asset: str, description: str) -> None:
        if asset in self._tasks:
            self._bars.update(self._tasks[asset], description=description)

    def _through(self, asset: str, keys: Collection[str]) -> None:
        """Some files are through a stage."""
        if asset not in self._tasks:
            return
        self._bars.advance(self._tasks[asset], len(keys))
        for key in keys:
            self._stages_left[key] -= 1
        self._bars.advance(self._tasks[_LIBRARY], sum(not self._stages_left[key] for key in keys))


def _kind(outcome: Outcome) -> str:
    if isinstance(outcome.error, Waiting):
        return "waiting for an earlier stage"
    if outcome.error:
        return "over budget" if isinstance(outcome.error, OverBudget) else "failed"
    if outcome.manifest and outcome.manifest.not_applicable:
        return "not applicable"
    return "reused" if outcome.reused else "made"
