"""The sensors that tell what happened: `announce` for people, `webhook_<name>` for each receiver of events.

They request nothing. Where nobody is to be told, there is no sensor.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from functools import partial

import dagster as dg

from media_assets.base.errors import Fatal
from media_assets.base.secrets import Secrets
from media_assets.base.wording import counted
from media_assets.config.settings import Settings
from media_assets.operation.alerts.announcer import Announcer
from media_assets.operation.alerts.channels import channels_of
from media_assets.operation.alerts.messages import Links
from media_assets.operation.webhooks.files import Files
from media_assets.operation.webhooks.position import given_up
from media_assets.operation.webhooks.receiver import Receiver
from media_assets.operation.webhooks.signing import Signer
from media_assets.pipeline.instance_state import InstanceState
from media_assets.pipeline.library import Library
from media_assets.pipeline.recipe import Stage
from media_assets.pipeline.records import EventFeed


def notification_sensors(
    library: Library, settings: Settings, secrets: Secrets, stages: Sequence[Stage]
) -> list[dg.SensorDefinition]:
    """The sensors that the settings ask for."""
    sensors = [_webhook_sensor(name, library, settings, secrets, stages) for name in settings.webhooks]
    if settings.alerts.channels:
        sensors.append(_announce_sensor(settings, secrets, stages))
    return sensors


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


def receiver(
    name: str,
    instance: dg.DagsterInstance,
    library: Library,
    settings: Settings,
    secrets: Secrets,
    stages: Sequence[Stage],
    feed: EventFeed,
) -> Receiver:
    """What a sensor `webhook_<name>` works with.

    Raises:
        Fatal: there is no key to sign with.
    """
    return Receiver(
        name,
        settings.webhooks[name],
        Signer.of(name, secrets.webhook_secrets.get(name)),
        feed,
        Files(instance, library, stages),
        InstanceState(instance),
        ui_base_url=settings.ui_base_url,
    )


def _announce_sensor(settings: Settings, secrets: Secrets, stages: Sequence[Stage]) -> dg.SensorDefinition:
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


def _webhook_sensor(
    name: str, library: Library, settings: Settings, secrets: Secrets, stages: Sequence[Stage]
) -> dg.SensorDefinition:
    @dg.sensor(
        name=f"webhook_{name}",
        minimum_interval_seconds=settings.webhooks[name].interval_seconds,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Posts signed events to the receiver {name!r}.",
    )
    def deliver(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        try:
            to = receiver(name, context.instance, library, settings, secrets, stages, EventFeed(context.instance))
        except Fatal as error:
            raise dg.Failure(description=str(error)) from error
        found = to.look(time.time())
        for problem in found.problems:
            context.log.warning(problem)
        if found.dropped:
            context.log.error(f"{name} did not take {counted(found.dropped, 'event')} for days; given up")
        return dg.SkipReason("; ".join((str(found), *found.problems)))

    return deliver


def _file_link(settings: Settings, key: str) -> str:
    section = settings.sources.get(key.partition(":")[0])
    return section.link_anywhere(key) if section else ""
