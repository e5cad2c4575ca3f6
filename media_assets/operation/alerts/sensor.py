"""The sensor `announce`, which tells people what happened. It requests nothing."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from functools import partial

import dagster as dg

from media_assets.base.secrets import Secrets
from media_assets.config.settings import Settings
from media_assets.operation.alerts.announcer import Announcer
from media_assets.operation.alerts.channels import channels_of
from media_assets.operation.alerts.messages import Links
from media_assets.operation.webhooks.position import given_up
from media_assets.pipeline.instance_state import InstanceState
from media_assets.pipeline.recipe import Stage
from media_assets.pipeline.records import EventFeed


def announce_sensor(settings: Settings, secrets: Secrets, stages: Sequence[Stage]) -> dg.SensorDefinition:
    @dg.sensor(
        name="announce",
        minimum_interval_seconds=settings.alerts.interval_seconds,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Tells people what failed, what stopped and what is well again, and sends the daily digest.",
    )
    def announce(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        found = announcer(context.instance, settings, secrets, stages, EventFeed(context.instance)).look(time.time())
        for problem in found.problems:
            context.log.warning(problem)
        return dg.SkipReason("; ".join((str(found), *found.problems)))

    return announce


def announcer(
    instance: dg.DagsterInstance,
    settings: Settings,
    secrets: Secrets,
    stages: Sequence[Stage],
    feed: EventFeed,
) -> Announcer:
    """What the sensor `announce` works with."""
    state = InstanceState(instance)

    def dropped() -> Mapping[str, int]:
        return {name: given_up(state, name) for name in settings.webhooks}

    return Announcer(
        settings.alerts.model_copy(update={"time_zone": settings.alerts.time_zone or settings.automation.time_zone}),
        channels_of(settings, secrets),
        instance,
        state,
        feed,
        links=Links(settings.ui_base_url, partial(_file_link, settings)),
        stages=[stage.name for stage in stages],
        given_up=dropped,
    )


def _file_link(settings: Settings, key: str) -> str:
    section = settings.sources.get(key.partition(":")[0])
    return section.link_anywhere(key) if section else ""
