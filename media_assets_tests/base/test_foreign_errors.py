"""What exceptions of databases, of the network and of Dagster mean: never that a file is at fault."""

from __future__ import annotations

import http.client
import importlib
import socket
import sqlite3
import ssl
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import requests
import sqlalchemy as sa
import sqlalchemy.exc
import urllib3.exceptions

from media_assets.base.errors import Fatal, MediaAssetsError, Transient, classify
from media_assets_tests import postgres

_SECRET = "s3cr3t"


def blank(module: str, name: str, *arguments: Any, **attributes: Any) -> Exception:
    """An error of a library as its own code may raise it."""
    kind: type[Exception] = getattr(importlib.import_module(module), name)
    error = kind(*arguments) if arguments else kind.__new__(kind)
    for attribute, value in attributes.items():
        setattr(error, attribute, value)
    return error


def caught(act: Callable[[], object]) -> Exception:
    with pytest.raises(Exception) as info:
        act()
    return info.value


def of_database(origin: Exception) -> Exception:
    statement = "UPDATE kvs SET value = ?"
    return sqlalchemy.exc.DBAPIError.instance(statement, (_SECRET,), origin, Exception)


PASSING = [
    sqlalchemy.exc.TimeoutError("QueuePool limit of size 1 overflow 0 reached"),
    sqlalchemy.exc.PendingRollbackError("Can't reconnect until invalid transaction is rolled back."),
    sqlalchemy.exc.ResourceClosedError("This Connection is closed"),
    sqlalchemy.exc.DisconnectionError(),
    of_database(psycopg2.OperationalError("server closed the connection unexpectedly")),
    of_database(psycopg2.InterfaceError("connection already closed")),
    of_database(sqlite3.OperationalError("database is locked")),
    blank("psycopg2.errors", "TooManyConnections", "sorry, too many clients already"),
    blank("psycopg2.errors", "DeadlockDetected", "deadlock detected"),
    blank("psycopg2.errors", "AdminShutdown", "terminating connection"),
    requests.ConnectionError(f"https://x/?token={_SECRET}"),
    requests.ReadTimeout(_SECRET),
    requests.exceptions.ChunkedEncodingError(_SECRET),
    requests.exceptions.JSONDecodeError("no JSON", "", 0),
    requests.HTTPError(_SECRET, response=blank("requests.models", "Response", status_code=503)),  # type: ignore[arg-type]
    urllib3.exceptions.ProtocolError("Connection broken", ConnectionResetError(104, "reset")),
    urllib3.exceptions.NewConnectionError(None, _SECRET),  # type: ignore[arg-type]
    http.client.IncompleteRead(b"x", 10),
    http.client.RemoteDisconnected("Remote end closed connection without response"),
    http.client.BadStatusLine(_SECRET),
    ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number"),
    ssl.SSLEOFError(8, "EOF occurred in violation of protocol"),
    socket.gaierror(-3, "Temporary failure in name resolution"),
    socket.herror(2, "Host name lookup failure"),
    blank("grpc", "RpcError"),
    blank("google.auth.exceptions", "TransportError", _SECRET),
    blank("google.api_core.exceptions", "ServiceUnavailable", _SECRET),
    blank("google.api_core.exceptions", "TooManyRequests", _SECRET),
    blank("httplib2", "ServerNotFoundError", _SECRET),
    blank("googleapiclient.errors", "HttpError", resp=blank("httplib2", "Response", {"status": "503"})),
    blank("botocore.exceptions", "EndpointConnectionError"),
    blank("obstore.exceptions", "GenericError", _SECRET),
    blank("openai", "APIConnectionError"),
    blank("openai", "RateLimitError", status_code=429),
    blank("aiohttp", "ServerDisconnectedError"),
    blank("grpclib.exceptions", "StreamTerminatedError", _SECRET),
    blank("dagster._core.errors", "DagsterUserCodeUnreachableError", _SECRET),
]
LASTING = [
    of_database(psycopg2.OperationalError(f'FATAL: password authentication failed for user "{_SECRET}"')),
    requests.exceptions.MissingSchema(_SECRET),
    requests.HTTPError(_SECRET, response=blank("requests.models", "Response", status_code=403)),  # type: ignore[arg-type]
    requests.exceptions.SSLError(
        urllib3.exceptions.MaxRetryError(None, _SECRET, ssl.SSLCertVerificationError(1, _SECRET))  # type: ignore[arg-type]
    ),
    ssl.SSLCertVerificationError(1, _SECRET),
    blank("google.auth.exceptions", "DefaultCredentialsError", _SECRET),
    blank("google.auth.exceptions", "RefreshError", _SECRET),
    blank("google.api_core.exceptions", "Forbidden", _SECRET),
    blank("botocore.exceptions", "NoCredentialsError"),
    blank("openai", "AuthenticationError", status_code=401),
    blank("dagster._core.errors", "DagsterLaunchFailedError", _SECRET),
    blank("dagster._core.errors", "DagsterInvariantViolationError", _SECRET),
]


