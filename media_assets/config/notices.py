"""The sections of library.yaml about who is told what happened: `alerts` for people, `webhooks` for other systems.

Addresses of channels and the keys of signatures are secrets and stand in `base.secrets.Secrets`.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, PositiveFloat, PositiveInt
from pydantic_core import PydanticCustomError

from media_assets.base.section import Section
from media_assets.base.validators import HIDDEN_VALUE, TimeZone, library_name

MessageKind = Literal["failures", "stops", "recoveries", "digest"]
EventType = Literal["file.done", "file.failed", "asset.done"]


def _time_of_day(text: str) -> str:
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text):
        raise ValueError("should be a time of day such as 07:00")
    return text


def _hook_address(address: str) -> str:
    """An address as it is; a path or query that nobody can guess may be its only protection, so it is never shown."""
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        raise PydanticCustomError(HIDDEN_VALUE, "should be an address like https://host/path") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password:
        raise PydanticCustomError(
            HIDDEN_VALUE, "should be an address like https://host/path, without user name and password"
        )
    return address


Name = Annotated[str, AfterValidator(library_name)]
TimeOfDay = Annotated[str, AfterValidator(_time_of_day)]
HookAddress = Annotated[str, AfterValidator(_hook_address)]


class AlertChannel(Section):
    """Where messages for people go. Its address is a secret: `ALERT_URLS__<NAME>`."""

    messages: tuple[MessageKind, ...] = ("failures", "stops", "recoveries", "digest")
    """Which kinds of messages it gets."""


class AlertSettings(Section):
    """Messages for people."""

    channels: dict[Name, AlertChannel] = Field(default_factory=dict)
    """The channels by name. Without one nothing is told to anybody."""
    title: str = "media-assets"
    """What the titles of messages begin with; tells libraries apart."""
    interval_seconds: PositiveInt = 30
    """Time between two looks at what happened."""
    repeat_after_minutes: PositiveFloat = 60.0
    """A cause that was told is not told again for so long; then one message says how often it happened since."""
    max_messages_per_hour: PositiveInt = 20
    """What is beyond that waits, and is told in fewer messages."""
    digest_at: TimeOfDay | None = "07:00"
    """When the daily digest is sent; null: never."""
    time_zone: TimeZone | None = None
    """Time zone of `digest_at` and of times in messages, e.g. Europe/Berlin; absent: `automation.time_zone`."""


class WebhookSettings(Section):
    """One receiver of signed events. The key of the signature is a secret: `WEBHOOK_SECRETS__<NAME>`."""

    url: HookAddress
    """Where events are posted to."""
    events: tuple[EventType, ...] = ("file.done", "file.failed")
    """`file.done`: a file has all its artifacts. `file.failed`: it stays without one, which could not be made itself or
    for want of another. `asset.done`: one is there."""
    assets: tuple[str, ...] = ()
    """Only these artifacts count; empty: all that are enabled."""
    interval_seconds: PositiveInt = 15
    """Time between two looks at what is new."""
    timeout_seconds: Annotated[float, Field(gt=0, le=30)] = 10.0
    """How long the receiver may take to answer."""
    give_up_days: PositiveFloat = 3.0
    """An event that could not be delivered for so long is dropped, and an alert says so."""
