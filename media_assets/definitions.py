"""Puts everything together. `workspace.yaml` loads `defs`; tests and the command line call `build_definitions`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg

from media_assets.artifacts.all import enabled_stages
from media_assets.artifacts.duplicates.groups_asset import duplicate_groups, nightly_groups
from media_assets.artifacts.duplicates.library import INDEX
from media_assets.artifacts.library_report.asset import daily_report, first_report, library_report
from media_assets.artifacts.summary.summarizer import opened_summarizer
from media_assets.artifacts.summary.summarizers import Summarizers
from media_assets.artifacts.transcript.transcriber import Tools, opened_transcriber
from media_assets.artifacts.transcript.transcribers import Transcribers
from media_assets.artifacts.transcript.voices.diarizer import Diarizer
from media_assets.artifacts.translation.translator import opened_translator
from media_assets.artifacts.translation.translators import Translators
from media_assets.automation.age_sensor import age_sensor
from media_assets.automation.budget_sensor import budget_sensor
from media_assets.automation.conditions import condition_sensor, stage_condition
from media_assets.automation.edit_sensor import edit_sensor
from media_assets.automation.source_sensor import source_sensor
from media_assets.base.logs import LogStyle
from media_assets.base.secrets import Secrets
from media_assets.config.load import load
from media_assets.config.opening import open_library
from media_assets.config.settings import Settings
from media_assets.dagster_seams import fixes as dagster_fixes
from media_assets.media.ffmpeg import FFmpeg
from media_assets.operation.dagster_logs import console_logger, use_everywhere
from media_assets.operation.notification_sensors import notification_sensors
from media_assets.operation.observers import build_observers
from media_assets.pipeline.batch import batches_of
from media_assets.pipeline.dagster_asset import dagster_asset, io_manager_key
from media_assets.pipeline.io_manager import ArtifactIOManager
from media_assets.pipeline.library import Library
from media_assets.pipeline.progress import LogProgress


def build_definitions(
    settings: Settings, secrets: Secrets, overrides: Mapping[str, Any] | None = None
) -> dg.Definitions:
    """The assets, sensors and resources of one library.

    Args:
        overrides: Resources to use instead of ours, by name: an engine, or `progress`.
    """
    dagster_fixes.apply()
    library = open_library(settings, secrets, build_observers(settings, secrets))
    condition = stage_condition(rerun_on_change=settings.automation.rerun_on_change)
    stages = enabled_stages(settings.assets)
    keys = [dg.AssetKey(stage.name) for stage in stages]
    ageing = [stage for stage in stages if stage.of_file]
    edited = [stage for stage in stages if stage.takes_edits]
    with_index = INDEX in {stage.name for stage in stages}
    return dg.Definitions(
        assets=[
            *(dagster_asset(stage, settings, condition, batches_of(stage, stages)) for stage in stages),
            library_report,
            *([duplicate_groups] if with_index else []),
        ],
        schedules=[report_schedule(settings), *([nightly_groups(settings.automation.zone)] if with_index else [])],
        sensors=[
            condition_sensor(settings.automation.condition_interval_seconds),
            first_report(keys),
            *(source_sensor(name, library, settings, keys) for name in settings.sources),
            *([age_sensor(library, ageing)] if ageing else []),
            *([edit_sensor(library, edited)] if edited else []),
            *([budget_sensor(keys)] if settings.budgets.per_day_usd is not None else []),
            *notification_sensors(library, settings, secrets, stages),
        ],
        resources={**_resources(library, settings, secrets), **(overrides or {})},
        loggers={"console": console_logger(LogStyle(settings.logging, secrets))},
        # A run is a process of its own already, and its one step brings its own threads.
        executor=dg.in_process_executor,
    )


def report_schedule(settings: Settings) -> dg.ScheduleDefinition:
    """When the report is made: with the digest, where there is one."""
    alerts = settings.alerts
    digest_at = alerts.digest_at if alerts.channels else None
    zone = (alerts.time_zone if digest_at else None) or settings.automation.zone
    return daily_report(zone, digest_at)


def _resources(library: Library, settings: Settings, secrets: Secrets) -> dict[str, Any]:
    stores = {
        io_manager_key(name): dg.IOManagerDefinition(resource_fn=lambda _, store=store: ArtifactIOManager(store))
        for name, store in library.stores.items()
    }
    return {
        **stores,
        "library": library,
        "progress": dg.ResourceDefinition(resource_fn=lambda _: LogProgress(LogStyle(settings.logging, secrets))),
        **_engines(settings, secrets),
    }


def _engines(settings: Settings, secrets: Secrets) -> dict[str, Any]:
    """The tools of one process. They cost nothing until they are used; a model is loaded by its first use, and once."""
    ffmpeg = FFmpeg(settings.ffmpeg)
    tools = Tools(ffmpeg, secrets, settings.state_dir, settings.assets["transcript"].workers)
    return {
        "ffmpeg": ffmpeg,
        "diarizer": Diarizer(
            settings.speakers,
            ffmpeg,
            people=settings.people_path,
            workers=settings.assets["transcript"].workers,
        ),
        "transcribers": Transcribers(lambda section: opened_transcriber(section, tools)),
        "summarizers": Summarizers(lambda section: opened_summarizer(section, secrets)),
        "translators": Translators(lambda section: opened_translator(section, secrets)),
    }


@dg.definitions
def defs() -> dg.Definitions:
    settings, secrets = load()
    style = LogStyle(settings.logging, secrets)
    style.apply_to_process()
    use_everywhere(style)
    return build_definitions(settings, secrets)
