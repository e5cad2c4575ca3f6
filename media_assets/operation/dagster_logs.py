"""Dagster's own lines of runs and sensors, in the format and from the level that library.yaml asks for.

Definitions can name loggers, but Dagster uses them only for runs whose run config names them too; a run of a backfill
has none, and takes `default_system_loggers`. What sensors log goes to a logger that `create_console_logger` makes.
There are no settings for these (1.13.27), so they are replaced here.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from functools import partial

import dagster as dg

from media_assets.base.logs import LogStyle, output_handler
from media_assets.dagster_seams.loggers import coerce_valid_log_level, context_creation_job, instigation_logger


def console_logger(style: LogStyle) -> dg.LoggerDefinition:
    """The logger `console`: Dagster's coloured one, or one that writes JSON."""
    if not style.is_json:
        return dg.colored_console_logger

    def make(context: dg.InitLoggerContext) -> logging.Logger:
        return _json_logger(style, "dagster", context.logger_config["log_level"])

    level = dg.Field(str, is_required=False, default_value=style.settings.level.upper())
    return dg.LoggerDefinition(make, {"log_level": level}, description="Writes a JSON object for each line.")


def _json_logger(style: LogStyle, name: str, level: str | int) -> logging.Logger:
    made = logging.getLoggerClass()(name, level=coerce_valid_log_level(level))
    made.addHandler(output_handler(style, ""))
    return made


def use_everywhere(style: LogStyle) -> None:
    """Have sensors, and runs that name no logger, use this style in this process; the last call counts."""
    definition, config = console_logger(style), {"name": "dagster", "log_level": style.settings.level.upper()}

    def default_system_loggers(
        instance: dg.DagsterInstance | None,  # noqa: ARG001  as Dagster calls it
    ) -> Sequence[tuple[dg.LoggerDefinition, Mapping[str, object]]]:
        return [(definition, config)]

    context_creation_job.default_system_loggers = default_system_loggers  # type: ignore[attr-defined]  # not exported
    if style.is_json:
        instigation_logger.create_console_logger = partial(_json_logger, style)  # type: ignore[attr-defined]
