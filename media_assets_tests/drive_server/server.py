"""The server on its port, the keys to it, and its switches: what a test holds in its hands."""

from __future__ import annotations

import copy
import json
import ssl
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import google_auth_httplib2
from google.auth.credentials import Credentials
from google.oauth2 import credentials as user_credentials
from google.oauth2 import service_account
from googleapiclient.discovery import build_from_document
from googleapiclient.http import build_http

from media_assets_tests.drive_server.certificate import private_key
from media_assets_tests.drive_server.counters import Counters
from media_assets_tests.drive_server.faults import FaultPlan, Faults
from media_assets_tests.drive_server.feeds import Feeds
from media_assets_tests.drive_server.files import Files
from media_assets_tests.drive_server.handler import Handler
from media_assets_tests.drive_server.listing import Listing
from media_assets_tests.drive_server.masks import discovery_document
from media_assets_tests.drive_server.model import Account
from media_assets_tests.drive_server.oauth import CONSENT_PATH, DRIVE_SCOPE, SERVICE_EMAIL, TOKEN_PATH, Accounts
from media_assets_tests.drive_server.routes import Routes
from media_assets_tests.drive_server.sockets import HttpServer
from media_assets_tests.drive_server.state import DriveState
from media_assets_tests.drive_server.tree import Tree
from media_assets_tests.drive_server.uploads import Uploads


