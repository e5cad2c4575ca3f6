"""One look at what happened: events become incidents, incidents messages, and messages are sent.

Where it is in the event log, the incidents and the messages on their way are one document in Dagster's database. It is
written before anything is sent and after each message, so that a process that dies loses nothing and repeats at most
the message it was just sending.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from zoneinfo import ZoneInfo

import dagster as dg
from pydantic import BaseModel, Field

from media_assets.base.wording import counted
from media_assets.config.notices import AlertSettings, MessageKind
from media_assets.operation.alerts.causes import stop_of
from media_assets.operation.alerts.channels import SEND_SECONDS, Channel
from media_assets.operation.alerts.digest import Day, digest, is_due, newest_report, saved_bytes
from media_assets.operation.alerts.incidents import Incidents, Notice, NoticeKind
from media_assets.operation.alerts.messages import Links, Text, Writer
from media_assets.operation.alerts.outbox import Outbox
from media_assets.pipeline.records import Event, EventFeed, Failed, Gone, Made, RunFailed, Withdrawn
from media_assets.places.source import DurableState

STATE_NAME = "media_assets/alerts"

# A look has a minute (Dagster's limit for a tick), of which reading and sending take a part each.
_READ_SECONDS, _SEND_SECONDS = 15.0, 20.0
_PAGE = 500
# Causes of one kind that are told one by one; more are told in one message.
_MOST_SINGLE = 3
_KINDS: tuple[NoticeKind, ...] = ("stops", "failures", "recoveries")


class AlertState(BaseModel):
    """All that is kept between looks."""

    cursor: int
    day: Day
    incidents: Incidents = Field(default_factory=Incidents)
    outbox: Outbox = Field(default_factory=Outbox)
    sent_at: list[float] = Field(default_factory=list)
    """When messages were written, of the last hour."""
    digest_of: str | None = None
    """The day of the last digest."""
    given_up: dict[str, int] = Field(default_factory=dict)
    """How many dropped events of each webhook were told."""


@dataclass
class AnnouncerLook:
    """What a look did."""

    events: int = 0
    written: int = 0
    sent: int = 0
    problems: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{counted(self.events, 'event')} read, {counted(self.written, 'message')} written, {self.sent} sent"


class Announcer:
    """Tells people what happened since its last look.

    Args:
        stages: Names of all stages a file may be red in.
        given_up: By webhook, how many events were ever dropped.
    """

    def __init__(
        self,
        settings: AlertSettings,
        channels: Mapping[str, Channel],
        instance: dg.DagsterInstance,
        state: DurableState,
        feed: EventFeed,
        *,
        links: Links,
        stages: Sequence[str] = (),
        given_up: Callable[[], Mapping[str, int]] = dict,
    ) -> None:
        self._settings = settings
        self._channels = channels
        self._instance = instance
        self._store = state
        self._feed = feed
        self._stages = stages
        self._given_up = given_up
        self._zone = ZoneInfo(settings.time_zone) if settings.time_zone else None
        self._writer = Writer(links, self._zone)

    def look(self, now: float) -> AnnouncerLook:
        """Read what is new, and tell what is to be told.

        Args:
            now: Seconds since the epoch.
        """
        look = AnnouncerLook()
        kept = self._store.read(STATE_NAME)
        state = AlertState.model_validate_json(kept) if kept else self._first(now)
        before = kept or ""

        def save() -> None:
            nonlocal before
            text = state.model_dump_json()
            if text != before:
                self._store.write(STATE_NAME, text)
                before = text

        self._read(state, look, now)
        look.written = self._write(state, now)
        dropped = state.outbox.tidy(list(self._channels), now)
        if dropped:
            look.problems.append(f"{counted(dropped, 'message')} could not be sent for days and will not be")
        save()
        deadline = time.monotonic() + _SEND_SECONDS
        look.sent, problems = state.outbox.send(
            self._channels, now, save, lambda: time.monotonic() < deadline - SEND_SECONDS / 2
        )
        look.problems += problems
        save()
        return look

    def _first(self, now: float) -> AlertState:
        """What was before the first look is not told."""
        today = is_due(None, self._settings.digest_at, now, self._zone)
        day = Day(since=now, saved_bytes=saved_bytes(newest_report(self._instance)))
        return AlertState(cursor=self._feed.latest(), day=day, digest_of=today, given_up=dict(self._given_up()))

    def _read(self, state: AlertState, look: AnnouncerLook, now: float) -> None:
        started_at = cache(self._started_at)
        deadline, more = time.monotonic() + _READ_SECONDS, True
        while more and time.monotonic() < deadline:
            page = self._feed.after(state.cursor, limit=_PAGE, now=now)
            for event in page.events:
                self._take_in(event, state, started_at)
            state.cursor, more = page.cursor, page.more
            look.events += len(page.events)

    def _take_in(self, event: Event, state: AlertState, started_at: Callable[[str], float]) -> None:
        if isinstance(event, Failed):
            state.incidents.failed(event)
            state.day.failures += not event.is_held
        elif isinstance(event, Made):
            state.incidents.made(event, started_at)
            state.day.add(event)
        elif isinstance(event, Withdrawn):
            state.incidents.withdrawn(event.asset, event.key)
            state.day.failures = max(state.day.failures - 1, 0)
        elif isinstance(event, Gone):
            state.incidents.gone(event.key, self._stages)
        elif isinstance(event, RunFailed):
            stop = stop_of(self._instance, event.run_id, event.message)
            if stop:
                state.incidents.stopped(stop, event.run_id, event.at)
                state.day.stops += 1

    def _started_at(self, run_id: str) -> float:
        record = self._instance.get_run_record_by_id(run_id)
        return (record.start_time or record.create_timestamp.timestamp()) if record else 0.0

    # ------------------------------------------------------------------------------------------ what is told

    def _write(self, state: AlertState, now: float) -> int:
        """Put what is to be told into the outbox; returns how many messages that makes."""
        before = len(state.outbox.messages)
        state.sent_at = [at for at in state.sent_at if 0 <= now - at < 3600]
        notices = list(state.incidents.due(now, self._settings.repeat_after_minutes * 60))
        for kind in _KINDS:
            self._tell([notice for notice in notices if notice.kind == kind], kind, state, now)
        self._tell_given_up(state, now)
        today = is_due(state.digest_of, self._settings.digest_at, now, self._zone)
        if today:
            report = newest_report(self._instance)
            text = digest(state.day, state.incidents.by_cause, state.outbox.health, report, self._writer)
            self._put(text, "digest", state, now)
            state.digest_of, state.day = today, Day(since=now, saved_bytes=saved_bytes(report))
        return len(state.outbox.messages) - before

    def _tell(self, notices: Sequence[Notice], kind: NoticeKind, state: AlertState, now: float) -> None:
        room = self._settings.max_messages_per_hour - len(state.sent_at)
        if not notices or room <= 0:
            return  # what is not told stays due
        if len(notices) <= min(_MOST_SINGLE, room):
            texts = [self._writer.notice(notice) for notice in notices]
        else:
            texts = [self._writer.several(notices)]
        for text in texts:
            self._put(text, kind, state, now)
            state.sent_at.append(now)
        for notice in notices:
            state.incidents.told(notice, now)

    def _tell_given_up(self, state: AlertState, now: float) -> None:
        totals = self._given_up()
        for name, total in totals.items():
            dropped = total - state.given_up.get(name, 0)
            if dropped > 0:
                title = f"webhook {name}: {counted(dropped, 'event')} dropped"
                body = "The receiver did not take them for days. Later ones are still tried."
                self._put(Text("failure", title, body), "stops", state, now)
        state.given_up = dict(totals)

    def _put(self, text: Text, kind: MessageKind, state: AlertState, now: float) -> None:
        wanting = [name for name, channel in self._settings.channels.items() if kind in channel.messages]
        state.outbox.put(Text(text.level, f"{self._settings.title}: {text.title}", text.body), wanting, now)
