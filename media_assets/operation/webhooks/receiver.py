"""One receiver of events, look by look.

The event log itself is the queue: a receiver has a cursor in it, which moves when an event was taken. While it is away
nothing piles up, and everything keeps its order. A single message that it refuses is set aside and tried again, and
behind it what comes later of the same file; the other files go on.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from media_assets.base.errors import MediaAssetsError
from media_assets.config.notices import WebhookSettings
from media_assets.operation.webhooks.files import Files
from media_assets.operation.webhooks.payload import Delivery, ready
from media_assets.operation.webhooks.payload import deliveries as deliveries_of
from media_assets.operation.webhooks.position import Aside, Position, is_due, state_name
from media_assets.operation.webhooks.posting import Fate, ReceiverAnswer, post
from media_assets.operation.webhooks.signing import Signer
from media_assets.pipeline.records import EventFeed, Made, Page
from media_assets.places.source import DurableState

_PAGE = 100
# Dagster gives a tick a minute; the last post may take half of it.
_LOOK_SECONDS = 20.0
_MOST_DELIVERIES = 500
# A crash repeats at most so many, under the same ids.
_SAVED_AFTER = 10
_MOST_ASIDE = 200
# So many refused ones in a row, and it is the receiver that is at fault.
_MOST_REFUSED = 5


@dataclass
class ReceiverLook:
    """What a look did."""

    taken: int = 0
    aside: int = 0
    """Messages that are set aside now."""
    dropped: int = 0
    problems: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.taken} delivered, {self.aside} set aside, {self.dropped} dropped"


class Receiver:
    """Posts to one receiver what it has not taken yet."""

    def __init__(
        self,
        name: str,
        settings: WebhookSettings,
        signer: Signer,
        feed: EventFeed,
        files: Files,
        state: DurableState,
        *,
        ui_base_url: str | None = None,
    ) -> None:
        self.name = name
        self.settings = settings
        self.feed = feed
        self.files = files
        self.state = state
        self.assets = files.wanted(settings.assets)
        self._signer = signer
        self._ui_base_url = ui_base_url

    def look(self, now: float) -> ReceiverLook:
        """Deliver what is due.

        Args:
            now: Seconds since the epoch.
        """
        return _Turn(self, now).run()

    def send(self, delivery: Delivery) -> ReceiverAnswer:
        """What became of it; what has nothing to say any more counts as taken."""
        message = ready(delivery, self.files, self.assets, self._ui_base_url)
        if message is None:
            return ReceiverAnswer(Fate.TAKEN)
        return post(self.settings.url, message, self._signer, self.settings.timeout_seconds)


class _AwayError(Exception):
    """The receiver takes nothing now; everything else has to wait."""


class _Turn:
    """One look of one receiver."""

    def __init__(self, receiver: Receiver, now: float) -> None:
        self._receiver = receiver
        self._now = now
        self._look = ReceiverLook()
        self._deadline = time.monotonic() + _LOOK_SECONDS
        self._refused_in_a_row = 0
        self._saved = receiver.state.read(state_name(receiver.name)) or ""
        self._position = (
            Position.model_validate_json(self._saved) if self._saved else Position(cursor=receiver.feed.latest())
        )

    def run(self) -> ReceiverLook:
        if is_due(self._position.retry_at, self._now):
            try:
                self._try_aside()
                self._go_on()
            except _AwayError:
                pass
            except MediaAssetsError as error:  # the store could not say what is there; nothing is lost
                self._look.problems.append(str(error))
        self._look.aside = len(self._position.aside)
        self._save()
        return self._look

    def _try_aside(self) -> None:
        waiting: set[str] = set()
        for aside in list(self._position.aside):
            delivery = aside.delivery
            if self._is_too_old(delivery):
                self._drop()
                self._position.aside.remove(aside)
            elif delivery.key in waiting or not is_due(aside.retry_at, self._now) or not self._has_time():
                waiting.add(delivery.key)
            elif self._deliver(delivery, aside):
                self._position.aside.remove(aside)
            else:
                waiting.add(delivery.key)

    def _go_on(self) -> None:
        more = True
        while more and self._has_time():
            page = self._receiver.feed.after(self._position.cursor, limit=_PAGE, now=self._now)
            for number, deliveries in self._deliveries(page):
                if not self._has_time():
                    return
                for delivery in deliveries:
                    self._deliver_in_order(delivery)
                self._position.cursor = number
            self._position.cursor, more = page.cursor, page.more

    def _deliveries(self, page: Page) -> Iterator[tuple[int, Sequence[Delivery]]]:
        """What a page has for this receiver, by the ids of the events; one id may stand for several files."""
        kinds, assets, files = self._receiver.settings.events, self._receiver.assets, self._receiver.files
        made = [event for event in page.events if isinstance(event, Made)] if "file.done" in kinds else []
        completing = files.completed_by(made, assets)
        for number, events in groupby(page.events, key=lambda event: event.id):
            found: list[Delivery] = []
            for event in events:
                missing = files.missing(event, assets) if "file.failed" in kinds else ()
                found += deliveries_of(event, kinds, assets, completes=number in completing, missing=missing)
            if found:
                yield number, found

    def _deliver_in_order(self, delivery: Delivery) -> None:
        if self._is_too_old(delivery):
            self._drop()
            return
        aside = Aside(delivery=delivery)
        if self._position.is_behind(delivery.key) or not self._deliver(delivery, aside):
            if len(self._position.aside) >= _MOST_ASIDE:
                self._is_away("refuses too many messages", 0.0)
            self._position.aside.append(aside)

    def _deliver(self, delivery: Delivery, aside: Aside) -> bool:
        """Whether it is settled; not when the receiver refuses it."""
        answer = self._receiver.send(delivery)
        if answer.fate is Fate.AWAY:
            self._is_away(answer.problem, answer.retry_after_seconds)
        if answer.fate is Fate.REFUSED:
            aside.refused(self._now)
            self._look.problems.append(f"{self._receiver.name} {answer.problem} to {delivery.type} of {delivery.key}")
            self._refused_in_a_row += 1
            if self._refused_in_a_row >= _MOST_REFUSED:
                self._is_away("refuses everything", 0.0)
            return False
        self._refused_in_a_row = self._position.failures = 0
        self._look.taken += 1
        if self._look.taken % _SAVED_AFTER == 0:
            self._save()
        return True

    def _is_away(self, problem: str, retry_after_seconds: float) -> None:
        wait = self._position.waits(self._now, retry_after_seconds)
        self._look.problems.append(f"{self._receiver.name} {problem}; tried again in {wait / 60:.1f} min")
        raise _AwayError

    def _is_too_old(self, delivery: Delivery) -> bool:
        return self._now - delivery.at > self._receiver.settings.give_up_days * 86_400

    def _drop(self) -> None:
        self._position.given_up += 1
        self._look.dropped += 1

    def _has_time(self) -> bool:
        return time.monotonic() < self._deadline and self._look.taken < _MOST_DELIVERIES

    def _save(self) -> None:
        text = self._position.model_dump_json()
        if text != self._saved:
            self._receiver.state.write(state_name(self._receiver.name), text)
            self._saved = text
