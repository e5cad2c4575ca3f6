"""The digest of a day: what was made, what failed, what it cost, and how the library stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo

import dagster as dg
from pydantic import BaseModel, Field

from media_assets.base.wording import counted, describe_bytes
from media_assets.operation.alerts.incidents import Incident
from media_assets.operation.alerts.messages import Text, Writer, fitting, plain
from media_assets.operation.alerts.outbox import Health
from media_assets.pipeline.latest_records import latest_made
from media_assets.pipeline.records import Made

_REPORT = "library_report"
_MOST_CAUSES = 8


class Day(BaseModel):
    """What happened since the last digest."""

    since: float
    made: Counter[str] = Field(default_factory=Counter)
    """Artifacts that were really made, by asset."""
    cost_usd: float = 0.0
    failures: int = 0
    stops: int = 0
    saved_bytes: int | None = None
    """What smaller versions saved in all, by the report before."""

    def add(self, event: Made) -> None:
        if event.key and event.is_work:
            self.made[event.asset] += event.is_new
            self.cost_usd += event.cost_usd


def is_due(last: str | None, at: str | None, now: float, zone: tzinfo | None) -> str | None:
    """The day whose digest is due, as text; None when none is. One that was missed is due as soon as it can be.

    Args:
        last: The day of the last digest.
        at: The time of day, e.g. `07:00`.
    """
    if at is None:
        return None
    local = datetime.fromtimestamp(now).astimezone(zone)
    today, is_time = local.date(), local.strftime("%H:%M") >= at
    # A day further off than tomorrow was said by a clock that was ahead.
    if last is None or last > (today + timedelta(days=1)).isoformat():
        return today.isoformat() if is_time else None
    newest = (today if is_time else today - timedelta(days=1)).isoformat()
    return newest if newest > last else None


def digest(
    day: Day,
    incidents: Mapping[str, Incident],
    health: Mapping[str, Health],
    report: Mapping[str, dg.MetadataValue],
    writer: Writer,
) -> Text:
    """The message.

    Args:
        report: Metadata of the newest `library_report`; empty when there is none.
    """
    made = ", ".join(f"{number} {asset}" for asset, number in sorted(day.made.items()) if number)
    lines = [f"Since {writer.time(day.since)}:", f"- made: {made or 'nothing'}"]
    lines.append(f"- failures: {day.failures}" + (f"; stops: {day.stops}" if day.stops else ""))
    lines.append(f"- cost: {day.cost_usd:.2f} USD")
    saved = saved_bytes(report)
    if saved is not None:
        gained = (
            f", {describe_bytes(saved - day.saved_bytes)} more than a day ago" if day.saved_bytes is not None else ""
        )
        lines.append(f"- space saved: {describe_bytes(saved)} in all{gained}")
    lines += _library(report)
    lines += _open(incidents)
    troubles = ((name, each) for name, each in health.items() if each.failures)
    lines += [f"Channel {name} fails since {writer.time(each.since)}: {each.problem}" for name, each in troubles]
    return Text("info", "daily digest", fitting(lines))


def newest_report(instance: dg.DagsterInstance) -> Mapping[str, dg.MetadataValue]:
    """The metadata of the newest `library_report`; empty when there is none."""
    made = latest_made(instance, _REPORT)
    return made.metadata if made else {}


def saved_bytes(report: Mapping[str, dg.MetadataValue]) -> int | None:
    """What smaller versions save, by a report."""
    value = report.get("saved_bytes")
    return int(value.value) if value and isinstance(value.value, int | float) else None


def _library(report: Mapping[str, dg.MetadataValue]) -> list[str]:
    files, cost = report.get("files"), report.get("cost_usd")
    if not files:
        return []
    spent = f", {cost.value:.2f} USD in all" if cost and isinstance(cost.value, int | float) else ""
    return [f"The library by its last report: {counted(int(str(files.value)))}{spent}"]


def _open(incidents: Mapping[str, Incident]) -> list[str]:
    """What is red now, most files first."""
    red = sorted((each for each in incidents.values() if each.red), key=lambda each: -len(each.red))
    stopped = [each for each in incidents.values() if each.kind == "stops" and each.open and not each.cured]
    lines = [f"- stopped: {plain(each.reason)}" for each in stopped]
    lines += [
        f"- {counted(len(each.red))} {'held' if each.held else 'failed'} at {each.assets[0]}: {plain(each.reason)}"
        for each in red[:_MOST_CAUSES]
    ]
    if len(red) > _MOST_CAUSES:
        lines.append(f"- and {counted(len(red) - _MOST_CAUSES, 'more cause')}")
    return ["Open:", *lines] if lines else ["Nothing is open."]