class DriveServer(Tree):
    """A running stand-in. `url` is the root of the API and of the accounts server."""

    def __init__(
        self, directory: Path, *, seed: int, faults: Faults | None, keep_uploads: bool, descendants_in_log: bool
    ) -> None:
        self.directory = directory
        self.url = ""
        self.ca_file: Path | None = None
        """The certificate to trust, with TLS."""
        self.state = DriveState(seed, descendants_in_log=descendants_in_log)
        self.accounts = Accounts(self.state, private_key())
        self.uploads = Uploads(self.state, directory if keep_uploads else None)
        self.listing = Listing(self.state, seed)
        self.feeds = Feeds(self.state)
        self.faults = FaultPlan(seed, faults)
        self.counters = Counters()
        files = Files(self.state, self.uploads, lambda: self.url)
        self.routes = Routes(files, self.listing, self.feeds, self.accounts)
        self.seconds_per_request = 0.0
        """How far each request moves the server's clock, so that what comes late comes after so many calls."""
        self.unlistable: set[str] = set()
        """Ids of folders of which nobody may list the content."""
        self._refresh_tokens: dict[frozenset[str], str] = {}

    # ---------------------------------------------------------------------------------------- keys

    def client(
        self, account: Account = "user", scopes: Sequence[str] = (DRIVE_SCOPE,), *, timeout_seconds: float = 20
    ) -> Any:
        """A `googleapiclient` service with a connection of its own; one per thread."""
        document = copy.deepcopy(discovery_document())
        document["rootUrl"] = f"{self.url}/"
        http = build_http()
        http.timeout = timeout_seconds
        http.ca_certs = str(self.ca_file) if self.ca_file else None
        authorized = google_auth_httplib2.AuthorizedHttp(self.credentials(account, scopes), http=http)
        return build_from_document(document, http=authorized)

    def credentials(self, account: Account = "user", scopes: Sequence[str] = (DRIVE_SCOPE,)) -> Credentials:
        """Credentials whose `token_uri` is this server."""
        if account == "service":
            info = self.service_account_info()
            made: Credentials = service_account.Credentials.from_service_account_info(info, scopes=list(scopes))
            return made
        info = self.authorized_user_info(scopes)
        return user_credentials.Credentials(
            None,
            refresh_token=info["refresh_token"],
            token_uri=info["token_uri"],
            client_id=info["client_id"],
            client_secret=info["client_secret"],
            scopes=list(scopes),
        )

    def service_account_info(self) -> dict[str, str]:
        """What is in the key file of a service account."""
        return {
            "type": "service_account",
            "project_id": "project",
            "private_key_id": "1",
            "private_key": self.accounts.key.key,
            "client_email": SERVICE_EMAIL,
            "client_id": "1",
            "token_uri": f"{self.url}{TOKEN_PATH}",
        }

    def service_account_file(self) -> Path:
        """A key file of the service account."""
        path = self.directory / "service_account.json"
        path.write_text(json.dumps(self.service_account_info()))
        return path

    def authorized_user_info(self, scopes: Sequence[str] = (DRIVE_SCOPE,)) -> dict[str, Any]:
        """What an application stores after a person's consent. `from_authorized_user_info` ignores its `token_uri`."""
        granted = frozenset(scopes)
        if granted not in self._refresh_tokens:
            self._refresh_tokens[granted] = self.accounts.grant(granted)
        return {
            "type": "authorized_user",
            "client_id": self.accounts.client_id,
            "client_secret": self.accounts.client_secret,
            "refresh_token": self._refresh_tokens[granted],
            "token_uri": f"{self.url}{TOKEN_PATH}",
            "scopes": sorted(granted),
        }

    def client_secrets(self) -> dict[str, Any]:
        """What the installed-app flow reads (`client_secrets.json`)."""
        return {
            "installed": {
                "client_id": self.accounts.client_id,
                "client_secret": self.accounts.client_secret,
                "auth_uri": f"{self.url}{CONSENT_PATH}",
                "token_uri": f"{self.url}{TOKEN_PATH}",
                "redirect_uris": ["http://localhost"],
            }
        }

    def environment(self) -> dict[str, str]:
        """What another process needs to trust the certificate; httplib2 reads it when it is imported."""
        if self.ca_file is None:
            return {}
        return {name: str(self.ca_file) for name in ("HTTPLIB2_CA_CERTS", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")}

    # ---------------------------------------------------------------------------------------- switches

    def fail_next(self, method: str, kind: str, times: int = 1, *, file_id: str | None = None) -> None:
        """Lets the next requests of a method fail, once or more often.

        Args:
            method: As in `files.list`; `*` stands for all but the token endpoint.
            kind: A `Fault`, or a key of `REASONS`.
            times: How many requests.
            file_id: Only requests with this id in their path.
        """
        self.faults.order(method, kind, times, file_id)

    def fail_always(self, method: str, kind: str, *, file_id: str | None = None) -> None:
        """Lets all requests of a method fail until `repair`."""
        self.faults.order(method, kind, None, file_id)

    def repair(self) -> None:
        """Ends the faults that were ordered and makes refused credentials good again."""
        self.faults.repair()
        self.accounts.refused = None

    def expire_tokens(self) -> None:
        """The next request with a token is answered 401; a refresh helps."""
        self.accounts.expire_tokens()

    def revoke(self, description: str = "Token has been expired or revoked.") -> None:
        """Ends tokens and grants: a refresh is answered `invalid_grant` until `repair`."""
        self.accounts.refused = description
        self.accounts.expire_tokens()

    def expire_uploads(self) -> None:
        """Sessions of uploads are over, as after a week: 404."""
        self.uploads.sessions.clear()

    def lag(self, *, search_seconds: float = 0.0, checksum_seconds: float = 0.0) -> None:
        """Searches show what changes from now on so much later, and checksums of uploads appear so much later."""
        self.state.search_lag_seconds = search_seconds
        self.state.checksum_delay_seconds = checksum_seconds

    def advance(self, seconds: float) -> None:
        """Moves the server's clock: tokens and sessions age."""
        with self.state.lock:
            self.state.clock_offset += timedelta(seconds=seconds)

    # ---------------------------------------------------------------------------------------- counters

    @property
    def calls(self) -> Counter[str]:
        """Requests so far by method."""
        return self.counters.calls

    def counting(self) -> AbstractContextManager[Counter[str]]:
        """Requests by method within a `with` block."""
        return self.counters.counting()


@contextmanager
def drive_server(
    *,
    seed: int = 0,
    faults: Faults | None = None,
    tls: bool = False,
    keep_uploads: bool = True,
    descendants_in_log: bool = False,
) -> Iterator[DriveServer]:
    """A running server on a port of its own.

    Args:
        seed: Of ids, random faults and short pages.
        faults: What goes wrong at random; None: nothing. `drive.faults.random_faults` can be replaced at any time.
        tls: Serve HTTPS with a self-signed certificate, see `DriveServer.ca_file` and `environment`.
        keep_uploads: False hashes uploads by session and forgets their bytes: they cannot be downloaded again.
        descendants_in_log: Whether trashing, deleting or unsharing a folder writes entries for what is inside it, too.
            Drive promises neither, so a client has to live with both.

    Raises:
        Exception: At the end, what went wrong inside the server itself.
    """
    with tempfile.TemporaryDirectory(prefix="drive-server-") as directory:
        drive = DriveServer(
            Path(directory), seed=seed, faults=faults, keep_uploads=keep_uploads, descendants_in_log=descendants_in_log
        )
        context = None
        if tls:
            pair = private_key()
            drive.ca_file = Path(directory) / "ca.pem"
            drive.ca_file.write_text(pair.certificate)
            both = Path(directory) / "server.pem"
            both.write_text(pair.key + pair.certificate)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(both)
        server = HttpServer(type("DriveHandler", (Handler,), {"drive": drive}), context)
        drive.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}"
        drive.accounts.url = drive.url
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, name="drive-server")
        thread.start()
        try:
            yield drive
        finally:
            server.stop()
            thread.join()
        if server.crashes:
            raise server.crashes[0]
