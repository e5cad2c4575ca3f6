"""Each cell of the grid with all that is known of it: why it is as it is, what to do, where to look, what it cost.

One file at a time, so that no library is too large. `status` has the grid alone, which is cheaper.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, runtime_checkable

import dagster as dg

from media_assets.base.errors import BadMedia, MediaAssetsError, SourceChanged, Transient
from media_assets.pipeline.library import Library
from media_assets.pipeline.postponed import still_postponed
from media_assets.pipeline.recipe import Stage
from media_assets.pipeline.records import Failed
from media_assets.pipeline.status import FoundCell, StageStatus, State
from media_assets.places.source import SourceEntry

# A batch that is stopped shortly before midnight is noted under the day that has just ended.
_DAYS_OF_BUDGETS = 2


@runtime_checkable
class LooksReady(Protocol):
    """A source that tells by a look at one file whether it is still being written."""

    def why_not_ready(self, entry: SourceEntry) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Cell:
    """One artifact of one file."""

    file: str
    """The key of the file."""
    asset: str
    state: State
    reason: str = ""
    """Why it failed, does not apply, or is missing."""
    next_step: str = ""
    error: str = ""
    """Name of the class of a failure in `base.errors`."""
    at: datetime | None = None
    """When it was made, or failed."""
    run: str = ""
    """The id of the run that made it, or in which it failed."""
    cost_usd: float = 0.0
    artifact: str = ""
    """An address that opens the artifact."""
    source: str = ""
    """An address that opens the source file."""

    @property
    def sentence(self) -> str:
        """The reason, and what to do about it."""
        return f"{self.reason}. {self.next_step}" if self.next_step else self.reason

    def to_json(self, ui_base_url: str | None) -> dict[str, Any]:
        """What `status --json` prints of it."""
        run = f"{ui_base_url}/runs/{self.run}" if ui_base_url and self.run else ""
        return {
            "file": self.file,
            "asset": self.asset,
            "state": self.state.value,
            "reason": self.reason or None,
            "next_step": self.next_step or None,
            "error": self.error or None,
            "at": self.at.isoformat() if self.at else None,
            "run": self.run or None,
            "cost_usd": self.cost_usd,
            "links": {"artifact": self.artifact or None, "source": self.source or None, "run": run or None},
        }


class Cells:
    """The cells of some files.

    Args:
        keys: The files that will be asked for.
    """

    def __init__(
        self, instance: dg.DagsterInstance, library: Library, pipeline: Sequence[Stage], keys: Sequence[str]
    ) -> None:
        self._library = library
        self.assets = tuple(stage.name for stage in pipeline)
        self._look_ready = {name: each for name, each in library.sources.items() if isinstance(each, LooksReady)}
        self._stages = [StageStatus(instance, library, stage, frozenset(keys)) for stage in pipeline]
        self._postponed = _postponed(instance, library, self.assets)

    def of(self, key: str) -> Iterator[Cell]:
        """The cells of a file, in the order of the stages."""
        source = _link(self._library, key)
        states: dict[str, State] = {}
        failed: dict[str, str] = {}
        for status in self._stages:
            found, asset = status.look(key), status.stage.name
            states[asset] = found.state
            root = asset if found.state is State.FAILED else _failed_before(status.stage, failed)
            if root and found.state in (State.FAILED, State.MISSING):
                failed[asset] = root
            if found.manifest:
                made = found.manifest
                yield Cell(
                    key,
                    asset,
                    found.state,
                    reason=made.not_applicable or "",
                    at=made.made_at,
                    run=made.made_by_run,
                    cost_usd=made.cost_usd,
                    artifact="" if made.not_applicable else self._library.store(asset).link(made),
                    source=source,
                )
            elif found.failure:
                yield _failed(found.failure, found.state, source)
            else:
                why, next_step = self._why_missing(key, status.stage, states, found, root)
                yield Cell(key, asset, State.MISSING, why, next_step, source=source)

    def _why_missing(
        self, key: str, stage: Stage, states: Mapping[str, State], found: FoundCell, failed: str | None
    ) -> tuple[str, str]:
        """The reason, and what to do; `failed` is the earlier stage that holds this one up."""
        for upstream in stage.upstreams:
            if states.get(upstream) is State.FAILED:
                return f"waits for its {upstream}, which failed", f"Mend that first: see {upstream} of this file"
            if states.get(upstream, State.DONE) is State.MISSING and failed:
                return (
                    f"waits for its {upstream}, as its {failed} failed",
                    f"Mend that first: see {failed} of this file",
                )
            if states.get(upstream, State.DONE) is State.MISSING:
                return f"waits for its {upstream}", ""
        if key in self._postponed.get(stage.name, ()):
            return (
                "waits for another day: the budget of the day is spent",
                "`media-assets dev` asks for it after midnight UTC; or raise budgets.per_day_usd in library.yaml",
            )
        if found.is_recorded:
            return "was made, and is no longer in its store", "`media-assets process` makes it again"
        if not stage.upstreams and (why := self._why_not_read(key)):
            return why
        return "has not been made yet", "`media-assets process` makes it, and `media-assets dev` does by itself"

    def _why_not_read(self, key: str) -> tuple[str, str] | None:
        """What keeps a file from the first stage, as far as a look at it tells that costs next to nothing."""
        try:
            name = self._library.source(key).name
            source = self._look_ready.get(name)
            if source and (why := source.why_not_ready(self._library.entry(key))):
                return f"is still being written: {why}", "It is read when it is whole, and no longer changes"
        except (BadMedia, SourceChanged) as error:
            return error.reason, error.next_step
        except MediaAssetsError as error:
            return f"its source cannot be looked at: {error.reason}", error.next_step
        return None


def _failed_before(stage: Stage, failed: Mapping[str, str]) -> str | None:
    """The failed stage that this one waits for in the end, if any; `failed`: the same of the stages before."""
    return next((failed[upstream] for upstream in stage.upstreams if upstream in failed), None)


def _failed(failure: Failed, state: State, source: str) -> Cell:
    return Cell(
        failure.key,
        failure.asset,
        state,
        failure.reason,
        failure.next_step,
        failure.kind,
        datetime.fromtimestamp(failure.at, UTC),
        failure.run_id,
        source=source,
    )


def _link(library: Library, key: str) -> str:
    with suppress(BadMedia, Transient):  # it belongs to no source; or the source has to be asked, and cannot be
        return library.source(key).link_of(key)
    return ""


def _postponed(instance: dg.DagsterInstance, library: Library, assets: Sequence[str]) -> Mapping[str, set[str]]:
    if library.settings.budgets.per_day_usd is None:
        return {}
    today = datetime.now(UTC).date()
    days = [today - timedelta(days=number) for number in range(_DAYS_OF_BUDGETS)]
    return still_postponed(instance, days, assets)
