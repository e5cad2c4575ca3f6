"""Looks at storage every few seconds, and hands the figures to whoever scrapes: a scrape itself asks no database."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import dagster as dg
from dagster_postgres.utils import DagsterPostgresException
from sqlalchemy.exc import SQLAlchemyError

from media_assets.config.settings import Settings
from media_assets.dagster_seams.runs import SqlRunStorage
from media_assets.operation.metrics import families, saved_history
from media_assets.operation.metrics.history import History
from media_assets.operation.metrics.present import Present, look
from media_assets.pipeline.records import SETTLE_SECONDS

if TYPE_CHECKING:
    from prometheus_client import Metric

logger = logging.getLogger("media_assets")

_RECONCILE_SECONDS = 600.0
_SAVE_SECONDS = 300.0
# Between two looks at what is going on, while the event log is counted for the first time.
_LOOK_SECONDS = 5.0
# What a database raises that is away, locked or just restarting; not all of it is a `DagsterError`.
_AWAY = (SQLAlchemyError, DagsterPostgresException, dg.DagsterError, OSError)


class Watch:
    """Keeps the figures of an instance fresh. It is also the collector that Prometheus' registry asks.

    Args:
        assets: The stages that are enabled.
        settled_seconds: How long events of a database with several writers are left alone.
        clock: Seconds from any beginning; by it the totals are saved, and reconciled with what was deleted.
    """

    def __init__(
        self,
        instance: dg.DagsterInstance,
        settings: Settings,
        assets: Sequence[str],
        *,
        settled_seconds: float = SETTLE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._instance = instance
        self._settled_seconds = settled_seconds
        self._clock = clock
        self._settings = settings
        self._assets = assets
        self._saved = settings.state_dir / "metrics" / "history.json"
        self._history: History | None = None
        self._families: list[Metric] = []
        self._storage_id = ""
        self._reconciled_at: float | None = None
        self._saved_at = self._looked_at = 0.0
        self._errors = 0
        self.present: Present | None = None
        self.answered_at = 0.0
        """When storage last answered, in seconds since 1970; 0: never."""
        self.error = ""
        """Why it did not the last time; empty when it did."""
        self.caught_up = False

    def collect(self) -> Iterable[Metric]:
        """The figures of the last look."""
        return self._families

    def follow(self, stopped: threading.Event, interval_seconds: float) -> None:
        """Look again and again until it is stopped. What nobody foresaw ends it, rather than showing old figures."""
        while not stopped.is_set():
            try:
                self.refresh(stopped)
            except _AWAY as error:
                if not self.error:
                    logger.exception("storage does not answer")
                self._errors += 1
                self.error = type(error).__name__
            stopped.wait(interval_seconds)
        self._save(after_seconds=0.0)

    def refresh(self, stopped: threading.Event | None = None) -> None:
        """One look; it goes on with the event log until all of it is counted.

        Raises:
            SQLAlchemyError, DagsterPostgresException, DagsterError, OSError: storage does not answer.
        """
        began = time.monotonic()
        history = self._history or self._begin()
        if not self.caught_up:
            self._look(began)
        for _ in history.read():
            self.answered_at, self.error = time.time(), ""
            if stopped and stopped.is_set():
                return
            if not self.caught_up and time.time() - self._looked_at > _LOOK_SECONDS:
                self._look(began)
        if self._reconciled_at is None or self._clock() - self._reconciled_at > _RECONCILE_SECONDS:
            history.reconcile()
            self._reconciled_at = self._clock()
        self.caught_up = True
        self._look(began, list(families.history_families(history, list(self._settings.sources))))
        self._save(after_seconds=_SAVE_SECONDS)

    def _begin(self) -> History:
        sharded = self._instance.event_log_storage.is_run_sharded  # that is SQLite, which has one writer
        history = History(self._instance, self._assets, settled_seconds=0.0 if sharded else self._settled_seconds)
        runs = self._instance.run_storage
        self._storage_id = runs.get_run_storage_id() if isinstance(runs, SqlRunStorage) else ""
        saved_history.restore(history, self._saved, self._storage_id)
        self._history = history
        return history

    def _look(self, began: float, counted: Sequence[Metric] = ()) -> None:
        """Publish what is going on now, with what was counted."""
        self.present = look(self._instance, list(self._settings.pools), self._settings.state_dir / "cache")
        self._looked_at = self.answered_at = time.time()
        self.error = ""
        self._families = [
            *counted,
            *families.present_families(self.present, self._settings.cache.max_bytes),
            *families.exporter_families(
                caught_up=self.caught_up,
                refreshed_at=self._looked_at if self.caught_up else 0.0,
                refresh_seconds=time.monotonic() - began,
                errors=self._errors,
            ),
        ]

    def _save(self, *, after_seconds: float) -> None:
        if not self._history or not self.caught_up or self._clock() - self._saved_at < after_seconds:
            return
        try:
            saved_history.save(self._history, self._saved, self._storage_id)
        except OSError as error:
            logger.warning("the totals cannot be kept over a restart: %s", error)
        self._saved_at = self._clock()
