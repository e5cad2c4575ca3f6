"""Messages on their way: kept until each channel has taken them. A channel that is broken waits, longer each time, and
keeps no other from getting its own."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from pydantic import BaseModel, Field

from media_assets.base.errors import Fatal
from media_assets.base.wording import counted
from media_assets.operation.alerts.channels import Channel
from media_assets.operation.alerts.messages import Level, Text, fitting

# More than so many that wait for a channel go to it as one.
_MOST_SINGLE = 4
_MOST_MESSAGES = 200
_KEPT_SECONDS = 3 * 86_400.0
_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 60.0, 3600.0
# A number goes no further than some 1000 doublings; a channel that nobody mends for weeks fails more often.
_MOST_DOUBLED = 30


class Message(BaseModel):
    """One message and who is still to get it."""

    id: str
    at: float
    level: Level
    title: str
    body: str
    waiting: list[str]
    """Names of channels."""


class Health(BaseModel):
    """How a channel fares."""

    failures: int = 0
    """How many failures there were in a row."""
    since: float = 0.0
    retry_at: float = 0.0
    problem: str = ""


class Outbox(BaseModel):
    """All that is on its way."""

    messages: list[Message] = Field(default_factory=list)
    health: dict[str, Health] = Field(default_factory=dict)

    def put(self, text: Text, channels: Collection[str], now: float) -> None:
        """Keep a message for these channels."""
        if channels:
            self.messages.append(
                Message(
                    id=uuid.uuid4().hex, at=now, level=text.level, title=text.title, body=text.body, waiting=[*channels]
                )
            )

    def tidy(self, channels: Collection[str], now: float) -> int:
        """Leave out channels that there are no more, and what is too old or too much; returns how many were dropped."""
        for message in self.messages:
            message.waiting = [name for name in message.waiting if name in channels]
        waiting = [message for message in self.messages if message.waiting]
        kept = [message for message in waiting if now - message.at < _KEPT_SECONDS][-_MOST_MESSAGES:]
        self.messages = kept
        self.health = {name: health for name, health in self.health.items() if name in channels and health.failures}
        return len(waiting) - len(kept)

    def send(
        self, channels: Mapping[str, Channel], now: float, save: Callable[[], None], may_go_on: Callable[[], bool]
    ) -> tuple[int, list[str]]:
        """Send what is due, one message to each channel at a time.

        Args:
            save: Called after each round: a crash repeats at most the last message to each channel.
            may_go_on: Whether there is time for another round.

        Returns:
            How many were sent, and what went wrong, a sentence for each channel.
        """
        sent, problems = 0, []
        while may_go_on():
            due = {name: batch for name in channels if (batch := self._due(name, now))}
            if not due:
                break
            texts = [_as_one(batch) for batch in due.values()]
            with ThreadPoolExecutor(len(due)) as pool:
                answers = list(pool.map(_try, [channels[name] for name in due], texts))
            for name, problem in zip(due, answers, strict=True):
                if problem:
                    problems.append(self._failed(name, problem, now))
                    continue
                sent += 1
                self.health.pop(name, None)
                for message in due[name]:
                    message.waiting.remove(name)
            self.messages = [message for message in self.messages if message.waiting]
            save()
        return sent, problems

    def _due(self, channel: str, now: float) -> Sequence[Message]:
        # What lies further off was said by a clock that was ahead.
        if now < self.health.get(channel, Health()).retry_at <= now + _LONGEST_WAIT_SECONDS:
            return ()
        waiting = [message for message in self.messages if channel in message.waiting]
        return waiting if len(waiting) > _MOST_SINGLE else waiting[:1]

    def _failed(self, channel: str, problem: str, now: float) -> str:
        health = self.health.setdefault(channel, Health(since=now))
        wait = min(_FIRST_WAIT_SECONDS * 2.0 ** min(health.failures, _MOST_DOUBLED), _LONGEST_WAIT_SECONDS)
        health.failures, health.retry_at, health.problem = health.failures + 1, now + wait, problem
        return (
            f"channel {channel}: {problem}; tried again in {wait / 60:.0f} min ({counted(health.failures, 'failure')})"
        )


def _try(channel: Channel, text: Text) -> str:
    try:
        return channel.send(text)
    except Fatal as error:
        return str(error)


def _as_one(messages: Sequence[Message]) -> Text:
    """One message as it is; of many, their titles."""
    if len(messages) == 1:
        (only,) = messages
        return Text(only.level, only.title, only.body)
    levels = [message.level for message in messages]
    level: Level = next((each for each in ("failure", "warning", "success") if each in levels), "info")
    prefix = messages[0].title.partition(": ")[0]
    lines = [f"- {message.title.partition(': ')[2] or message.title}" for message in reversed(messages)]
    return Text(level, f"{prefix}: {len(messages)} messages that could not be sent before", fitting(lines))
