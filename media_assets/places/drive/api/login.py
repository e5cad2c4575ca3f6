"""The login of a person: Google's consent page in the browser, and the grant that comes of it in a file of ours."""

from __future__ import annotations

import logging
import os
import webbrowser
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from media_assets.base.errors import Fatal
from media_assets.places.drive.api.credentials import FULL_DRIVE
from media_assets.places.drive.api.private_files import write_private

_TALKATIVE = ("requests_oauthlib", "oauthlib", "google_auth_oauthlib")
"""They log codes, secrets and tokens."""
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_NEW_SECRETS = 'Download the JSON of an OAuth client of the type "Desktop app" from Google\'s console'


def login(
    client_secrets_file: Path,
    token_file: Path,
    *,
    scopes: Sequence[str] = (FULL_DRIVE,),
    open_browser: bool,
    port: int = 0,
) -> None:
    """Let a person agree in the browser, and store the grant in `token_file`, readable by its owner alone.

    The address of the consent page is printed, whether a browser opens or not.

    Args:
        client_secrets_file: Of the OAuth app, as Google's console gives it.
        scopes: What to ask for; `media_assets.places.drive.api.credentials` says what is enough for what.
        port: Of the local server that the browser is sent back to; 0: any.

    Raises:
        Fatal: there is no such app, the person did not agree, or agreed to less than was asked for.
    """
    flow = _flow(client_secrets_file, scopes)
    with _silence(), _environment(_variables(flow.client_config["token_uri"])):
        credentials = _agreed(flow, open_browser=open_browser and _has_browser(), port=port)
    if not credentials.refresh_token:
        raise Fatal("Google gave a grant that ends within the hour", next_step="Run `media-assets login` again")
    write_private(
        token_file,
        {
            "type": "authorized_user",
            "client_id": credentials.client_id,
            "client_secret": credentials.client_secret,
            "refresh_token": credentials.refresh_token,
            "token_uri": credentials.token_uri,
            "scopes": sorted(scopes),
            "token": credentials.token,
            "expiry": credentials.expiry.replace(tzinfo=UTC).isoformat() if credentials.expiry else None,
        },
    )


def _flow(client_secrets_file: Path, scopes: Sequence[str]) -> Any:
    from google_auth_oauthlib.flow import InstalledAppFlow

    try:
        return InstalledAppFlow.from_client_secrets_file(str(client_secrets_file), scopes=list(scopes))
    except OSError as error:
        raise Fatal(f"{client_secrets_file} cannot be read: {error.strerror}", next_step=_NEW_SECRETS) from None
    except (ValueError, AttributeError, TypeError):
        pass  # what was raised may quote the file
    raise Fatal(f"{client_secrets_file} holds no secret of an OAuth app", next_step=_NEW_SECRETS)


def _agreed(flow: Any, *, open_browser: bool, port: int) -> Any:
    from oauthlib.oauth2 import OAuth2Error  # type: ignore[import-untyped]
    from requests import RequestException

    try:
        # Without the prompt, Google gives no refresh token to who agreed before.
        return flow.run_local_server(port=port, open_browser=open_browser, prompt="consent")
    except OAuth2Error as error:
        reason = f"Google did not log in ({error.error})"
    except RequestException as error:
        reason = f"Google's login did not answer ({type(error).__name__})"
    except Warning:  # so oauthlib says that the scopes are others than those asked for; it carries the token
        reason = "less was agreed to than media-assets needs"
    raise Fatal(reason, next_step="Run `media-assets login` again, and leave every box ticked")


def _has_browser() -> bool:
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True


@contextmanager
def _silence() -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in _TALKATIVE]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _variables(token_uri: str) -> dict[str, str]:
    """What the libraries take from the environment alone."""
    address = urlsplit(token_uri)
    # oauthlib insists on https, also for a server on this machine; of the way back Google's library takes care.
    is_here = address.scheme == "http" and address.hostname in _LOOPBACK
    return {"OAUTHLIB_INSECURE_TRANSPORT": "1"} if is_here else {}


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
