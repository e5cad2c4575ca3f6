"""Who is told how a batch gets on."""

from __future__ import annotations

import logging
import threading
import time
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from media_assets.base.errors import Waiting
from media_assets.base.files import PRIVATE_MODE
from media_assets.base.logs import LogStyle, output_handler
from media_assets.base.wording import counted, describe_bytes, describe_seconds

if TYPE_CHECKING:
    from media_assets.pipeline.outcome import Outcome

logger = logging.getLogger("media_assets")

_SECONDS_BETWEEN_FRACTIONS = 10.0
_TEXT = LogStyle()


def log_to_output(style: LogStyle = _TEXT) -> None:
    """Send the project's log to the output of this process, which Dagster keeps with a run."""
    if not logger.handlers:
        logger.addHandler(output_handler(style, "%(asctime)s %(message)s", "%H:%M:%S"))
        logger.setLevel(style.level)


class _PrivateLog(RotatingFileHandler):
    """A log that its owner alone can read: it names files, and says why they failed."""

    def _open(self) -> TextIOWrapper:
        file = super()._open()
        Path(self.baseFilename).chmod(PRIVATE_MODE)
        return file


def log_to_file(path: Path, style: LogStyle = _TEXT) -> Path:
    """Send the project's log to a file instead: where a terminal shows progress, tracebacks would bury it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handler = _PrivateLog(path, maxBytes=5_000_000, backupCount=1, encoding="utf-8", errors="backslashreplace")
    handler.setFormatter(style.formatter("%(asctime)s %(levelname)s %(message)s"))
    logger.addHandler(handler)
    logger.setLevel(style.level)
    logger.propagate = False
    return path


class Progress(Protocol):
    """Told by batches; may be called from several threads."""

    def begin(self, asset: str, total: int) -> None: ...

    def file(self, asset: str, name: str, fraction: float) -> None: ...

    def done(self, asset: str, name: str, outcome: Outcome) -> None: ...

    def warn(self, line: str) -> None:
        """Something that a person should know now, and that is no outcome."""


class LogProgress:
    """Writes a line for each file to the log of the process, which Dagster shows as the run's output.

    It is no event of the run: each of those costs the database a write.
    """

    def __init__(self, style: LogStyle = _TEXT) -> None:
        log_to_output(style)
        self._lock = threading.Lock()
        self._last_fraction = 0.0

    def begin(self, asset: str, total: int) -> None:
        self._total, self._done, self._made, self._started = total, 0, 0, time.monotonic()
        logger.info("%s: %s", asset, counted(total))

    def file(self, asset: str, name: str, fraction: float) -> None:
        with self._lock:
            if time.monotonic() - self._last_fraction < _SECONDS_BETWEEN_FRACTIONS:
                return
            self._last_fraction = time.monotonic()
        logger.info("%s: %s %.0f %%", asset, name, fraction * 100)

    def done(self, asset: str, name: str, outcome: Outcome) -> None:
        with self._lock:
            self._done += 1
            self._made += not outcome.reused
            line = f"{self._done}/{self._total} {name} {describe_outcome(asset, outcome)}{self._time_left()}"
        log_outcome(line, outcome)

    def warn(self, line: str) -> None:
        logger.warning("%s", line)

    def _time_left(self) -> str:
        left = self._total - self._done
        if not left or not self._made:
            return ""
        seconds = (time.monotonic() - self._started) / self._done * left
        return f", about {describe_seconds(seconds)} left"


def log_outcome(line: str, outcome: Outcome) -> None:
    """A line on a file, with what machines want to know of it as fields."""
    extra: dict[str, object] = {"seconds": round(outcome.seconds, 3), "reused": outcome.reused}
    if outcome.error:
        extra["error"] = type(outcome.error).__name__
    failed = outcome.error and not isinstance(outcome.error, Waiting)
    logger.log(logging.WARNING if failed else logging.INFO, line, extra=extra)


def describe_outcome(asset: str, outcome: Outcome) -> str:
    """`→ audio.m4a 3.1 MB in 0.8 s`, or why there is none."""
    if isinstance(outcome.error, Waiting):
        return f"· {asset}: {outcome.error.reason}"
    if outcome.error:
        return f"✗ {asset}: {outcome.error}"
    manifest = outcome.manifest
    assert manifest is not None
    if manifest.not_applicable:
        return f"→ not applicable: {manifest.not_applicable}"
    if outcome.reused:
        return f"→ {asset} is there already"
    size = sum(file.size_bytes for file in manifest.files)
    what = f"{manifest.files[0].name} {describe_bytes(size)}" if manifest.files else asset
    by_hand = ", with what people wrote," if manifest.by_hand else ""
    return f"→ {what}{by_hand} in {describe_seconds(outcome.seconds)}"
