"""What a batch came to: its outcomes by what follows from them, and how they are told to whoever looks at the run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import dagster as dg

from media_assets.base.errors import DayIsSpent, Fatal, MediaAssetsError, OverBudget, Transient, Waiting
from media_assets.base.keys import display_name
from media_assets.base.wording import counted
from media_assets.pipeline.batch import Batch
from media_assets.pipeline.marks import DAY
from media_assets.pipeline.outcome import Outcome
from media_assets.places.manifest import Manifest

_MAX_ROWS = 200


@dataclass
class BatchResults:
    """The outcomes of a batch, by what follows from them."""

    made: list[Outcome] = field(default_factory=list)
    failed: list[Outcome] = field(default_factory=list)
    transient: list[Outcome] = field(default_factory=list)
    waiting: list[Outcome] = field(default_factory=list)
    fatal: Fatal | None = None

    def add(self, outcome: Outcome) -> None:
        if outcome.error is None:
            self.made.append(outcome)
        elif isinstance(outcome.error, Fatal):
            self.fatal = self.fatal or outcome.error
        elif isinstance(outcome.error, Waiting):
            self.waiting.append(outcome)
        elif isinstance(outcome.error, Transient):
            self.transient.append(outcome)
        else:
            self.failed.append(outcome)

    def correct(self, otherwise: Mapping[str, Manifest | MediaAssetsError]) -> None:
        """Take what is there in the end instead of what was made, by key."""
        made, self.made = self.made, []
        for outcome in made:
            there = otherwise.get(outcome.key)
            if isinstance(there, Manifest):
                outcome = replace(outcome, manifest=there, reused=True)
            elif there:
                outcome = replace(outcome, manifest=None, error=there)
            self.add(outcome)


def headline(batch: Batch, results: BatchResults) -> str:
    """How many files of a batch came to what, in a line."""
    counts = Counter(
        "reused" if outcome.reused else "not applicable" if outcome.manifest.not_applicable else "made"
        for outcome in results.made
        if outcome.manifest
    )
    counts["over budget"] = len(_held(results.failed))
    counts["failed"] = len(results.failed) - counts["over budget"]
    counts["waiting for an earlier stage"] = len(results.waiting)
    counts["to be tried again"] = len(results.transient)
    parts = ", ".join(f"{number} {what}" for what, number in counts.items() if number)
    first = results.waiting[0] if results.waiting else None
    example = f"; e.g. {display_name(first.key)} {first.error}" if first else ""
    return f"{batch.stage.name}: {counted(len(batch.keys))}: {parts or 'none done'}{example}"


def _held(outcomes: Sequence[Outcome]) -> Sequence[Outcome]:
    """The outcomes of files that were left alone for what they would cost."""
    return [outcome for outcome in outcomes if isinstance(outcome.error, OverBudget)]


def failure(batch: Batch, results: BatchResults) -> dg.Failure:
    """What the step of a batch ends with in which files failed, or something fatal happened."""
    total, done = len(batch.keys), len(results.made)
    if results.fatal:
        return dg.Failure(
            description=f"{batch.stage.name} stopped after {done} of {counted(total)}, no file is to blame: "
            f"{results.fatal}",
            metadata={
                "reason": results.fatal.reason,
                "next_step": results.fatal.next_step,
                "done": done,
                **({DAY: results.fatal.day.isoformat()} if isinstance(results.fatal, DayIsSpent) else {}),
            },
            allow_retries=False,
        )
    failed = [*results.failed, *results.transient]
    rows = [
        dg.TableRecord({"file": outcome.key, "reason": outcome.error.reason, "next_step": outcome.error.next_step})
        for outcome in failed[:_MAX_ROWS]
        if outcome.error
    ]
    ui = batch.library.settings.ui_base_url
    first = failed[0]
    more = f" (and {len(failed) - 1} more, see the table)" if len(failed) > 1 else ""
    held = len(_held(failed))
    over = f"{held} would cost more than a file may, " if held else ""
    over += f"{len(results.waiting)} wait for an earlier stage, " if results.waiting else ""
    return dg.Failure(
        description=f"{len(failed) - held} of {counted(total)} failed, {over}{done} done. "
        f"{display_name(first.key)} {first.error}{more}",
        metadata={
            "failures": dg.MetadataValue.table(rows),
            "failed": len(failed),
            "done": done,
            **({"cells": dg.MetadataValue.url(f"{ui}/assets/{batch.stage.name}?view=events")} if ui else {}),
        },
        allow_retries=False,
    )
