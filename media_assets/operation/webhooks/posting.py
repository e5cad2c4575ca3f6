"""One POST, and what its answer means: taken, this message is refused, or the receiver is not there."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import StrEnum

from media_assets.operation.webhooks.payload import Ready
from media_assets.operation.webhooks.signing import Signer

_USER_AGENT = "media-assets-webhooks/1"
# What is said of one message. Everything else that is no success is about the receiver: it is away, overloaded,
# somewhere else (redirects are not followed: what is signed for one host is not for another), or wants another key.
_ABOUT_THE_MESSAGE = {400, 406, 409, 413, 415, 422, 500}
_LONGEST_RETRY_AFTER_SECONDS = 3600.0


class Fate(StrEnum):
    """What became of an attempt."""

    TAKEN = "taken"
    REFUSED = "refused"
    AWAY = "away"


@dataclass(frozen=True)
class ReceiverAnswer:
    """What a receiver answered."""

    fate: Fate
    problem: str = ""
    retry_after_seconds: float = 0.0


def post(url: str, message: Ready, signer: Signer, timeout_seconds: float, now: float | None = None) -> ReceiverAnswer:
    """Send a signed message once.

    Args:
        now: Seconds since the epoch, of this attempt; absent: as the clock says.
    """
    import requests

    now = time.time() if now is None else now
    headers = {
        "content-type": "application/json",
        "user-agent": _USER_AGENT,
        **signer.headers(message.id, int(now), message.body),
    }
    try:
        # Streamed: of the answer only the status counts, and however long its body is, nobody waits for it.
        with requests.post(
            url, data=message.body, headers=headers, timeout=timeout_seconds, allow_redirects=False, stream=True
        ) as response:
            return _answer(response.status_code, response.headers, now)
    except requests.Timeout:
        return ReceiverAnswer(Fate.AWAY, f"did not answer within {timeout_seconds:.0f} s")
    except requests.exceptions.SSLError:
        return ReceiverAnswer(Fate.AWAY, "has no certificate that is trusted here")
    except (requests.RequestException, OSError):
        return ReceiverAnswer(Fate.AWAY, "could not be reached")


def _answer(status: int, headers: Mapping[str, str], now: float) -> ReceiverAnswer:
    if 200 <= status < 300:
        return ReceiverAnswer(Fate.TAKEN)
    if status in _ABOUT_THE_MESSAGE:
        return ReceiverAnswer(Fate.REFUSED, f"answered {status}")
    if 300 <= status < 400:
        return ReceiverAnswer(
            Fate.AWAY, f"answered {status}: it is somewhere else now; correct its url in library.yaml"
        )
    if status == 410:
        return ReceiverAnswer(
            Fate.AWAY, "answered 410: it wants no more; remove it from library.yaml", _LONGEST_RETRY_AFTER_SECONDS
        )
    return ReceiverAnswer(Fate.AWAY, f"answered {status}", _retry_after(headers.get("retry-after", ""), now))


def _retry_after(header: str, now: float) -> float:
    """How long it wants to be left alone, in seconds: it says how many, or until when. 0 where it says nothing."""
    try:
        seconds = float(header) if header.strip().isdecimal() else parsedate_to_datetime(header).timestamp() - now
    except (ValueError, OverflowError):
        return 0.0
    return min(max(seconds, 0.0), _LONGEST_RETRY_AFTER_SECONDS)
