"""Causes that files failed for or runs stopped for, from the first time until all is well again.

An incident tells itself when it begins, then at most once in a while how often it happened since, and once when it is
over. What is to be told follows from what is kept alone, so that nothing is lost with a process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, Field

from media_assets.operation.alerts.causes import Stop, cause_of_failure, cause_of_stop, short_digest
from media_assets.pipeline.records import Failed, Made

MOST_EXAMPLES = 5
# The most files of one incident. Files beyond are counted, and its end is told without them.
_MOST_FOLLOWED = 20_000
# The most incidents at once. What fails for yet another cause is told together, by asset.
_MOST_CAUSES = 200
_FORGOTTEN_AFTER_SECONDS = 30 * 86_400.0

NoticeKind = Literal["failures", "stops", "recoveries"]


class Example(BaseModel):
    """One of the files of an incident."""

    key: str
    asset: str


class Incident(BaseModel):
    """One cause."""

    kind: Literal["failures", "stops"]
    assets: list[str]
    reason: str
    next_step: str
    run_id: str
    """The last one it happened in."""
    first_at: float
    last_at: float
    files: int = 0
    """Files that failed for it since it began; of stops, how many runs."""
    untold: int = 0
    """How many of them are not told yet."""
    again: int = 0
    """Failures of files that were red before, not told yet."""
    done: int = 0
    """Files that are done since."""
    red: set[str] = Field(default_factory=set)
    """Cells that are red now, each as a digest."""
    examples: list[Example] = Field(default_factory=list)
    """Some of what is not told yet."""
    told_at: float | None = None
    """When its failures were last told."""
    open: bool = False
    """Whether people know of it, and not yet of its end."""
    held: bool = False
    """Its files did not fail: they would cost too much."""
    cured: bool = False
    """Whether, after a stop, the work went on since."""

    @property
    def is_over(self) -> bool:
        return self.cured if self.kind == "stops" else not self.red

    def is_at(self, asset: str) -> bool:
        """Whether it is about an asset; a run of which nothing is known but that it failed is about all of them."""
        return asset in self.assets or not self.assets

    def close(self) -> None:
        """It is over, and everybody knows. What it was is kept as long as it would not be told again."""
        self.files = self.untold = self.again = self.done = 0
        self.examples.clear()
        self.open = self.cured = False


@dataclass(frozen=True)
class Notice:
    """Something that is to be told."""

    kind: NoticeKind
    cause: str
    incident: Incident


class Incidents(BaseModel):
    """All of them, by cause."""

    by_cause: dict[str, Incident] = Field(default_factory=dict)

    def failed(self, event: Failed) -> None:
        """A file failed."""
        cell, reason, next_step = _cell(event.asset, event.key), event.reason, event.next_step
        cause = cause_of_failure(event.asset, event.kind, reason)
        if cause not in self.by_cause and len(self.by_cause) >= _MOST_CAUSES:
            cause = short_digest(("many", event.asset))
            reason, next_step = "failed for many different causes", "See `media-assets status`"
        for other, incident in self.by_cause.items():
            if other != cause:
                incident.red.discard(cell)
        found = self._incident(cause, "failures", (event.asset,), reason, next_step, event.at)
        found.run_id, found.last_at, found.held = event.run_id, event.at, event.is_held
        if cell in found.red:
            found.again += 1
            return
        if len(found.red) < _MOST_FOLLOWED:
            found.red.add(cell)
        found.files += 1
        found.untold += 1
        if len(found.examples) < MOST_EXAMPLES:
            found.examples.append(Example(key=event.key, asset=event.asset))

    def stopped(self, stop: Stop, run_id: str, at: float) -> None:
        """A run ended, and no file is to blame."""
        cause, reason, next_step = cause_of_stop(stop), stop.reason, stop.next_step
        if cause not in self.by_cause and len(self.by_cause) >= _MOST_CAUSES:
            cause, reason, next_step = short_digest(("many",)), "stopped for many different causes", "See the runs"
        found = self._incident(cause, "stops", stop.assets, reason, next_step, at)
        found.run_id, found.last_at, found.cured = run_id, at, False
        found.assets = sorted({*found.assets, *stop.assets})
        found.files += 1
        found.untold += 1

    def made(self, event: Made, started_at: Callable[[str], float]) -> None:
        """An artifact is there.

        Args:
            started_at: When a run began, in seconds since the epoch.
        """
        cell = _cell(event.asset, event.key or "")
        for incident in self.by_cause.values():
            if cell in incident.red:
                incident.red.discard(cell)
                incident.done += 1
            elif incident.kind == "stops" and incident.is_at(event.asset) and incident.untold + incident.open:
                # What was found, or had nothing to do, does not show that the work goes on; nor does an older run.
                incident.cured = incident.cured or (event.is_work and started_at(event.run_id) > incident.last_at)

    def withdrawn(self, asset: str, key: str) -> None:
        """A failure turned out to be no fault of its file."""
        self._clear({_cell(asset, key)})

    def gone(self, key: str, assets: Iterable[str]) -> None:
        """A source file is no longer there: what it failed for is nobody's concern any more."""
        self._clear({_cell(asset, key) for asset in assets})

    def _clear(self, cells: set[str]) -> None:
        for incident in self.by_cause.values():
            incident.red -= cells

    def due(self, now: float, repeat_after_seconds: float) -> Iterator[Notice]:
        """What is to be told now."""
        for cause, incident in list(self.by_cause.items()):
            waits = incident.told_at is not None and 0 <= now - incident.told_at < repeat_after_seconds
            if incident.is_over and incident.open and (incident.done or incident.cured):
                yield Notice("recoveries", cause, incident)
            elif incident.is_over:
                incident.close()
                if not waits:
                    del self.by_cause[cause]
            elif now - incident.last_at > _FORGOTTEN_AFTER_SECONDS:
                del self.by_cause[cause]
            elif not waits and incident.untold + incident.again:
                yield Notice(incident.kind, cause, incident)

    @staticmethod
    def told(notice: Notice, now: float) -> None:
        """A message about it is on its way."""
        incident = notice.incident
        if notice.kind == "recoveries":
            incident.close()
            return
        incident.told_at, incident.open = now, True
        incident.untold = incident.again = 0
        incident.examples.clear()

    def _incident(
        self,
        cause: str,
        kind: Literal["failures", "stops"],
        assets: Iterable[str],
        reason: str,
        next_step: str,
        at: float,
    ) -> Incident:
        found = self.by_cause.get(cause)
        if found is None or not (found.files or found.open):
            told_at = found.told_at if found else None
            found = self.by_cause[cause] = Incident(
                kind=kind,
                assets=list(assets),
                reason=reason,
                next_step=next_step,
                run_id="",
                first_at=at,
                last_at=at,
                told_at=told_at,
            )
        return found


def _cell(asset: str, key: str) -> str:
    return short_digest((asset, key))
