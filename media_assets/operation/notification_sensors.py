"""The sensors that tell what happened: `announce` for people, `webhook_<name>` for each receiver of events."""

from __future__ import annotations

from collections.abc import Sequence

import dagster as dg

from media_assets.base.secrets import Secrets
from media_assets.config.settings import Settings
from media_assets.pipeline.library import Library
from media_assets.pipeline.recipe import Stage


def notification_sensors(
    library: Library, settings: Settings, secrets: Secrets, stages: Sequence[Stage]
) -> list[dg.SensorDefinition]:
    """The sensors that library.yaml asks for; what it does not ask for is not even imported."""
    sensors = []
    if settings.webhooks:
        from media_assets.operation.webhooks.sensor import webhook_sensor

        sensors += [webhook_sensor(name, library, settings, secrets, stages) for name in settings.webhooks]
    if settings.alerts.channels:
        from media_assets.operation.alerts.sensor import announce_sensor

        sensors.append(announce_sensor(settings, secrets, stages))
    return sensors
