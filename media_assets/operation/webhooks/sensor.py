"""The sensor of each receiver of events. It requests nothing."""

from __future__ import annotations

import time
from collections.abc import Sequence

import dagster as dg

from media_assets.base.errors import Fatal
from media_assets.base.secrets import Secrets
from media_assets.base.wording import counted
from media_assets.config.settings import Settings
from media_assets.operation.webhooks.files import Files
from media_assets.operation.webhooks.receiver import Receiver
from media_assets.operation.webhooks.signing import Signer
from media_assets.pipeline.instance_state import InstanceState
from media_assets.pipeline.library import Library
from media_assets.pipeline.recipe import Stage
from media_assets.pipeline.records import EventFeed


def webhook_sensor(
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
