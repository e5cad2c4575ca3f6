"""Progress of `media-assets process` in a terminal: a bar for each stage, a line for each file that failed."""

from __future__ import annotations

import threading
from collections import Counter
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from media_assets.base.errors import OverBudget, Waiting
from media_assets.pipeline.progress import describe_outcome, log_outcome, logger

if TYPE_CHECKING:
    from media_assets.pipeline.outcome import Outcome


class BarProgress:
    """See `progress.Progress`. Without a terminal it prints a line for each file instead of a bar."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bars = Progress(
            TextColumn("{task.fields[stage]:<12}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(compact=True),
            TextColumn("{task.description}", markup=False),
            console=console,
        )
        self._lock = threading.Lock()
        self._task: TaskID | None = None
        self.outcomes: Counter[str] = Counter()
        """How many artifacts of the current stage were made, reused, not applicable or failed."""

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._bars.stop()

    def stage(self, name: str, total: int) -> None:
        """Begin a stage: from now on files belong to it, of which `total` are to be done."""
        self.outcomes = Counter()
        self._task = self._bars.add_task("", stage=name, total=total) if total else None

    def begin(self, asset: str, total: int) -> None:
        """A run of the stage begins; the stage as a whole was announced before."""

    def file(self, asset: str, name: str, fraction: float) -> None:  # noqa: ARG002
        if self._task is not None:
            self._bars.update(self._task, description=f"{name} {fraction:.0%}")

    def done(self, asset: str, name: str, outcome: Outcome) -> None:
        with self._lock:
            self.outcomes[_kind(outcome)] += 1
        line = f"{name} {describe_outcome(asset, outcome)}"
        log_outcome(line, outcome)
        if self._task is not None:
            self._bars.update(self._task, advance=1, description=name)
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


def _kind(outcome: Outcome) -> str:
    if isinstance(outcome.error, Waiting):
        return "waiting for an earlier stage"
    if outcome.error:
        return "over budget" if isinstance(outcome.error, OverBudget) else "failed"
    if outcome.manifest and outcome.manifest.not_applicable:
        return "not applicable"
    return "reused" if outcome.reused else "made"
