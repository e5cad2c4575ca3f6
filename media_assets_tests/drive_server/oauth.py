"""The accounts server: grants, access tokens and their ends, and the consent page of the installed-app flow."""

from __future__ import annotations

import base64
import hashlib
import secrets
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode

from google.auth import jwt

from media_assets_tests.drive_server.certificate import PrivateKey
from media_assets_tests.drive_server.errors import ApiError
from media_assets_tests.drive_server.model import Account, Caller
from media_assets_tests.drive_server.state import DriveState
from media_assets_tests.drive_server.web import Answer, Request, json_answer

DRIVE_SCOPE = "https://www.googleapis.com/auth/drive"
TOKEN_PATH = "/token"
CONSENT_PATH = "/o/oauth2/auth"
SERVICE_EMAIL = "robot@project.example.com"
PERSON_EMAIL = "person@example.com"
_AUDIENCE = "https://oauth2.googleapis.com/token"
"""What google-auth writes into every assertion, whatever `token_uri` says."""
_JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@dataclass
class _Grant:
    scopes: frozenset[str]
    valid: bool = True


@dataclass
class _Code:
    grant: _Grant
    redirect_uri: str
    challenge: str | None


@dataclass
class _Token:
    caller: Caller
    expires_at: datetime


@dataclass
class Accounts:
    """Who may call. Everything is made up anew for every server."""

    state: DriveState
    key: PrivateKey
    url: str = ""
    token_lifetime_seconds: int = 3599
    client_id: str = "1-standin.apps.googleusercontent.com"
    client_secret: str = field(default_factory=lambda: f"GOCSPX-{secrets.token_hex(8)}")
    refused: str | None = None
    """The `error_description` that goes with `invalid_grant` to everybody; None while grants are good."""
    agrees_to: frozenset[str] | None = None
    """The scopes that the person ticks on the consent page; None: all that are asked for, and none is a refusal."""
    grants: dict[str, _Grant] = field(default_factory=dict)
    codes: dict[str, _Code] = field(default_factory=dict)
    tokens: dict[str, _Token] = field(default_factory=dict)
    issued: list[str] = field(default_factory=list)
    """Every access token there ever was."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def grant(self, scopes: frozenset[str]) -> str:
        """A new refresh token of the user."""
        token = f"1//{secrets.token_urlsafe(24)}"
        self.grants[token] = _Grant(scopes)
        return token

    def caller(self, authorization: str | None) -> Caller:
        """Who sent a request.

        Raises:
            ApiError: `authError` with 401: no token, an unknown one, or one that is over.
        """
        challenge = {"WWW-Authenticate": 'Bearer realm="https://accounts.google.com/", error="invalid_token"'}
        token = self.tokens.get((authorization or "").removeprefix("Bearer "))
        if token is None or self.state.now() >= token.expires_at:
            raise ApiError("authError", location="Authorization", location_type="header", headers=challenge)
        return token.caller

    def expire_tokens(self) -> None:
        """Ends every access token; a refresh gets a new one."""
        with self.lock:
            self.tokens.clear()

    def token(self, request: Request, _caller: Caller) -> Answer:
        """The token endpoint."""
        form = {name: values[0] for name, values in parse_qs(request.body.read_all().decode()).items()}
        if self.refused is not None:
            return _oauth_error("invalid_grant", self.refused)
        kind = form.get("grant_type")
        if kind == _JWT_GRANT:
            return self._for_service_account(form.get("assertion", ""))
        if _client_of(request, form) != (self.client_id, self.client_secret):
            return _oauth_error("invalid_client", "The OAuth client was not found.", 401)
        if kind == "refresh_token":
            grant = self.grants.get(form.get("refresh_token", ""))
            if grant is None or not grant.valid:
                return _oauth_error("invalid_grant", "Token has been expired or revoked.")
            return json_answer(self._issue("user", grant.scopes))
        if kind == "authorization_code":
            return self._for_code(form)
        return _oauth_error("unsupported_grant_type", f"Invalid grant_type: {kind}")

    def consent(self, request: Request, _caller: Caller) -> Answer:
        """The consent page: the person decides at once, and the browser is sent back with a code or a refusal."""
        params = request.params
        if params.get("client_id") != self.client_id or params.get("response_type") != "code":
            return Answer(400, b"Error 400: invalid_request", {"Content-Type": "text/html"})
        scopes = frozenset(params["scope"].split())
        scopes = scopes if self.agrees_to is None else scopes & self.agrees_to
        if scopes:
            code = f"4/{secrets.token_urlsafe(24)}"
            self.codes[code] = _Code(_Grant(scopes), params["redirect_uri"], params.get("code_challenge"))
            back = {"code": code, "scope": " ".join(sorted(scopes))}
        else:
            back = {"error": "access_denied"}
        back |= {name: value for name, value in params.items() if name == "state"}
        return Answer(302, headers={"Location": f"{params['redirect_uri']}?{urlencode(back)}"})

    def _for_code(self, form: dict[str, str]) -> Answer:
        code = self.codes.pop(form.get("code", ""), None)
        if code is None or code.redirect_uri != form.get("redirect_uri"):
            return _oauth_error("invalid_grant", "Malformed auth code.")
        if code.challenge is not None:
            digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
            if base64.urlsafe_b64encode(digest).decode().rstrip("=") != code.challenge:
                return _oauth_error("invalid_grant", "Invalid code verifier.")
        return json_answer(self._issue("user", code.grant.scopes) | {"refresh_token": self.grant(code.grant.scopes)})

    def _for_service_account(self, assertion: str) -> Answer:
        try:
            claims = jwt.decode(assertion, certs=self.key.certificate, audience=[_AUDIENCE, f"{self.url}{TOKEN_PATH}"])
        except ValueError:
            return _oauth_error("invalid_grant", "Invalid JWT Signature.")
        if claims.get("iss") != SERVICE_EMAIL:
            return _oauth_error("invalid_grant", "Invalid grant: account not found")
        if claims.get("sub") not in (None, PERSON_EMAIL):
            message = "Client is unauthorized to retrieve access tokens using this method."
            return _oauth_error("unauthorized_client", message, 401)
        account: Account = "user" if "sub" in claims else "service"
        return json_answer(self._issue(account, frozenset(str(claims.get("scope", "")).split())))

    def _issue(self, account: Account, scopes: frozenset[str]) -> dict[str, Any]:
        token = f"ya29.{secrets.token_urlsafe(32)}"
        expires_at = self.state.now() + timedelta(seconds=self.token_lifetime_seconds)
        with self.lock:
            self.issued.append(token)
            self.tokens[token] = _Token(Caller(account, scopes), expires_at)
        return {
            "access_token": token,
            "expires_in": self.token_lifetime_seconds,
            "scope": " ".join(sorted(scopes)),
            "token_type": "Bearer",
        }


def _client_of(request: Request, form: dict[str, str]) -> tuple[str, str]:
    """Id and secret of the app: in the form, or as user and password (RFC 6749, 2.3.1)."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme == "Basic":
        client_id, _, secret = base64.b64decode(encoded).decode().partition(":")
        return client_id, secret
    return form.get("client_id", ""), form.get("client_secret", "")


def _oauth_error(error: str, description: str, status: int = 400) -> Answer:
    return json_answer({"error": error, "error_description": description}, status)
