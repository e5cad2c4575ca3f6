"""Is this container in order? `python -m media_assets.containers.health code` (webserver, …) exits with 1 if not.

Asked every few seconds, so it imports no Dagster: its own commands for this take 4 s of CPU each.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import closing
from typing import Any
from urllib.request import urlopen

_TIMEOUT_SECONDS = 10
_SILENCE_SECONDS = 300
"""Daemons report every 30 s, and late while a tick takes long."""
DAEMONS = ("ASSET", "BACKFILL", "MONITORING", "QUEUED_RUN_COORDINATOR", "SENSOR")


def code() -> str:
    """The code location has been loaded: a library.yaml that cannot be used shows here."""
    import grpc

    with grpc.insecure_channel("127.0.0.1:4000") as channel:
        # A request without fields is an empty message.
        list_repositories = channel.unary_unary("/api.DagsterApi/ListRepositories")
        answer: bytes = list_repositories(b"", timeout=_TIMEOUT_SECONDS)
    if b'"ListRepositoriesResponse"' not in answer:
        raise SystemExit(answer.decode(errors="replace"))
    return "the code location is loaded"


def daemon() -> str:
    """All daemons have reported lately."""
    import psycopg2

    database = psycopg2.connect(
        host="postgres",
        dbname=os.environ["POSTGRES_DB"],
        user=os.environ["POSTGRES_USER"],
        password=os.environ["POSTGRES_PASSWORD"],
        connect_timeout=_TIMEOUT_SECONDS,
    )
    with closing(database):
        silent = silent_daemons(database)
    if silent:
        raise SystemExit(f"no sign of life for {_SILENCE_SECONDS} s from {', '.join(silent)}")
    return "all daemons report"


def silent_daemons(database: Any) -> list[str]:
    """Daemons that did not report lately to this database, a connection of psycopg2."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT daemon_type FROM daemon_heartbeats WHERE timestamp > now() AT TIME ZONE 'utc' - %s * interval '1s'",
            (_SILENCE_SECONDS,),
        )
        reported = {row[0] for row in cursor.fetchall()}
    return [name for name in DAEMONS if name not in reported]


def _answers(address: str) -> Callable[[], str]:
    def ask() -> str:
        with urlopen(address, timeout=_TIMEOUT_SECONDS):  # noqa: S310  one of the addresses below
            return f"{address} answers"

    return ask


CHECKS: dict[str, Callable[[], str]] = {
    "code": code,
    "daemon": daemon,
    "webserver": _answers("http://127.0.0.1:3000/server_info"),
    "gate": _answers("http://127.0.0.1:2375/_ping"),
    "metrics": _answers("http://127.0.0.1:9464/health/live"),
}


if __name__ == "__main__":
    sys.stdout.write(f"{CHECKS[sys.argv[1]]()}\n")
