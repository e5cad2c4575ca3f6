"""Requests to a LibreTranslate server, and what its refusals mean.

Its API: POST /translate with `q` (a list of texts), `source`, `target`, `format` and `api_key`; GET /languages. Errors
are `{"error": "…"}` with 400 (a language, a limit), 403 (the key), 429 (too many requests) and 500.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from media_assets.base.errors import Fatal, MediaAssetsError, Transient
from media_assets.base.writing import storable
from media_assets.work.work import Work

if TYPE_CHECKING:
    import requests

_LONGEST_PAUSE_SECONDS = 60.0
_FIRST_PAUSE_SECONDS = 0.5
_POLL_SECONDS = 0.2
_CHECK_TIMEOUT_SECONDS = 10.0
_LONGEST_WORDS = 300
REPAIR = "Start the server or correct `translation.base_url` in library.yaml"


class TooMuch(MediaAssetsError):
    """The server takes less at once."""


class LibreServer:
    """One server.

    Args:
        key: What it is asked with; empty where it wants none.
    """

    def __init__(self, address: str, key: str, timeout_seconds: float, max_retries: int) -> None:
        self.address = address
        self._key = key
        self._timeout_seconds = timeout_seconds
        self._max_retries = max_retries

    def languages(self) -> Mapping[str, frozenset[str]]:
        """What it translates each language into, by their codes.

        Raises:
            Transient: it did not answer this time.
            Fatal: it is no such server.
        """
        answer = self._send("GET", "/languages", None, _CHECK_TIMEOUT_SECONDS)
        try:
            return {str(each["code"]): frozenset(map(str, each.get("targets", ()))) for each in answer}
        except (TypeError, KeyError, AttributeError):
            raise Fatal(f"{self.address} does not answer like a LibreTranslate server", next_step=REPAIR) from None

    def translate(self, texts: list[str], source: str, target: str, work: Work) -> list[str]:
        """Each text.

        Raises:
            TooMuch: they are too many, or too long.
            Transient: it did not answer this time.
            Fatal: it refuses the key or a language.
        """
        body = {"q": texts, "source": source, "target": target, "format": "text"}
        if self._key:
            body["api_key"] = self._key
        for attempt in range(self._max_retries + 1):
            work.check()
            remaining = work.remaining_seconds
            timeout = self._timeout_seconds if remaining is None else min(self._timeout_seconds, remaining)
            try:
                return self._texts_in(self._send("POST", "/translate", body, max(timeout, 0.1)), len(texts))
            except Transient:
                work.check()
                if attempt == self._max_retries:
                    raise
            _pause(min(_FIRST_PAUSE_SECONDS * 2**attempt, _LONGEST_PAUSE_SECONDS), work)
        raise AssertionError("a loop that is left by its last attempt")

    def _texts_in(self, answer: object, count: int) -> list[str]:
        texts = answer.get("translatedText") if isinstance(answer, Mapping) else None
        if not (isinstance(texts, list) and len(texts) == count and all(isinstance(text, str) for text in texts)):
            raise Transient(f"could not be translated: {self.address} did not answer with {count} texts")
        return [" ".join(storable(text).split()) for text in texts]

    def _send(self, method: str, path: str, body: Mapping[str, object] | None, timeout: float) -> Any:
        import requests

        try:
            response = requests.request(
                method, f"{self.address}{path}", json=body, timeout=timeout, allow_redirects=False
            )
        except requests.Timeout:
            raise Transient(f"could not be translated: {self.address} did not answer in time") from None
        except requests.RequestException as error:
            raise Transient(
                f"could not be translated: the connection to {self.address} failed ({type(error).__name__})"
            ) from None
        if response.status_code != 200:
            raise self._meaning(response)
        try:
            return response.json()
        except ValueError:
            raise Transient(f"could not be translated: {self.address} answered with broken JSON") from None

    def _meaning(self, response: requests.Response) -> MediaAssetsError:
        status, words = response.status_code, self._words(response)
        said = f"({words})" if words else f"(status {status})"
        if status == 400 and "exceeds" in words:
            return TooMuch(f"is more than {self.address} takes at once {said}")
        if status in (401, 403):
            return Fatal(
                f"{self.address} refuses the key {said}" if self._key else f"{self.address} wants a key {said}",
                next_step="Set LIBRETRANSLATE_API_KEY to a valid key of this server, in the environment or in .env, "
                "then run again",
            )
        if status in (408, 429) or status >= 500:
            return Transient(f"could not be translated: {self.address} is busy or out of order {said}")
        if status == 413:
            return TooMuch(f"is more than {self.address} takes at once {said}")
        if status == 400:
            return Fatal(
                f"{self.address} does not translate that {said}",
                next_step="Install the language there, or change `translation` in library.yaml, then run again",
            )
        return Fatal(
            f"{self.address} does not answer like a LibreTranslate server {said}",
            next_step=REPAIR,
        )

    def _words(self, response: requests.Response) -> str:
        try:
            body = response.json()
        except ValueError:
            return ""
        words = body.get("error") if isinstance(body, Mapping) else None
        line = " ".join(storable(words).split()) if isinstance(words, str) else ""
        return (line.replace(self._key, "…") if self._key else line)[:_LONGEST_WORDS]


def _pause(seconds: float, work: Work) -> None:
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        work.check()
        time.sleep(min(left, _POLL_SECONDS))
