"""Sending through apprise, which knows the services. An address holds a token: it is shown to nobody, nor is what
services answer."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import SecretStr

from media_assets.base.errors import Fatal
from media_assets.base.secrets import Secrets
from media_assets.config.settings import Settings
from media_assets.operation.alerts.messages import Text

if TYPE_CHECKING:
    from apprise import AppriseResult, NotifyBase

SEND_SECONDS = 15.0

_STATUS = re.compile(r"error=(\d{3})\b")


@dataclass(frozen=True)
class Channel:
    """One place messages go to."""

    name: str
    url: SecretStr | None

    def check(self) -> str:
        """Which service it is; nothing is sent.

        Raises:
            Fatal: there is no address, or none that apprise understands.
        """
        return str(self._service().service_name)

    def send(self, text: Text) -> str:
        """Send a message; why it did not go, or nothing when it did.

        Raises:
            Fatal: see `check`.
        """
        import apprise

        service = self._service()
        if service.overflow_mode is apprise.OverflowMode.UPSTREAM:
            service.overflow_mode = apprise.OverflowMode.SPLIT
        sender = apprise.Apprise()
        sender.add(service)
        result = sender.notify(
            title=text.title,
            body=text.body,
            notify_type=apprise.NotifyType(text.level),
            body_format=apprise.NotifyFormat.TEXT,
            timeout=SEND_SECONDS,
        )
        return "" if result else _why(result)

    def _service(self) -> NotifyBase:
        """A new one each time: it has no memory of messages before that would delay this one, and one address."""
        import apprise

        variable = variable_of(self.name)
        if self.url is None:
            raise Fatal(
                f"the channel {self.name} has no address",
                next_step=f"Set {variable} in the environment or in .env beside library.yaml",
            )
        _silence_loggers()
        service = apprise.Apprise.instantiate(self.url.get_secret_value())
        if service is None:
            raise Fatal(
                f"the address of the channel {self.name} is none that apprise understands",
                next_step=f"Correct {variable}; apprise's documentation has the form for each service",
            )
        return service


def channels_of(settings: Settings, secrets: Secrets) -> Mapping[str, Channel]:
    """The configured channels, by name."""
    return {name: Channel(name, secrets.alert_urls.get(name)) for name in settings.alerts.channels}


def variable_of(name: str) -> str:
    return f"ALERT_URLS__{name.upper()}"


def _why(result: AppriseResult) -> str:
    """What apprise noted may hold parts of the address; only what is known to be harmless is said."""
    from apprise import AppriseResultStatus

    if result.status == AppriseResultStatus.TIMEOUT:
        return f"the service did not answer within {SEND_SECONDS:.0f} s"
    notes = " ".join(entry.message for entry in result.logs())
    status = _STATUS.search(notes)
    if status:
        return f"the service answered {status[1]}"
    return "the service could not be reached" if "onnection error" in notes else "the service did not take it"


def _silence_loggers() -> None:
    """Both write addresses to the log when they debug. What apprise warns of is said by `_why`, without them."""
    apprise_logger = logging.getLogger("apprise")
    apprise_logger.propagate = False
    for logger, level in (
        (apprise_logger, logging.WARNING),
        (logging.getLogger("urllib3.connectionpool"), logging.INFO),
    ):
        logger.setLevel(max(logger.level, level))
