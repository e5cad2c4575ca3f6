"""Years pass without any event: a sensor looks now and then which artifacts are due for the rule of an older file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import dagster as dg

from media_assets.base.errors import Fatal, MediaAssetsError, Transient
from media_assets.base.wording import counted
from media_assets.pipeline.lanes import bulk_request
from media_assets.pipeline.library import Library
from media_assets.pipeline.partitions import registered
from media_assets.pipeline.recipe import Recipe, Stage

_ROUND = timedelta(days=30)
"""Time from the beginning of one look at the whole library to that of the next; a file that fails waits so long."""
_FILES_PER_TICK = 2000
_INTERVAL_SECONDS = 600


@dataclass(frozen=True)
class _Round:
    """How far a look at the whole library has come."""

    began: datetime
    after: str = ""
    """The last key that was looked at, in their order."""
    ended: bool = False

    @classmethod
    def read(cls, cursor: str | None, now: datetime) -> _Round:
        if cursor is None:
            return cls(now)
        known = json.loads(cursor)
        found = cls(datetime.fromisoformat(known["began"]), known["after"], known["ended"])
        is_over = found.ended and not timedelta() <= now - found.began < _ROUND  # a clock that was ahead began it
        return cls(now) if is_over else found

    def cursor(self) -> str:
        return json.dumps({"began": self.began.isoformat(), "after": self.after, "ended": self.ended})


def age_sensor(library: Library, stages: Sequence[Stage]) -> dg.SensorDefinition:
    """Requests artifacts that were made by the rule for younger files, a part of the library at each tick.

    Args:
        stages: Those whose rules look at the age of a file.
    """

    @dg.sensor(
        name="follow_age",
        asset_selection=[dg.AssetKey(stage.name) for stage in stages],
        minimum_interval_seconds=_INTERVAL_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Once a month, requests what is due for the rule of an older file.",
    )
    def follow(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        now = datetime.now(UTC)
        this_round = _Round.read(context.cursor, now)
        if this_round.ended:
            return dg.SkipReason(f"all was looked at; again {this_round.began + _ROUND:%d %B %Y}")
        keys = sorted(key for key in registered(context.instance) if key > this_round.after)
        part = keys[:_FILES_PER_TICK]
        due = {dg.AssetKey(stage.name): set(due_by_age(library, stage, part, now)) for stage in stages}
        cursor = _Round(this_round.began, part[-1] if part else "", len(part) == len(keys)).cursor()
        if not any(due.values()):
            context.update_cursor(cursor)
            return dg.SkipReason(f"nothing is due among {counted(len(part))}")
        return dg.SensorResult(run_requests=[bulk_request(due)], cursor=cursor)

    return follow


def due_by_age(library: Library, stage: Stage, keys: Iterable[str], now: datetime) -> Iterable[str]:
    """The files for which another rule counts than when their artifact was made, only because they are older.

    Raises:
        Fatal, Transient: a store cannot be read.
    """
    reader = library.store(stage.name).as_of_now(stage.name)
    upstreams = {name: library.store(name).as_of_now(name) for name in stage.upstreams}
    for key in keys:
        made = reader.manifest(stage.name, key)
        if made is None or made.not_applicable or stage.of_file is None:
            continue
        recipe = Recipe(stage, key, library, upstreams)
        try:
            then, today = (stage.of_file(recipe.section, recipe.manifests, moment) for moment in (made.made_at, now))
        except (Fatal, Transient):
            raise
        except MediaAssetsError:
            continue  # an earlier stage waits for it
        if then != today:
            yield key
