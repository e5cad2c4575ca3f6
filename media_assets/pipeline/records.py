"""What Dagster's event log says of the files of a library, in the project's terms, and the one reader of what is new.

Whoever counts or tells what happened (alerts, webhooks, metrics) reads it from here, so that all agree on what was
made, what failed and for which cause. Nothing is looked at twice and nothing is polled file by file: a look costs three
queries on an index, and what is new.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import dagster as dg
from dagster import DagsterEventType

from media_assets.base.errors import OverBudget
from media_assets.base.telling import printable
from media_assets.dagster_seams.event_log import EventLogCursor
from media_assets.pipeline.marks import ATTEMPT, FAILED, IMPORTED_TAG, KIND, NEXT_STEP, WITHDRAWN

REMOVED = "removed"
"""Metadata of an observation: the source file is gone."""
REMOVED_KEYS = "removed_keys"
"""Where one observation says it of many files: their keys."""

SETTLE_SECONDS = 5.0
"""Where several writers commit at the same time, as on PostgreSQL, an event gets its number a moment before others can
see it. What is so young is left for the next look."""

_PAGE = 1000
_TEXTS = (FAILED, NEXT_STEP, KIND, ATTEMPT)
_ASSET_EVENTS = (DagsterEventType.ASSET_MATERIALIZATION, DagsterEventType.ASSET_OBSERVATION)


@dataclass(frozen=True)
class Event:
    """What all events have.

    Args:
        id: Grows with each event of the instance.
        at: Seconds since the epoch.
    """

    id: int
    at: float
    run_id: str


@dataclass(frozen=True)
class Made(Event):
    """An artifact is there."""

    asset: str
    key: str | None
    """None for an asset of the whole library."""
    reused: bool
    """It was there before this run, or is a copy; nothing was made."""
    copied: bool
    """It was made for another file of equal content."""
    not_applicable: bool
    left: bool
    """It is to be a smaller version, and the original stays as it is."""
    fingerprint: str
    """The first characters of it."""
    cost_usd: float
    imported: bool = False
    """It was made elsewhere, or before this log began, and only recorded here."""
    is_first: bool = True
    """No record before tells of this artifact."""
    metadata: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def is_work(self) -> bool:
        """Whether work was done for it that no record before tells of.

        A run that dies after it has published leaves artifacts without a record. Whoever finds them records them first,
        and that counts as their making: else they would be forgotten.
        """
        return not (self.imported or self.not_applicable or self.copied) and (not self.reused or self.is_first)

    @property
    def is_new(self) -> bool:
        """Whether something was made by that work: a photo that is left as it is was only looked at."""
        return self.is_work and not self.left


@dataclass(frozen=True)
class Failed(Event):
    """An artifact of one file could not be made."""

    asset: str
    key: str
    reason: str
    next_step: str
    kind: str
    """Name of the class in `errors`."""
    imported: bool = False
    attempt: str = ""
    """Fingerprint of what was tried; empty when it did not get so far."""

    @property
    def sentence(self) -> str:
        """The reason, and what to do about it."""
        return f"{self.reason}. {self.next_step}" if self.next_step else self.reason

    @property
    def is_held(self) -> bool:
        """It was left alone for what it would cost; nothing is wrong with it."""
        return self.kind == OverBudget.__name__


@dataclass(frozen=True)
class Withdrawn(Event):
    """A file was blamed for what was no fault of its own: its last failure counts no more."""

    asset: str
    key: str


@dataclass(frozen=True)
class Gone(Event):
    """A source file is no longer there."""

    key: str


@dataclass(frozen=True)
class RunFailed(Event):
    """A run ended badly, for the files in it or for something else."""

    message: str


@dataclass(frozen=True)
class Page:
    """What is new."""

    events: Sequence[Event]
    cursor: int
    """Up to here all has been read."""
    more: bool


def events_of(record: dg.EventLogRecord) -> Sequence[Event]:
    """What one record of the log says; nothing, when it is of no concern here."""
    entry = record.event_log_entry
    common = (record.storage_id, record.timestamp, entry.run_id)
    if record.asset_materialization:
        return [_made(common, record.asset_materialization)]
    if entry.asset_observation:
        return _noted(common, entry.asset_observation)
    if entry.dagster_event and entry.dagster_event_type is DagsterEventType.RUN_FAILURE:
        return [RunFailed(*common, message=printable(entry.dagster_event.message or ""))]
    return []


class EventFeed:
    """Reads what is new in the event log of an instance, by a cursor that the reader keeps."""

    def __init__(self, instance: dg.DagsterInstance, *, settle_seconds: float = SETTLE_SECONDS) -> None:
        self._instance = instance
        self._settle_seconds = settle_seconds

    def latest(self) -> int:
        """The cursor behind everything there is now."""
        newest = [records[0].storage_id for records in self._records(None, 1, ascending=False) if records]
        return max(newest, default=0)

    def after(self, cursor: int, *, limit: int, now: float) -> Page:
        """At most about `limit` events of each kind since `cursor`, in order; what was imported is left out.

        A cursor beyond the end of the log is of events that were deleted since, whose ids may be given anew: it goes
        back to the end.

        Args:
            now: Seconds since the epoch.
        """
        found = self._records(cursor, limit, ascending=True)
        if not any(found):
            return Page((), min(cursor, self.latest()), more=False)
        # Of a kind with more to come, nothing is known behind the last one that was read.
        ends = [records[-1].storage_id for records in found if len(records) >= limit]
        border = min(ends, default=None)
        merged = sorted((record for records in found for record in records), key=lambda record: record.storage_id)
        events: list[Event] = []
        more = border is not None
        for record in merged:
            if border is not None and record.storage_id > border:
                break
            if 0 <= now - record.timestamp < self._settle_seconds:
                more = False
                break
            cursor = record.storage_id
            events += events_of(record)
        told = [event for event in events if not (isinstance(event, Made | Failed) and event.imported)]
        return Page(self._with_first_records(told), cursor, more)

    def _with_first_records(self, events: Sequence[Event]) -> Sequence[Event]:
        """The events; of an artifact that was found, whether one before tells of it."""
        found: defaultdict[str, list[Made]] = defaultdict(list)
        for event in events:
            if isinstance(event, Made) and event.key and event.reused and not (event.copied or event.not_applicable):
                found[event.asset].append(event)
        known = {number for asset, each in found.items() for number in recorded_before(self._instance, asset, each)}
        return [replace(event, is_first=False) if event.id in known else event for event in events]  # type: ignore[call-arg]

    def _records(self, cursor: int | None, limit: int, *, ascending: bool) -> list[Sequence[dg.EventLogRecord]]:
        storage = self._instance.event_log_storage
        found: list[Sequence[dg.EventLogRecord]] = [
            storage.get_event_records(
                dg.EventRecordsFilter(event_type=kind, after_cursor=cursor), limit=limit, ascending=ascending
            )
            for kind in _ASSET_EVENTS
        ]
        position = EventLogCursor.from_storage_id(cursor).to_string() if cursor is not None else None
        failures = storage.fetch_run_status_changes(
            DagsterEventType.RUN_FAILURE, limit=limit, cursor=position, ascending=ascending
        )
        return [*found, failures.records]


@dataclass(frozen=True)
class AssetPage:
    """What is new of one asset, of one kind of record."""

    events: Sequence[Event]
    records: int
    """How many records were read, of concern or not."""
    cursor: int
    """Up to here all has been read."""
    more: bool
    """Whether there is more that can be read now."""
    left: bool
    """Whether something was left for later, because it is so young."""


def read_asset(
    instance: dg.DagsterInstance, asset: str, kind: DagsterEventType, cursor: int, *, now: float, settle_seconds: float
) -> AssetPage:
    """A page of the records of an asset since `cursor`, the imported among them; one asset by itself can be read from
    the beginning of the log.

    Args:
        kind: Materializations or observations.
        now: Seconds since the epoch.
    """
    made = kind is DagsterEventType.ASSET_MATERIALIZATION
    fetch = instance.fetch_materializations if made else instance.fetch_observations
    page = fetch(dg.AssetRecordsFilter(dg.AssetKey(asset), after_storage_id=cursor), limit=_PAGE, ascending=True)
    settled = [record for record in page.records if not 0 <= now - record.timestamp < settle_seconds]
    left = len(settled) < len(page.records)
    return AssetPage(
        events=[event for record in settled for event in events_of(record)],
        records=len(settled),
        cursor=settled[-1].storage_id if settled else cursor,
        more=page.has_more and not left,
        left=left,
    )


def recorded_before(instance: dg.DagsterInstance, asset: str, events: Sequence[Made]) -> frozenset[int]:
    """The events (by id) whose artifact the record before of the same file tells of already.

    Args:
        events: Of that asset, of files.
    """
    waiting = {event.id: event for event in events}
    same: set[int] = set()
    cursor, more = None, True
    while waiting and more:
        records_filter = dg.AssetRecordsFilter(
            asset_key=dg.AssetKey(asset),
            asset_partitions=sorted({str(event.key) for event in waiting.values()}),
            before_storage_id=max(waiting),
        )
        page = instance.fetch_materializations(records_filter, limit=_PAGE, cursor=cursor)
        cursor, more = page.cursor, page.has_more
        for before in _all_made(page.records):  # newest first
            answered = [event for event in waiting.values() if event.key == before.key and event.id > before.id]
            same |= {event.id for event in answered if event.fingerprint == before.fingerprint}
            for event in answered:
                del waiting[event.id]
    return frozenset(same)


def _all_made(records: Iterable[dg.EventLogRecord]) -> Iterable[Made]:
    return (event for record in records for event in events_of(record) if isinstance(event, Made))


def _made(common: tuple[int, float, str], happened: dg.AssetMaterialization) -> Made:
    metadata = {name: value.value for name, value in happened.metadata.items()}
    cost = metadata.get("cost_usd")
    return Made(
        *common,
        asset=happened.asset_key.path[-1],
        key=happened.partition,
        reused=bool(metadata.get("reused")),
        copied="same_content_as" in metadata,
        not_applicable="not_applicable" in metadata,
        left="source_bytes" in metadata and not metadata.get("size_bytes"),
        fingerprint=str(metadata.get("fingerprint", "")),
        cost_usd=float(cost) if isinstance(cost, int | float) else 0.0,
        imported=IMPORTED_TAG in (happened.tags or {}),
        metadata=metadata,
    )


def _noted(common: tuple[int, float, str], noted: dg.AssetObservation) -> Sequence[Event]:
    metadata, events = noted.metadata, list[Event]()
    if REMOVED in metadata:
        keys = metadata[REMOVED_KEYS].value if REMOVED_KEYS in metadata else [noted.partition]
        events += [Gone(*common, key=str(key)) for key in keys if key] if isinstance(keys, list) else []
    if WITHDRAWN in metadata and noted.partition:
        events.append(Withdrawn(*common, asset=noted.asset_key.path[-1], key=noted.partition))
    if FAILED in metadata and noted.partition:
        text = {name: printable(str(metadata[name].value)) for name in _TEXTS if name in metadata}
        failed = Failed(
            *common,
            asset=noted.asset_key.path[-1],
            key=noted.partition,
            reason=text[FAILED],
            next_step=text.get(NEXT_STEP, ""),
            kind=text.get(KIND, ""),
            imported=IMPORTED_TAG in (noted.tags or {}),
            attempt=text.get(ATTEMPT, ""),
        )
        events.append(failed)
    return events
