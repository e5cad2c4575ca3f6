"""Signatures after Standard Webhooks: HMAC-SHA256 over `<id>.<timestamp>.<body>`, so that receivers can use any library
of that specification."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence

from pydantic import SecretStr

from media_assets.base.errors import Fatal

_PREFIX = "whsec_"
# What the specification asks for.
_SHORTEST_KEY_BYTES, _LONGEST_KEY_BYTES = 24, 64


class Signer:
    """Signs with every key it has: with the old and the new one while a receiver changes over."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = keys

    @classmethod
    def of(cls, webhook: str, secret: SecretStr | None) -> Signer:
        """The signer for the secret of a webhook: `whsec_` and the key in Base64; several with blanks between them.

        Raises:
            Fatal: there is none, or it is no such key.
        """
        variable = variable_of(webhook)
        words = secret.get_secret_value().split() if secret else []
        if not words:
            raise Fatal(
                f"the webhook {webhook} has no key to sign with",
                next_step=f"Set {variable} in the environment or in .env beside library.yaml, to `whsec_` and the "
                "output of `openssl rand -base64 32`; the receiver gets the same",
            )
        return cls([_key(word, variable) for word in words])

    def headers(self, message_id: str, timestamp: int, body: bytes) -> Mapping[str, str]:
        """The headers that prove where a message comes from.

        Args:
            timestamp: Of this attempt, in seconds since the epoch.
        """
        signed = f"{message_id}.{timestamp}.".encode() + body
        digests = (hmac.new(key, signed, hashlib.sha256).digest() for key in self._keys)
        signatures = " ".join(f"v1,{base64.b64encode(digest).decode('ascii')}" for digest in digests)
        return {"webhook-id": message_id, "webhook-timestamp": str(timestamp), "webhook-signature": signatures}


def variable_of(webhook: str) -> str:
    return f"WEBHOOK_SECRETS__{webhook.upper()}"


def _key(word: str, variable: str) -> bytes:
    try:
        key = base64.b64decode(word.removeprefix(_PREFIX), validate=True)
    except ValueError:  # binascii.Error is one, and so is what is said of characters beyond ASCII
        key = b""
    if not _SHORTEST_KEY_BYTES <= len(key) <= _LONGEST_KEY_BYTES:
        raise Fatal(
            f"{variable} is no key of {_SHORTEST_KEY_BYTES} to {_LONGEST_KEY_BYTES} bytes in Base64",
            next_step="Make one: `whsec_` and the output of `openssl rand -base64 32`",
        )
    return key
