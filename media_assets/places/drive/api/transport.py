"""Single requests over connections of one's own: each thread has an `httplib2.Http`, which is not made to be shared."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from media_assets.places.drive.api.credentials import Identity
from media_assets.places.drive.api.errors import no_answer

_REFRESHES = 2
"""How often the token is renewed for one request: it may end between its renewal and its arrival."""


class Transport:
    """Sends requests; `request` looks like httplib2's, so that Google's client can send over it.

    Args:
        timeout_seconds: How long a connection may stay silent.
        ca_file: Certificates to trust instead of those of certifi.
    """

    def __init__(self, identity: Identity, *, timeout_seconds: float, ca_file: Path | None) -> None:
        self._identity = identity
        self._timeout_seconds = timeout_seconds
        self._ca_file = ca_file
        self._of_thread = threading.local()

    def request(
        self,
        uri: str,
        method: str = "GET",
        body: bytes | str | Iterable[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[Any, bytes]:
        """The answer, whatever its status, and its body.

        Args:
            body: May be asked for more than once: httplib2 repeats a request whose connection was closed without an
                answer, and a refused token is renewed here.

        Raises:
            Unavailable: there was no answer.
            Fatal: there will be none, or the credentials are refused.
        """
        failure = None
        try:
            return self._authorized(uri, method, body, headers or {})
        except _failures() as error:
            failure = no_answer(error)
        except BaseException:
            self.close()
            raise
        # Not inside the handler: the context of what is raised would be an exception that knows the address.
        self.close()  # a connection that failed once would fail the next request, too
        raise failure

    def _authorized(self, uri: str, method: str, body: Any, headers: Mapping[str, str]) -> tuple[Any, bytes]:
        http = self._http()
        refused = None
        for _ in range(_REFRESHES + 1):
            sent = dict(headers)
            refused = self._identity.authorize(sent, http, refused=refused)
            response, content = http.request(uri, method, body=body, headers=sent)
            if response.status != 401:
                break
        return response, content

    def _http(self) -> Any:
        from googleapiclient.http import build_http

        if not hasattr(self._of_thread, "http"):
            http = build_http()
            http.timeout = self._timeout_seconds
            http.ca_certs = str(self._ca_file) if self._ca_file else None
            self._of_thread.http = http
        return self._of_thread.http

    def close(self) -> None:
        """End this thread's connections; the next request opens new ones."""
        if hasattr(self._of_thread, "http"):
            self._of_thread.http.close()


def _failures() -> tuple[type[Exception], ...]:
    """Everything that httplib2 raises for a request without an answer."""
    from http.client import HTTPException

    from httplib2.error import HttpLib2Error

    return (OSError, HTTPException, HttpLib2Error)