@pytest.mark.parametrize("error", PASSING, ids=lambda error: f"{type(error).__module__}.{type(error).__name__}")
def test_what_passes_is_tried_again_and_nothing_it_says_is_quoted(error: Exception) -> None:
    known = classify(error)
    assert type(known) is Transient
    assert _SECRET not in str(known)
    assert "UPDATE" not in str(known)


@pytest.mark.parametrize("error", LASTING, ids=lambda error: f"{type(error).__module__}.{type(error).__name__}")
def test_what_lasts_stops_the_batch_and_nothing_it_says_is_quoted(error: Exception) -> None:
    known = classify(error)
    assert type(known) is Fatal
    assert _SECRET not in str(known)
    assert known.next_step


def _locked(path: Path) -> MediaAssetsError:
    with sqlite3.connect(path) as holder:
        holder.execute("create table t (x)")
        holder.execute("begin exclusive")
        engine = sa.create_engine(f"sqlite:///{path}", connect_args={"timeout": 0})
        return classify(caught(lambda: engine.connect().execute(sa.text("insert into t values (1)"))))


def test_a_locked_database_passes(tmp_path: Path) -> None:
    known = _locked(tmp_path / "x.db")
    assert type(known) is Transient
    assert known.reason == "Dagster's database did not answer, or is in use by others (OperationalError, BUSY)"


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"no database" * 1000, "is damaged: it is no database (DatabaseError, NOTADB)"), (b"", "lacks what Dagster")],
)
def test_a_database_that_is_none_or_empty_lasts(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "x.db").write_bytes(content)
    engine = sa.create_engine(f"sqlite:///{tmp_path}/x.db")
    known = classify(caught(lambda: engine.connect().execute(sa.text("select * from t"))))
    assert type(known) is Fatal
    assert reason in known.reason


def test_a_database_in_a_folder_that_is_gone_lasts(tmp_path: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path}/gone/x.db")
    known = classify(caught(engine.connect))
    assert type(known) is Fatal
    assert "cannot be opened" in known.reason


@pytest.mark.slow
def test_errors_of_a_real_postgresql_are_known(databases: postgres.Databases) -> None:
    address = databases.empty()
    engine = sa.create_engine(address)
    connection = engine.connect()

    def ask(query: str) -> MediaAssetsError:
        return classify(caught(lambda: connection.execute(sa.text(query))))

    with postgres.away(address):
        assert [type(ask("select 1")) for _ in range(2)] == [Transient, Transient]
        assert type(classify(caught(engine.connect))) is Transient
    connection = engine.connect()
    missing = ask("select * from runs")
    assert type(missing) is Fatal
    assert missing.reason == "Dagster's database lacks what Dagster keeps in it, or does not permit it " + (
        "(ProgrammingError, 42P01)"
    )
    name = address.partition("?")[0].rpartition("/")[2]
    absent = classify(caught(sa.create_engine(address.replace(f"/{name}?", "/absent?")).connect))
    assert type(absent) is Fatal
    assert absent.reason == "Dagster's database does not accept the login, or is not there (OperationalError)"
    assert type(classify(caught(sa.create_engine("postgresql://127.0.0.1:1/x").connect))) is Transient


def test_no_library_is_imported_to_know_its_errors() -> None:
    heavy = "requests,sqlalchemy,psycopg2,openai,grpc,botocore,obstore,modal,dagster,httplib2"
    code = (
        f"import sys, media_assets.base.errors; print([name for name in '{heavy}'.split(',') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
