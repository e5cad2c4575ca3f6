"""How log lines look: text for people, or JSON with fields for machines.

Fields come from three places: what a call gives as `extra`, what Dagster knows of its own lines, and `fields`, which
says for a piece of work which run, asset and file it is for, so that the lines of engines have them too.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr

from media_assets.base.logging_settings import LoggingSettings
from media_assets.base.secrets import Secrets
from media_assets.base.telling import printable, shortened

# What Dagster attaches to its own lines (dagster._core.log_manager).
_DAGSTER_METADATA = "dagster_meta"
_DAGSTER_ONLY = ("dagster_event", "dagster_event_batch_metadata", _DAGSTER_METADATA)

_HIDDEN = "**********"
_SHORTEST_SECRET = 6
_LONGEST_TRACEBACK = 50_000

_fields: ContextVar[Mapping[str, Any]] = ContextVar("fields", default={})  # noqa: B039  it is never changed in place


@contextmanager
def fields(**values: Any) -> Iterator[None]:
    """Within the context the lines of this thread have these fields; those that are None are left out."""
    token = _fields.set({**_fields.get(), **{name: value for name, value in values.items() if value is not None}})
    try:
        yield
    finally:
        _fields.reset(token)


@dataclass(frozen=True)
class LogStyle:
    """What library.yaml says about logs, and what must not stand in them."""

    settings: LoggingSettings = field(default_factory=LoggingSettings)
    secrets: Secrets | None = None

    @property
    def level(self) -> int:
        return logging.getLevelNamesMapping()[self.settings.level.upper()]

    @property
    def is_json(self) -> bool:
        return self.settings.format == "json"

    def formatter(self, text: str, times: str | None = None) -> logging.Formatter:
        """The formatter of JSON, or one of text in the given format."""
        if self.is_json:
            return json_formatter(self.secrets)
        return _Text(text, times)

    def apply_to_process(self) -> None:
        """Let the handlers that Dagster has already set up in this process write JSON too, where that is asked for.

        A code server that `dagster dev` starts is not told the format.
        """
        if self.is_json:
            for name in ("", "dagster", "dagster-webserver"):
                for handler in logging.getLogger(name).handlers:
                    handler.setFormatter(json_formatter(self.secrets))


class _Text(logging.Formatter):
    """Lines for people, in which what an exception says cannot act on their terminal."""

    def formatException(self, ei: Any) -> str:
        return shortened(printable(super().formatException(ei)), _LONGEST_TRACEBACK)


def json_formatter(secrets: Secrets | None = None) -> logging.Formatter:
    """One JSON object for each line, in UTC; the values of `secrets` are struck out wherever they turn up."""
    from pythonjsonlogger.json import JsonFormatter

    struck_out = _spellings(secrets)

    class Lines(JsonFormatter):
        def formatException(self, ei: Any) -> str:
            return shortened(str(super().formatException(ei)), _LONGEST_TRACEBACK)

        def add_fields(self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]) -> None:
            super().add_fields(log_data, record, message_dict)
            log_data.update({name: value for name, value in _fields.get().items() if name not in log_data})
            if isinstance(dagster := record.__dict__.get(_DAGSTER_METADATA), Mapping):
                log_data.update(_of_dagster(dagster))
            for name in _DAGSTER_ONLY:
                log_data.pop(name, None)

        def serialize_log_record(self, log_data: dict[str, Any]) -> str:
            line = super().serialize_log_record(log_data)
            for secret in struck_out:
                line = line.replace(secret, _HIDDEN)
            return line

    return Lines(
        ["levelname", "name", "message"],
        rename_fields={"levelname": "level", "name": "logger"},
        timestamp="time",
        json_ensure_ascii=True,  # names may hold what no stream can encode
    )


def _spellings(secrets: Secrets | None) -> list[str]:
    """The secrets as they would stand in a line; what is too short to be one would strike out innocent text."""
    fields = [value for _, value in secrets] if secrets else []
    values = [each for value in fields for each in (value.values() if isinstance(value, dict) else (value,))]
    found = [value.get_secret_value() for value in values if isinstance(value, SecretStr)]
    return [json.dumps(secret)[1:-1] for secret in found if len(secret) >= _SHORTEST_SECRET]


def _of_dagster(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a line that Dagster wrote in a run."""
    tags = metadata.get("job_tags") or {}
    event = metadata.get("dagster_event")
    asset_key = getattr(event, "asset_key", None)
    found = {
        "message": metadata.get("orig_message"),
        "run_id": metadata.get("run_id"),
        "asset": asset_key.to_user_string() if asset_key else metadata.get("step_key"),
        "partition": getattr(event, "partition", None) if asset_key else tags.get("dagster/partition"),
        "lane": tags.get("media_assets/lane"),
        "backfill": tags.get("dagster/backfill"),
        "event": event.event_type_value if event else None,
        "error": _error_of(event),
        "sensor": metadata.get("name"),
    }
    return {name: value for name, value in found.items() if value is not None}


def _error_of(event: Any) -> str | None:
    error = getattr(getattr(event, "event_specific_data", None), "error", None)
    return error.to_string() if error else None


def output_handler(style: LogStyle, text: str, times: str | None = None) -> logging.Handler:
    """Writes to the error output of this process, which Dagster keeps with a run."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(style.formatter(text, times))
    return handler
